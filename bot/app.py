"""The composition root: the only place that builds concrete things and knows them all."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from pathlib import Path

from bot.chat.clock import Clock, ShiftedClock, SystemClock
from bot.chat.messages import Inbound
from bot.chat.ports import Outcome, Platform
from bot.chat.rendering import Renderer
from bot.chat.texts import Catalogues
from bot.config import Config
from bot.delivery import Delivery
from bot.dispatch import Dispatcher
from bot.platforms.local.room import LocalRoom
from bot.practice import Practice
from bot.scheduler import Scheduler, tidy
from bot.worker import Worker
from handlers import all_commands, locale_folders
from storage import facts, migrate
from storage.database import Database
from storage.files import DiskFiles

log = logging.getLogger("liangsaibi")

#: The fact under which the practice clock's distance from real time is kept, in seconds.
CLOCK_SHIFT = "practice.clock_shift"


class App:
    """One running program: the database's worker, the platforms, delivery and the scheduler."""

    def __init__(self, config: Config) -> None:
        self.config = config
        config.data.mkdir(parents=True, exist_ok=True)
        self.database = Database(config.database_url, threads=config.database.threads)
        self.files = DiskFiles(config.data / "files")
        self.registry = all_commands()
        self.renderer = Renderer(
            Catalogues([Path(__file__).parent / "locale", *locale_folders()], config.zone)
        )
        self.worker = Worker(self.database, threads=config.database.threads)
        self.clock: Clock = _practice_clock(self.database) if config.local.enabled else SystemClock()
        self.dispatcher = Dispatcher(
            registry=self.registry,
            renderer=self.renderer,
            policy=config.policy,
            files=self.files,
            zone=config.zone,
            home="local" if config.local.enabled else None,
        )
        self.platforms: dict[str, Platform] = {}
        self.practice: Practice | None = None
        if config.local.enabled:
            self._open_room()
        self.delivery = Delivery(self.worker, self.platforms, self.clock)
        self.scheduler = Scheduler(self.worker, self.clock, (tidy,))
        self._delivering: asyncio.Task[None] | None = None
