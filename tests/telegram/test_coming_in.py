"""What people do on Telegram, as the engine gets it: groups, topics, albums, files, edits, presses, anonymity."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update

from bot.chat.messages import ChatKind, NoticeKind
from bot.chat.ports import Outcome
from bot.platforms.telegram.reading import read, read_plain
from bot.platforms.telegram.seen import Me
from tests.platforms.conformance import Engine, eventually
from tests.platforms.practice import PICTURE
from tests.platforms.telegram_rig import TelegramRig
from tests.servers.telegram.server import BotApi

_MEGABYTE = 1024 * 1024


# --- straight from the wire -------------------------------------------------------------------------------


@given(
    text=st.text(max_size=40)
    | st.sampled_from(["/help", "/help@liangsaibi_bot 2", "/help@another_bot", "/a@", "@x"]),
    names=st.tuples(st.text(min_size=1, max_size=9), st.none() | st.text(max_size=9)),
    private=st.booleans(),
    more=st.sampled_from(
        [{}, {"media_group_id": "1"}, {"entities": [{"type": "bold", "offset": 0, "length": 1}]}, {"edit_date": 5}]
    ),
)
def test_the_short_way_reads_what_the_long_way_reads(
    text: str, names: tuple[str, str | None], private: bool, more: dict[str, object]
) -> None:
    user = {"id": 7, "is_bot": False, "first_name": names[0]} | ({"last_name": names[1]} if names[1] else {})
    chat = {"id": 7, "type": "private"} if private else {"id": -7, "type": "group", "title": "群"}
    message = {"message_id": 5, "date": 1_700_000_000, "chat": chat, "from": user, "text": text, **more}
    update = {"update_id": 1, "message": message}
    quick = read_plain(update)
    if quick is not None:
        assert quick == read(Update.de_json(update, None), Me(1, "liangsaibi_bot", False))
    else:
        assert not private or not text or "@" in text or (more and "entities" not in more)


# --- groups and topics ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "means", "addressed"),
    [
        ("/progress@liangsaibi_bot 2 60%", "/progress 2 60%", True),
        ("/progress 2 60%", "/progress 2 60%", True),
        ("@liangsaibi_bot 进度 2 60%", "进度 2 60%", True),
        ("@Liangsaibi_Bot，帮助", "帮助", True),
        ("请 @liangsaibi_bot 看一下", "请 @liangsaibi_bot 看一下", True),
        ("进度 2 60%", "进度 2 60%", False),
        ("发到 a@liangsaibi_bot.example", "发到 a@liangsaibi_bot.example", False),
    ],
)
async def test_in_a_group_it_is_addressed_by_command_or_name(
    rig: TelegramRig, engine: Engine, text: str, means: str, addressed: bool
) -> None:
    await rig.say("王芳", text, group=True)
    [came] = await engine.until(1)
    assert (came.text, came.addressed) == (means, addressed)


async def test_what_is_for_another_bot_or_by_one_is_not_ours(rig: TelegramRig, engine: Engine) -> None:
    await rig.say("王芳", "/help@another_bot", group=True)
    rig.town.users["机器"] = {"id": 99, "is_bot": True, "first_name": "机器"}
    await rig.say("机器", "/help", group=True)
    await rig.say("王芳", "/help", group=True)
    [came] = await engine.until(1)
    assert came.sender.name == "王芳"


async def test_a_reply_to_the_bot_is_for_it(rig: TelegramRig, engine: Engine) -> None:
    said = rig.town.bot_says(rig.group, text="第几项？")
    rig.town.says("王芳", rig.group, "第2项", reply_to=said["message_id"])
    [came] = await engine.until(1)
    assert came.addressed


async def test_with_privacy_mode_commands_replies_and_presses_still_come(rig: TelegramRig, engine: Engine) -> None:
    rig.town.privacy = True
    await rig.say("王芳", "大家好", group=True)
    await rig.say("王芳", "/help", group=True)
    said = rig.town.bot_says(
        rig.group, text="第几项？", reply_markup={"inline_keyboard": [[{"text": "好", "callback_data": "help"}]]}
    )
    rig.town.says("王芳", rig.group, "第2项", reply_to=said["message_id"])
    await rig.press("王芳", "好", group=True)
    assert {came.text for came in await engine.until(3)} == {"/help", "第2项", "help"}


async def test_a_topic_is_a_chat_of_its_own_and_the_general_one_is_the_group(
    rig: TelegramRig, engine: Engine
) -> None:
    forum = rig.town.group("有话题的群", "王芳", forum=True)
    opened = rig.town.bot_says(forum, forum_topic_created={"name": "季报", "icon_color": 1})
    rig.town.says("王芳", forum, "在话题里", topic=10, reply_to=opened["message_id"])
    rig.town.says("王芳", forum, "在总话题里")
    inside, general = await engine.until(2)
    assert (inside.chat.id, inside.chat.kind) == (f"{forum.id}/10", ChatKind.GROUP)
    assert general.chat.id == str(forum.id)
    assert not inside.addressed


# --- what happens to chats --------------------------------------------------------------------------------


async def notices(engine: Engine, count: int) -> list[tuple[NoticeKind, str]]:
    await eventually(lambda: len(engine.taken) >= count)
    return [(came.kind, came.chat.id) for came in engine.taken if not hasattr(came, "text")]


async def test_added_removed_blocked_and_back(api: BotApi, rig: TelegramRig) -> None:
    api.town.privacy = True
    engine = Engine()
    await rig.start(engine.receive)
    rig.town.adds_bot("周敏", rig.group)
    rig.town.removes_bot("周敏", rig.group)
    rig.town.blocks("王芳")
    rig.town.blocks("王芳", blocked=False)
    group, wang = str(rig.group.id), str(rig.town.private("王芳").id)
    assert sorted(await notices(engine, 5)) == sorted(
        [
            (NoticeKind.ADDED, group),
            (NoticeKind.ADDED, group),
            (NoticeKind.REMOVED, group),
            (NoticeKind.BLOCKED, wang),
            (NoticeKind.UNBLOCKED, wang),
        ]
    )
    assert all(came.hears_all is False for came in engine.taken if getattr(came, "kind", 0) is NoticeKind.ADDED)
    await rig.stop()


async def test_added_as_administrator_it_hears_everything(api: BotApi, rig: TelegramRig, engine: Engine) -> None:
    rig.town.adds_bot("周敏", rig.group, as_admin=True)
    await eventually(lambda: engine.taken)
    assert engine.taken[0].hears_all is True  # type: ignore[union-attr]


async def test_added_while_the_group_is_created_it_knows(rig: TelegramRig, engine: Engine) -> None:
    rig.town.posts("周敏", rig.group, group_chat_created=True)
    assert await notices(engine, 1) == [(NoticeKind.ADDED, str(rig.group.id))]


async def test_a_group_that_moves_is_one_notice_though_both_sides_tell(rig: TelegramRig, engine: Engine) -> None:
    old = rig.town.group("小群", "王芳", kind="group")
    new = rig.town.migrates("周敏", old)
    rig.town.says("王芳", new, "/help")
    await eventually(lambda: engine.messages)
    [moved] = [came for came in engine.taken if not hasattr(came, "text")]
    assert (moved.chat.id, moved.moved_to) == (str(old.id), str(new.id))


async def test_anonymous_administrators_are_only_answered_when_they_speak_to_the_bot(
    rig: TelegramRig, engine: Engine
) -> None:
    rig.town.says("周敏", rig.group, "大家注意", anonymous=True)
    rig.town.says("周敏", rig.group, "/bindgroup 枫杨办事处", anonymous=True)
    assert await notices(engine, 1) == [(NoticeKind.ANONYMOUS, str(rig.group.id))]
    assert engine.messages == []


# --- photos, files, places --------------------------------------------------------------------------------


async def test_an_album_is_one_message(api: BotApi, tmp_path: Path, mode: str) -> None:
    rig, engine = TelegramRig(api, tmp_path, mode), Engine()
    await rig.start(engine.receive)
    photos = [PICTURE + bytes([n]) for n in range(3)]
    rig.town.album("王芳", rig.town.private("王芳"), photos, caption="第2项 80%")
    await rig.say("王芳", "第3项 90%")
    album, after = await engine.until(2)
    assert (album.text, after.text) == ("第2项 80%", "第3项 90%")
    assert [rig.files.get(file.key) for file in album.attachments] == photos
    await rig.stop()


async def test_in_a_group_only_what_is_for_the_bot_is_fetched(
    api: BotApi, rig: TelegramRig, engine: Engine
) -> None:
    rig.town.photo("王芳", rig.group, PICTURE)
    rig.town.album("王芳", rig.group, [PICTURE, PICTURE])
    rig.town.album("李建国", rig.group, [PICTURE, PICTURE + b"2"], caption="@liangsaibi_bot 进度 2 80%")
    [came] = await engine.until(1)
    assert (came.text, len(came.attachments)) == ("进度 2 80%", 2)
    assert len(api.called("getFile")) == 2


async def test_documents_voice_and_video_are_evidence(rig: TelegramRig, engine: Engine) -> None:
    room = rig.town.private("王芳")
    book = {**rig.town.upload(b"PK a workbook"), "file_name": "../../台账.xlsx", "mime_type": "application/x"}
    rig.town.posts("王芳", room, document=book, caption="台账")
    rig.town.posts("王芳", room, voice={**rig.town.upload(b"OggS"), "duration": 12})
    rig.town.posts("王芳", room, video={**rig.town.upload(b"mp4"), "duration": 3, "file_name": "现场.mp4"})
    told = [(came.text, came.attachments[0].name, came.attachments[0].mime) for came in await engine.until(3)]
    assert told[0][:2] == ("台账", "台账.xlsx")
    assert told[1:] == [("", "语音.ogg", "audio/ogg"), ("", "现场.mp4", "video/mp4")]


async def test_a_place_is_kept_as_a_file_that_maps_open(rig: TelegramRig, engine: Engine) -> None:
    room = rig.town.private("王芳")
    rig.town.posts(
        "王芳", room, location={"latitude": 34.81234, "longitude": 113.5678, "horizontal_accuracy": 8.0}
    )
    place = {"latitude": 34.8, "longitude": 113.5}
    rig.town.posts(
        "王芳", room, location=place, venue={"location": place, "title": "文化广场", "address": "大里村"}
    )
    first, second = await engine.until(2)
    [file] = first.attachments
    assert (file.name, file.mime) == ("位置 34.81234,113.56780.geojson", "application/geo+json")
    assert json.loads(rig.files.get(file.key)) == {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [113.5678, 34.81234]},
        "properties": {"accuracy_metres": 8.0},
    }
    assert json.loads(rig.files.get(second.attachments[0].key))["properties"] == {"name": "文化广场"}


async def test_what_telegram_does_not_give_out_is_named(rig: TelegramRig, engine: Engine) -> None:
    room = rig.town.private("王芳")
    rig.town.posts("王芳", room, caption="录像", video={**rig.town.upload(b"x" * 21 * _MEGABYTE), "duration": 3})
    gone = {**rig.town.upload(b"gone"), "file_name": "没了.pdf"}
    del rig.town.files[gone["file_id"]]
    rig.town.posts("王芳", room, document=gone, caption="文件")
    large, lost = await engine.until(2)
    assert (large.text, large.attachments, large.unfetched) == ("录像", (), ("视频.mp4",))
    assert (lost.text, lost.unfetched) == ("文件", ("没了.pdf",))


async def test_a_slow_photo_holds_up_its_sender_only_and_survives_a_restart(
    api: BotApi, rig: TelegramRig, engine: Engine
) -> None:
    api.broken["getFile"] = 502
    await rig.say("王芳", "第2项 80%", photo=PICTURE)
    await rig.say("王芳", "第3项 90%")
    await rig.say("李建国", "我很快")
    assert [came.text for came in await engine.until(1)] == ["我很快"]
    await eventually(lambda: not api.updates.waiting)
    await rig.stop()
    del api.broken["getFile"]
    rig.platform = rig.make()
    await rig.start(engine.receive)
    assert [came.text for came in await engine.until(3)] == ["我很快", "第2项 80%", "第3项 90%"]
    assert len(engine.messages[1].attachments) == 1


async def test_stickers_are_no_words(rig: TelegramRig, engine: Engine) -> None:
    sticker = {"file_id": "s", "file_unique_id": "s", "type": "regular", "width": 1, "height": 1}
    rig.town.posts("王芳", rig.town.private("王芳"), sticker={**sticker, "is_animated": False, "is_video": False})
    await rig.say("王芳", "帮助")
    assert [came.text for came in await engine.until(1)] == ["帮助"]


# --- edits and presses ------------------------------------------------------------------------------------


async def test_an_edit_names_the_message_that_it_edits(rig: TelegramRig, engine: Engine) -> None:
    room = rig.town.private("王芳")
    message = rig.town.says("王芳", room, "第2项 80%")
    await engine.until(1)
    rig.town.edits("王芳", room, message, "第2项 60%")
    first, edit = await engine.until(2)
    assert (edit.text, edit.edits, edit.message) == ("第2项 60%", first.id, first.message)
    assert edit.id != first.id
    rig.town.edits("王芳", room, message, "第2项 70%")
    assert (await engine.until(3))[2].edits == first.id


async def test_a_live_place_that_moves_is_no_correction(rig: TelegramRig, engine: Engine) -> None:
    room = rig.town.private("王芳")
    place = {"latitude": 34.8, "longitude": 113.5, "live_period": 900}
    message = rig.town._message(room, rig.town.user("王芳"), location=place)
    rig.town._tell(room.id, {"edited_message": {**message, "edit_date": message["date"] + 5}})
    await rig.say("王芳", "帮助")
    assert [came.text for came in await engine.until(1)] == ["帮助"]


async def test_a_press_on_a_message_that_telegram_no_longer_shows(rig: TelegramRig, engine: Engine) -> None:
    room = rig.town.private("王芳")
    said = rig.town.bot_says(room, text="登记吗？")
    rig.town.press("王芳", room, said, "yes", inaccessible=True)
    [came] = await engine.until(1)
    assert (came.text, came.pressed_message) == ("yes", str(said["message_id"]))
    assert came.sent_at.tzinfo is UTC


async def test_a_press_is_answered_at_once_and_too_late_is_no_harm(
    api: BotApi, rig: TelegramRig, engine: Engine
) -> None:
    engine.slow = {"王芳"}
    room = rig.town.private("王芳")
    said = rig.town.bot_says(room, text="登记吗？")
    query = rig.town.press("王芳", room, said, "yes")
    await eventually(lambda: api.town.queries[query] == "answered")
    assert engine.taken == []
    engine.gate.set()
    await engine.until(1)
    late = rig.town.press("王芳", room, said, "again")
    api.town.queries[late] = "too old"
    assert [came.text for came in await engine.until(2)] == ["yes", "again"]


async def test_what_needs_no_words_is_acknowledged_with_a_sign(api: BotApi, rig: TelegramRig) -> None:
    async def noted(_came: object) -> Outcome:
        return Outcome.NOTED

    await rig.start(noted)
    message = rig.town.photo("王芳", rig.town.private("王芳"), PICTURE)
    await eventually(lambda: api.reactions)
    assert api.reactions == {(message["chat"]["id"], message["message_id"]): "👌"}
    await rig.stop()
