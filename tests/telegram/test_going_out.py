"""What the bot sends on Telegram: topics, replies, silence at night, long texts, tables, refusals."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.errors import DeliveryError, Unfinished
from bot.chat.messages import (
    PRIVATELY,
    Bar,
    Button,
    Call,
    ChatKind,
    ChatRef,
    Fields,
    Light,
    Line,
    OutFile,
    Outgoing,
    Table,
)
from bot.chat.ports import Linking, Previewing, Weighing
from bot.chat.splitting import utf16_units
from bot.platforms.telegram.drawing import LONGEST_TEXT, draw, width
from tests.platforms.conformance import Engine, outgoing
from tests.platforms.practice import PICTURE
from tests.platforms.telegram_rig import TelegramRig
from tests.servers.telegram.people import Room
from tests.servers.telegram.server import BotApi


def to(room: Room, number: int, *words: Any, topic: int | None = None, **more: Any) -> Outgoing:
    name = str(room.id) if topic is None else f"{room.id}/{topic}"
    kind = ChatKind.PRIVATE if room.type == "private" else ChatKind.GROUP
    body = tuple(Line(part) if isinstance(part, str) else part for part in words)
    return Outgoing(id=number, chat=ChatRef("telegram", name, kind), body=body, **more)


def picture(rig: TelegramRig) -> OutFile:
    return OutFile(rig.files.put(PICTURE), "图.png", "image/png")


# --- where ------------------------------------------------------------------------------------------------


async def test_an_answer_stays_in_its_topic_and_the_general_one_is_left_out(
    api: BotApi, rig: TelegramRig, engine: Engine
) -> None:
    forum = rig.town.group("有话题的群", "王芳", forum=True)
    await rig.platform.send(to(forum, 1, "进话题", topic=10))
    await rig.platform.send(to(forum, 2, "进总话题"))
    inside, general = api.called("sendMessage")
    assert inside["message_thread_id"] == 10
    assert "message_thread_id" not in general


async def test_a_topic_that_is_gone_falls_back_to_the_group(api: BotApi, rig: TelegramRig, engine: Engine) -> None:
    forum = rig.town.group("有话题的群", "王芳", forum=True)
    await rig.platform.send(to(forum, 1, "话题删了", topic=99))
    [sent] = rig.sent(forum)
    assert (sent["text"], "message_thread_id" in sent) == ("话题删了", False)


async def test_in_a_group_it_is_shown_whom_the_bot_answers_and_who_is_asked(
    api: BotApi, rig: TelegramRig, engine: Engine
) -> None:
    asked = rig.town.says("王芳", rig.group, "/bindgroup")
    number = str(asked["message_id"])
    await rig.platform.send(to(rig.group, 1, "哪个单位？", answers=number, asks=True))
    await rig.platform.send(to(rig.group, 2, "那条删了", answers="777"))
    first, second = api.called("sendMessage")
    assert first["reply_parameters"]["message_id"] == asked["message_id"]
    assert first["reply_markup"] == {"force_reply": True, "selective": True}
    assert second["reply_parameters"]["allow_sending_without_reply"] is True
    assert len(rig.sent(rig.group)) == 2


async def test_at_night_a_group_hears_no_sound_and_a_person_does(
    api: BotApi, rig: TelegramRig, engine: Engine
) -> None:
    for hour in (10, 20, 21, 23, 3, 6, 7):
        rig.hour = hour
        await rig.platform.send(to(rig.group, hour, f"{hour}点"))
        await rig.platform.send(outgoing(rig, 100 + hour, f"{hour}点"))
    silent = {given["text"]: given.get("disable_notification", False) for given in api.called("sendMessage")[::2]}
    assert silent == {
        "10点": False,
        "20点": False,
        "21点": True,
        "23点": True,
        "3点": True,
        "6点": True,
        "7点": False,
    }
    assert not any(given.get("disable_notification") for given in api.called("sendMessage")[1::2])


async def test_a_button_leads_from_the_group_to_the_private_chat(
    api: BotApi, rig: TelegramRig, engine: Engine
) -> None:
    buttons = ((Button("绑定本群", "bindgroup"), Button("私聊我", PRIVATELY)),)
    await rig.platform.send(to(rig.group, 1, "大家好", buttons=buttons))
    [sent] = rig.sent(rig.group)
    assert sent["reply_markup"]["inline_keyboard"] == [
        [
            {"text": "绑定本群", "callback_data": "bindgroup"},
            {"text": "私聊我", "url": "https://t.me/liangsaibi_bot?start=hello"},
        ]
    ]
    assert isinstance(rig.platform, Linking)
    assert rig.platform.bind_link("8F3K-2274") == "https://t.me/liangsaibi_bot?start=8F3K-2274"


# --- what is refused --------------------------------------------------------------------------------------


async def refused(rig: TelegramRig, message: Outgoing) -> DeliveryError:
    with pytest.raises(DeliveryError) as error:
        await rig.platform.send(message)
    return error.value


async def test_who_never_wrote_to_the_bot_cannot_be_written_to_and_that_is_said(
    rig: TelegramRig, engine: Engine
) -> None:
    stranger = rig.town.private("赵强")
    error = await refused(rig, to(stranger, 1, "您好"))
    assert error.permanent
    assert error.reason.startswith("the person has not written to the bot yet")


async def test_a_group_that_moved_says_where_to(rig: TelegramRig, engine: Engine) -> None:
    old = rig.town.group("小群", kind="group")
    new = rig.town.migrates("周敏", old)
    error = await refused(rig, to(old, 1, "通报"))
    assert (error.moved_to, error.permanent) == (str(new.id), False)
    await rig.platform.send(to(new, 1, "通报"))
    assert [sent["text"] for sent in rig.sent(new)] == ["通报"]


async def test_a_group_that_is_deleted_or_left_is_gone_for_good(rig: TelegramRig, engine: Engine) -> None:
    rig.group.parted = "the group chat was deleted"
    assert (await refused(rig, to(rig.group, 1, "通报"))).permanent


async def test_a_proxys_404_is_not_the_end_of_the_token(api: BotApi, rig: TelegramRig, engine: Engine) -> None:
    api.broken["sendMessage"] = 404
    error = await refused(rig, outgoing(rig, 1, "在吗"))
    assert not error.permanent
    assert error.retry_after
    del api.broken["sendMessage"]
    assert await rig.platform.send(outgoing(rig, 1, "在吗"))


async def test_a_server_in_trouble_is_a_passing_trouble(api: BotApi, rig: TelegramRig, engine: Engine) -> None:
    api.broken["sendMessage"] = 502
    error = await refused(rig, outgoing(rig, 1, "在吗"))
    assert (error.permanent, error.ambiguous) == (False, False)


async def test_when_the_line_breaks_after_sending_nobody_knows(
    api: BotApi, rig: TelegramRig, engine: Engine
) -> None:
    api.dropped.add("sendMessage")
    error = await refused(rig, outgoing(rig, 1, "在吗"))
    assert error.ambiguous


async def test_what_was_made_ready_does_not_leave_when_another_program_sends_by_then(
    api: BotApi, rig: TelegramRig, engine: Engine
) -> None:
    rig.leads = False
    room = rig.town.private("王芳")
    for message in (to(room, 1, "迟了"), to(room, 2, "改字", replaces="5"), to(room, 3, files=(picture(rig),))):
        with pytest.raises(DeliveryError) as error:
            await rig.platform.send(message)
        # It may be sent by whoever leads: nothing of it has left.
        assert (error.value.ambiguous, error.value.permanent) == (False, False)
    assert not any(method.startswith(("send", "edit")) for method, _given in api.calls)
    rig.leads = True
    await rig.platform.send(to(room, 1, "这回轮到了"))
    assert [given["text"] for given in api.called("sendMessage")] == ["这回轮到了"]


async def test_a_long_message_goes_on_where_it_was_refused(api: BotApi, rig: TelegramRig, engine: Engine) -> None:
    lines = [f"{number}. 枫杨办事处大里村硬化道路{number}米，安装路灯{number}盏。" for number in range(400)]
    message = outgoing(rig, 1, *lines, buttons=((Button("好", "help"),),))
    assert isinstance(rig.platform, Weighing)
    parts = rig.platform.weight(message)
    assert parts > 2
    api.rates.after(1, 5)
    assert (await refused(rig, message)).retry_after == 5
    sent = await rig.platform.send(message)
    shown = rig.sent(rig.town.private("王芳"))
    assert len(shown) == parts
    assert "".join(one["text"] for one in shown).replace("\n", "") == "".join(lines)
    assert str(shown[-1]["message_id"]) == sent
    assert "reply_markup" in shown[-1]


async def test_a_long_message_goes_in_turns_and_another_program_goes_on_with_the_next_part(
    api: BotApi, rig: TelegramRig, engine: Engine
) -> None:
    lines = [f"{number}. 枫杨办事处大里村硬化道路{number}米，安装路灯{number}盏。" for number in range(400)]
    message = outgoing(rig, 1, *lines, buttons=((Button("好", "help"),),))
    assert isinstance(rig.platform, Weighing)
    parts = rig.platform.weight(message)
    with pytest.raises(Unfinished) as left:
        await rig.platform.send(replace(message, most=2))
    assert (left.value.taken, rig.platform.weight(message)) == (2, parts - 2)
    await rig.stop()
    rig.platform = rig.make()
    await rig.start(engine.receive)
    await rig.platform.send(replace(message, taken=2))
    shown = rig.sent(rig.town.private("王芳"))
    assert len(shown) == parts
    assert "".join(one["text"] for one in shown).replace("\n", "") == "".join(lines)


async def test_a_group_gets_no_more_than_twenty_a_minute_and_only_it_waits(
    api: BotApi, rig: TelegramRig, engine: Engine
) -> None:
    api.rates.enforced = True
    for number in range(20):
        await rig.platform.send(to(rig.group, number, f"第{number}条"))
    error = await refused(rig, to(rig.group, 21, "太多了"))
    assert error.retry_after
    assert await rig.platform.send(outgoing(rig, 22, "别人不用等"))
    [group] = [rate for rate in rig.platform.limits.group if rate.seconds == 60]
    assert group.count == 20


# --- editing ----------------------------------------------------------------------------------------------


async def test_a_picture_cannot_become_words_so_it_loses_its_buttons_and_new_words_are_sent(
    api: BotApi, rig: TelegramRig, engine: Engine
) -> None:
    picture = OutFile(rig.files.put(PICTURE), "成绩.png", "image/png")
    message = outgoing(rig, 1, "成绩", files=(picture,), buttons=((Button("签字", "sign 1"),),))
    first = await rig.platform.send(message)
    assert len(api.called("sendPhoto")) == 1
    second = await rig.platform.send(outgoing(rig, 2, "已签字", replaces=first))
    assert second != first
    old, new = rig.sent(rig.town.private("王芳"))
    assert ("reply_markup" in old, old["caption"], new["text"]) == (False, "成绩", "已签字")


async def test_taps_on_a_score_pad_edit_one_message(api: BotApi, rig: TelegramRig, engine: Engine) -> None:
    pad = ((Button("9", "#a 9"), Button("8", "#a 8")),)
    first = await rig.platform.send(outgoing(rig, 1, "第1项？", buttons=pad))
    for number in range(2, 6):
        assert (
            await rig.platform.send(outgoing(rig, number, f"第{number}项？", buttons=pad, replaces=first)) == first
        )
    assert [sent["text"] for sent in rig.sent(rig.town.private("王芳"))] == ["第5项？"]


async def test_large_or_odd_pictures_go_as_documents(api: BotApi, rig: TelegramRig, engine: Engine) -> None:
    odd = OutFile(rig.files.put(b"not really a picture"), "图.png", "image/png")
    await rig.platform.send(outgoing(rig, 1, "图", files=(odd,)))
    assert (len(api.called("sendPhoto")), len(api.called("sendDocument"))) == (0, 1)
    missing = OutFile("0" * 64, "没有.pdf", "application/pdf")
    assert (await refused(rig, outgoing(rig, 2, "文件", files=(missing,)))).permanent


# --- drawing ----------------------------------------------------------------------------------------------

RESULTS = Table(
    ("名次", "单位", "得分"),
    (("1", "大里村", "92.75"), ("2", "公园道社区", "92.00"), ("10", "欢河", "9.10")),
    "rlr",
)


def test_a_table_that_fits_a_phone_is_aligned_in_a_fixed_width_font() -> None:
    [drawn] = draw((RESULTS,))
    assert drawn.text.split("\n") == [
        "名次  单位　　　   得分",
        "　 1  大里村　　  92.75",
        "　 2  公园道社区  92.00",
        "　10  欢河　　　   9.10",
    ]
    assert len({width(line) for line in drawn.text.split("\n")}) == 1
    [entity] = drawn.entities
    assert (entity.type, entity.offset, entity.length) == ("pre", 0, len(drawn.text))


def test_a_table_that_is_too_wide_for_a_phone_becomes_a_paragraph_for_each_row() -> None:
    table = Table(
        ("名次", "单位", "现场", "专场", "综合得分"),
        (("1", "大里村（枫杨办事处）", "93.40", "92.10", "92.75"),),
        "rlrrr",
    )
    [drawn] = draw((table,))
    assert drawn.text == "1  大里村（枫杨办事处）\n现场 93.40　专场 92.10　综合得分 92.75"
    assert [entity.type for entity in drawn.entities] == ["bold"]


def test_offsets_count_as_telegram_counts() -> None:
    [drawn] = draw((Line("😀👨‍👩‍👧"), Line("标题<b>", "title"), Line("原话", "quote")))
    bold, quoted = drawn.entities
    data = drawn.text.encode("utf-16-le")
    assert data[bold.offset * 2 : (bold.offset + bold.length) * 2].decode("utf-16-le") == "标题<b>"
    assert data[quoted.offset * 2 : (quoted.offset + quoted.length) * 2].decode("utf-16-le") == "原话"


WORDS = st.text(min_size=1, max_size=300)
BLOCKS = st.one_of(
    st.builds(Line, WORDS, st.sampled_from(["plain", "title", "quote", "faint"])),
    st.builds(lambda label, value: Fields(((label, value),)), WORDS, WORDS),
    st.builds(lambda label: Bar(label, Decimal("0.5"), Light.GREEN, "绿灯"), WORDS),
    st.builds(lambda one, two: Table((one, two), ((two, one), (one, one)), "lr"), WORDS, WORDS),
)


@given(st.lists(BLOCKS, max_size=12).map(lambda blocks: blocks * 4))
def test_whatever_is_said_telegram_takes_it(blocks: list[Any]) -> None:
    for drawn in draw(tuple(blocks)):
        size = utf16_units(drawn.text)
        assert 0 < size <= LONGEST_TEXT
        for entity in drawn.entities:
            assert entity.offset >= 0
            assert entity.length > 0
            assert entity.offset + entity.length <= size


def test_a_preview_shows_what_people_will_get(rig: TelegramRig) -> None:
    assert isinstance(rig.platform, Previewing)
    assert rig.platform.preview(outgoing(rig, 1, Line("标题", "title"), "正文")) == ("标题\n正文",)


# --- mentions ---------------------------------------------------------------------------------------------


def calling(before: str, name: str, account: str, after: str = "", style: str = "plain") -> Line:
    start = len(before)
    return Line(f"{before}@{name}{after}", style, (Call(start, start + 1 + len(name), account),))


async def test_people_are_called_by_their_account_and_nobody_else_is(rig: TelegramRig, engine: Engine) -> None:
    wang = rig.town.user("王芳")
    lines = (
        Line("😀标题", "title"),
        calling("  😀还没办的：大里村 ", "王芳", str(wang["id"]), "、欢河村", "title"),
        calling("名册上有、机器人没见过：", "钱红", "123"),
        Line("她说：@durov_bot @王芳 请看，写信到 a@example.com", "quote"),
    )
    await rig.platform.send(to(rig.group, 1, *lines))
    [sent] = rig.sent(rig.group)
    assert sent["text"].splitlines()[-1] == "她说：＠durov_bot @王芳 请看，写信到 a@example.com"
    data = sent["text"].encode("utf-16-le")
    shown = [
        (e["type"], data[e["offset"] * 2 : (e["offset"] + e["length"]) * 2].decode("utf-16-le"))
        for e in sent["entities"]
    ]
    assert [one for one in shown if "mention" in one[0]] == [("text_mention", "@王芳")]
    assert [e["user"]["id"] for e in sent["entities"] if e["type"] == "text_mention"] == [wang["id"]]


async def test_a_long_list_of_people_calls_each_of_them_once(rig: TelegramRig, engine: Engine) -> None:
    names = [f"示例书记{number:04}" for number in range(600)]
    words, calls = "还没办的：", []
    for name in names:
        start = len(words)
        words += f"@{name}"
        calls.append(Call(start, len(words), str(rig.town.user(name)["id"])))
        words += "、"
    await rig.platform.send(to(rig.group, 1, Line(words, "plain", tuple(calls))))
    sent = rig.sent(rig.group)
    assert len(sent) == 2
    assert [e["user"]["first_name"] for m in sent for e in m["entities"]] == names
