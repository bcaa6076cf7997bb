"""Simulated time for the real delivery: the event loop's clock jumps ahead whenever nothing is being done.

While the database's thread works the clock stands, so that what is measured in simulated seconds is the waiting
that the program chooses, and not the speed of the machine.
"""

from __future__ import annotations

import asyncio
import random
import selectors
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any

from bot.chat.errors import DeliveryError
from bot.chat.messages import ChatKind, Outgoing
from bot.chat.ports import Limits, Rate, Receive
from bot.worker import Worker
from storage.database import Database


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only while everybody waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.busy = 0
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self.now


class _Selector(selectors.DefaultSelector):  # type: ignore[misc,valid-type]
    def __init__(self, loop: SimulatedLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self._loop.busy or timeout is None:
            return super().select(0.2)
        self._loop.now += max(timeout, 1e-6)
        return ready


class SimulatedWorker(Worker):
    """The real worker; the simulated clock stands while it has something to do."""

    def __init__(self, database: Database, loop: SimulatedLoop) -> None:
        super().__init__(database)
        self._loop = loop

    def submit(
        self, job: Callable[..., Any], *, key: str = "", first: bool = False, clock: bool = False
    ) -> Future[Any]:
        self._loop.busy += 1
        told: Future[Any] = Future()

        def done(inner: Future[Any]) -> None:
            # Whoever waits is told first, and only then does time go on.
            error = inner.exception()
            if error is None:
                told.set_result(inner.result())
            else:
                told.set_exception(error)
            self._loop.call_soon_threadsafe(self._done)

        super().submit(job, key=key).add_done_callback(done)
        return told

    def _done(self) -> None:
        self._loop.busy -= 1


class SimulatedClock:
    """The clock on the wall, in step with the loop."""

    def __init__(self, loop: SimulatedLoop, began: datetime) -> None:
        self._loop = loop
        self._began = began

    def now(self) -> datetime:
        return self._began + timedelta(seconds=self._loop.time())


class LimitedServer:
    """A platform that enforces its published limits at the moment at which a message reaches it.

    A message takes up to `way` seconds to it, the answer as long back. What is too much is refused and counted.
    """

    name = "limited"

    def __init__(
        self, limits: Limits, *, way: float, seed: int = 7, time: Callable[[], float] | None = None
    ) -> None:
        self.limits = limits
        self._way = way
        self._chance = random.Random(seed)
        self._time = time or (lambda: asyncio.get_running_loop().time())
        self._counted: dict[tuple[str, Rate], deque[float]] = defaultdict(deque)
        self.violations: list[str] = []
        self.taken: dict[int, float] = {}

    async def start(self, receive: Receive) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, message: Outgoing) -> str:
        await asyncio.sleep(self._chance.uniform(0, self._way))
        at = self._time()
        chat_rates = self.limits.group if message.chat.kind is ChatKind.GROUP else self.limits.private
        windows = [("account", rate) for rate in self.limits.account]
        windows += [(message.chat.id, rate) for rate in chat_rates]
        for window in windows:
            counted = self._counted[window]
            while counted and counted[0] <= at - window[1].seconds:
                counted.popleft()
            if len(counted) >= window[1].count:
                self.violations.append(f"{at:.3f}: {window}")
                raise DeliveryError("too many", retry_after=window[1].seconds)
        for window in windows:
            self._counted[window].append(at)
        assert message.id not in self.taken, "sent twice"
        self.taken[message.id] = at
        await asyncio.sleep(self._chance.uniform(0, self._way))
        return str(message.id)
