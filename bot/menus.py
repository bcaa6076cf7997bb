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
from storage import accounts, facts
from storage.database import Tx

_NOBODY = Actor(0, None, "")


class AccountMenus:
    """The commands that an account of one platform may use, in the order of the help, and what it was shown."""

    def __init__(self, worker: Worker, registry: Registry, renderer: Renderer, platform: str) -> None:
        self._worker = worker
        self._registry = registry
        self._renderer = renderer
        self._platform = platform

    async def offered(self, account: str | None) -> Sequence[Entry]:
        """The commands that an account may use; None stands for somebody whom nobody knows."""
        if account is None:
            return self._entries(_NOBODY)
        return (await self.shown(account, ""))[0]

    async def shown(self, account: str, place: str) -> tuple[Sequence[Entry], str | None]:
        """The same, and the fingerprint of what was shown at that place last."""

        def look(tx: Tx) -> tuple[Actor, str | None]:
            return accounts.known(tx, self._platform, account) or _NOBODY, facts.get(tx, self._fact(place))

        actor, last = await asyncio.wrap_future(self._worker.submit(look))
        return self._entries(actor), last

    async def note(self, place: str, fingerprint: str) -> None:
        """This is shown at that place now."""
        await asyncio.wrap_future(self._worker.submit(lambda tx: facts.put(tx, self._fact(place), fingerprint)))

    def _fact(self, place: str) -> str:
        return f"{self._platform}.menu:{place}"

    def _entries(self, actor: Actor) -> Sequence[Entry]:
        return [self._entry(command) for command in self._registry.offered(actor)]

    def _entry(self, command: Command) -> Entry:
        return Entry(
            command.ascii,
            f"{command.name}：{self._renderer.words(command.help, CHINESE)}",
            self._renderer.words(command.help, ENGLISH),
            in_groups=command.place is not Place.PRIVATE,
        )
