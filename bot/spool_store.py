"""The platforms' spool in a database that several programs share."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection
from sqlalchemy.exc import SQLAlchemyError

from bot.chat.clock import Clock
from bot.chat.ports import Spool
from bot.worker import Worker
from storage import spool
from storage.database import CONNECT_SECONDS, Tx
from storage.schemas import CHANNEL_OF_SCHEMA

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
    `of_leader`: on this platform only the one that leads goes on with what lies here. `address`: all programs are
    to hear of what is kept (`hear`), over PostgreSQL's own address.
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
        address: str | None = None,
    ) -> None:
        self._worker = worker
        self._clock = clock
        self._platform = platform
        self._disk = disk
        self._leading = leading
        self._of_leader = of_leader
        self._patient = patient
        self._address = address
        self._owner = secrets.token_hex(8)
        #: What this program is at work on, and when it last said that it is alive.
        self._mine: set[str] = set()
        self._on_disk: set[str] = set()
        self._dropped_late: set[str] = set()
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
        except Exception as error:
            if not self._patient:
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
            if self._address is not None:
                spool.call(tx, lane)

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

    async def left(self) -> list[Any]:
        """What the dead have left and what was passed on, where this program leads; at first what is on disk."""
        found = await self._left_on_disk()
        await self._say_alive()
        await self._drop_late()
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

    async def waits(self, lane: str) -> bool:
        """Whether something of this lane lies here, whoever is at work on it."""
        return await self._do(lambda tx: spool.waits(tx, platform=self._platform, lane=lane), lane)

    async def hear(self, told: Callable[[str], None]) -> None:
        """Call `told` with the lane of whatever any program keeps here, at once; until cancelled."""
        while self._address is not None:
            try:
                async with await AsyncConnection.connect(
                    self._address,
                    autocommit=True,
                    connect_timeout=CONNECT_SECONDS,
                    keepalives_idle=5,
                    keepalives_interval=2,
                    keepalives_count=2,
                    application_name="liangsaibi spool",
                ) as connection:
                    await self._listen(connection, told)
            except (psycopg.Error, SQLAlchemyError, OSError) as error:
                log.warning("no line to the database to hear of what others keep: %s", type(error).__name__)
            await asyncio.sleep(LOOK)

    async def _listen(self, connection: AsyncConnection[Any], told: Callable[[str], None]) -> None:
        row = await (await connection.execute(f"SELECT {CHANNEL_OF_SCHEMA}")).fetchone()
        await connection.execute(f"LISTEN {spool.CHANNEL}{row[0] if row else ''}")
        for lane in await self._do(lambda tx: spool.lanes(tx, platform=self._platform)):
            told(lane)
        async for call in connection.notifies():
            told(call.payload)

    async def set_apart(self, name: str, content: Any) -> None:
        """Keep what cannot be read for whoever mends it."""
        now = self._clock.now()
        await self._do(
            lambda tx: spool.set_apart(tx, platform=self._platform, name=name, content=content, now=now)
        )

    async def _do(self, job: Callable[[Tx], R], key: str = "") -> R:
        return await asyncio.wrap_future(self._worker.submit(job, key=key, first=True))
