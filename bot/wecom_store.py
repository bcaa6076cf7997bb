"""What WeCom needs of the database, done by its worker; and its menu, made from the commands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from bot.chat.clock import Clock
from bot.chat.commands import Registry, Section
from bot.chat.people import Role
from bot.chat.rendering import Renderer
from bot.chat.texts import CHINESE
from bot.platforms.wecom.menu import Heading
from bot.platforms.wecom.store import PLATFORM, Candidate, OfficeGroup
from bot.worker import Worker
from storage import facts, joining
from storage.database import Tx
from storage.units import DISTRICT, OFFICE

R = TypeVar("R")
_HEADINGS = (Section.COMMITMENTS, Section.PROGRESS, Section.ROUNDS)


class WorkerWeComStore:
    """`bot.platforms.wecom.store.Store` on the worker's threads; each call is one transaction."""

    def __init__(self, worker: Worker, clock: Clock) -> None:
        self._worker = worker
        self._clock = clock

    async def get(self, name: str) -> Any:
        return await self._do(lambda tx: facts.get(tx, f"{PLATFORM}.{name}"))

    async def put(self, name: str, value: Any) -> None:
        await self._do(lambda tx: facts.put(tx, f"{PLATFORM}.{name}", value))

    async def tie_robots(self, chats: Mapping[str, str], prefix: str) -> Sequence[str]:
        now = self._clock.now()
        return await self._do(lambda tx: joining.tie_outlets(tx, PLATFORM, chats, prefix=prefix, now=now))

    async def candidates(self) -> Sequence[Candidate]:
        return [Candidate(*row) for row in await self._do(lambda tx: joining.unjoined(tx, PLATFORM))]

    async def tie(self, person_id: int, user: str, chat: str) -> bool:
        now = self._clock.now()
        return await self._do(lambda tx: joining.join(tx, PLATFORM, person_id, user, chat, now=now))

    async def office_groups(self, prefix: str) -> Sequence[OfficeGroup]:
        kept = await self._do(lambda tx: joining.groups_to_keep(tx, PLATFORM, (DISTRICT, OFFICE), prefix=prefix))
        return [OfficeGroup(one.unit_id, one.name, one.members, one.chat) for one in kept]

    async def tie_group(self, unit_id: int, chat: str, title: str) -> None:
        now = self._clock.now()
        await self._do(lambda tx: joining.tie_group(tx, PLATFORM, unit_id, chat, title, now=now))

    async def _do(self, job: Callable[[Tx], R]) -> R:
        return await asyncio.wrap_future(self._worker.submit(job))


def headings(registry: Registry, renderer: Renderer) -> list[Heading]:
    """What the app's menu offers: under each part of the activity what can be done without more words.

    The menu is the same for everybody, so what secretaries can do comes first.
    """
    return [Heading(renderer.words(section.value, CHINESE), _entries(registry, section)) for section in _HEADINGS]


def _entries(registry: Registry, section: Section) -> tuple[tuple[str, str], ...]:
    fits = [
        command
        for command in registry.commands.values()
        if command.section is section and not command.hidden and all(arg.optional for arg in command.args)
    ]
    fits.sort(key=lambda command: bool(command.roles) and Role.SECRETARY not in command.roles)
    return tuple((command.name, command.name) for command in fits)
