"""The AI bot's long connection: it comes back after every kind of end but two, and answers as it may."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.chat.errors import DeliveryError
from bot.chat.messages import Button, ChatKind, ChatRef, Line, Notice, OutFile, Outgoing
from bot.platforms.wecom import pressed
from bot.platforms.wecom.aibot import way
from bot.platforms.wecom.aibot.frames import read_event, read_message, without_mention
from bot.platforms.wecom.aibot.link import Link
from bot.platforms.wecom.aibot.media import decrypt
from bot.platforms.wecom.errors import ApiError
from bot.platforms.wecom.platform import WeCom
from tests.platforms.conformance import Engine, eventually
from tests.platforms.practice import PICTURE
from tests.platforms.wecom_office import GROUP, Office, read
from tests.world import MORNING


class Desk:
    """An office with only the AI bot."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office, self.bot, self.engine = office, office.bot, Engine()
        self.platform: WeCom = office.platform(folder, app=False, robots=False)

    def group(self) -> list[str]:
        return [read(seen) for seen in self.office.group()]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    office = Office()
    await office.open()
    made = Desk(office, tmp_path)
    await made.platform.start(made.engine.receive)
    await made.bot.subscribed.wait()
    yield made
    made.engine.gate.set()
    await made.platform.stop()
    await office.close()


def message(number: int, *lines: str, chat: str = f"bot:{GROUP}", **more: Any) -> Outgoing:
    kind = ChatKind.PRIVATE if chat.startswith("user:") else ChatKind.GROUP
    return Outgoing(id=number, chat=ChatRef("wecom", chat, kind), body=tuple(Line(line) for line in lines), **more)


# --- the connection -----------------------------------------------------------------------------------------


class Linked:
    """A link by itself, with short pauses."""

    def __init__(self, office: Office, *, leading: Callable[[], bool] = lambda: True, **more: Any) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        company = office.company
        secret = more.pop("secret", company.bot_secret)
        self.link = Link(
            office.bot.address,
            company.bot_id,
            secret,
            self._hear,
            leading=leading,
            **{"ping_every": 0.1, "first_pause": 0.02, "answer_within": 0.5, **more},
        )

    async def _hear(self, command: str, _request: str, body: dict[str, Any]) -> None:
        self.heard.append((command, body))

    async def __aenter__(self) -> Linked:
        self.link.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.link.stop()


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    made = Office()
    await made.open()
    yield made
    await made.close()


@pytest.mark.parametrize("code", [1000, 1001, 1011])
async def test_it_connects_again_after_a_close_also_a_clean_one(office: Office, code: int) -> None:
    async with Linked(office) as linked:
        for number in (1, 2, 3):
            await eventually(lambda number=number: linked.link.number == number)  # type: ignore[misc]
            await office.bot.cut(code)
        await eventually(lambda: linked.link.number == 4)
        assert linked.link.trouble is None


async def test_it_connects_again_after_the_server_was_away(office: Office) -> None:
    async with Linked(office) as linked:
        await eventually(lambda: linked.link.number == 1)
        await office.bot.stop()
        await eventually(lambda: linked.link.trouble is not None)
        await office.bot.start()
        await eventually(lambda: linked.link.number == 2)


async def test_it_connects_again_whatever_came_over_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    hold = Link._hold
    odd: list[Exception] = [KeyError("nobody thought of this")]

    async def holding(link: Link) -> None:
        if odd:
            raise odd.pop()
        await hold(link)

    monkeypatch.setattr(Link, "_hold", holding)
    async with Linked(office, first_pause=0.1) as linked:
        await eventually(lambda: "KeyError" in (linked.link.trouble or ""))
        await eventually(lambda: linked.link.number == 1)
        assert linked.link.trouble is None


async def test_two_pings_without_an_answer_are_the_end_of_a_connection(office: Office) -> None:
    async with Linked(office, answer_within=0.1) as linked:
        await eventually(lambda: linked.link.number == 1)
        office.bot.answers_pings = False
        await eventually(lambda: linked.link.number == 2)
        office.bot.answers_pings = True


