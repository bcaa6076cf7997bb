"""The Telegram adapter wired to the simulated Bot API, by polling or by webhook."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.chat.messages import ChatKind, ChatRef
from bot.platforms.telegram.menus import Entry
from bot.platforms.telegram.platform import Telegram
from bot.platforms.telegram.settings import TelegramSection
from storage.disk_spool import DiskSpool
from storage.files import DiskFiles
from tests.platforms.conformance import Rig, Shown
from tests.program import free_port
from tests.servers.telegram.people import Room
from tests.servers.telegram.server import BotApi

SECRET = "a-secret-of-the-tests-0123"
ENTRIES = [
    Entry("help", "帮助：看看您能做的事", "See what you can do", True),
    Entry("bind", "绑定：告诉我您是谁", "Say who you are", False),
]


def settings_for(api: BotApi, mode: str, **more: Any) -> TelegramSection:
    port = free_port()
    return TelegramSection(
        enabled=True,
        token=api.token,
        mode=mode,  # type: ignore[arg-type]
        base_url=api.base_url,
        base_file_url=api.base_file_url,
        webhook_url=f"http://127.0.0.1:{port}/telegram",
        webhook_secret=SECRET,
        port=port,
        **more,
    )


class Menus:
    """Everybody's commands, and what they were shown (a `MenuBook`)."""

    def __init__(self) -> None:
        self.entries: dict[str | None, list[Entry]] = {None: ENTRIES}
        self.noted: dict[str, str] = {}

    async def offered(self, account: str | None) -> Sequence[Entry]:
        return self.entries.get(account, self.entries[None])

    async def shown(self, account: str, place: str) -> tuple[Sequence[Entry], str | None]:
        return await self.offered(account), self.noted.get(place)

    async def note(self, place: str, fingerprint: str) -> None:
        self.noted[place] = fingerprint


class TelegramRig(Rig):
    """王芳 and 李建国 with their phones. Privacy mode is off, so that the bot overhears a group."""

    #: Whether other programs take the bot's webhook as well.
    replicas = False
    #: Whether it is the program that sends.
    leads = True

    def __init__(self, api: BotApi, folder: Path, mode: str = "polling", **more: Any) -> None:
        self.api = api
        self.town = api.town
        self.files = DiskFiles(folder / "files")
        self.hour = 10
        self.menus = Menus()
        self.settings = settings_for(api, mode, **more)
        self.folder = folder
        self.platform = self.make()
        self.group = self.town.group("枫杨办事处工作群", "王芳", "李建国")
        for name in ("王芳", "李建国"):
            self.town.private(name).parted = ""

    def make(self) -> Telegram:
        return Telegram(
            self.settings,
            self.files,
            DiskSpool(self.folder / "telegram"),
            self.menus,
            local_now=lambda: datetime(2021, 3, 22, self.hour, tzinfo=UTC),
            replicas=self.replicas,
            leading=lambda: self.leads,
        )

    async def start(self, receive: Any) -> None:
        await self.platform.start(receive)

    async def stop(self) -> None:
        await self.platform.stop()

    def room(self, who: str, *, group: bool = False) -> Room:
        return self.group if group else self.town.private(who)

    async def say(self, who: str, text: str, *, group: bool = False, photo: bytes | None = None) -> None:
        room = self.room(who, group=group)
        if photo is not None:
            self.town.photo(who, room, photo, caption=text)
        else:
            self.town.says(who, room, text)

    async def press(self, who: str, label: str, *, group: bool = False) -> None:
        self.town.presses(who, self.room(who, group=group), label)

    def calling(self, text: str) -> str:
        return f"@liangsaibi_bot {text}"

    def chat(self, who: str, *, group: bool = False) -> ChatRef:
        room = self.room(who, group=group)
        kind = ChatKind.GROUP if group else ChatKind.PRIVATE
        return ChatRef("telegram", str(room.id), kind, room.title)

    async def shown(self, who: str, *, group: bool = False) -> list[Shown]:
        return [self._shown(message) for message in self.sent(self.room(who, group=group))]

    def sent(self, room: Room) -> list[dict[str, Any]]:
        """The bot's own messages in a chat."""
        return [message for message in room.messages.values() if message["from"]["is_bot"]]

    def _shown(self, message: dict[str, Any]) -> Shown:
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        labels = tuple(button["text"] for row in rows for button in row)
        file = message.get("document") or message.get("photo", [None])[-1]
        data = (self.town.files[file["file_id"]],) if file else ()
        return Shown(message.get("text") or message.get("caption", ""), labels, data)

    async def repeat(self) -> None:
        self.api.updates.repeat()

    async def throttle(self, seconds: int) -> None:
        self.api.rates.refuse.append(seconds)

    async def vanish(self, who: str) -> None:
        self.town.private(who).parted = "user is deactivated"
