"""The whole program on Telegram where people meet it: topics, albums, corrections, moves, blocks, cards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from storage import accounts
from storage.database import Database
from storage.tables import chats
from tests.platforms.practice import PICTURE
from tests.servers.telegram.people import Room
from tests.servers.telegram.server import BotApi
from tests.telegram.stage import District, TelegramStage


@pytest.fixture
async def district(sqlite_database: Database, tmp_path: Path) -> AsyncIterator[District]:
    api = BotApi()
    await api.start()
    district = District(sqlite_database, tmp_path, api, "polling")
    await district.open()
    yield district
    await district.close()
    await api.stop()


@pytest.fixture
async def stage(district: District) -> TelegramStage:
    """Three people are bound, each by the link on their card; no group is."""
    district.people = {name: district.people[name] for name in ("王芳", "陈立", district.organizer)}
    district.units = []
    await district.bind_everybody()
    return TelegramStage(district)


def heard(room: Room) -> list[str]:
    """What the bot says in a chat as it stands."""
    sent = (message for message in room.messages.values() if message["from"]["is_bot"])
    return [message.get("text") or message.get("caption") or "" for message in sent]


async def published(stage: TelegramStage) -> None:
    """王芳 promises something, 陈立 consents, and the office's group is told."""
    await stage.say("王芳", "承诺安装路灯一百盏9月底前", group=None, photo=None)
    await stage.press("王芳", "提交", group=None)
    await stage.say("陈立", "审核", group=None, photo=None)
    await stage.press("陈立", "通过", group=None)


async def test_a_group_bound_in_a_topic_hears_of_its_unit_there_and_nowhere_else(
    district: District, stage: TelegramStage
) -> None:
    forum = district.town.group("枫杨大群", "陈立", "王芳", forum=True)
    district.town.says("陈立", forum, "/bindgroup 枫杨办事处", topic=10)
    await district.settled()
    await published(stage)
    sent = [message for message in forum.messages.values() if message["from"]["is_bot"]]
    assert sent[0]["text"].startswith("好的，本群是枫杨办事处的工作群了。")
    assert len(sent) > 1
    assert {message.get("message_thread_id") for message in sent} == {10}


async def test_an_album_with_one_caption_is_one_report(district: District, stage: TelegramStage) -> None:
    await published(stage)
    room = district.town.private("王芳")
    district.town.album("王芳", room, [PICTURE + bytes([n]) for n in range(3)], caption="路灯装了36盏，还剩64盏")
    await district.settled()
    await stage.press("王芳", "确认", group=None)
    assert heard(room)[-1].startswith("已登记：")
    assert "附上佐证3件" in heard(room)[-1]


async def test_editing_the_message_corrects_the_report(district: District, stage: TelegramStage) -> None:
    await published(stage)
    room = district.town.private("王芳")
    message = district.town.says("王芳", room, "路灯装了36盏，还剩64盏")
    await district.settled()
    await stage.press("王芳", "确认", group=None)
    district.town.edits("王芳", room, message, "路灯装了46盏，还剩54盏")
    await district.settled()
    lines = heard(room)[-1].split("\n")
    assert [lines[0].partition("：")[0], lines[1].partition("：")[0]] == ["已更正", "原来"]
    assert "46盏" in lines[0]
    assert "36盏" in lines[1]


@pytest.mark.parametrize("told", [True, False])
async def test_a_group_that_moves_goes_on_hearing_of_its_unit(
    district: District, stage: TelegramStage, told: bool
) -> None:
    """By its service messages or, when those were lost, by the refusal of the next message."""
    old = district.town.group("枫杨小群", "陈立", "王芳", kind="group")
    district.town.says("陈立", old, "/bindgroup 枫杨办事处")
    await district.settled()
    new = district.town.migrates("陈立", old)
    if not told:
        district.api.updates.waiting.clear()
    await district.settled()
    await published(stage)
    await district.settled()
    assert len(heard(old)) == 1
    assert len(heard(new)) == 1
    with district.app.database.transaction() as tx:
        known = tx.all(select(chats.c.external_id).where(chats.c.is_group, chats.c.platform == "telegram"))
    assert [row.external_id for row in known] == [str(new.id)]


async def test_who_has_blocked_the_bot_is_left_in_peace_until_they_are_back(
    district: District, stage: TelegramStage
) -> None:
    wang = district.people["王芳"]
    for blocked in (True, False):
        district.town.blocks("王芳", blocked=blocked)
        await district.settled()
        with district.app.database.transaction() as tx:
            reached = accounts.reach_people(tx, [wang], now=district.clock.now())
        assert reached[wang].parked is blocked


async def test_added_to_a_group_it_says_who_may_bind_it_and_a_button_does(
    district: District, stage: TelegramStage
) -> None:
    district.town.privacy = True
    group = district.town.group("新群", "陈立", "王芳")
    district.town.adds_bot("陈立", group)
    await district.settled()
    [greeting] = heard(group)
    assert greeting.startswith("大家好，我是亮赛比机器人\n请组织者或办事处管理员点“绑定本群”")
    district.town.presses("王芳", group, "绑定本群")
    await district.settled()
    assert len(heard(group)) == 1
    assert heard(district.town.private("王芳"))[-1].startswith("“绑群”由办事处管理员、组织者使用")
    district.town.presses("陈立", group, "绑定本群")
    await district.settled()
    district.town.presses("陈立", group, "枫杨办事处")
    await district.settled()
    assert heard(group)[-1].startswith("好的，本群是枫杨办事处的工作群了。")


async def test_the_cards_to_print_open_the_bot_and_bind(district: District, stage: TelegramStage) -> None:
    await stage.say(district.organizer, "绑定码 李建国", group=None, photo=None)
    room = district.town.private(district.organizer)
    [page] = [
        m["document"] for m in room.messages.values() if m.get("document", {}).get("file_name") == "绑定码.html"
    ]
    text = district.town.files[page["file_id"]].decode()
    assert "扫码打开机器人，点“开始”就绑好了" in text
    code = next(line for line in heard(room)[-3].split("\n") if "李建国" in line).split()[1]
    assert district.telegram.bind_link(code) == f"https://t.me/liangsaibi_bot?start={code}"
    district.town.says("李建国", district.town.private("李建国"), f"/start {code}")
    await district.settled()
    assert heard(district.town.private("李建国"))[0].startswith("李建国，您好，绑定好了")


async def test_an_old_button_is_answered_politely(district: District, stage: TelegramStage) -> None:
    room = district.town.private("王芳")
    old = district.town.bot_says(room, text="登记吗？")
    district.town.press("王芳", room, old, "#zz yes")
    await district.settled()
    assert heard(room)[-1] == "这个按钮对应的事已经办完或过期了。需要的话，请重新发一遍。"


async def test_menus_are_the_persons_own_in_both_languages(district: District, stage: TelegramStage) -> None:
    await stage.say("王芳", "帮助 语言", group=None, photo=None)
    menus, wang = district.api.menus, district.town.user("王芳")["id"]
    names = {entry["command"] for entry in menus.get((f"chat:{wang}", ""), [])}
    declared = district.app.registry.commands["进度"]
    assert "progress" in names
    assert "bindgroup" not in names
    english = {entry["command"]: entry["description"] for entry in menus[f"chat:{wang}", "en"]}
    assert english["progress"] == district.app.renderer.words(declared.help, "en")
    assert {entry["command"] for entry in menus["default", ""]} >= {"help", "bind", "language"}
