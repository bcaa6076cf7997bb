"""The whole program on the simulated Telegram: the example district with everybody's phone and every group."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import msgspec

from bot.app import App
from bot.chat.clock import ShiftedClock, StoppedClock
from bot.chat.people import Role
from bot.chat.ports import Limits
from bot.config import Config, General, LocalSection
from bot.demo import facts, load
from handlers.roster.codes import new_code
from storage import binding, people, units
from storage.database import Database
from tests.platforms.conformance import eventually
from tests.platforms.telegram_rig import settings_for
from tests.servers.telegram.people import Room
from tests.servers.telegram.server import BotApi

#: A test's clock stands still, so that nothing is paced; rates are tested on their own.
UNHURRIED = Limits()


class District:
    """The example district, nobody bound yet. `heard` is everything that the bot says, edits too, in order."""

    def __init__(self, database: Database, folder: Path, api: BotApi, mode: str, **more: Any) -> None:
        self.api = api
        self.town = api.town
        self.folder = folder
        quarter = facts.read()
        self.clock = ShiftedClock(base=StoppedClock(quarter.clock))
        config = msgspec.structs.replace(
            Config(),
            general=General(data=str(folder)),
            local=LocalSection(enabled=False),
            telegram=settings_for(api, mode, **more),
        )
        self.app = App(config, database, clock=self.clock, entropy=random.Random(2021).randbytes)
        self.telegram = self.app.open_telegram()
        self.telegram.limits = UNHURRIED
        with database.transaction() as tx:
            load.load(tx, quarter)
            roots = [unit.id for unit in units.roots(tx)]
            self.people = {h.name: h.person_id for h in people.posts_below(tx, roots)}
            self.units = [u.name for u in units.subtree(tx, roots, kinds=[units.DISTRICT, units.OFFICE])]
            self.organizer = next(h.name for h in people.posts_below(tx, roots) if h.role is Role.ORGANIZER)

    async def open(self) -> None:
        self.app.worker.start()
        await self.telegram.start(self.app.receive)

    async def close(self) -> None:
        await self.telegram.stop()
        await asyncio.to_thread(self.app.worker.stop)

    async def settled(self) -> None:
        """Everything that was written is committed, and everything that is to be said has arrived."""
        spool = self.folder / "telegram"
        await eventually(lambda: not self.api.updates.waiting and not list(spool.glob("*.json")))
        await self.app.delivery.drain()

    async def bind_everybody(self) -> None:
        """Each follows the link on their card; then the organizer binds the groups."""
        codes = {person: new_code() for person in self.people.values()}
        with self.app.database.transaction() as tx:
            expires = self.clock.now().replace(year=2022)
            assert binding.issue(tx, codes, issued_by=None, now=self.clock.now(), expires_at=expires) == []
        for name, person in self.people.items():
            self.town.says(name, self.town.private(name), f"/start {codes[person]}")
        await self.settled()
        for unit in self.units:
            self.town.says(self.organizer, self.group(unit), f"/bindgroup {unit}")
        await self.settled()

    def group(self, unit: str) -> Room:
        return self.town.group(f"{unit}工作群", *self.people)


class TelegramStage:
    """Plays people of the roster by name on their phones (implements `bot.demo.story.Stage`)."""

    def __init__(self, district: District) -> None:
        self._district = district

    def _room(self, who: str, group: str | None) -> Room:
        return self._district.group(group) if group else self._district.town.private(who)

    async def say(self, who: str, text: str, *, group: str | None, photo: bytes | None) -> None:
        room, town = self._room(who, group), self._district.town
        if photo is not None:
            town.photo(who, room, photo, caption=text)
        else:
            town.says(who, room, text)
        await self._district.settled()

    async def press(self, who: str, label: str, *, group: str | None) -> None:
        self._district.town.presses(who, self._room(who, group), label)
        await self._district.settled()

    async def settle(self) -> None:
        await self._district.settled()