async def test_a_connection_that_the_server_has_let_go_is_opened_anew(office: Office) -> None:
    async with Linked(office, ping_every=30) as linked:
        await eventually(lambda: linked.link.number == 1)
        office.bot.faults["aibot_send_msg"] = [846609]
        with pytest.raises(ApiError):
            await linked.link.ask("aibot_send_msg", {})
        await eventually(lambda: linked.link.number == 2)


async def test_wrong_credentials_are_tried_once_and_reported(office: Office) -> None:
    async with Linked(office, secret="wrong") as linked:
        await eventually(lambda: "853000" in (linked.link.trouble or ""))
        await asyncio.sleep(0.5)
        assert len(office.bot.subscriptions) == 1
        assert linked.link.number == 0


async def test_whoever_is_cut_off_by_another_connection_does_not_fight_back(office: Office) -> None:
    async with Linked(office) as first:
        await eventually(lambda: first.link.number == 1)
        async with Linked(office) as second:
            await eventually(lambda: second.link.number == 1)
            await eventually(lambda: "别处" in (first.link.trouble or ""))
            await asyncio.sleep(0.5)
            assert (first.link.number, second.link.number) == (1, 1)
            assert second.link.is_open


async def test_exactly_one_replica_holds_the_connection_and_another_takes_over(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.wecom.aibot.link.LOOK_EVERY", 0.05)
    leader = ["one"]
    one = Linked(office, leading=lambda: leader[0] == "one")
    two = Linked(office, leading=lambda: leader[0] == "two")
    async with one, two:
        await eventually(lambda: one.link.number == 1)
        await asyncio.sleep(0.3)
        assert two.link.number == 0
        leader[0] = "two"
        await eventually(lambda: two.link.number == 1)
        await eventually(lambda: not one.link.is_open)
        assert office.bot.connections == 2


async def test_the_pauses_between_failures_grow(office: Office) -> None:
    await office.bot.stop()
    async with Linked(office, first_pause=0.05) as linked:
        await asyncio.sleep(1.2)
        assert linked.link.number == 0
    await office.bot.start()
    assert office.bot.connections == 0


# --- coming in ----------------------------------------------------------------------------------------------


async def test_a_message_in_a_group_comes_without_the_mention(desk: Desk) -> None:
    await desk.bot.says("WangFang", "@亮赛比 进度 2 60%", group=GROUP)
    [came] = await desk.engine.until(1)
    assert (came.text, came.addressed, came.numbered) == ("进度 2 60%", True, True)
    assert (came.chat.id, came.sender.id) == (f"bot:{GROUP}", "wangfang")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("@亮赛比 帮助", "帮助"),
        ("@亮赛比\u2005帮助", "帮助"),
        ("@亮赛比帮助", "帮助"),
        ("@别的名字 帮助", "帮助"),
        ("请 @亮赛比 帮忙", "请 @亮赛比 帮忙"),
        ("帮助", "帮助"),
        ("@亮赛比", ""),
    ],
)
def test_the_mention_is_taken_off(said: str, meant: str) -> None:
    assert without_mention(said, "亮赛比") == meant


async def test_only_a_mention_is_a_call_for_help(desk: Desk) -> None:
    await desk.bot.says("wangfang", "@亮赛比 ", group=GROUP)
    [came] = await desk.engine.until(1)
    assert came.text == "帮助"


async def test_photos_are_decrypted_voice_is_text_and_both_together_are_one_message(desk: Desk) -> None:
    await desk.bot.sends_photo("wangfang", PICTURE, text="@亮赛比 第2项 现场", group=GROUP)
    await desk.bot.message("wangfang", {"msgtype": "voice", "voice": {"content": "第2项百分之八十"}})
    photo, voice = await desk.engine.until(2)
    assert photo.text == "第2项 现场"
    assert desk.office.files.get(photo.attachments[0].key) == PICTURE
    assert (photo.attachments[0].mime, photo.attachments[0].name) == ("image/png", "photo.png")
    assert voice.text == "第2项百分之八十"


async def test_a_file_whose_five_minutes_are_over_is_named_as_missing(desk: Desk) -> None:
    image = {"url": f"{desk.office.base}/bot-file/gone", "aeskey": base64.b64encode(b"k" * 32).decode()}
    await desk.bot.message("wangfang", {"msgtype": "image", "image": image})
    [came] = await desk.engine.until(1)
    assert (came.attachments, len(came.unfetched)) == ((), 1)


