"""The scheduler: it only calls `tick(now)`; what is due is decided by the database and the clock."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import httpx
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.chat.clock import Clock
from bot.ticking import Tick
from bot.worker import Worker
from storage import dialogues, inbox, outbox, ticks
from storage.database import Tx

log = logging.getLogger("liangsaibi.scheduler")

#: How often to look, in seconds.
EVERY = 30
#: A tick that says so many times in one look that there is more to do is out of its mind.
MOST_STEPS = 100_000
#: What has been taken or sent is kept this long; Telegram delivers again for a day, WeCom for minutes.
KEEP = timedelta(days=14)
#: Old rows are dropped in small steps, so that no message waits behind a long transaction.
STEP = 500
#: How long the address that watches over this program may take to answer, in seconds.
PATIENCE = 10.0


def tidy(tx: Tx, now: datetime) -> bool:
    """Drop what nobody needs any more: unanswered questions, old notes of the engine."""
    dialogues.expire(tx, now=now, most=STEP)
    inbox.forget(tx, before=now - KEEP, most=STEP)
    outbox.forget(tx, before=now - KEEP, most=STEP)
    return False


class Scheduler:
    """Calls the ticks at a steady pace. A late, repeated or concurrent tick is harmless.

    `wake` is called when something may wait in the outbox. `ping_url` is asked for after every look in which no
    tick failed: whoever watches that address notices when the program falls silent.
    """

    def __init__(
        self,
        worker: Worker,
        clock: Clock,
        due: Mapping[str, Tick],
        *,
        wake: Callable[[], None] = lambda: None,
        ping_url: str = "",
    ) -> None:
        self._worker = worker
        self._clock = clock
        self._due = dict(due)
        self._wake = wake
        self._ping_url = ping_url
        self._pinging: asyncio.Task[None] | None = None
        self._timer = AsyncIOScheduler()
        self._timer.add_job(
            self.tick, "interval", seconds=EVERY, coalesce=True, misfire_grace_time=None, max_instances=1
        )

    def start(self) -> None:
        self._timer.start()

    def stop(self) -> None:
        self._timer.shutdown(wait=False)
        if self._pinging is not None:
            self._pinging.cancel()

    async def tick(self) -> None:
        """One look at the clock."""
        now = self._clock.now()
        failed = [name for name, due in self._due.items() if not await self._run(name, due, now)]
        try:
            await asyncio.wrap_future(
                self._worker.submit(lambda tx: ticks.note(tx, at=now, failed=failed), clock=True)
            )
        except Exception:
            log.exception("the look at the clock could not be noted")
        else:
            if self._ping_url and not failed and (self._pinging is None or self._pinging.done()):
                self._pinging = asyncio.create_task(self._ping())

    async def _run(self, name: str, due: Tick, now: datetime) -> bool:
        """Whether the tick did all that is due; one tick's failure must not stop the others."""
        try:
            for _step in range(MOST_STEPS):
                more = await asyncio.wrap_future(self._worker.submit(lambda tx: due(tx, now), clock=True))
                self._wake()
                if not more:
                    return True
        except Exception:
            log.exception("tick %s failed", name)
            return False
        log.error("tick %s does not come to an end", name)
        return False

    async def _ping(self) -> None:
        """Tell the watching address that all is well."""
        try:
            async with httpx.AsyncClient(timeout=PATIENCE, follow_redirects=True) as client:
                (await client.get(self._ping_url)).raise_for_status()
        except httpx.HTTPError as error:
            log.warning("scheduler.ping_url could not be reached: %s", type(error).__name__)
