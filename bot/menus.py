"""What each account may do, as the menus of a chat platform show it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.chat.commands import Command, Place, Registry
from bot.chat.people import Actor
from bot.chat.rendering import Renderer
from bot.chat.texts import CHINESE, ENGLISH
from bot.platforms.telegram.menus import Entry
from bot.worker import Worker
from storage import accounts

_NOBODY = Actor(0, None, "")


class AccountMenus:
    """The commands that an account of one platform may use, in the order of the help."""

    def __init__(self, worker: Worker, registry: Registry, renderer: Renderer, platform: str) -> None:
        self._worker = worker
        self._registry = registry
        self._renderer = renderer
        self._platform = platform

    async def __call__(self, account: str | None) -> Sequence[Entry]:
        actor = _NOBODY
        if account is not None:
            look = self._worker.submit(lambda tx: accounts.known(tx, self._platform, account) or _NOBODY)
            actor = await asyncio.wrap_future(look)
        return [self._entry(command) for command in self._registry.offered(actor)]

    def _entry(self, command: Command) -> Entry:
        return Entry(
            command.ascii,
            f"{command.name}：{self._renderer.words(command.help, CHINESE)}",
            self._renderer.words(command.help, ENGLISH),
            in_groups=command.place is not Place.PRIVATE,
        )
