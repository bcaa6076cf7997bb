"""Several districts in one process, each a program of its own: database, platforms, clock, audit trail and lock.

They share the process, its event loop and listening sockets, and nothing that they know. What befalls one (it
cannot start, its database hangs, it ends slowly) is its own affair.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

from bot.app import App
from bot.assembling import assemble, prepare
from bot.chat.district import DISTRICT
from bot.chat.errors import ConfigurationError
from bot.collisions import Places
from bot.config import Config
from bot.deployment import Deployment, District
from bot.health import Health
from bot.loop import aside, asked_to_end
from bot.overview import Overview
from bot.platforms.local.doors import Doors
from bot.platforms.local.server import Server
from storage.database import Database

log = logging.getLogger("liangsaibi.districts")

#: A district that cannot start is tried again after so many seconds, then after twice as many, up to the last.
RETRY, RETRY_MOST = 5.0, 300.0
#: A district may take so long to finish what it took; then the others do not wait for it any longer.
PATIENCE = 60.0

#: So long the start of all is waited for; whoever is not there by then may still come.
START = 30.0

R = TypeVar("R")
Assemble = Callable[[Config, Database, Doors], App]


def _assemble(config: Config, database: Database, doors: Doors) -> App:
    return assemble(config, database, doors=doors)


class Life:
    """One district from start to end, as often as it takes."""

    def __init__(self, district: District, doors: Doors, places: Places, make: Assemble = _assemble) -> None:
        self.name = district.name
        self._district = district
        self._doors = doors
        self._make = make
        self._places = places
        #: While it runs.
        self.app: App | None = None
        self.health: Health | None = None
        #: Why it does not run.
        self.trouble: str | None = "not started yet"
        self.settled = asyncio.Event()

    async def live(self, ended: asyncio.Event) -> None:
        """Run until `ended`; what goes wrong at start is logged, and tried again after a pause."""
        DISTRICT.set(self.name)
        pause = RETRY
        while not ended.is_set():
            try:
                await self._once(ended)
            except ConfigurationError as error:
                self._failed(str(error))
            except Exception as error:
                log.exception("the district fails")
                self._failed(type(error).__name__)
            if not ended.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), pause)
                pause = min(2 * pause, RETRY_MOST)

    async def _once(self, ended: asyncio.Event) -> None:
        database = await _unless(ended, aside(self._prepare))
        if database is None:
            return
        try:
            app = self._make(self._district.config, database, self._doors)
            async with app.running():
                self.app, self.health, self.trouble = app, app.watch(), None
                log.info("the district runs")
                self.settled.set()
                await ended.wait()
        finally:
            self.app = self.health = None
            await aside(database.close)

    def _prepare(self) -> Database:
        return prepare(self._district.config, admit=lambda database: self._places.claim(self.name, database))

    def _failed(self, why: str) -> None:
        self.trouble = why
        log.error("the district does not run, another try follows: %s", why)
        self.settled.set()


async def _unless(ended: asyncio.Event, work: Coroutine[Any, Any, R]) -> R | None:
    """What the work gives; None when `ended` comes first, and the work is left to itself."""
    working, ending = asyncio.create_task(work), asyncio.create_task(ended.wait())
    await asyncio.wait((working, ending), return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if not working.done():
        working.cancel()
        return None
    return working.result()


class Districts:
    """All districts of a deployment, and the addresses at which they are watched."""

    def __init__(self, deployment: Deployment, *, make: Assemble = _assemble) -> None:
        doors, places = Doors(), Places()
        self.lives = {d.name: Life(d, doors, places, make) for d in deployment.districts}
        overview = Overview(self.lives)
        settings = deployment.health
        self.server = Server(overview.app(), settings.host, settings.port, setting="health.port")
        self._watched = settings.enabled

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Every district that can start has started inside; on leaving, each finishes what it took."""
        ended = asyncio.Event()
        tasks = [asyncio.create_task(life.live(ended), name=name) for name, life in self.lives.items()]
        try:
            async with self._serving():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._settled(), START)
                yield
        finally:
            ended.set()
            _done, late = await asyncio.wait(tasks, timeout=PATIENCE)
            for task in late:
                log.error("district %s does not end and is left behind", task.get_name())
                task.cancel()

    async def _settled(self) -> None:
        for life in self.lives.values():
            await life.settled.wait()

    @contextlib.asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        """Without the port the districts run all the same: their people matter more than whoever watches."""
        try:
            if self._watched:
                await self.server.start()
        except ConfigurationError as error:
            log.error("no /healthz and no /metrics: %s", error)
        try:
            yield
        finally:
            await self.server.stop()


async def serve(districts: Districts, *, ready: Callable[[], None]) -> None:
    """Run until the process is asked to end (Ctrl+C, SIGTERM)."""
    ended = asked_to_end()
    async with districts.running():
        ready()
        await ended.wait()
