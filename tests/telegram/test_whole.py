"""The whole program on Telegram where people meet it: topics, albums, corrections, moves, blocks, cards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import segno
from sqlalchemy import select

from bot.chat.commands import Section
from bot.menus import AccountMenus
from bot.platforms.telegram.menus import fingerprint
from storage import accounts, reminders
from storage.database import Database
from storage.tables import chats, evidence
from tests.platforms.conformance import eventually
from tests.platforms.practice import PICTURE
from tests.reminders.slow_model import local
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
    # So do reminders: here that the quarter's reports are due in a week.
    before = len(heard(forum))
    day = date(2021, 3, 30)
    district.clock.set(local(day, 9))
    with district.app.database.transaction() as tx:
        reminders.mark(tx, reminders.Marks(local(day, 8), local(day, 8)))
    more = True
    while more:
        with district.app.database.transaction() as tx:
            more = district.app.ticks["reminders"](tx, district.clock.now())
    await district.settled()
    reminded = [message for message in forum.messages.values() if message["from"]["is_bot"]][before:]
    assert [message["text"].split("\n")[0] for message in reminded] == [
        "2021年第1季度季报还有7天截止（2021年4月6日）"
    ]
    assert reminded[0]["message_thread_id"] == 10


async def test_an_album_with_one_caption_is_one_report(district: District, stage: TelegramStage) -> None:
    await published(stage)
    room = district.town.private("王芳")
    district.town.album("王芳", room, [PICTURE + bytes([n]) for n in range(3)], caption="路灯装了36盏，还剩64盏")
    await district.settled()
    await stage.press("王芳", "确认", group=None)
    assert heard(room)[-1].startswith("已登记：")
    assert "附上佐证3件" in heard(room)[-1]


def photos_kept(district: District) -> list[bytes]:
    """All evidence on record, in its order."""
    with district.app.database.transaction() as tx:
        keys = [row.file_key for row in tx.all(select(evidence.c.file_key).order_by(evidence.c.id))]
    return [district.app.files.get(key) for key in keys]


class Crash:
    """The program is killed after a commit and before the disk's notes are cleared: they are there again."""

    def __init__(self, district: District) -> None:
        self._district = district
        self._spool = district.folder / "telegram"
        self._notes: dict[Path, bytes] = {}

    async def once_spooled(self, count: int) -> None:
        """Remember the notes as soon as there are so many."""
        await eventually(lambda: len(list(self._spool.glob("*.json"))) >= count)
        self._notes = {path: path.read_bytes() for path in self._spool.glob("*.json")}

    async def happens(self) -> None:
        await self._district.telegram.stop()
        for path, data in self._notes.items():
            path.write_bytes(data)

    async def is_over(self) -> None:
        await self._district.telegram.start(self._district.app.receive)
        await self._district.settled()


@pytest.fixture
def brief_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """An album is taken to be complete sooner, so that nobody waits for it in a test."""
    monkeypatch.setattr("bot.platforms.telegram.lanes.ALBUM_QUIET", 0.3)


@pytest.mark.usefixtures("brief_quiet")
@pytest.mark.parametrize("speaks", [0, 2], ids=["the first part speaks", "the late part speaks"])
async def test_a_part_of_an_album_that_comes_after_a_crash_is_not_lost_and_none_counts_twice(
    district: District, stage: TelegramStage, speaks: int
) -> None:
    await published(stage)
    room, crash = district.town.private("王芳"), Crash(district)
    photos = [PICTURE + bytes([n]) for n in range(3)]
    said = ["路灯装了36盏，还剩64盏" if n == speaks else "" for n in range(3)]

    def sends(which: int) -> None:
        district.town.photo("王芳", room, photos[which], caption=said[which], media_group_id="13")

    sends(0)
    sends(1)
    await crash.once_spooled(2)
    await district.settled()
    await crash.happens()
    sends(2)
    await crash.is_over()
    await stage.press("王芳", "确认", group=None)
    assert sorted(photos_kept(district)) == photos
    assert [text.partition("：")[0] for text in heard(room)].count("已登记") == 1


