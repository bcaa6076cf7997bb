"""What the practice room is lent by the program: the command list of whoever one plays."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.chat.commands import Registry
from bot.chat.people import Actor
from bot.chat.rendering import Renderer
from bot.chat.rooms import Identity
from bot.chat.texts import CHINESE
from bot.worker import Worker
from storage import practice_people


class CommandList:
    """The commands that an account may use: what to type, the usage line and the help, in its language."""

    def __init__(self, worker: Worker, registry: Registry, renderer: Renderer) -> None:
        self._worker = worker
        self._registry = registry
        self._renderer = renderer

    async def __call__(self, account: str) -> Sequence[tuple[str, str, str]]:
        who = await asyncio.wrap_future(self._worker.submit(lambda tx: practice_people.identity(tx, account)))
        language = who.language or CHINESE
        actor = _actor(who)
        return [
            (
                self._renderer.words(command.label, language),
                self._renderer.words(command.usage, language),
                self._renderer.words(command.help, language),
            )
            for command in self._registry.offered(actor)
        ]


def _actor(who: Identity) -> Actor:
    # Only what the permission of a command looks at: bound or not, and the posts.
    return Actor(0, 0 if who.bound else None, who.name, who.posts, who.language)
