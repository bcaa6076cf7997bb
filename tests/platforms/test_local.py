"""The browser room over real sockets: what is said, shown, kept, served and turned away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from bot.chat.errors import ConfigurationError, DeliveryError
from bot.chat.messages import Call, ChatKind, ChatRef, Line, OutFile, Outgoing
from bot.chat.people import Role
from bot.chat.ports import Platform
from bot.platforms.local import attachments
from bot.platforms.local.settings import LocalSettings
from storage.database import Database
from tests.platforms.practice import BUTTONS, CARD, COMMANDS, PICTURE, Practice

JSON = "application/json"


class Visitor:
    """A browser window without the browser."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice
        self.origin = practice.room.address.rstrip("/")
        self.http = httpx.AsyncClient(base_url=self.origin, headers={"Origin": self.origin})
        self._said = 0

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = await self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def say(self, who: str, room: str, text: str = "", **more: Any) -> httpx.Response:
        self._said += 1
        data = {"account": who, "room": room, "text": text, "id": f"message-{self._said}", **more}
        return await self.http.post("/api/messages", json=data)

    async def press(self, who: str, room: str, message: int, payload: str) -> httpx.Response:
        self._said += 1
        data = {"account": who, "room": room, "message": message, "payload": payload}
        return await self.http.post("/api/presses", json={**data, "id": f"press-{self._said}-id"})

    async def upload(self, data: bytes, name: str) -> httpx.Response:
        return await self.http.post("/api/uploads", files={"file": (name, data)})

    async def messages(self, who: str, room: str, **query: Any) -> list[dict[str, Any]]:
        return list((await self.get("/api/messages", **{"as": who, "room": room, **query}))["messages"])

    @asynccontextmanager
    async def live(self, who: str, **more: Any) -> AsyncIterator[ClientConnection]:
        url = f"{self.origin.replace('http', 'ws')}/api/live?as={who}"
        async with websockets.connect(url, origin=self.origin, **more) as line:  # type: ignore[arg-type]
            assert json.loads(await line.recv())["type"] == "hello"
            yield line


async def next_event(line: ClientConnection) -> dict[str, Any]:
    return dict(json.loads(await asyncio.wait_for(line.recv(), 5)))


async def quiet(line: ClientConnection) -> bool:
    try:
        await asyncio.wait_for(line.recv(), 0.2)
    except TimeoutError:
        return True
    return False


@pytest.fixture
async def practice(sqlite_database: Database, tmp_path: Path) -> AsyncIterator[Practice]:
    practice = Practice(sqlite_database, tmp_path, max_upload_bytes=1_000_000)
    await practice.room.start(practice.receive)
    yield practice
    await practice.room.stop()
    practice.close()


@pytest.fixture
async def visitor(practice: Practice) -> AsyncIterator[Visitor]:
    visitor = Visitor(practice)
    yield visitor
    await visitor.http.aclose()


# --- saying and showing -----------------------------------------------------------------------------------


def test_it_is_a_platform(sqlite_database: Database, tmp_path: Path) -> None:
    practice = Practice(sqlite_database, tmp_path)
    platform: Platform = practice.room
    assert platform.name == "local"
    practice.close()


async def test_a_private_message_reaches_the_engine_and_its_answer_the_window(
    practice: Practice, visitor: Visitor
) -> None:
    wang = practice.account("王芳")
    answer = await visitor.say(wang, f"private:{wang}", "进度 2 60%")
    assert answer.status_code == 200
    [inbound] = practice.taken
    assert (inbound.id, inbound.text, inbound.addressed, inbound.pressed) == (
        f"{wang}:message-1",
        "进度 2 60%",
        True,
        False,
    )
    assert inbound.chat == ChatRef("local", f"private:{wang}", ChatKind.PRIVATE)
    assert (inbound.sender.id, inbound.sender.name) == (wang, "王芳")
    mine, bots = await visitor.messages(wang, f"private:{wang}")
    assert mine == answer.json()["message"]
    assert (mine["author"], mine["by"], mine["posts"]) == (wang, "王芳", [{"role": "secretary", "unit": "大里村"}])
    assert mine["at"].startswith("2021-03-22T01:03")
    assert (bots["author"], bots["body"]) == (
        None,
        [{"kind": "line", "words": "收到：进度 2 60%", "style": "plain"}],
    )
    assert await practice.store.untaken() == []