@pytest.mark.usefixtures("brief_quiet")
async def test_a_part_of_an_album_that_telegram_brings_again_is_no_second_photo(
    district: District, stage: TelegramStage
) -> None:
    await published(stage)
    room = district.town.private("王芳")
    photos = [PICTURE + bytes([n]) for n in range(3)]
    district.town.album("王芳", room, photos, caption="路灯装了36盏，还剩64盏")
    await district.settled()
    await stage.press("王芳", "确认", group=None)
    said = heard(room)
    second = [message for message in room.messages.values() if message.get("photo")][1]
    district.api.updates.add(room.id, {"message": second})
    await district.settled()
    assert photos_kept(district) == photos
    assert heard(room) == said


@pytest.mark.usefixtures("brief_quiet")
async def test_the_words_of_an_album_can_be_edited(district: District, stage: TelegramStage) -> None:
    await published(stage)
    room = district.town.private("王芳")
    photos = [PICTURE + bytes([n]) for n in range(2)]
    album = district.town.album("王芳", room, photos, caption="路灯装了36盏，还剩64盏")
    await district.settled()
    await stage.press("王芳", "确认", group=None)
    district.town.edits("王芳", room, album[0], "路灯装了46盏，还剩54盏")
    await district.settled()
    assert [line.partition("：")[0] for line in heard(room)[-1].split("\n")[:2]] == ["已更正", "原来"]
    assert photos_kept(district) == photos
    await stage.say("陈立", "核实", group=None, photo=None)
    office = district.town.private("陈立")
    card = next(text for text in heard(office) if text.startswith("请核实"))
    assert "改过消息，已更正：36盏（36%） → 46盏（46%）" in card.split("\n")
    assert "佐证2件" in card


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


def signs(district: District, room: Room) -> dict[str, str]:
    """The bot's reactions in a chat, by the words (of a photo: its caption) to which they were given."""
    return {
        room.messages[number].get("text") or room.messages[number].get("caption", ""): emoji
        for (chat, number), emoji in district.api.reactions.items()
        if chat == room.id
    }


async def test_what_is_reported_in_the_group_gets_a_sign_there_and_the_words_privately(
    district: District, stage: TelegramStage
) -> None:
    await published(stage)
    group = district.town.group("枫杨大群", "陈立", "王芳")
    district.town.says("陈立", group, "/bindgroup 枫杨办事处")
    await district.settled()
    words = len(heard(group))
    report = district.town.says("王芳", group, "/progress@liangsaibi_bot 3 36盏")
    district.town.says("王芳", group, "大家中午好")
    await district.settled()
    await eventually(lambda: signs(district, group))
    assert signs(district, group) == {"/progress@liangsaibi_bot 3 36盏": "👌"}
    assert len(heard(group)) == words
    private = district.town.private("王芳")
    assert heard(private)[-1].startswith("已登记：第3项 36盏")
    # So is its correction.
    district.town.edits("王芳", group, report, "/progress@liangsaibi_bot 3 46盏")
    await district.settled()
    assert heard(private)[-1].startswith("已更正：第3项 46盏")
    assert len(heard(group)) == words


async def test_who_says_received_in_the_group_gets_a_sign_and_only_where_that_was_asked(
    district: District, stage: TelegramStage
) -> None:
    group = district.town.group("枫杨大群", "陈立", "王芳", "李建国")
    district.town.says("陈立", group, "/bindgroup 枫杨办事处")
    await district.settled()
    district.town.says("王芳", group, "收到，谢谢")
    district.town.says("王芳", group, "收到")
    await district.settled()
    await stage.say("陈立", "通报 各支部：请于周五前核对承诺进度。", group=None, photo=None)
    await stage.press("陈立", "请大家点收到", group=None)
    await stage.press("陈立", "发送", group=None)
    words = len(heard(group))
    assert signs(district, group) == {}
    district.town.says("王芳", group, "收到")
    await district.settled()
    await eventually(lambda: signs(district, group))
    assert (signs(district, group), len(heard(group))) == ({"收到": "👌"}, words)


