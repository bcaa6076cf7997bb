"""The callback: what is WeCom's is taken once and in time, whatever else comes is refused at little cost."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.chat.messages import Inbound, Notice, NoticeKind
from bot.chat.ports import Outcome
from bot.platforms.wecom import intake
from bot.platforms.wecom.intake import Intake
from bot.platforms.wecom.platform import WeCom
from storage.disk_spool import DiskSpool
from tests.platforms.conformance import Engine, eventually
from tests.platforms.practice import PICTURE
from tests.platforms.wecom_office import Office
from tests.servers.wecom import crypto


class Desk:
    """An office with only the app, and an engine that takes what comes."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office, self.engine, self.folder = office, Engine(), folder
        self.platform: WeCom = office.platform(folder, bot=False, robots=False)
        self.sender = office.sender

    @property
    def spooled(self) -> list[Path]:
        return sorted((self.folder / "spool").glob("*.json"))

    async def post(self, body: str | bytes, **query: str) -> int:
        answer = await self.sender.http.post(self.sender.address, params=query, content=body)
        return answer.status_code

    async def encrypted(self, message: str | bytes, *, corp: str | None = None, at: float | None = None) -> int:
        """A correctly signed message of any content."""
        company = self.office.company
        sealed = crypto.encrypt(company.aes_key, message, company.corp_id if corp is None else corp)
        return await self.sealed(sealed, at=at)

    async def sealed(self, sealed: str, *, at: float | None = None) -> int:
        return await self.post(self.sender.envelope(sealed), **self.sender.query(sealed, at=at))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    office = Office()
    await office.open()
    made = Desk(office, tmp_path)
    await made.platform.start(made.engine.receive)
    yield made
    made.engine.gate.set()
    await made.platform.stop()
    await office.close()


async def test_the_address_is_verified_with_the_decrypted_text_alone(desk: Desk) -> None:
    answer = await desk.sender.verify()
    assert (answer.status_code, answer.content) == (200, b"1616140317555161061")


async def test_a_health_checker_without_parameters_is_no_error_of_ours(desk: Desk) -> None:
    assert (await desk.sender.http.get(desk.sender.address)).status_code == 400
    assert await desk.post("") == 400


async def test_every_kind_of_message_comes_in(desk: Desk) -> None:
    sender, company = desk.sender, desk.office.company
    voice = company.keep("v.amr", b"#!AMR voice", "voice")
    video = company.keep("v.mp4", b"a video", "video")
    paper = company.keep("会议纪要.docx", b"PK a paper", "file")
    await sender.says("WangFang", "进度 2 60%")
    await sender.sends_photo("wangfang", PICTURE)
    await sender.deliver(sender.message("wangfang", "voice", MediaId=voice, Format="amr"))
    await sender.deliver(sender.message("wangfang", "video", MediaId=video, ThumbMediaId="t"))
    await sender.deliver(sender.message("wangfang", "file", MediaId=paper, FileName="会议纪要.docx"))
    where = {"Location_X": "34.1", "Location_Y": "113.2", "Scale": 15, "Label": "大里村", "AppType": "wxwork"}
    await sender.deliver(sender.message("wangfang", "location", **where))
    await sender.deliver(
        sender.message("wangfang", "link", Title="看看", Description="d", Url="http://x.invalid/")
    )
    await sender.deliver(sender.event("wangfang", "click", EventKey="我的承诺"))
    taken = [(came.text, [(a.name, a.mime) for a in came.attachments]) for came in desk.engine.messages]
    assert taken[0] == ("进度 2 60%", [])
    assert taken[1][1][0][1] == "image/png"
    assert [kinds[0][1] for _text, kinds in taken[2:5]] == ["audio/amr", "video/mp4", taken[4][1][0][1]]
    assert taken[4][1][0][0] == "会议纪要.docx"
    assert [text for text, _kinds in taken[5:]] == [
        "位置：大里村 34.1 113.2",
        "看看 http://x.invalid/",
        "我的承诺",
    ]
    assert {came.sender.id for came in desk.engine.messages} == {"wangfang"}
    assert desk.engine.messages[-1].pressed


