"""The bot against a Bot API emulator that others have written: `lo-bot-api-emulator`, by polling and by webhook.

Outside help, in one place below: it knows no user name of the bot, no groups, no topics, and not these parameters:
`link_preview_options`, `disable_content_type_detection`, `selective` of a ForceReply. Everything else it judges
by its own rules, and nothing that it refuses goes unnoticed.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from lo_bot_api_emulator import LoBotApiEmulator

from bot.app import App
from bot.chat.clock import ShiftedClock
from bot.chat.ports import Limits
from bot.config import Config, General, LocalSection
from bot.platforms.telegram.settings import TelegramSection
from handlers.roster.codes import new_code
from storage import binding
from storage.database import Database
from storage.tables import outbox
from tests.platforms.conformance import eventually
from tests.platforms.practice import PICTURE
from tests.program import free_port
from tests.progress.promises import LAMPS, ROAD, publish
from tests.servers.telegram.people import entities_of
from tests.world import MORNING, World, small_district

TOKEN = "7:AAE_a-token-of-the-tests-0123456789abc"
GROUP = -1_002_000_000_001
WANG, CHEN = 7_000_000_001, 7_000_000_002


class Emulator(LoBotApiEmulator):
    """The emulator with what it lacks, and with a memory of what was sent."""

    def __init__(self) -> None:
        super().__init__(allow_insecure_loopback_webhooks=True)
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.refused: list[str] = []

    def validate(self, method: str, fields: dict[str, Any], uploads: dict[str, Any]) -> Any:
        for name in ("link_preview_options", "disable_content_type_detection", "message_thread_id"):
            fields.pop(name, None)
        if method == "setMessageReaction":
            return True
        markup = self.decoded(fields.get("reply_markup")) if "reply_markup" in fields else None
        if markup is not None and "force_reply" in markup:
            fields.pop("reply_markup")
        try:
            result = super().validate(method, fields, uploads)
        except Exception as error:
            self.refused.append(f"{method}: {error!r}")
            raise
        if method == "getMe":
            return {**result, "username": "liangsaibi_bot"}
        if isinstance(result, dict) and "chat" in result:
            result["date"] = 1_616_000_000
            if result["chat"]["id"] < 0:
                result["chat"] |= {"type": "supergroup", "title": "枫杨办事处工作群"}
            self.said.append((method, {**fields, "message_id": result["message_id"]}))
        return result


class Line:
    """People who write through the emulator to the whole program."""

    def __init__(self, emulator: Emulator, app: App) -> None:
        self.emulator = emulator
        self.app = app
        self._numbers = itertools.count(1)

    async def says(self, who: int, text: str, *, chat: int | None = None, **body: Any) -> list[str]:
        """Somebody writes; what the bot sends on it."""
        message = self._message(who, chat, text=text, **body)
        if found := entities_of(text):
            message["entities"] = found
        return await self._brings({"message": message})

    async def sends(self, who: int, data: bytes, caption: str) -> list[str]:
        """Somebody sends a photo."""
        self.emulator.assets["photo-in"] = {"data": data, "size": len(data)}
        photo = {"file_id": "photo-in", "file_unique_id": "u", "width": 9, "height": 9, "file_size": len(data)}
        return await self._brings({"message": self._message(who, None, photo=[photo], caption=caption)})

    async def presses(self, who: int, label: str, *, chat: int | None = None) -> list[str]:
        where = chat or who
        for _method, said in reversed(self.emulator.said):
            rows = self.emulator.decoded(said.get("reply_markup", "{}")).get("inline_keyboard", [])
            for button in itertools.chain(*rows):
                if button["text"] == label and int(said["chat_id"]) == where:
                    carrier = self._message(7, where, text="…") | {"message_id": said["message_id"]}
                    query = {
                        "id": str(next(self._numbers)),
                        "from": _user(who),
                        "chat_instance": "1",
                        "message": carrier,
                        "data": button["callback_data"],
                    }
                    return await self._brings({"callback_query": query})
        raise LookupError(label)

    def _message(self, who: int, chat: int | None, **body: Any) -> dict[str, Any]:
        where: dict[str, Any] = {"id": chat or who, "type": "private"}
        if where["id"] < 0:
            where |= {"type": "supergroup", "title": "枫杨办事处工作群"}
        number = next(self._numbers) + 5000
        return {"message_id": number, "date": 1_616_000_000, "chat": where, "from": _user(who), **body}

    async def _brings(self, update: dict[str, Any]) -> list[str]:
        before = len(self.emulator.said)
        await self.emulator.enqueue_update(update, token=TOKEN)
        await eventually(lambda: len(self.emulator.said) > before and self._nothing_waits())
        return [
            said.get("text") or said.get("caption") or f"📎{method}"
            for method, said in self.emulator.said[before:]
        ]

    def _nothing_waits(self) -> bool:
        with self.app.database.transaction() as tx:
            states = {row.state for row in tx.all(outbox.select())}
        return states <= {"sent"} and not list((self.app.config.data / "telegram").glob("*.json"))


def _user(number: int) -> dict[str, Any]:
    return {"id": number, "is_bot": number == 7, "first_name": {WANG: "王芳", CHEN: "陈立"}.get(number, "亮赛比")}


@pytest.fixture(params=["polling", "webhook"])
async def line(sqlite_database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    emulator, port, hook = Emulator(), free_port(), free_port()
    runner = web.AppRunner(emulator.app(), access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    telegram = TelegramSection(
        enabled=True,
        token=TOKEN,
        mode=request.param,
        base_url=f"http://127.0.0.1:{port}/bot",
        base_file_url=f"http://127.0.0.1:{port}/file/bot",
        webhook_url=f"http://127.0.0.1:{hook}/telegram",
        webhook_secret="a-secret-of-the-tests",
        port=hook,
    )
    config = msgspec.structs.replace(
        Config(), general=General(data=str(tmp_path)), local=LocalSection(enabled=False), telegram=telegram
    )
    clock = ShiftedClock()
    clock.set(MORNING)
    app = App(config, sqlite_database, clock=clock)
    app.open_telegram().limits = Limits()
    async with app.running():
        yield Line(emulator, app)
        assert emulator.refused == []
    await runner.cleanup()
    with sqlite_database.transaction() as tx:
        assert {row.state for row in tx.all(outbox.select())} <= {"sent"}


async def test_a_secretary_and_an_office_work_over_it(
    line: Line, sqlite_database: Database, tmp_path: Path
) -> None:
    world = small_district(World(sqlite_database, tmp_path / "files"))
    publish(world, "大里村", ROAD, LAMPS)
    codes = {world.personas[name].id: new_code() for name in ("王芳", "陈立")}
    with sqlite_database.transaction() as tx:
        for person in codes:
            binding.untie_person(tx, person)
        binding.issue(
            tx, codes, issued_by=None, now=world.now, expires_at=world.now.replace(year=world.now.year + 1)
        )
    wang, chen = codes.values()
    assert (await line.says(WANG, f"/start {wang}"))[0].startswith("王芳，您好，绑定好了")
    assert (await line.says(CHEN, f"/start {chen}"))[0].startswith("陈立，您好，绑定好了")
    assert (await line.says(WANG, "路灯装了36盏，还剩84盏"))[0].startswith("请核对这项进度")
    assert (await line.presses(WANG, "确认"))[0].startswith("已登记：第2项 36盏（30%）")
    assert line.emulator.said[-1][0] == "editMessageText"
    [photo] = await line.sends(WANG, PICTURE, "进度 1 60%")
    assert photo.startswith("已登记：第1项")
    assert "附上佐证1件" in photo
    [asked] = await line.says(CHEN, "/bindgroup", chat=GROUP)
    assert asked.startswith("本群归哪个单位？")
    assert (await line.presses(CHEN, "枫杨办事处", chat=GROUP))[0].startswith("好的，本群是枫杨办事处的工作群了。")
    issued = await line.says(CHEN, "绑定码 李建国")
    assert [method for method, _said in line.emulator.said[-3:]] == ["sendMessage", "sendDocument", "sendDocument"]
    assert issued[0].startswith("1个绑定码")
