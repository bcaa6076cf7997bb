"""Who sends: of all replicas on one PostgreSQL, the one that holds an advisory lock. On SQLite there is only one.

The lock belongs to a connection of its own. The server is asked something over it every second, and ends it when
it hears nothing for a while; so whoever dies, is cut off or is paused loses the lock within seconds, and knows it
as soon as it looks. A follower that has put something into the outbox calls the leader over its own connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from psycopg import AsyncConnection

from storage.schemas import CHANNEL_OF_SCHEMA, LOCK_OF_SCHEMA

log = logging.getLogger("liangsaibi.leadership")

#: Seconds between two questions to the server, and between two tries to become the leader.
BEAT = 1.0
#: A server that does not answer within so many seconds is lost, and with it the lock.
ANSWER = 3.0
#: The server ends a connection of which it has heard nothing for so many seconds. More than BEAT + ANSWER: whoever
#: lost the lock has noticed before another gets it, unless it was not running at all.
SILENCE = 6.0
#: The lock's number and the channel's name, in the schema `public`; in another they are that schema's own.
_LOCK = 7_261_000
_CHANNEL = "liangsaibi_outbox"
_Step = Callable[[], Awaitable[None]]


class Leadership:
    """Calls `lead` when this program has become the leader and `follow` when it no longer is, in turn.

    `lead` raises only before it has begun anything; then the lock is given back, and another try follows.
    `address` is PostgreSQL's, for a direct connection (not through a pooler that shares them); None: SQLite, where
    the program always leads. `called`: somebody else has put something into the outbox.
    """

    def __init__(self, address: str | None, *, lead: _Step, follow: _Step, called: Callable[[], None]) -> None:
        self._address = address
        self._lead, self._follow, self._called = lead, follow, called
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._news = asyncio.Event()
        self._leading = False
        self._heard = 0.0

    @property
    def leading(self) -> bool:
        """Whether this program leads, as far as it can know: a paused one that wakes up says no at once."""
        return self._address is None or (self._leading and _seconds() - self._heard < BEAT + ANSWER)

    async def start(self) -> None:
        """Lead at once where there is nobody else; otherwise try, now and as long as the program runs."""
        if self._address is None:
            await self._begin()
        else:
            self._task = asyncio.create_task(self._run(self._address))

    async def stop(self) -> None:
        """Follow, and give the lock back."""
        self._stopping.set()
        self._news.set()
        if self._task is not None:
            await self._task
        await self._end()

    def call(self) -> None:
        """Something was just committed to the outbox: whoever leads should look."""
        if self._leading:
            self._called()
        else:
            self._news.set()

    async def _begin(self) -> None:
        self._leading = True
        try:
            await self._lead()
        except BaseException:
            self._leading = False
            raise

    async def _end(self) -> None:
        if self._leading:
            self._leading = False
            await self._follow()

    async def _run(self, address: str) -> None:
        while not self._stopping.is_set():
            try:
                async with await _connected(address) as connection:
                    await self._take_part(connection)
            except (psycopg.Error, OSError, TimeoutError) as error:
                log.warning("no line to the database for the lock: %s", type(error).__name__)
            except Exception:
                log.exception("leading failed; another try follows")
            await self._end()
            await _moment(self._stopping, BEAT)

    async def _take_part(self, connection: AsyncConnection[Any]) -> None:
        """Wait for the lock, then lead until stopped. Raises when the connection is lost."""
        channel = _CHANNEL + str(await _ask(connection, f"SELECT {CHANNEL_OF_SCHEMA}"))
        while not await _ask(connection, f"SELECT pg_try_advisory_lock(%s + {LOCK_OF_SCHEMA})", _LOCK):
            await _moment(self._news, BEAT)
            if self._stopping.is_set():
                return
            if self._news.is_set():
                self._news.clear()
                await _ask(connection, "SELECT pg_notify(%s, '')", channel)
        await _ask(connection, f"LISTEN {channel}")
        self._heard = _seconds()
        log.info("this program leads: it sends and looks at the clock")
        await self._begin()
        while not self._stopping.is_set():
            async for _call in connection.notifies(timeout=BEAT, stop_after=1):
                self._called()
            asked = _seconds()
            await _ask(connection, "SELECT 1")
            self._heard = asked
        # The lock goes back with the connection, after what is in flight has ended.
        await self._end()


def _seconds() -> float:
    """A clock that goes on while the machine sleeps, where there is one: a laptop that wakes up leads no more."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


async def _connected(address: str) -> AsyncConnection[Any]:
    connection = await asyncio.wait_for(
        AsyncConnection.connect(
            address,
            autocommit=True,
            connect_timeout=int(ANSWER) or 1,
            keepalives_idle=2,
            keepalives_interval=2,
            keepalives_count=2,
            application_name="liangsaibi lock",
        ),
        ANSWER + 1,
    )
    seconds = max(1, round(SILENCE))
    for setting, value in (
        ("idle_session_timeout", f"{round(SILENCE * 1000)}ms"),
        ("tcp_keepalives_idle", str(seconds)),
        ("tcp_keepalives_interval", "2"),
        ("tcp_keepalives_count", "2"),
    ):
        await _ask(connection, "SELECT set_config(%s, %s, false)", setting, value)
    return connection


async def _ask(connection: AsyncConnection[Any], question: str, *values: object) -> Any:
    """The first value of the answer. Raises TimeoutError when there is none in time."""
    async with asyncio.timeout(ANSWER):
        cursor = await connection.execute(question, values or None)
        row = await cursor.fetchone() if cursor.description else None
    return row[0] if row else None


async def _moment(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, but not longer than that."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
