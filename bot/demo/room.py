"""The story in the browser room: people of the roster write and press there, seen live in every window."""

from __future__ import annotations

import asyncio
import secrets

from bot.app import App
from bot.demo.terminal import cast_and_groups
from bot.platforms.local.room import LocalRoom

#: How long a button may take to appear, in seconds.
PATIENCE = 10.0


class RoomStage:
    """Plays people of the roster by name in the running room (implements `bot.demo.story.Stage`)."""

    def __init__(self, app: App, room: LocalRoom) -> None:
        self._app = app
        self._room = room
        with app.database.transaction() as tx:
            self._accounts, self._groups = cast_and_groups(tx)

    async def say(self, who: str, text: str, *, group: str | None, photo: bytes | None) -> None:
        files = [(self._app.files.put(photo), "现场照片.jpg")] if photo is not None else []
        await self._room.speak(self._accounts[who], self._place(who, group), text, files, secrets.token_hex(8))

    async def press(self, who: str, label: str, *, group: str | None) -> None:
        place = self._place(who, group)
        async with asyncio.timeout(PATIENCE):
            while not await self._room.press(self._accounts[who], place, label, secrets.token_hex(8)):
                await asyncio.sleep(0.1)

    async def settle(self) -> None:
        self._app.delivery.wake()

    def _place(self, who: str, group: str | None) -> str:
        return f"private:{self._accounts[who]}" if group is None else f"group:{self._groups[group]}"