@pytest.mark.parametrize("data", [b"", b"x" * 15, b"x" * 32, b"y" * 64])
@pytest.mark.parametrize("key", ["", "short", base64.b64encode(b"k" * 32).decode()])
def test_what_cannot_be_decrypted_is_refused(data: bytes, key: str) -> None:
    with pytest.raises(ApiError):
        decrypt(data, key)


BODIES: list[dict[str, Any]] = [
    {},
    {"msgid": "1"},
    {"msgid": "1", "from": "x", "msgtype": "text", "text": {"content": "x"}},
    {"msgid": "1", "from": {"userid": 7}, "msgtype": "text", "text": {"content": "x"}},
    {"msgid": "1", "from": {"userid": "w"}, "msgtype": "text", "text": "x"},
    {"msgid": "1", "from": {"userid": "w"}, "msgtype": "mixed", "mixed": {"msg_item": "x"}},
    {
        "msgid": "1",
        "from": {"userid": "w"},
        "msgtype": "mixed",
        "mixed": {"msg_item": [1, {}]},
    },
    {"msgid": "1", "from": {"userid": "w"}, "msgtype": "image", "image": {"url": "file:///etc/passwd"}},
    {"msgid": "1", "from": {"userid": "w"}, "msgtype": "event", "event": {"eventtype": "template_card_event"}},
    {"msgid": "1", "from": {"userid": "w"}, "msgtype": "event", "event": []},
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_frames_that_say_nothing_are_nothing(body: dict[str, Any]) -> None:
    assert read_message(body, "r", bot_name="亮赛比", now=MORNING) is None
    assert read_event(body, "r", now=MORNING) is None


async def test_broken_frames_do_not_end_the_connection(desk: Desk) -> None:
    assert desk.bot.socket is not None
    for raw in ("", "{", "[]", "7", '{"headers":{}}', '{"headers":{"req_id":1},"cmd":7,"body":[]}', "[" * 5000):
        await desk.bot.socket.send(raw)
    await desk.bot.says("wangfang", "还在吗")
    assert [came.text for came in await desk.engine.until(1)] == ["还在吗"]
    assert desk.bot.connections == 1


async def test_a_message_lies_on_disk_before_it_is_worked_on(desk: Desk, tmp_path: Path) -> None:
    desk.engine.slow = {"wangfang"}
    await desk.bot.says("wangfang", "不会再来一遍的话")
    await eventually(lambda: list((tmp_path / "spool").glob("*.json")))
    desk.engine.gate.set()
    await desk.engine.until(1)
    await eventually(lambda: not list((tmp_path / "spool").glob("*.json")))


# --- answering ----------------------------------------------------------------------------------------------


async def test_the_answer_is_given_as_an_answer_and_the_next_is_pushed(desk: Desk) -> None:
    await desk.bot.says("wangfang", "@亮赛比 帮助", group=GROUP)
    await desk.engine.until(1)
    await desk.platform.send(message(1, "能做这些"))
    await desk.platform.send(message(2, "还有这些"))
    assert desk.group() == ["能做这些", "还有这些"]
    commands = [f["cmd"] for f in desk.bot.frames if f["cmd"] not in ("ping", "aibot_subscribe")]
    assert commands == ["aibot_respond_msg", "aibot_send_msg"]


@pytest.mark.parametrize("code", [846605, 846608])
async def test_what_can_no_longer_be_answered_is_pushed(desk: Desk, code: int) -> None:
    await desk.bot.says("wangfang", "@亮赛比 帮助", group=GROUP)
    await desk.engine.until(1)
    desk.bot.faults["aibot_respond_msg"] = [code]
    await desk.platform.send(message(1, "能做这些"))
    assert desk.group() == ["能做这些"]


async def test_after_a_new_connection_old_questions_are_answered_by_pushing(desk: Desk) -> None:
    await desk.bot.says("wangfang", "@亮赛比 帮助", group=GROUP)
    await desk.engine.until(1)
    await desk.bot.cut()
    await desk.bot.subscribed.wait()
    await eventually(lambda: desk.platform.trouble() is None)
    await desk.platform.send(message(1, "能做这些"))
    assert desk.group() == ["能做这些"]
    assert [f["cmd"] for f in desk.bot.frames][-1] == "aibot_send_msg"


async def test_while_it_takes_long_progress_is_shown_and_then_replaced(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(way, "STREAM_AFTER", 0.1)
    monkeypatch.setattr(way, "STREAM_EVERY", 0.1)
    desk.engine.slow = {"wangfang"}
    await desk.bot.says("wangfang", "@亮赛比 汇总", group=GROUP)
    await eventually(lambda: desk.group() and desk.group()[0].startswith("⏳"))
    before = desk.group()[0]
    await eventually(lambda: desk.group() != [before])
    desk.engine.gate.set()
    await desk.engine.until(1)
    await desk.platform.send(message(1, "汇总如下"))
    [seen] = desk.office.group()
    assert (read(seen), seen.stream) == ("汇总如下", "finished")


async def test_a_stream_to_which_no_answer_comes_is_ended(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(way, "STREAM_AFTER", 0.1)
    monkeypatch.setattr(way, "ANSWER_COMES", 0.2)
    desk.engine.slow = {"wangfang"}
    await desk.bot.says("wangfang", "@亮赛比 绑定 8F3K-2274", group=GROUP)
    await eventually(lambda: desk.office.group())
    desk.engine.gate.set()
    await eventually(lambda: desk.office.group()[0].stream == "finished")
    assert desk.group() == ["✓"]


async def test_who_enters_is_welcomed_at_once(desk: Desk) -> None:
    await desk.bot.enters("WangFang")
    await eventually(lambda: desk.engine.taken)
    [came] = desk.engine.taken
    assert isinstance(came, Notice)
    await desk.platform.send(message(1, "您好，请先绑定身份", chat="user:wangfang"))
    assert [read(seen) for seen in desk.office.phone("wangfang")] == ["您好，请先绑定身份"]
    assert [f["cmd"] for f in desk.bot.frames][-1] == "aibot_respond_welcome_msg"


async def test_a_private_card_is_pressed_answered_and_marked(desk: Desk) -> None:
    await desk.bot.says("wangfang", "第2项 80%")
    await desk.engine.until(1)
    buttons = ((Button("登记", "#k yes"), Button("取消", "取消")),)
    task = await desk.platform.send(message(1, "登记吗？", chat="user:wangfang", buttons=buttons))
    await desk.bot.presses("wangfang", "登记")
    [_, came] = await desk.engine.until(2)
    assert (came.text, came.pressed, came.pressed_message) == ("#k yes", True, task)
    await eventually(lambda: "✓" in desk.office.phone("wangfang")[0].text)
    [card] = desk.office.phone("wangfang")
    assert read(card) == "登记吗？\n[✓ 登记]"
    # Its button cannot be dead, but says nothing.
    await desk.bot.presses("wangfang", "✓ 登记")
    await desk.bot.says("wangfang", "在吗")
    assert [one.text for one in await desk.engine.until(3)][1:] == ["#k yes", "在吗"]


async def test_what_answers_a_press_takes_the_place_of_the_card(desk: Desk) -> None:
    await desk.bot.says("wangfang", "打分")
    await desk.engine.until(1)
    more = ((Button("28", "#k 28"), Button("27", "#k 27")),)
    task = await desk.platform.send(message(1, "党建几分？", chat="user:wangfang", buttons=more))
    await desk.bot.presses("wangfang", "28")
    await desk.engine.until(2)
    again = message(2, "党建28分。", "服务几分？", chat="user:wangfang", buttons=more, replaces=task)
    assert await desk.platform.send(again) == task
    [card] = desk.office.phone("wangfang")
    assert (read(card), card.earlier, list(card.buttons)) == (
        "党建28分。\n服务几分？",
        ["党建几分？"],
        ["28", "27"],
    )
    await desk.bot.presses("wangfang", "27")
    [*_, came] = await desk.engine.until(3)
    assert came.pressed_message == task
    assert await desk.platform.send(message(3, "都打好了", chat="user:wangfang", replaces=task)) == task
    assert read(card) == "都打好了\n[✓ 27]"
    updates = [f for f in desk.bot.frames if f["cmd"] == "aibot_respond_update_msg"]
    assert [f["body"]["template_card"]["task_id"] for f in updates] == [task, task]
    # The next thing that is said has a place of its own.
    await desk.platform.send(message(4, "另一件事", chat="user:wangfang"))
    assert [read(seen) for seen in desk.office.phone("wangfang")] == ["都打好了\n[✓ 27]", "另一件事"]


@pytest.mark.parametrize("whose", ["server", "own"])
async def test_after_five_seconds_the_answer_stands_beside_the_card(
    desk: Desk, whose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if whose == "own":
        monkeypatch.setattr(pressed, "BOT_FOR", 0.0)
    await desk.bot.says("wangfang", "第2项 80%")
    await desk.engine.until(1)
    buttons = ((Button("登记", "progress 2 80%"),),)
    task = await desk.platform.send(message(1, "登记吗？", chat="user:wangfang", buttons=buttons))
    await desk.bot.presses("wangfang", "登记")
    await desk.engine.until(2)
    if whose == "server":
        desk.office.company.shift += 6
    await desk.platform.send(message(2, "已登记", chat="user:wangfang", replaces=task))
    assert [read(seen) for seen in desk.office.phone("wangfang")] == ["登记吗？", "已登记"]
    assert desk.office.phone("wangfang")[0].live


async def test_in_a_group_choices_are_numbered(desk: Desk) -> None:
    await desk.bot.says("wangfang", "@亮赛比 绑群", group=GROUP)
    await desk.engine.until(1)
    buttons = ((Button("枫杨办事处", "bindgroup u2"),), (Button("石佛办事处", "bindgroup u3"),))
    await desk.platform.send(message(1, "本群归哪个单位？", buttons=buttons, hint="请回复序号："))
    await desk.platform.send(message(2, "进度是多少？", buttons=buttons, hint="请回复字母：", letters=True))
    assert desk.group() == [
        "本群归哪个单位？\n\n请回复序号：\n1. 枫杨办事处\n2. 石佛办事处",
        "进度是多少？\n\n请回复字母：\nA. 枫杨办事处\nB. 石佛办事处",
    ]


async def test_a_large_file_goes_up_in_pieces(desk: Desk) -> None:
    await desk.bot.says("wangfang", "@亮赛比 台账", group=GROUP)
    await desk.engine.until(1)
    data = bytes(range(256)) * 6000
    files = (OutFile(desk.office.files.put(data), "台账.xlsx", "application/x"),)
    await desk.platform.send(message(1, "台账在此", files=files))
    assert [(seen.text, seen.file) for seen in desk.office.group()] == [("台账在此", None), ("", data)]
    pieces = [f["body"]["chunk_index"] for f in desk.bot.frames if f["cmd"] == "aibot_upload_media_chunk"]
    assert pieces == [0, 1, 2]


async def test_where_nobody_has_written_nothing_can_be_pushed(desk: Desk) -> None:
    with pytest.raises(DeliveryError, match="还没有人跟它说过话") as refused:
        await desk.platform.send(message(1, "在吗"))
    assert refused.value.permanent


async def test_beyond_thirty_a_minute_the_engine_is_asked_to_wait(desk: Desk) -> None:
    desk.bot.known.add(f"bot:{GROUP}")
    for number in range(30):
        await desk.platform.send(message(number + 1, f"第{number}句"))
    with pytest.raises(DeliveryError) as refused:
        await desk.platform.send(message(99, "太多了"))
    assert refused.value.retry_after is not None
    assert refused.value.retry_after >= 60
    assert len(desk.group()) == 30


async def test_while_the_line_is_down_messages_wait_and_trouble_is_told(desk: Desk) -> None:
    desk.bot.known.add(f"bot:{GROUP}")
    await desk.office.bot.stop()
    await eventually(lambda: desk.platform.trouble() is not None)
    with pytest.raises(DeliveryError) as refused:
        await desk.platform.send(message(1, "在吗"))
    assert not refused.value.permanent


async def test_nobodys_words_mention_link_or_format(desk: Desk) -> None:
    desk.bot.known.add(f"bot:{GROUP}")
    await desk.platform.send(message(1, "<@all> [领奖](http://x.invalid) **大** `码` # 标题", "# 标题", "> 引用"))
    [seen] = desk.office.group()
    assert not {"<@", "](", "**", "`"} & {seen.text[i : i + 2] for i in range(len(seen.text))}
    assert "`" not in seen.text
    assert "\n#" not in seen.text
    assert "\n>" not in seen.text