@pytest.mark.parametrize(
    ("text", "addressed"),
    [
        ("大家好", False),
        ("@亮赛比 进度", True),
        ("请 @Liangsaibi 看一下", True),
        ("/进度 2 60%", True),
        ("　／进度", True),
        ("1/2 完成", False),
    ],
)
async def test_in_a_group_the_bot_is_addressed_by_name_or_slash(
    practice: Practice, visitor: Visitor, text: str, addressed: bool
) -> None:
    wang, group = practice.account("王芳"), practice.group("枫杨办事处")
    assert (await visitor.say(wang, group, text)).status_code == 200
    [inbound] = practice.taken
    assert (inbound.chat.kind, inbound.addressed) == (ChatKind.GROUP, addressed)


async def test_every_kind_of_block_arrives_as_data(practice: Practice, visitor: Visitor) -> None:
    wang = practice.account("王芳")
    await visitor.say(wang, f"private:{wang}", "卡片")
    card = (await visitor.messages(wang, f"private:{wang}"))[-1]
    assert [block["kind"] for block in card["body"]] == ["line", "fields", *["bar"] * 4, "line", "line"]
    assert card["body"][3] == {
        "kind": "bar",
        "label": "2. 安装路灯",
        "known": {"share": "0.38", "percent": "38%"},
        "light": "yellow",
        "note": "黄灯 落后序时进度12个百分点",
    }
    assert card["body"][5]["known"] is None
    assert card["buttons"] == [[{"label": b.label, "payload": b.payload} for b in row] for row in BUTTONS]
    await visitor.say(wang, f"private:{wang}", "表格")
    table = (await visitor.messages(wang, f"private:{wang}"))[-1]["body"][1]
    assert (table["kind"], table["header"][1], table["rows"][0][1], table["align"]) == (
        "table",
        "单位",
        "大里村（枫杨办事处）",
        "rlrrr",
    )


async def test_who_is_called_is_told_apart_from_who_is_only_named(practice: Practice, visitor: Visitor) -> None:
    wang, chat = practice.account("王芳"), ChatRef("local", practice.group("枫杨办事处"), ChatKind.GROUP)
    body = (Line("还没办的：大里村 @王芳", "plain", (Call(9, 12, wang),)), Line("@王芳"))
    await practice.room.send(Outgoing(id=7, chat=chat, body=body))
    *_, shown = await visitor.messages(wang, chat.id)
    line = {"kind": "line", "words": "还没办的：大里村 @王芳", "style": "plain"}
    assert shown["body"] == [
        {**line, "parts": [["还没办的：大里村 ", False], ["@王芳", True]]},
        {"kind": "line", "words": "@王芳", "style": "plain"},
    ]


async def test_windows_of_a_room_see_it_live_and_others_do_not(practice: Practice, visitor: Visitor) -> None:
    wang, zhao = practice.account("王芳"), practice.account("赵强")
    group = practice.group("枫杨办事处")
    async with visitor.live(wang) as first, visitor.live(wang) as second, visitor.live(zhao) as onlooker:
        await visitor.say(wang, group, "大家好")
        for line in (first, second, onlooker):
            event = await next_event(line)
            assert (event["type"], event["message"]["text"], event["message"]["room"]) == (
                "message",
                "大家好",
                group,
            )
        await visitor.say(wang, f"private:{wang}", "只跟你说")
        for line in (first, second):
            assert (await next_event(line))["message"]["text"] == "只跟你说"
            assert (await next_event(line))["message"]["author"] is None
        assert await quiet(onlooker)


