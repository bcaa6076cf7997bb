"""The platforms' spool in a database that several programs share."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from bot.chat.clock import Clock
from bot.chat.ports import Spool
from bot.worker import Worker
from storage import spool
from storage.database import Tx

R = TypeVar("R")
log = logging.getLogger("liangsaibi.spool")

#: Seconds between two looks of the one that leads.
LOOK = 0.5
#: A program that has not said for so long that it is alive has lost what it kept, and how often it says so.
LEASE, RENEW = timedelta(seconds=6), timedelta(seconds=2)
#: Whoever leads anew takes over what the one before kept, however long its lease.
_WHATEVER = timedelta(days=1)
#: The database may take so long, in seconds, where the disk is there as well.
PATIENCE = 1.0


class SharedSpool:
    """`bot.chat.ports.Spool` on the worker's threads; each call is one short transaction.

    `disk` is what this program keeps by itself: what an earlier version left there is found, and with `patient` a
    message is kept there when the database does not take it in time (for a platform that does not bring it again).
    `of_leader`: on this platform only the one that leads goes on with what lies here.
    """

    every = LOOK

    def __init__(
        self,
        worker: Worker,
        clock: Clock,
        platform: str,
        disk: Spool,
        *,
        leading: Callable[[], bool],
        of_leader: bool,
        patient: bool = False,
    ) -> None:
        self._worker = worker
        self._clock = clock
        self._platform = platform
        self._disk = disk
        self._leading = leading
        self._of_leader = of_leader
        self._patient = patient
        self._owner = secrets.token_hex(8)
        #: What this program is at work on, and when it last said that it is alive.
        self._mine: set[str] = set()
        self._on_disk: set[str] = set()
        self._dropped_late: set[str] = set()
        #: What is not this program's any more, which the database does not know yet.
        self._in_doubt: set[str] = set()
        self._said: datetime | None = None
        #: Whether the disk had anything at the start: then what is committed may lie there.
        self._found_on_disk = False
        self._disk_read = self._led = False

    @property
    def passes_on(self) -> bool:
        return self._of_leader and not self._leading()

    async def keep(self, name: str, lane: str, content: Any, *, passed_on: bool = False) -> None:
        """Durable when this returns; raises what the database or, with `patient`, the disk raised."""
        if not passed_on:
            self._mine.add(name)
        try:
            async with asyncio.timeout(PATIENCE if self._patient else None):
                await self._keep(name, lane, content, passed_on=passed_on)
            self._in_doubt.discard(name)
        except Exception as error:
            if not self._patient:
                self._mine.discard(name)
                self._in_doubt.add(name)
                raise
            log.warning("the database does not keep a message, the disk does: %s", type(error).__name__)
            self._on_disk.add(name)
            await self._disk.keep(name, lane, content)

    async def _keep(self, name: str, lane: str, content: Any, *, passed_on: bool) -> None:
        now = self._clock.now()
        owner, until = ("", now) if passed_on else (self._owner, now + LEASE)

        def job(tx: Tx) -> None:
            spool.keep(
                tx,
                platform=self._platform,
                name=name,
                lane=lane,
                content=content,
                owner=owner,
                until=until,
                now=now,
            )

        await self._do(job, name)

    async def drop(self, name: str) -> None:
        """It is committed. Nothing is asked for what was never kept."""
        if name in self._on_disk or self._found_on_disk:
            self._on_disk.discard(name)
            await self._disk.drop(name)
        if name not in self._mine:
            return
        self._mine.discard(name)
        try:
            await self._do(lambda tx: spool.drop(tx, platform=self._platform, name=name), name)
        except Exception as error:  # noqa: BLE001 - it is dropped later, or known to be a repetition
            log.warning("a message that is committed is not dropped yet: %s", type(error).__name__)
            self._dropped_late.add(name)

    async def give_up(self, name: str) -> None:
        """Whoever leads goes on with it; should the database be away, a little later."""
        self._mine.discard(name)
        self._in_doubt.add(name)
        now, mine = self._clock.now(), self._owner
        try:
            await self._do(
                lambda tx: spool.give_up(tx, platform=self._platform, name=name, owner=mine, now=now), name
            )
        except Exception as error:  # noqa: BLE001 - the next look tries again
            log.warning("a message is not left to the one that leads yet: %s", type(error).__name__)
        else:
            self._in_doubt.discard(name)

    async def left(self) -> list[Any]:
        """What the dead have left and what was passed on, where this program leads; at first what is on disk."""
        found = await self._left_on_disk()
        await self._say_alive()
        await self._drop_late()
        for name in tuple(self._in_doubt):
            await self.give_up(name)
        leads = self._leading()
        if leads:
            free_at = self._clock.now()
            if self._of_leader and not self._led:
                free_at += _WHATEVER
            found += await self._take_over(free_at)
        self._led = leads
        return found

    async def _left_on_disk(self) -> list[Any]:
        if self._disk_read:
            return []
        found = await self._disk.left()
        self._disk_read, self._found_on_disk = True, bool(found)
        return found

    async def _say_alive(self) -> None:
        now = self._clock.now()
        if not self._mine:
            self._said = None
        elif self._said is None or now - self._said >= RENEW:
            await self._do(
                lambda tx: spool.renew(tx, platform=self._platform, owner=self._owner, until=now + LEASE)
            )
            self._said = now

    async def _drop_late(self) -> None:
        """What is committed and could not be dropped then."""
        names, self._dropped_late = self._dropped_late, set()
        self._mine |= names
        for name in names:
            await self.drop(name)

    async def _take_over(self, free_at: datetime) -> list[Any]:
        found: list[Any] = []
        while True:
            until = self._clock.now() + LEASE
            some = await self._do(partial(self._take, free_at=free_at, until=until))
            self._mine |= {one.name for one in some}
            found += [one.content for one in some]
            if len(some) < spool.MOST:
                return found

    def _take(self, tx: Tx, *, free_at: datetime, until: datetime) -> Sequence[spool.Left]:
        return spool.take_over(tx, platform=self._platform, owner=self._owner, free_at=free_at, until=until)

    async def set_apart(self, name: str, content: Any) -> None:
        """Keep what cannot be read for whoever mends it."""
        now = self._clock.now()
        await self._do(
            lambda tx: spool.set_apart(tx, platform=self._platform, name=name, content=content, now=now)
        )

    async def _do(self, job: Callable[[Tx], R], key: str = "") -> R:
        return await asyncio.wrap_future(self._worker.submit(job, key=key, first=True))