async def test_entering_and_leaving_are_notices_and_once_is_enough(desk: Desk) -> None:
    sender = desk.sender
    entered = sender.event("wangfang", "enter_agent", EventKey="")
    await sender.deliver(entered)
    await sender.deliver(entered)
    await sender.deliver(sender.event("wangfang", "unsubscribe"))
    await sender.deliver(sender.event("wangfang", "view", EventKey="http://x.invalid"))
    await sender.deliver(sender.event("wangfang", "something_new", EventKey="x"))
    taken = [came for came in desk.engine.taken if isinstance(came, Notice)]
    assert [came.kind for came in taken] == [NoticeKind.ENTERED, NoticeKind.BLOCKED]
    assert all(done.statuses == [200] for done in sender.sent)


async def test_a_message_is_delivered_three_times_and_taken_once(desk: Desk) -> None:
    xml = desk.sender.message("wangfang", "text", Content="第2项 80%")
    statuses = await asyncio.gather(*(desk.sender.once(xml) for _ in range(3)))
    statuses.append(await desk.sender.once(xml))
    assert statuses == [200, 200, 200, 200]
    assert [came.text for came in desk.engine.messages] == ["第2项 80%"]


async def test_what_takes_long_is_kept_on_disk_answered_in_time_and_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "PATIENCE", 0.3)
    desk.engine.slow = {"wangfang"}
    began = time.monotonic()
    done = await desk.office.says("wangfang", "很慢的事务")
    assert done.statuses == [200]
    assert time.monotonic() - began < 5
    assert len(desk.spooled) == 1
    assert desk.engine.messages == []
    desk.engine.gate.set()
    await desk.engine.until(1)
    await eventually(lambda: not desk.spooled)


async def test_what_was_kept_on_disk_is_done_after_a_restart(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "PATIENCE", 0.2)
    desk.engine.slow = {"wangfang"}
    await desk.office.says("wangfang", "断电前的话")
    await desk.platform.stop()
    assert desk.engine.messages == []
    after = Engine()
    again = desk.office.platform(desk.folder, bot=False, robots=False)
    await again.start(after.receive)
    assert [came.text for came in await after.until(1)] == ["断电前的话"]
    await eventually(lambda: not desk.spooled)
    await again.stop()


async def test_what_can_neither_be_committed_nor_kept_is_not_acknowledged(tmp_path: Path) -> None:
    """The disk is full and the database away: WeCom has to deliver again."""
    blocked = tmp_path / "spool"
    blocked.write_text("a file where the folder should be")
    office = Office()
    await office.open()
    engine = Engine(failures=2)
    platform = office.platform(tmp_path, bot=False, robots=False)
    # Reading what is left finds nothing, writing fails.
    await platform.start(engine.receive)
    done = await office.says("wangfang", "第2项 80%")
    assert done.statuses[0] == 500
    assert done.statuses[-1] == 200
    assert [came.text for came in engine.messages] == ["第2项 80%"]
    await platform.stop()
    await office.close()


async def test_a_photo_that_is_slow_to_fetch_does_not_lose_the_message(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "PATIENCE", 0.3)
    desk.office.api.faults["media/get"] = [1.0]
    done = await desk.sender.sends_photo("wangfang", PICTURE)
    assert done.statuses == [200]
    [came] = await desk.engine.until(1)
    assert came.attachments[0].size == len(PICTURE)


async def test_a_photo_older_than_three_days_is_named_as_missing(desk: Desk) -> None:
    media = desk.office.company.keep("照片.png", PICTURE, "image")
    desk.office.company.shift = 4 * 24 * 3600
    xml = desk.sender.message("wangfang", "image", MediaId=media)
    desk.office.company.shift = 0
    name, data, kind, at = desk.office.company.media[media]
    desk.office.company.media[media] = (name, data, kind, at - 4 * 24 * 3600)
    await desk.sender.deliver(xml)
    [came] = await desk.engine.until(1)
    assert came.attachments == ()
    assert len(came.unfetched) == 1


