"""From the outbox to the platforms: in order per chat, as fast as the limits allow, again after passing errors.

One loop looks at the outbox, picks who is next (`bot.lines`), asks whether the limits allow it now (`bot.pacing`),
claims the rows and sends each in a task of its own, so that nobody waits for a slow chat but those in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from bot.chat.clock import Clock
from bot.chat.ports import Platform
from bot.holding import Held
from bot.lines import Head
from bot.routes import Route
from bot.sending import LEASE, Sender, Tell, Took
from bot.worker import Worker
from storage import claims, outbox
from storage.answers import Leave
from storage.database import Tx

R = TypeVar("R")
log = logging.getLogger("liangsaibi.delivery")

#: So long after a leadership began, in seconds, whoever led before has noted what it had sent, or has ended: it
#: stops sending before its lock is free, and only what the platform had not answered by then is in doubt.
HANDOVER = 5.0
#: How often to look when nobody has called, in seconds (retries come due; other processes write too).
POLL = 1.0
#: After a look at the outbox comes a pause of so many times its length; a short one where few chats wait.
REST, REST_WITH_FEW = 20, 2
#: A look that takes less, in seconds, is repeated at once: with a short line nobody shall wait for it.
CHEAP = 0.005
#: What a look costs is the least that so many in a row have taken: one alone may have waited for the processor,
#: and whoever came meanwhile would wait for many times as long.
LOOKS = 5
#: A line of so many chats keeps delivery busy for a while.
LONG_LINE = 200
#: How often to forget the windows of chats that are quiet, in seconds.
TIDY = 60.0
#: The shortest wait between two steps, in seconds.
SOON = 0.001


@dataclass
class Outlook:
    """When to look at the outbox: not before `earliest`, and at the latest at `latest` (monotonic seconds)."""

    changed: bool = True
    earliest: float = -math.inf
    latest: float = -math.inf
    _spent: deque[float] = field(default_factory=lambda: deque([0.0] * LOOKS, LOOKS))

    def due_at(self) -> float:
        return self.earliest if self.changed else self.latest

    def looked(self, now: float, spent: float, *, found: int) -> None:
        """A long line is looked at less often, so that looking never takes the time for sending."""
        self._spent.append(spent)
        cost, rest = min(self._spent), REST if found >= LONG_LINE else REST_WITH_FEW
        self.earliest = now + cost * rest if cost > CHEAP else now
        self.latest = max(now + POLL, self.earliest)


class Delivery:
    """Sends what waits in the outbox.

    `ticks` is the monotonic clock of the limits, in seconds; `took` hears what became of each message, `tell` of
    chats that are parked and messages that are given up, in the same transaction. `leader` is the number of the
    leadership under which it sends (None: nobody else ever sends), `leading` says whether that still lasts.
    """

    def __init__(
        self,
        worker: Worker,
        platforms: Mapping[str, Platform],
        clock: Clock,
        *,
        ticks: Callable[[], float] = time.monotonic,
        took: Took = lambda _platform, _outcome, _seconds: None,
        tell: Tell | None = None,
        leader: int | None = None,
        leading: Callable[[], bool] = lambda: True,
    ) -> None:
        self._worker = worker
        self._platforms = platforms
        self._clock = clock
        self._ticks = ticks
        self._leader = leader
        self._alone_at = ticks() + HANDOVER
        self._held = Held(ticks, LEASE.total_seconds())
        self._sender = Sender(worker, clock, ticks, took, tell, leading)
        self._routes: dict[str, Route] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._call = asyncio.Event()
        self._stopping = False
        self._outlooks = {True: Outlook(), False: Outlook()}
        #: By chat: its platform, and whether it is a group.
        self._ways: dict[int, tuple[str, bool]] = {}
        self._tidied = ticks()

    def wake(self) -> None:
        """Something was just committed to the outbox."""
        for outlook in self._outlooks.values():
            outlook.changed = True
        self._call.set()

    def stop(self) -> None:
        """Finish the messages in flight, then end `run`."""
        self._stopping = True
        self._sender.stop()
        self._call.set()

    def reserve(self, platform: str) -> bool:
        """Keep a place for an answer on this platform that would go at once: then it is claimed as it is put."""
        route = self._routes.get(platform)
        return not self._stopping and route is not None and route.reserve(self._ticks())

    def unreserve(self, platform: str) -> None:
        """The answer is there, or will not come."""
        route = self._routes[platform]
        route.unreserve()
        if route.crowded():
            self._call.set()

    def leave(self, now: datetime) -> Leave:
        """With a place kept: leave to claim the answer. On any thread."""
        return Leave(now + LEASE, self._leader, self._held.promise)

    def send_answer(self, row: claims.Waiting, *, more: bool) -> None:
        """Send what was so claimed, once it is committed; what may not go yet after all waits in the outbox."""
        route, now = self._routes[row.platform], self._ticks()
        head = Head(row.id, row.chat_id, row.is_group, urgent=True, due=now)
        if not self._stopping and route.take(head, now):
            self._send(route, head, row, more=more)
        else:
            self._keep(row, self._give_back(row))

    async def _give_back(self, row: claims.Waiting) -> None:
        now = self._clock.now()
        await self._do(lambda tx: claims.retry(tx, row, at=now, why=None))
        self.wake()

    async def run(self) -> None:
        """Deliver until stopped."""
        while not self._stopping:
            self._call.clear()
            try:
                wait = await self._step()
            except Exception:
                log.exception("delivery stumbled and goes on")
                wait = POLL
            if not self._stopping:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._call.wait(), max(wait, SOON))
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def deliver_due(self) -> bool:
        """Send what may be sent now, at most one message per chat, and wait for it; whether there was anything."""
        self._outlooks = {True: Outlook(), False: Outlook()}
        await self._step()
        under_way = list(self._tasks)
        if under_way:
            await asyncio.wait(under_way)
        return bool(under_way)

    async def drain(self) -> None:
        """Deliver until nothing more may be sent now: for tests, stories and shutting down."""
        while await self.deliver_due():
            pass

    def troubled(self) -> dict[str, int]:
        """By platform, how many sends in a row have failed for passing reasons."""
        return {name: route.failures for name, route in self._routes.items()}

    # --- one step -----------------------------------------------------------------------------------------

    async def _step(self) -> float:
        """Look, pick, claim and begin to send; returns the seconds after which to come again."""
        await self._open_routes()
        for urgent, outlook in self._outlooks.items():
            if self._ticks() >= outlook.due_at():
                await self._look(urgent, outlook)
        picked = {head.id: (route, head) for route in self._routes.values() for head in route.pick(self._ticks())}
        if picked:
            await self._begin(picked)
        self._tidy()
        now = self._ticks()
        looks = [outlook.due_at() for outlook in self._outlooks.values()]
        sends = [route.next_at(now) for route in self._routes.values()]
        return min(now + POLL, *looks, *sends) - now

    async def _open_routes(self) -> None:
        """Begin with platforms that are new here; their windows are as full as what was sent before left them."""
        new = {name: Route(platform) for name, platform in self._platforms.items() if name not in self._routes}
        longest = max((route.pacer.longest for route in new.values()), default=0.0)
        if longest:
            now, ticks = self._clock.now(), self._ticks()
            since = now - timedelta(seconds=longest)
            for sent in await self._do(lambda tx: claims.lately(tx, since=since, now=now)):
                if sent.platform in new:
                    at = ticks - max(0.0, (now - sent.at).total_seconds())
                    new[sent.platform].pacer.remember(
                        sent.chat_id, is_group=sent.is_group, at=at, weight=sent.weight
                    )
        for name, route in new.items():
            until = await self._do(partial(claims.held_until, platform=name))
            if until is not None and until > self._clock.now():
                route.pacer.hold_account(self._ticks() + (until - self._clock.now()).total_seconds())
        self._routes |= new

    async def _look(self, urgent: bool, outlook: Outlook) -> None:
        """See who waits."""
        outlook.changed = False
        now, ticks = self._clock.now(), self._ticks()
        alone = ticks >= self._alone_at

        def look(tx: Tx) -> tuple[list[outbox.Head], float]:
            began = time.perf_counter()
            claims.release(tx, now=now, held=self._held, leader=self._leader, alone=alone)
            found = outbox.heads(tx, urgent=urgent, now=now)
            self._ways |= outbox.ways(tx, [head.chat_id for head in found if head.chat_id not in self._ways])
            return found, time.perf_counter() - began

        found, spent = await self._do(look)
        waiting: dict[str, list[Head]] = {name: [] for name in self._routes}
        for head in found:
            platform, is_group = self._ways[head.chat_id]
            due = ticks + max(0.0, (head.next_at - now).total_seconds()) if head.next_at else ticks
            if platform in waiting:
                # Without its platform it waits for the day that there is one.
                waiting[platform].append(Head(head.id, head.chat_id, is_group, urgent, due))
        for name, heads in waiting.items():
            self._routes[name].line_up(heads, urgent=urgent)
        outlook.looked(self._ticks(), spent, found=len(found))

    async def _begin(self, picked: dict[int, tuple[Route, Head]]) -> None:
        """Claim what was picked and send it; what somebody else has taken or changed is let go."""
        now = self._clock.now()
        claimed: list[claims.Waiting] = []
        try:
            until = now + LEASE
            claimed = await self._do(
                lambda tx: claims.claim(tx, picked, now=now, until=until, leader=self._leader)
            )
        finally:
            taken = {row.id for row in claimed}
            for row_id, (route, head) in picked.items():
                if row_id not in taken:
                    route.drop(head)
                    route.miss(head.chat_id)
        for row in claimed:
            self._send(*picked[row.id], row, more=True)

    def _send(self, route: Route, head: Head, row: claims.Waiting, *, more: bool) -> None:
        task = self._keep(row, self._sender.deliver(route, head, row))
        task.add_done_callback(lambda _task: self._delivered(route, head, more=more))

    def _keep(self, row: claims.Waiting, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something with a row that is claimed."""
        self._held.hold(row.id)
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(row, done))
        return task

    def _ended(self, row: claims.Waiting, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._held.let_go(row.id)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a delivery came to grief", exc_info=error)

    def _delivered(self, route: Route, head: Head, *, more: bool) -> None:
        """The chat's next message may go. While many others wait there is time to find it at the next look."""
        if not (route.missed(head.chat_id) or more or route.crowded()):
            return
        for urgent, outlook in self._outlooks.items():
            if route.waiting(urgent=urgent) < LONG_LINE:
                outlook.changed = True
        self._call.set()

    def _tidy(self) -> None:
        if self._ticks() - self._tidied >= TIDY:
            self._tidied = self._ticks()
            self._held.tidy()
            for route in self._routes.values():
                route.pacer.tidy(self._tidied)

    async def _do(self, job: Callable[[Tx], R]) -> R:
        return await asyncio.wrap_future(self._worker.submit(job, first=True))