async def test_a_button_is_pressed_once_and_its_message_changes_in_place(
    practice: Practice, visitor: Visitor
) -> None:
    wang = practice.account("王芳")
    room = f"private:{wang}"
    await visitor.say(wang, room, "卡片")
    card = (await visitor.messages(wang, room))[-1]
    async with visitor.live(wang) as line:
        assert (await visitor.press(wang, room, card["id"], "提交 2")).status_code == 200
        note, edited = await next_event(line), await next_event(line)
    assert (note["type"], note["message"]["pressed"], note["message"]["by"]) == ("message", "提交", "王芳")
    assert "提交 2" not in json.dumps(note, ensure_ascii=False)
    assert (edited["type"], edited["message"]["id"], edited["message"]["buttons"]) == ("edited", card["id"], [])
    inbound = practice.taken[-1]
    assert (inbound.text, inbound.pressed, inbound.pressed_message, inbound.addressed) == (
        "提交 2",
        True,
        str(card["id"]),
        True,
    )
    stale = await visitor.press(wang, room, card["id"], "提交 2")
    assert (stale.status_code, stale.json()) == (409, {"error": "stale"})
    for message, payload in ((card["id"], "删除一切"), (999_999, "提交 2")):
        assert (await visitor.press(wang, room, message, payload)).status_code == 409
    assert len(practice.taken) == 2


async def test_a_press_that_is_sent_again_is_taken_once(practice: Practice, visitor: Visitor) -> None:
    wang = practice.account("王芳")
    room, practice.answers = f"private:{wang}", False
    chat = ChatRef("local", room, ChatKind.PRIVATE)
    number = int(await practice.room.send(Outgoing(id=7, chat=chat, body=CARD, buttons=BUTTONS)))
    press = {"account": wang, "room": room, "message": number, "payload": "取消", "id": "same-press"}
    first = await visitor.http.post("/api/presses", json=press)
    again = await visitor.http.post("/api/presses", json=press)
    assert first.json() == again.json()
    assert len(practice.taken) == 1


async def test_the_same_outbox_row_is_shown_once(practice: Practice, visitor: Visitor) -> None:
    wang = practice.account("王芳")
    chat = ChatRef("local", f"private:{wang}", ChatKind.PRIVATE)
    first = await practice.room.send(Outgoing(id=7, chat=chat, body=(Line("一次"),)))
    again = await practice.room.send(Outgoing(id=7, chat=chat, body=(Line("一次"),), attempt=2))
    assert first == again
    assert len(await visitor.messages(wang, chat.id)) == 1


async def test_replacing_a_message_that_is_gone_shows_a_new_one(practice: Practice, visitor: Visitor) -> None:
    wang = practice.account("王芳")
    chat = ChatRef("local", f"private:{wang}", ChatKind.PRIVATE)
    for row, replaces in enumerate(("4711", "sent12")):
        await practice.room.send(Outgoing(id=row, chat=chat, body=(Line("新的"),), replaces=replaces))
    assert len(await visitor.messages(wang, chat.id)) == 2


async def test_a_chat_that_is_no_room_is_refused_for_good(practice: Practice) -> None:
    chat = ChatRef("local", "nowhere", ChatKind.PRIVATE)
    with pytest.raises(DeliveryError) as refused:
        await practice.room.send(Outgoing(id=1, chat=chat, body=(Line("?"),)))
    assert refused.value.permanent


# --- nothing lost, nothing doubled ------------------------------------------------------------------------


async def test_a_message_sent_again_after_a_lost_connection_is_kept_once(
    practice: Practice, visitor: Visitor
) -> None:
    wang = practice.account("王芳")
    for _ in range(3):
        answer = await visitor.say(wang, f"private:{wang}", "在吗", id="the-same-id")
        assert answer.status_code == 200
    assert len(practice.taken) == 1
    assert len(await visitor.messages(wang, f"private:{wang}")) == 2