# --- hostile input ------------------------------------------------------------------------------------------


async def test_a_wrong_signature_is_refused_before_anything_is_read(desk: Desk) -> None:
    sealed = crypto.encrypt(desk.office.company.aes_key, "<not xml", desk.office.company.corp_id)
    query = desk.sender.query(sealed)
    for wrong in ("0" * 40, query["msg_signature"][:-1], query["msg_signature"] + "0", "签名"):
        status = await desk.post(desk.sender.envelope(sealed), **{**query, "msg_signature": wrong})
        assert status == 403, wrong
    assert await desk.post(desk.sender.envelope(sealed), **{**query, "nonce": "other"}) == 403


async def test_old_and_future_timestamps_are_refused(desk: Desk) -> None:
    xml = desk.sender.message("wangfang", "text", Content="旧话")
    now = time.time()
    assert [await desk.encrypted(xml, at=now + off) for off in (-310, 310, -(10**9))] == [403, 403, 403]
    assert [await desk.encrypted(xml, at=now + off) for off in (-280, 280)] == [200, 200]
    assert len(desk.engine.messages) == 1


async def test_a_replayed_request_changes_nothing(desk: Desk) -> None:
    company = desk.office.company
    sealed = crypto.encrypt(
        company.aes_key, desk.sender.message("wangfang", "text", Content="一次"), company.corp_id
    )
    query = desk.sender.query(sealed)
    assert [await desk.post(desk.sender.envelope(sealed), **query) for _ in range(3)] == [200, 200, 200]
    assert len(desk.engine.messages) == 1


async def test_another_corps_message_is_refused(desk: Desk) -> None:
    xml = desk.sender.message("wangfang", "text", Content="x")
    assert [await desk.encrypted(xml, corp=corp) for corp in ("ww-other", "", "ww1234567890abcdefX")] == [403] * 3


def _sealed(desk: Desk, plain: bytes) -> str:
    return base64.b64encode(crypto.encrypt_raw(crypto.key_of(desk.office.company.aes_key), plain)).decode()


async def test_broken_ciphertexts_are_refused(desk: Desk) -> None:
    corp = desk.office.company.corp_id.encode()
    body = os.urandom(16) + (5).to_bytes(4, "big") + b"hello" + corp
    room = 32 - len(body) % 32
    broken = {
        "padding of zero": _sealed(desk, body + b"\0" * room),
        "padding beyond the block": _sealed(desk, body + bytes([77]) * room),
        "uneven padding": _sealed(desk, body + bytes([room + 1]) + bytes([room]) * (room - 1)),
        "length beyond the end": _sealed(desk, crypto.padded(os.urandom(16) + b"\xff\xff\xff\xff" + corp)),
        "half a block": base64.b64encode(b"x" * 16).decode(),
        "one byte": base64.b64encode(b"x").decode(),
        "no base64": "====",
        "rubbish": base64.b64encode(os.urandom(64)).decode(),
    }
    assert {name: await desk.sealed(sealed) for name, sealed in broken.items()} == dict.fromkeys(broken, 400)


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><xml><MsgType>text</MsgType><Content>&b;</Content></xml>'
)
MESSAGES: dict[str, str | bytes] = {
    "an entity bomb": BOMB,
    "an external entity": '<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml><MsgType>text</MsgType></xml>',
    "a processing instruction": "<?php echo 1 ?><xml><MsgType>text</MsgType></xml>",
    "no XML": "hello",
    "nothing": "",
    "half of it": "<xml><MsgType>text</MsgType>",
    "an empty element": "<xml/>",
    "another root": "<message><MsgType>text</MsgType></message>",
    "deep nesting": "<xml>" + "<a>" * 3000 + "</a>" * 3000 + "</xml>",
    "very many tags": "<xml>" + "<a/>" * 5000 + "</xml>",
    "no sender": "<xml><MsgType>text</MsgType><CreateTime>1</CreateTime><MsgId>1</MsgId></xml>",
    "no id": "<xml><MsgType>text</MsgType><FromUserName>w</FromUserName><CreateTime>1</CreateTime></xml>",
    "a time that is none": "<xml><MsgType>text</MsgType><FromUserName>w</FromUserName>"
    "<CreateTime>soon</CreateTime><MsgId>1</MsgId></xml>",
    "a type that is a tree": "<xml><MsgType><a>text</a></MsgType></xml>",
    "two types": "<xml><MsgType>text</MsgType><MsgType>image</MsgType></xml>",
    "invalid UTF-8": b"<xml><MsgType>\xff\xfe</MsgType></xml>",
    "an event without a name": "<xml><MsgType>event</MsgType></xml>",
}