async def test_voice_place_and_document_are_evidence_that_the_office_sees(
    district: District, stage: TelegramStage
) -> None:
    await published(stage)
    town, room = district.town, district.town.private("王芳")
    await stage.say("王芳", "路灯装了36盏，还剩64盏", group=None, photo=None)
    await stage.press("王芳", "确认", group=None)
    town.posts("王芳", room, voice={**town.upload(b"OggS what was said"), "duration": 12})
    town.posts("王芳", room, location={"latitude": 34.81234, "longitude": 113.5678})
    town.posts("王芳", room, document={**town.upload(b"%PDF-1.7 proof"), "file_name": "验收单.pdf"})
    await district.settled()
    assert [text.partition("已附到")[0] for text in heard(room)][-1] == "文件"
    await eventually(lambda: len(district.api.reactions) == 2)
    await stage.say("陈立", "核实", group=None, photo=None)
    files = [
        m["document"]["file_name"] for m in district.town.private("陈立").messages.values() if "document" in m
    ]
    assert files == ["语音.ogg", "位置 34.81234,113.56780.geojson", "验收单.pdf"]
    [spoken, place, paper] = photos_kept(district)
    assert (spoken, paper) == (b"OggS what was said", b"%PDF-1.7 proof")
    assert json.loads(place)["geometry"] == {"type": "Point", "coordinates": [113.5678, 34.81234]}


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


async def test_a_group_that_first_seemed_deleted_and_then_is_known_to_have_moved_misses_nothing(
    district: District, stage: TelegramStage
) -> None:
    old = district.town.group("枫杨小群", "陈立", "王芳", kind="group")
    district.town.says("陈立", old, "/bindgroup 枫杨办事处")
    await district.settled()
    # Telegram says no more than this at first; the service messages come later.
    old.parted = "the group chat was deleted"
    await published(stage)
    with district.app.database.transaction() as tx:
        parked = select(chats.c.state).where(chats.c.external_id == str(old.id))
        assert tx.scalar(parked) == "parked"
    new = district.town.migrates("陈立", old)
    await district.settled()
    assert (len(heard(old)), len(heard(new))) == (1, 1)


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
    link = f"https://t.me/liangsaibi_bot?start={code}"
    assert district.telegram.bind_link(code) == link
    assert segno.make(link, error="m", micro=False).svg_inline(border=2, omitsize=True) in text
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
    shown = [entry["command"] for entry in menus.get((f"chat:{wang}", ""), [])]
    sections = [district.app.registry.named(name).section for name in shown]  # type: ignore[union-attr]
    assert sections == sorted(sections, key=list(Section).index)
    names = set(shown)
    declared = district.app.registry.commands["进度"]
    assert "progress" in names
    assert "bindgroup" not in names
    english = {entry["command"]: entry["description"] for entry in menus[f"chat:{wang}", "en"]}
    assert english["progress"] == district.app.renderer.words(declared.help, "en")
    assert {entry["command"] for entry in menus["default", ""]} >= {"help", "bind", "language"}


async def test_what_somebody_was_shown_is_kept(district: District, stage: TelegramStage) -> None:
    await stage.say("王芳", "帮助 语言", group=None, photo=None)
    wang = str(district.town.user("王芳")["id"])
    place = f"{wang}:{wang}"
    new, other = (
        AccountMenus(district.app.worker, district.app.registry, district.app.renderer, name)
        for name in ("telegram", "another")
    )
    async with asyncio.timeout(30):
        while (kept := (await new.shown(wang, place))[1]) is None:
            await asyncio.sleep(0.01)
    entries, _kept = await new.shown(wang, place)
    assert kept == fingerprint(entries)
    assert (await other.shown(wang, place))[1] is None
    stranger = await new.offered(None)
    assert fingerprint(stranger) != kept
    assert await new.offered("4711") == stranger