async def test_what_the_engine_did_not_commit_is_handed_in_again(practice: Practice, visitor: Visitor) -> None:
    wang, li = practice.account("王芳"), practice.account("李建国")
    practice.fails = True
    answer = await visitor.say(wang, f"private:{wang}", "第一句", id="first-one")
    assert (answer.status_code, answer.json()) == (503, {"error": "unavailable"})
    assert (await visitor.say(li, f"private:{li}", "第二句")).status_code == 503
    assert [m["text"] for m in await visitor.messages(wang, f"private:{wang}")] == ["第一句"]

    practice.fails = False
    again = await visitor.say(wang, f"private:{wang}", "第一句", id="first-one")
    assert again.status_code == 200
    assert [inbound.text for inbound in practice.taken] == ["第一句"]

    await practice.room.stop()
    practice.room = practice.make_room()
    await practice.room.start(practice.receive)
    assert [inbound.text for inbound in practice.taken] == ["第一句", "第二句"]
    assert practice.taken[1].sender.id == li
    assert await practice.store.untaken() == []


async def test_one_that_fails_again_at_start_does_not_keep_the_room_closed(
    practice: Practice, visitor: Visitor
) -> None:
    wang = practice.account("王芳")
    practice.fails = True
    await visitor.say(wang, f"private:{wang}", "坏了")
    await practice.room.stop()
    practice.room = practice.make_room()
    await practice.room.start(practice.receive)
    assert len(await practice.store.untaken()) == 1
    async with httpx.AsyncClient(base_url=practice.room.address) as http:
        assert (await http.get("/")).status_code == 200


async def test_after_stopping_nothing_is_taken(practice: Practice, visitor: Visitor) -> None:
    wang = practice.account("王芳")
    async with visitor.live(wang) as line:
        await practice.room.stop()
        with pytest.raises(websockets.ConnectionClosed):
            await line.recv()
    with pytest.raises(httpx.ConnectError):
        await visitor.say(wang, f"private:{wang}", "还在吗")


async def test_a_message_under_way_is_finished_before_the_room_stops(practice: Practice, visitor: Visitor) -> None:
    wang, hold, begun = practice.account("王芳"), asyncio.Event(), asyncio.Event()
    original: Callable[..., Awaitable[Any]] = practice.answer

    async def slow(inbound: Any) -> None:
        begun.set()
        await hold.wait()
        await original(inbound)

    practice.answer = slow  # type: ignore[method-assign]
    saying = asyncio.create_task(visitor.say(wang, f"private:{wang}", "等等"))
    await begun.wait()
    stopping = asyncio.create_task(practice.room.stop())
    await asyncio.sleep(0.05)
    hold.set()
    await stopping
    assert (await saying).status_code == 200
    assert await practice.store.untaken() == []


# --- who and where ----------------------------------------------------------------------------------------


async def test_who_one_is_and_what_one_sees(practice: Practice, visitor: Visitor) -> None:
    wang = practice.account("王芳")
    me = await visitor.get("/api/me", **{"as": wang})
    assert me["identity"] == {
        "account": wang,
        "name": "王芳",
        "posts": [{"role": "secretary", "unit": "大里村"}],
        "language": None,
        "bound": True,
    }
    assert [room["title"] for room in me["rooms"] if room["member"]] == ["", "高新区工作群", "枫杨办事处工作群"]
    assert len([room for room in me["rooms"] if not room["member"]]) == 4
    assert me["commands"] == [list(command) for command in COMMANDS]
    assert (me["zone"], me["now"][:16]) == ("Asia/Shanghai", "2021-03-22T01:03")
    assert me["features"] == {"story": True, "reset": True}
    found = await visitor.get("/api/identities", search="枫杨 书记")
    assert [who["name"] for who in found["identities"]] == ["王芳", "李建国", "欧阳静", "陌生人"]