@pytest.mark.parametrize("name", MESSAGES)
async def test_messages_that_are_none_are_refused(desk: Desk, name: str) -> None:
    began = time.monotonic()
    assert await desk.encrypted(MESSAGES[name]) == 400
    assert time.monotonic() - began < 2
    assert desk.engine.taken == []


async def test_unknown_types_and_empty_messages_are_acknowledged_and_left(desk: Desk) -> None:
    sender = desk.sender
    for xml in (
        sender.message("wangfang", "hologram", Content="x"),
        sender.message("wangfang", "text", Content="   "),
        sender.message("wangfang", "image", PicUrl="x"),
        sender.event("wangfang", "template_card_event", TaskId="t", EventKey=""),
    ):
        assert (await sender.deliver(xml)).statuses == [200]
    assert desk.engine.taken == []


async def test_ten_megabytes_are_refused_without_being_read(desk: Desk) -> None:
    sizes = {"Content-Length: 10000000": b"x" * 65536, "Transfer-Encoding: chunked": b"20000\r\n" + b"y" * 131072}
    for header, first in sizes.items():
        reader, writer = await asyncio.open_connection("127.0.0.1", desk.office.callback_port)
        path = f"{desk.office.path}?{httpx.QueryParams(desk.sender.query('x'))}"
        writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode() + first)
        # Nothing like ten megabytes has been sent, and the answer is there already.
        line = await asyncio.wait_for(reader.readline(), 10)
        assert line.split()[1] == b"413", header
        writer.close()


async def test_other_methods_and_paths_are_refused(desk: Desk) -> None:
    http, address = desk.sender.http, desk.sender.address
    assert (await http.put(address)).status_code == 405
    assert (await http.get(address + "/other")).status_code == 404
    too_long = {"msg_signature": "x" * 5000, "timestamp": "1", "nonce": "n", "echostr": "e"}
    assert (await http.get(address, params=too_long)).status_code == 400


async def test_after_all_that_an_honest_message_still_gets_through(desk: Desk) -> None:
    for message in MESSAGES.values():
        await desk.encrypted(message)
    assert (await desk.office.says("wangfang", "还在吗")).statuses == [200]
    assert [came.text for came in desk.engine.messages] == ["还在吗"]


# --- the intake by itself -----------------------------------------------------------------------------------


async def test_a_spooled_message_that_was_committed_is_not_left_behind(tmp_path: Path) -> None:
    """The commit and the disk race; whoever is last tidies up."""
    spool = DiskSpool(tmp_path)

    async def fetch(_media: Any) -> tuple[bytes, str, str]:
        raise AssertionError

    async def committed(*_: Any) -> None:
        await asyncio.sleep(0.05)

    async def receive(_came: Inbound | Notice) -> Outcome:
        await asyncio.sleep(0)
        return Outcome.ANSWERED

    taking = Intake(spool, None, fetch, committed)  # type: ignore[arg-type]
    await taking.open(receive)
    messages = [intake.Incoming(id=f"m{n}", user=f"u{n % 3}", at=1.0, text="x") for n in range(30)]
    await asyncio.gather(*(taking.take(message, safe=True) for message in messages))
    await eventually(lambda: not list(tmp_path.glob("*.json")))
    await taking.close()
