"""Starting, stopping and trouble on Telegram: nothing dropped or doubled, all reported, no token told."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from telegram import Bot, WebhookInfo

from bot import logs
from bot.chat.errors import ConfigurationError, DeliveryError
from bot.chat.messages import OutFile
from bot.chat.ports import Checking
from bot.platforms.telegram.intake import Intake
from bot.platforms.telegram.menus import Entry
from bot.platforms.telegram.settings import OFFICIAL, TelegramSection
from tests.platforms.conformance import Engine, eventually, outgoing
from tests.platforms.practice import PICTURE
from tests.platforms.telegram_rig import ENTRIES, SECRET, TelegramRig
from tests.servers.telegram.server import TOKEN, BotApi
from tests.told import deliberately


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that any library logs, in the program's own form."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.LineFormatter())
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG)
    yield written
    root.handlers[:] = before
    root.setLevel(level)


# --- starting and stopping --------------------------------------------------------------------------------


async def test_what_was_written_while_it_was_down_is_taken_and_nothing_twice(
    api: BotApi, tmp_path: Path, mode: str
) -> None:
    rig, engine = TelegramRig(api, tmp_path, mode), Engine()
    await rig.start(engine.receive)
    await rig.say("王芳", "第一句")
    await engine.until(1)
    await rig.stop()
    await rig.say("王芳", "第二句")
    rig.platform = rig.make()
    await rig.start(engine.receive)
    assert [came.text for came in await engine.until(2)] == ["第一句", "第二句"]
    await rig.stop()
    assert not any(given.get("drop_pending_updates") for _method, given in api.calls)


async def test_stopping_confirms_what_was_taken(api: BotApi, rig: TelegramRig, engine: Engine) -> None:
    await rig.say("王芳", "第一句")
    await engine.until(1)
    await rig.stop()
    assert api.updates.waiting == {}
    await rig.start(engine.receive)


async def test_stopping_at_once_waits_for_no_update(
    api: BotApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking, go_on = asyncio.Event(), asyncio.Event()
    rig = TelegramRig(api, tmp_path, "polling")
    rig.leads = False
    await rig.start(Engine().receive)

    async def look(_self: Intake) -> None:
        looking.set()
        await go_on.wait()

    monkeypatch.setattr(Intake, "look", look)
    rig.leads = True
    # It is asked to stop before it has asked for anything, and so there is nothing that could be broken off.
    await asyncio.wait_for(looking.wait(), 5)
    stopping = asyncio.create_task(rig.stop())
    await asyncio.sleep(0.1)
    go_on.set()
    stopped, _still = await asyncio.wait({stopping}, timeout=5)
    assert stopped


async def test_one_may_change_from_webhook_to_polling_and_back(api: BotApi, tmp_path: Path) -> None:
    engine = Engine()
    for number, mode in enumerate(("webhook", "polling", "webhook"), 1):
        rig = TelegramRig(api, tmp_path, mode)
        await rig.start(engine.receive)
        await rig.say("王芳", f"第{number}句")
        await engine.until(2 * number - 1)
        await rig.stop()
        await rig.say("王芳", "停着的时候")
    assert [came.text for came in engine.messages].count("停着的时候") >= 2


async def test_every_request_names_the_kinds_of_updates(api: BotApi, tmp_path: Path, mode: str) -> None:
    rig, engine = TelegramRig(api, tmp_path, mode), Engine()
    await rig.start(engine.receive)
    await rig.say("王芳", "你好")
    await engine.until(1)
    await rig.stop()
    method = "getUpdates" if mode == "polling" else "setWebhook"
    kinds = ["message", "edited_message", "callback_query", "my_chat_member"]
    assert all(given["allowed_updates"] == kinds for given in api.called(method))


async def test_numbers_that_begin_anew_after_a_quiet_week_lose_nothing(
    api: BotApi, rig: TelegramRig, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rig.say("王芳", "第一句")
    await engine.until(1)
    monkeypatch.setattr("bot.platforms.telegram.polling.HOLD", 0)
    await rig.say("王芳", "第二句")
    await engine.until(2)
    quiet = len(api.called("getUpdates"))
    await eventually(lambda: len(api.called("getUpdates")) > quiet + 3)
    api.updates.renumber(17)
    await rig.say("王芳", "第三句")
    assert [came.text for came in await engine.until(3)] == ["第一句", "第二句", "第三句"]


async def test_what_cannot_be_read_is_kept_and_holds_up_nobody(api: BotApi, tmp_path: Path, mode: str) -> None:
    rig, engine = TelegramRig(api, tmp_path, mode), Engine()
    await rig.start(engine.receive)
    room = rig.town.private("王芳")
    api.updates.add(room.id, {"message": {"message_id": 5, "date": 1, "chat": room.wire, "from": {"id": 1}}})
    await rig.say("王芳", "第一句")
    assert [came.text for came in await engine.until(1)] == ["第一句"]
    [kept] = (tmp_path / "telegram").glob("*.unreadable")
    assert json.loads(kept.read_text())["message"]["from"] == {"id": 1}
    await rig.stop()


async def test_an_own_server_in_local_mode_gives_out_large_files_by_their_path(
    api: BotApi, tmp_path: Path
) -> None:
    rig, engine = TelegramRig(api, tmp_path, local_mode=True), Engine()
    api.local = tmp_path
    await rig.start(engine.receive)
    large = b"\xff\xd8\xff" + b"x" * 21 * 1024 * 1024
    await rig.say("王芳", "大照片", photo=large)
    [came] = await engine.until(1)
    assert rig.files.get(came.attachments[0].key) == large
    picture = OutFile(rig.files.put(PICTURE), "图.png", "image/png")
    await rig.platform.send(outgoing(rig, 1, "图", files=(picture,)))
    assert (await rig.shown("王芳"))[0].files == (PICTURE,)
    await rig.stop()


async def test_everything_goes_through_the_proxy(api: BotApi, tmp_path: Path) -> None:
    """The server stands in for the proxy: it is asked for an address that exists nowhere else."""
    rig, engine = TelegramRig(api, tmp_path), Engine()
    rig.settings = msgspec.structs.replace(
        rig.settings,
        proxy=f"http://127.0.0.1:{api.port}",
        base_url="http://telegram.invalid/bot",
        base_file_url="http://telegram.invalid/file/bot",
    )
    rig.platform = rig.make()
    await rig.start(engine.receive)
    await rig.say("王芳", "照片", photo=PICTURE)
    [came] = await engine.until(1)
    assert len(came.attachments) == 1
    await rig.platform.send(outgoing(rig, 1, "收到"))
    assert [shown.text for shown in await rig.shown("王芳")] == ["收到"]
    await rig.stop()


# --- trouble ----------------------------------------------------------------------------------------------


async def test_a_second_program_with_the_same_token_is_reported_and_outlived(
    api: BotApi, rig: TelegramRig, engine: Engine, log: io.StringIO
) -> None:
    other = Bot(TOKEN, base_url=api.base_url, base_file_url=api.base_file_url)
    await other.initialize()
    await other.get_updates(timeout=0)
    assert isinstance(rig.platform, Checking)
    await eventually(lambda: rig.platform.trouble())  # type: ignore[attr-defined]
    assert "another program asks for this bot's messages" in (rig.platform.trouble() or "")
    await rig.say("王芳", "还在吗")
    await engine.until(1)
    await eventually(lambda: rig.platform.trouble() is None)  # type: ignore[attr-defined]
    await other.shutdown()
    assert log.getvalue().count("another program asks") == 1


async def test_a_dead_line_is_told_and_comes_back_by_itself(api: BotApi, rig: TelegramRig, engine: Engine) -> None:
    await rig.say("王芳", "第一句")
    await engine.until(1)
    await eventually(lambda: not api.updates.waiting)
    api.broken["getUpdates"] = 404
    await rig.say("王芳", "第二句")
    await eventually(lambda: rig.platform.trouble())
    assert "telegram.token" in (rig.platform.trouble() or "")
    del api.broken["getUpdates"]
    await rig.say("王芳", "第三句")
    assert [came.text for came in await engine.until(3)] == ["第一句", "第二句", "第三句"]
    await eventually(lambda: rig.platform.trouble() is None)


async def test_whatever_telegram_says_of_the_webhook_it_is_looked_after_again(
    api: BotApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.telegram.hook.EVERY", 0.05)
    rig = TelegramRig(api, tmp_path, "webhook")
    await rig.start(Engine().receive)
    with monkeypatch.context() as odd:
        # Without one of its fields the library raises what is no error of Telegram's.
        odd.setattr("telegram.Bot.get_webhook_info", lambda _bot: WebhookInfo())  # type: ignore[call-arg]
        await eventually(lambda: "TypeError" in (rig.platform.trouble() or ""))
    await eventually(lambda: rig.platform.trouble() is None)
    await rig.stop()


async def test_a_webhook_that_fails_or_was_taken_away_is_told_and_set_again(
    api: BotApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.telegram.hook.EVERY", 0.05)
    rig, engine = TelegramRig(api, tmp_path, "webhook"), Engine()
    await rig.start(engine.receive)
    assert rig.platform.trouble() is None
    engine.failures = 8
    await rig.say("王芳", "第一句")
    await eventually(lambda: "Wrong response from the webhook: 503" in (rig.platform.trouble() or ""))
    await engine.until(1)
    await eventually(lambda: rig.platform.trouble() is None)
    api.updates.set_webhook("", "", None)
    await rig.say("王芳", "第二句")
    assert [came.text for came in await engine.until(2)] == ["第一句", "第二句"]
    await rig.stop()


async def test_silence_itself_is_trouble(
    rig: TelegramRig, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.telegram.polling.SILENCE", -1.0)
    assert (rig.platform.trouble() or "").startswith("Telegram has not answered for")


async def test_a_wrong_token_is_said_at_start_without_the_token(api: BotApi, tmp_path: Path) -> None:
    rig = TelegramRig(api, tmp_path)
    wrong = TOKEN.replace("AAE", "AAF")
    rig.settings = msgspec.structs.replace(rig.settings, token=wrong)
    rig.platform = rig.make()
    with pytest.raises(ConfigurationError, match="Telegram does not know it") as error:
        await rig.start(Engine().receive)
    assert wrong not in str(error.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"token": "not a token"}, "telegram.token"),
        ({"proxy": "socks5://127.0.0.1:1"}, "telegram.proxy"),
        ({"webhook_url": "http://bot.example.org/x", "base_url": OFFICIAL}, "telegram.webhook_url"),
        ({"webhook_url": "https://bot.example.org:9000/x", "base_url": OFFICIAL}, "443, 80, 88, 8443"),
        ({"webhook_secret": "short"}, "telegram.webhook_secret"),
    ],
)
def test_settings_that_cannot_work_are_refused(change: dict[str, Any], says: str) -> None:
    good = TelegramSection(
        token=TOKEN, mode="webhook", webhook_url="https://bot.example.org/x", webhook_secret=SECRET
    )
    good.check()
    with pytest.raises(ConfigurationError, match=says):
        msgspec.structs.replace(good, **change).check()


# --- who may call -----------------------------------------------------------------------------------------


async def test_only_telegram_may_bring_updates(api: BotApi, tmp_path: Path) -> None:
    rig, engine = TelegramRig(api, tmp_path, "webhook"), Engine()
    await rig.start(engine.receive)
    url = rig.settings.webhook_url
    update = {
        "update_id": 1,
        "message": rig.town._message(rig.town.private("王芳"), rig.town.user("王芳"), text="x"),
    }
    header = "X-Telegram-Bot-Api-Secret-Token"
    async with httpx.AsyncClient() as http:
        answers = [
            await http.post(url, json=update),
            await http.post(url, json=update, headers={header: SECRET[:-1] + "9"}),
            await http.post(url + "/elsewhere", json=update, headers={header: SECRET}),
            await http.get(url, headers={header: SECRET}),
            await http.post(url, content=b"{", headers={header: SECRET}),
            await http.post(url, content=b"[1]", headers={header: SECRET}),
            await http.post(url, content=b" " * 1_100_000, headers={header: SECRET}),
        ]
        assert [answer.status_code for answer in answers] == [403, 403, 404, 405, 400, 400, 413]
        assert engine.taken == []
        good = await http.post(url, json=update, headers={header: SECRET})
        assert (good.status_code, len(engine.taken)) == (200, 1)
        engine.failures = 1
        update["update_id"] = 2
        again = await http.post(url, json=update, headers={header: SECRET})
        assert again.status_code == 503
    await rig.stop()


async def test_the_token_is_in_no_log_and_no_error(api: BotApi, rig: TelegramRig, log: io.StringIO) -> None:
    engine = Engine()
    await rig.start(engine.receive)
    await rig.say("王芳", "第2项 80%", photo=b"\x89PNG\r\n\x1a\n")
    await engine.until(1)
    reasons = []
    for broken in (404, 502, 0):
        if broken:
            api.broken["sendMessage"] = broken
        else:
            api.broken.clear()
            api.dropped.add("sendMessage")
        with pytest.raises(DeliveryError) as error:
            await rig.platform.send(outgoing(rig, broken, "在吗"))
        reasons.append(str(error.value))
    api.broken["getUpdates"] = 502
    await rig.say("王芳", "还在吗")
    await eventually(lambda: rig.platform.trouble())
    await rig.stop()
    dead = TelegramRig(api, rig.folder / "dead")
    await api.stop()
    await dead.platform._bot._request[1].initialize()
    with pytest.raises(DeliveryError) as error:
        await dead.platform.send(outgoing(dead, 1, "没有服务器"))
    reasons += [str(error.value), rig.platform.trouble() or ""]
    await dead.platform._bot._request[1].shutdown()
    await api.start()
    with deliberately():
        logging.getLogger("aiohttp").warning("GET %s failed", f"{api.base_url}{TOKEN.replace(':', '%3A')}/getMe")
        try:
            raise ConnectionError(f"{api.base_url}{TOKEN}/getMe")
        except ConnectionError:
            logging.getLogger("anything").exception("as a library might")
    told = log.getvalue() + "\n".join(reasons)
    secret = TOKEN.partition(":")[2]
    assert "<token>" in told
    assert secret not in told


PROGRESS = Entry("progress", "进度：报一项承诺的进度", "Report progress", False)


# --- menus ------------------------------------------------------------------------------------------------


async def test_menus_follow_the_declarations_by_scope_language_and_role(
    api: BotApi, rig: TelegramRig, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await eventually(lambda: ("all_group_chats", "en") in api.menus)
    assert [entry["command"] for entry in api.menus["default", ""]] == ["help", "bind"]
    assert [entry["command"] for entry in api.menus["all_group_chats", ""]] == ["help"]
    assert api.menus["default", "en"][0] == {"command": "help", "description": "See what you can do"}
    assert api.menus["default", ""][0]["description"] == "帮助：看看您能做的事"
    wang = rig.town.user("王芳")["id"]
    rig.menus.entries[str(wang)] = [
        *ENTRIES,
        Entry("progress", "进度：报一项承诺的进度", "Report progress", False),
    ]
    await rig.say("王芳", "你好")
    await eventually(lambda: (f"chat:{wang}", "en") in api.menus)
    assert [entry["command"] for entry in api.menus[f"chat:{wang}", ""]] == ["help", "bind", "progress"]
    monkeypatch.setattr("bot.platforms.telegram.menus.EVERY", 0.0)
    rig.menus.entries[str(wang)].append(Entry("bindgroup", "绑群：这个群归哪个单位", "Bind this group", True))
    await rig.say("王芳", "/help", group=True)
    key = f"chat_member:{rig.group.id}:{wang}"
    await eventually(lambda: (key, "en") in api.menus)
    assert [entry["command"] for entry in api.menus[key, ""]] == ["help", "bindgroup"]
    rig.menus.entries[str(wang)] = ENTRIES
    await rig.say("王芳", "你好")
    await eventually(lambda: len(api.menus[f"chat:{wang}", ""]) == 2)


async def test_what_was_shown_outlives_the_program(
    api: BotApi, rig: TelegramRig, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.telegram.menus.EVERY", 0.0)
    wang = rig.town.user("王芳")["id"]
    rig.menus.entries[str(wang)] = [
        *ENTRIES,
        Entry("progress", "进度：报一项承诺的进度", "Report progress", False),
    ]
    await rig.say("王芳", "你好")
    await eventually(lambda: (f"chat:{wang}", "en") in api.menus)

    async def again() -> None:
        await rig.stop()
        rig.platform = rig.make()
        await rig.start(engine.receive)

    def set_for_her() -> int:
        return len([call for call in api.called("setMyCommands") if str(wang) in str(call)])

    await eventually(lambda: f"{wang}:{wang}" in rig.menus.noted)
    await again()
    before = set_for_her()
    assert before
    await rig.say("王芳", "你好")
    await engine.until(2)
    await rig.stop()
    assert set_for_her() == before
    # While the program was down she lost her post: her menu is the usual one again.
    del rig.menus.entries[str(wang)]
    rig.platform = rig.make()
    await rig.start(engine.receive)
    await rig.say("王芳", "你好")
    await eventually(lambda: len(api.menus[f"chat:{wang}", "en"]) == 2)


async def test_who_has_the_usual_menu_costs_no_request(api: BotApi, rig: TelegramRig, engine: Engine) -> None:
    await eventually(lambda: ("all_group_chats", "en") in api.menus)
    before = len(api.called("setMyCommands"))
    for _ in range(3):
        await rig.say("王芳", "你好")
    await engine.until(3)
    assert len(api.called("setMyCommands")) == before