async def test_a_room_one_is_not_in_can_be_read_but_not_written(practice: Practice, visitor: Visitor) -> None:
    wang, zhao, group = practice.account("王芳"), practice.account("赵强"), practice.group("石佛办事处")
    await visitor.say(zhao, group, "石佛的事")
    assert [message["text"] for message in await visitor.messages(wang, group)] == ["石佛的事"]
    refused = await visitor.say(wang, group, "我也说一句")
    assert (refused.status_code, refused.json()) == (403, {"error": "read_only"})
    assert [inbound.text for inbound in practice.taken] == ["石佛的事"]


@pytest.mark.parametrize("room", ["private:{zhao}", "private:", "group:999", "nowhere", "群"])
async def test_rooms_that_are_not_there_or_not_ones_own(practice: Practice, visitor: Visitor, room: str) -> None:
    wang, room = practice.account("王芳"), room.format(zhao=practice.account("赵强"))
    assert (await visitor.say(wang, room, "?")).status_code == 404
    answer = await visitor.http.get("/api/messages", params={"as": wang, "room": room})
    assert (answer.status_code, answer.json()) == (404, {"error": "not_found"})


async def test_unknown_accounts(practice: Practice, visitor: Visitor) -> None:
    for account in ("", "p999999", "root", "guest-0"):
        assert (await visitor.http.get("/api/me", params={"as": account})).status_code == 404
    assert (await visitor.say("p999999", "private:p999999", "?")).status_code == 404
    assert practice.taken == []


async def test_a_stranger_may_talk_privately(practice: Practice, visitor: Visitor) -> None:
    assert (await visitor.say("guest-1", "private:guest-1", "绑定 8F3K-2274")).status_code == 200
    assert (practice.taken[0].sender.id, practice.taken[0].sender.name) == ("guest-1", "陌生人")
    assert (await visitor.say("guest-1", practice.group("高新区"), "?")).status_code == 403


async def test_pages_of_messages(practice: Practice, visitor: Visitor) -> None:
    wang, group = practice.account("王芳"), practice.group("枫杨办事处")
    for number in range(5):
        await visitor.say(wang, group, f"第{number}句")
    newest = await visitor.get("/api/messages", **{"as": wang, "room": group, "limit": 2})
    assert ([m["text"] for m in newest["messages"]], newest["full"]) == (["第3句", "第4句"], True)
    earlier = await visitor.messages(wang, group, before=newest["messages"][0]["id"])
    assert [m["text"] for m in earlier] == ["第0句", "第1句", "第2句"]
    missed = await visitor.messages(wang, group, after=earlier[-1]["id"])
    assert [m["text"] for m in missed] == ["第3句", "第4句"]
    assert len(await visitor.messages(wang, group, limit="-1", before="x", after="9" * 30)) == 5


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"text": "", "id": "message-1"},
        {"text": " \n\t ", "id": "message-1"},
        {"text": "x", "id": "short"},
        {"text": "x", "id": "has space in it"},
        {"text": "x" * 4001, "id": "message-1"},
        {"text": 5, "id": "message-1"},
        {"text": "x", "id": "message-1", "files": [{"key": "../../etc/passwd", "name": "x"}]},
        {"text": "x", "id": "message-1", "files": [{"key": "0" * 64, "name": "x"}]},
        {"text": "x", "id": "message-1", "files": [{"key": "0" * 64, "name": "x"}] * 10},
    ],
    ids=lambda data: json.dumps(data)[:50],
)
async def test_messages_that_are_none(practice: Practice, visitor: Visitor, data: dict[str, Any]) -> None:
    wang = practice.account("王芳")
    answer = await visitor.http.post("/api/messages", json={"account": wang, "room": f"private:{wang}", **data})
    assert answer.status_code == 400
    assert practice.taken == []


