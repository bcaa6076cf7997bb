"""How the program is: `/healthz` for whoever watches over it, `/metrics` for Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.chat.clock import Clock
from bot.chat.ports import Checking, Platform
from bot.routes import IN_TROUBLE
from bot.worker import Worker
from storage import deliveries, ticks
from storage.database import Tx
from storage.deliveries import Unsent
from storage.ticks import LastTick

#: The scheduler looks at the clock every half minute; after so long without a look it is dead.
SILENT_AFTER = timedelta(minutes=3)
#: A database that has not answered after so many seconds does not answer.
DATABASE_PATIENCE = 5.0
_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """What is counted while the program runs."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.received = Counter(
            "liangsaibi_messages_received",
            "Messages taken from platforms",
            ["platform", "outcome"],
            registry=self.registry,
        )
        self.committed = Histogram(
            "liangsaibi_message_seconds",
            "From a message's arrival to its commit",
            ["platform"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.delivered = Counter(
            "liangsaibi_sends",
            "Attempts to send, by what became of them",
            ["platform", "outcome"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "liangsaibi_send_seconds",
            "How long platforms took",
            ["platform"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.waiting = Gauge("liangsaibi_outbox_waiting", "Messages that wait to be sent", registry=self.registry)
        self.oldest = Gauge(
            "liangsaibi_outbox_oldest_seconds",
            "Age of the oldest message that should have gone",
            registry=self.registry,
        )
        self.tick = Gauge(
            "liangsaibi_scheduler_last_tick_seconds",
            "Seconds since the last look at the clock",
            registry=self.registry,
        )
        self.platform = Gauge(
            "liangsaibi_platform_up", "1 while a platform is well, else 0", ["platform"], registry=self.registry
        )
        self.database = Gauge(
            "liangsaibi_database_up", "1 while the database answers, else 0", registry=self.registry
        )

    def took(self, platform: str, outcome: str, seconds: float) -> None:
        """What became of an attempt to send."""
        self.delivered.labels(platform, outcome).inc()
        self.seconds.labels(platform).observe(seconds)

    def came(self, platform: str, outcome: str, seconds: float) -> None:
        """A message was taken, and committed so many seconds after it had come."""
        self.received.labels(platform, outcome).inc()
        self.committed.labels(platform).observe(seconds)


@dataclass(frozen=True)
class State:
    """How everything is at one moment. `database`, `platforms`: what is wrong, None while all is well."""

    now: datetime
    database: str | None
    tick: LastTick | None = None
    oldest: datetime | None = None
    waiting: int = 0
    platforms: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def tick_age(self) -> timedelta | None:
        return self.now - self.tick.at if self.tick else None

    @property
    def oldest_age(self) -> timedelta:
        return self.now - self.oldest if self.oldest else timedelta()


class Health:
    """Looks at the database, the scheduler, the outbox and every platform."""

    def __init__(
        self,
        worker: Worker,
        clock: Clock,
        platforms: Mapping[str, Platform],
        troubled: Callable[[], dict[str, int]],
        metrics: Metrics,
        *,
        late_after: timedelta,
    ) -> None:
        self._worker = worker
        self._clock = clock
        self._platforms = platforms
        self._troubled = troubled
        self._metrics = metrics
        self._late_after = late_after
        self._began = clock.now()

    def app(self) -> Starlette:
        """The two addresses."""
        return Starlette(routes=[Route("/healthz", self._healthz), Route("/metrics", self._show_metrics)])

    async def look(self) -> State:
        """How everything is now."""
        now = self._clock.now()

        def read(tx: Tx) -> tuple[LastTick | None, Unsent]:
            return ticks.last(tx), deliveries.unsent(tx, now=now)

        trouble = {name: self._trouble(name, platform) for name, platform in self._platforms.items()}
        try:
            async with asyncio.timeout(DATABASE_PATIENCE):
                tick, unsent = await asyncio.wrap_future(self._worker.submit(read, first=True))
        except TimeoutError:
            return State(now, f"no answer within {DATABASE_PATIENCE:.0f} s", platforms=trouble)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the database's state
            return State(now, type(error).__name__, platforms=trouble)
        return State(now, None, tick, unsent.oldest, unsent.waiting, trouble)

    def _trouble(self, name: str, platform: Platform) -> str | None:
        said = platform.trouble() if isinstance(platform, Checking) else None
        failures = self._troubled().get(name, 0)
        return said or (f"{failures} sends in a row have failed" if failures >= IN_TROUBLE else None)

    def problems(self, state: State) -> dict[str, str]:
        """What is wrong, by part; empty while all is well."""
        found = {f"platform {name}": wrong for name, wrong in state.platforms.items() if wrong}
        if state.database is not None:
            return {"database": state.database, **found}
        silent = state.tick_age if state.tick_age is not None else state.now - self._began
        if silent > SILENT_AFTER:
            found["scheduler"] = f"no look at the clock for {silent.total_seconds():.0f} s"
        elif state.tick and state.tick.failed:
            found["scheduler"] = f"failed: {', '.join(state.tick.failed)}"
        if state.oldest_age > self._late_after:
            found["outbox"] = f"the oldest message waits for {state.oldest_age.total_seconds():.0f} s"
        return found

    async def report(self) -> dict[str, Any]:
        """How everything is, as `/healthz` shows it."""
        state = await self.look()
        problems = self.problems(state)
        tick = state.tick_age
        return {
            "ok": not problems,
            "problems": problems,
            "database": state.database or "ok",
            "scheduler_last_tick_seconds": tick.total_seconds() if tick is not None else None,
            "outbox_waiting": state.waiting,
            "outbox_oldest_seconds": state.oldest_age.total_seconds(),
            "platforms": {name: wrong or "ok" for name, wrong in state.platforms.items()},
        }

    async def measured(self) -> CollectorRegistry:
        """The metrics as they are now."""
        state, metrics = await self.look(), self._metrics
        metrics.database.set(state.database is None)
        metrics.waiting.set(state.waiting)
        metrics.oldest.set(state.oldest_age.total_seconds())
        tick = state.tick_age
        metrics.tick.set(tick.total_seconds() if tick is not None else float("nan"))
        for name, wrong in state.platforms.items():
            metrics.platform.labels(name).set(wrong is None)
        return metrics.registry

    async def _healthz(self, _request: Request) -> Response:
        shown = await self.report()
        return JSONResponse(shown, status_code=200 if shown["ok"] else 503)

    async def _show_metrics(self, _request: Request) -> Response:
        return Response(generate_latest(await self.measured()), media_type=CONTENT_TYPE_LATEST)
