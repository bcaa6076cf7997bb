"""The browser room passes the suite that every platform passes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.chat.messages import ChatKind, ChatRef
from storage.database import Database
from tests.platforms.conformance import Conformance, Rig, Shown, Traits
from tests.platforms.practice import Practice
from tests.platforms.test_local import Visitor


class RoomRig(Rig):
    """Windows of the room instead of phones."""

    traits = Traits(redelivers=False, throttles=False, vanishes=False)

    def __init__(self, practice: Practice) -> None:
        self.practice = practice
        self.platform = practice.room
        self.files = practice.files

    async def start(self, receive: Any) -> None:
        await self.practice.room.start(receive)
        self.visitor = Visitor(self.practice)

    async def stop(self) -> None:
        await self.visitor.http.aclose()
        await self.practice.room.stop()

    async def say(self, who: str, text: str, *, group: bool = False, photo: bytes | None = None) -> None:
        more: dict[str, Any] = {}
        if photo is not None:
            uploaded = (await self.visitor.upload(photo, "照片.png")).json()
            more["files"] = [{"key": uploaded["key"], "name": "照片.png"}]
        await self.visitor.say(self.practice.account(who), self._room(who, group), text, **more)

    async def press(self, who: str, label: str, *, group: bool = False) -> None:
        for message in reversed(await self._messages(who, group)):
            for button in (b for row in message["buttons"] for b in row):
                if button["label"] == label:
                    account = self.practice.account(who)
                    await self.visitor.press(account, self._room(who, group), message["id"], button["payload"])
                    return
        raise LookupError(label)

    def calling(self, text: str) -> str:
        return f"@亮赛比 {text}"

    def chat(self, who: str, *, group: bool = False) -> ChatRef:
        kind = ChatKind.GROUP if group else ChatKind.PRIVATE
        return ChatRef("local", self._room(who, group), kind)

    async def shown(self, who: str, *, group: bool = False) -> list[Shown]:
        return [await self._shown(message) for message in await self._messages(who, group)]

    async def _shown(self, message: dict[str, Any]) -> Shown:
        labels = tuple(b["label"] for row in message["buttons"] for b in row)
        fetched = [await self.visitor.http.get(f"/files/{f['key']}") for f in message["files"]]
        return Shown(_text(message["body"]), labels, tuple(answer.content for answer in fetched))

    async def _messages(self, who: str, group: bool) -> list[dict[str, Any]]:
        found = await self.visitor.messages(self.practice.account(who), self._room(who, group))
        return [message for message in found if message["author"] is None]

    def _room(self, who: str, group: bool) -> str:
        return self.practice.group("枫杨办事处") if group else f"private:{self.practice.account(who)}"


def _text(body: list[dict[str, Any]]) -> str:
    lines = []
    for block in body:
        match block["kind"]:
            case "line":
                lines.append(block["words"])
            case "fields":
                lines += [f"{label}：{value}" for label, value in block["pairs"]]
            case "bar":
                share = block["known"]["percent"] if block["known"] else ""
                lines.append(f"{block['label']} {share} {block['note']}")
            case "table":
                lines += ["  ".join(row) for row in (block["header"], *block["rows"])]
    return "\n".join(lines)


class TestRoom(Conformance):
    @pytest.fixture
    async def rig(self, sqlite_database: Database, tmp_path: Path) -> AsyncIterator[RoomRig]:
        practice = Practice(sqlite_database, tmp_path, max_upload_bytes=1_000_000)
        yield RoomRig(practice)
        practice.close()