async def test_odd_characters_are_kept_or_dropped_but_never_break_it(practice: Practice, visitor: Visitor) -> None:
    wang = practice.account("王芳")
    await visitor.say(wang, f"private:{wang}", "一\x00二\x1b[31m三\r\n四　<b>五</b>😀")
    assert practice.taken[0].text == "一二[31m三\n四　<b>五</b>😀"
    body = json.dumps({"account": wang, "room": f"private:{wang}", "id": "message-2", "text": "\ud800"})
    answer = await visitor.http.post("/api/messages", content=body, headers={"Content-Type": JSON})
    assert answer.status_code in (200, 400)
    for nonsense in (b"", b"[]", b"{", b"\xff\xfe", b'{"account":'):
        answer = await visitor.http.post("/api/messages", content=nonsense)
        assert (answer.status_code, answer.json()) == (400, {"error": "bad_request"})


# --- files ------------------------------------------------------------------------------------------------


async def test_a_photo_goes_up_with_a_message_and_comes_down_again(practice: Practice, visitor: Visitor) -> None:
    wang = practice.account("王芳")
    up = (await visitor.upload(PICTURE, "道路.png")).json()
    assert (up["name"], up["mime"], up["size"]) == ("道路.png", "image/png", len(PICTURE))
    claimed = {"key": up["key"], "name": "道路.png", "mime": "text/html", "size": 1}
    assert (await visitor.say(wang, f"private:{wang}", files=[claimed])).status_code == 200
    [attachment] = practice.taken[0].attachments
    assert (attachment.key, attachment.mime, attachment.size) == (up["key"], "image/png", len(PICTURE))
    assert attachment.is_picture
    down = await visitor.http.get(f"/files/{up['key']}", params={"name": "道路.png"})
    assert (down.content, down.headers["content-type"]) == (PICTURE, "image/png")
    assert down.headers["content-disposition"] == "inline; filename*=UTF-8''%E9%81%93%E8%B7%AF.png"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"<script>alert(1)</script>", "page.html"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "picture.svg"),
        (b"<html>not a picture", "photo.png"),
        (b"%PDF-1.7", "x.pdf"),
        (b"MZ", "x"),
    ],
)
async def test_what_is_no_picture_is_only_ever_saved(
    practice: Practice, visitor: Visitor, data: bytes, name: str
) -> None:
    key = (await visitor.upload(data, name)).json()["key"]
    down = await visitor.http.get(f"/files/{key}", params={"name": name})
    assert down.headers["content-disposition"].startswith("attachment;")
    assert down.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert down.headers["x-content-type-options"] == "nosniff"
    assert not down.headers["content-type"].startswith("image/")


async def test_files_of_the_bot(practice: Practice, visitor: Visitor) -> None:
    wang = practice.account("王芳")
    await visitor.say(wang, f"private:{wang}", "文件")
    files = (await visitor.messages(wang, f"private:{wang}"))[-1]["files"]
    assert [(file["name"], file["mime"]) for file in files] == [
        ("示意图.png", "image/png"),
        ("第一季度台账.xlsx", "application/x"),
    ]
    assert files[0] == {"key": OutFile(files[0]["key"], "", "").key, "name": "示意图.png", "mime": "image/png"}
    book = await visitor.http.get(f"/files/{files[1]['key']}", params={"name": files[1]["name"]})
    assert book.headers["content-type"].endswith("spreadsheetml.sheet")


@pytest.mark.parametrize("key", ["0" * 64, "x", "..%2f..%2fetc%2fpasswd", "%00" * 10, "a" * 300])
async def test_keys_that_are_not_there(visitor: Visitor, key: str) -> None:
    assert (await visitor.http.get(f"/files/{key}")).status_code == 404


async def test_uploads_have_a_limit(visitor: Visitor) -> None:
    assert (await visitor.upload(b"x" * 1_000_000, "just.bin")).status_code == 200
    over = await visitor.upload(b"x" * 1_000_001, "over.bin")
    assert (over.status_code, over.json()) == (413, {"error": "too_large"})
    assert (await visitor.upload(b"", "empty.bin")).json() == {"error": "empty_file"}
    none = await visitor.http.post("/api/uploads", data={"file": "words"})
    assert none.status_code == 400


async def test_a_body_without_a_stated_length_is_cut_off_at_the_limit(visitor: Visitor) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65_536

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    try:
        answer = await visitor.http.post("/api/uploads", content=endless(), headers=headers)
    except httpx.TransportError:
        return  # the line was cut while we were still talking
    assert answer.status_code in (400, 413)


async def test_large_bodies_are_for_uploads_only(visitor: Visitor) -> None:
    answer = await visitor.http.post("/api/messages", content=b"x" * 70_000)
    assert (answer.status_code, answer.json()) == (413, {"error": "too_large"})


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("照片.jpg", "照片.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\台账.xlsx", "台账.xlsx"),
        ("a\x00b\r\nc.txt", "abc.txt"),
        ("exe\u202egpj.exe", "exegpj.exe"),
        ("", "文件"),
        ("长" * 300 + ".xlsx", "长" * 95 + ".xlsx"),
    ],
)
def test_names_of_files(given: str, kept: str) -> None:
    assert attachments.clean_name(given) == kept


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "x.txt", "image/jpeg"),
        (b"GIF89a", "x", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "x", "image/webp"),
        (b"\x00\x00\x00\x18ftypheic", "x.heic", "image/heic"),
        (b"hello", "x.jpg", "application/octet-stream"),
        (b"PK", "x.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"%PDF", "报告.PDF", "application/pdf"),
    ],
)
def test_types_of_files(head: bytes, name: str, kind: str) -> None:
    assert attachments.type_of(head, name) == kind


# --- the door ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost@evil.example", "[::2]"])
async def test_other_hosts_are_turned_away(visitor: Visitor, host: str) -> None:
    answer = await visitor.http.get("/", headers={"Host": host})
    assert answer.status_code == 400


async def test_own_hosts_are_let_in(practice: Practice, visitor: Visitor) -> None:
    port = visitor.origin.rsplit(":", 1)[1]
    for host in (f"localhost:{port}", f"LOCALHOST:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"):
        assert (await visitor.http.get("/", headers={"Host": host})).status_code == 200
    named = LocalSettings(host="0.0.0.0", trusted_hosts=("Practice.local",))
    assert {"practice.local", "0.0.0.0", "localhost"} <= named.hosts


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "http://127.0.0.1", "http://127.0.0.1:1"])
async def test_pages_of_other_sites_can_neither_write_nor_listen(
    practice: Practice, visitor: Visitor, origin: str
) -> None:
    wang = practice.account("王芳")
    data = {"account": wang, "room": f"private:{wang}", "text": "x", "id": "message-1"}
    for path in ("/api/messages", "/api/presses", "/api/uploads", "/api/story", "/api/reset"):
        answer = await visitor.http.post(path, json=data, headers={"Origin": origin})
        assert (answer.status_code, answer.json()) == (403, {"error": "origin"})
    with pytest.raises(websockets.InvalidStatus):
        async with websockets.connect(
            f"{visitor.origin.replace('http', 'ws')}/api/live?as={wang}",
            origin=origin,  # type: ignore[arg-type]
        ):
            pass
    assert (practice.taken, practice.resets) == ([], 0)


async def test_browsers_are_told_to_be_careful(visitor: Visitor) -> None:
    page = await visitor.http.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cross-origin-resource-policy"] == "same-origin"
    assert "<script>" not in page.text
    assert " style=" not in page.text
    assert " on" not in "".join(part.split(">")[0] for part in page.text.split("<")).replace(" on the", "")


async def test_nothing_comes_from_elsewhere(visitor: Visitor) -> None:
    static = Path(attachments.__file__).parent / "static"
    for path in sorted(static.iterdir()):
        answer = await visitor.http.get(f"/static/{path.name}")
        assert answer.status_code == 200
        text = answer.text.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text
        assert "https://" not in text
    assert (await visitor.http.get("/static/../room.py")).status_code == 404


# --- live line, story, reset ------------------------------------------------------------------------------


async def test_a_window_that_falls_behind_is_sent_away(
    practice: Practice, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.local.live.BEHIND", 3)
    async with visitor.live("guest-1") as line:
        for number in range(5):
            practice.room._hub.publish("story", done=number)
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(line.recv(), 5)
    async with visitor.live("guest-1") as line:
        practice.room._hub.publish("story", done=9)
        assert (await next_event(line))["done"] == 9


async def test_a_quiet_line_gives_signs_of_life_with_the_practice_time(
    practice: Practice, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.local.live.PULSE", 0.05)
    async with visitor.live(practice.account("王芳")) as line:
        event = await next_event(line)
    assert (event["type"], event["now"][:10]) == ("pulse", "2021-03-22")


async def test_the_story_is_played_once_at_a_time_and_told_to_everybody(
    practice: Practice, visitor: Visitor
) -> None:
    wang = practice.account("王芳")
    async with visitor.live(wang) as line, visitor.live("guest-1") as other:
        assert (await visitor.http.post("/api/story")).status_code == 200
        for watcher in (line, other):
            event = await next_event(watcher)
            assert (event["type"], event["done"], event["total"], event["caption"]) == ("story", 1, 3, "第1幕")
        assert (await visitor.http.post("/api/story")).json() == {"error": "busy"}
        me = await visitor.get("/api/me", **{"as": wang})
        assert me["story"] == {"done": 1, "total": 3, "caption": "第1幕"}
        for done in (2, 3):
            practice.next_step.set()
            assert (await next_event(line))["done"] == done
        practice.next_step.set()
        over = await next_event(line)
        assert (over["over"], over["failed"]) == (True, False)
    assert (await visitor.get("/api/me", **{"as": wang}))["story"] is None


async def test_starting_over_ends_the_story_and_tells_every_window(practice: Practice, visitor: Visitor) -> None:
    async with visitor.live("guest-1") as line:
        await visitor.http.post("/api/story")
        assert (await next_event(line))["type"] == "story"
        assert (await visitor.http.post("/api/reset")).status_code == 200
        assert (await next_event(line))["over"] is True
        assert (await next_event(line))["type"] == "reset"
    assert practice.resets == 1


async def test_a_story_that_breaks_off_says_so_and_can_be_begun_again(
    practice: Practice, visitor: Visitor
) -> None:
    async def broken(progress: Any) -> None:
        raise RuntimeError("no such village")

    practice.room._stage._story = broken
    async with visitor.live("guest-1") as line:
        for _ in range(2):
            assert (await visitor.http.post("/api/story")).status_code == 200
            assert (await next_event(line))["failed"] is True


async def test_without_story_and_reset_they_are_not_offered(practice: Practice, visitor: Visitor) -> None:
    practice.room._stage._story = practice.room._stage._reset = None
    assert (await visitor.get("/api/me", **{"as": "guest-1"}))["features"] == {"story": False, "reset": False}
    for path in ("/api/story", "/api/reset"):
        assert (await visitor.http.post(path)).status_code == 404


# --- starting ---------------------------------------------------------------------------------------------


async def test_a_port_that_is_taken_is_a_matter_of_configuration(practice: Practice) -> None:
    port = int(practice.room.address.rstrip("/").rsplit(":", 1)[1])
    other = practice.make_room(port)
    with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{port}"):
        await other.start(practice.receive)


def test_every_role_has_its_word_on_the_page() -> None:
    texts = (Path(attachments.__file__).parent / "static" / "texts.js").read_text("utf-8")
    for role in Role:
        assert texts.count(f"    {role.value}: ") == 2
