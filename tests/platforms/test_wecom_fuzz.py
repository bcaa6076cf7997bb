"""Rubbish of every kind, thrown at the callback and the AI bot's frames for a minute in CI: refused, at no harm.

`FUZZ_SECONDS=600 python -m pytest tests/platforms/test_wecom_fuzz.py` throws longer.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.chat.messages import Inbound, Notice
from bot.chat.ports import Outcome
from bot.platforms.wecom.aibot.frames import read_event, read_message
from bot.platforms.wecom.callback import Callback
from bot.platforms.wecom.crypto import Codec
from bot.platforms.wecom.incoming import Incoming
from bot.platforms.wecom.intake import Intake
from storage.disk_spool import DiskSpool
from tests.servers.wecom import crypto
from tests.servers.wecom.company import Company
from tests.servers.wecom.sender import element

#: Two targets share the time.
SECONDS = float(os.environ.get("FUZZ_SECONDS", "62" if os.environ.get("CI") else "6")) / 2
NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
COMPANY = Company()


class Stopped:
    def now(self) -> datetime:
        return NOW


class Target:
    """The callback without a network: the whole application, and what it hands to the engine."""

    def __init__(self, folder: Path) -> None:
        self.taken: list[Inbound | Notice] = []
        codec = Codec(COMPANY.token, COMPANY.aes_key, COMPANY.corp_id)
        self.intake = Intake(DiskSpool(folder), None, _no_file, _nothing)  # type: ignore[arg-type]
        self.intake._receive = self._receive
        app = Callback(codec, self.intake, Stopped(), "/cb").app()
        self.loop = asyncio.new_event_loop()
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://callback")

    async def _receive(self, came: Inbound | Notice) -> Outcome:
        self.taken.append(came)
        return Outcome.ANSWERED

    def post(self, body: bytes, query: dict[str, str]) -> httpx.Response:
        return self.loop.run_until_complete(self.client.post("/cb", params=query, content=body))

    def signed(self, plain: bytes) -> httpx.Response:
        sealed = crypto.encrypt(COMPANY.aes_key, plain, COMPANY.corp_id)
        timestamp, nonce = str(int(NOW.timestamp())), "n"
        signature = crypto.signature(COMPANY.token, timestamp, nonce, sealed)
        query = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}
        return self.post(f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode(), query)


async def _no_file(_media: Any) -> tuple[bytes, str, str]:
    raise AssertionError("nothing is fetched")


async def _nothing(_message: Incoming, _outcome: Outcome) -> None:
    return None


def for_a_while(test: Callable[[], None]) -> int:
    """Run the hypothesis test again and again with fresh examples until the time is over; how often."""
    until, rounds = time.monotonic() + SECONDS, 0
    while time.monotonic() < until:
        test()
        rounds += 1
    return rounds


ROUND = settings(
    max_examples=200,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
NAMES = [
    "MsgType",
    "Event",
    "EventKey",
    "FromUserName",
    "CreateTime",
    "MsgId",
    "Content",
    "TaskId",
    "ResponseCode",
]
NAMES += ["SelectedItems", "SelectedItem", "OptionIds", "OptionId", "MediaId", "Location_X", "Label", "AgentID"]
WORDS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["text", "event", "image", "location", "click", "template_card_event", "enter_agent", "0"]),
    st.integers(-5, 10**12).map(str),
)
TREES = st.recursive(
    WORDS, lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=4), max_leaves=12
)
PARTS = st.sampled_from([b"<xml>", b"</xml>", b"<![CDATA[", b"]]>", b"&lt;", b"&#0;", b"<!DOCTYPE", b"<?x?>"])
XML = st.one_of(
    st.binary(max_size=300),
    st.lists(st.one_of(PARTS, st.binary(max_size=10)), max_size=30).map(b"".join),
    st.dictionaries(st.sampled_from(NAMES), TREES, max_size=9).map(lambda tree: written(tree)),
)


def written(tree: dict[str, Any]) -> bytes:
    """The tree as XML, with whatever stands in it."""
    return f"<xml>{''.join(element(name, value) for name, value in tree.items())}</xml>".encode(errors="replace")


def test_the_callback(tmp_path: Path) -> None:
    target = Target(tmp_path)

    @ROUND
    @given(XML)
    def signed(plain: bytes) -> None:
        before = len(target.taken)
        answer = target.signed(plain)
        assert answer.status_code in (200, 400)
        if answer.status_code != 200:
            assert len(target.taken) == before

    @ROUND
    @given(st.binary(max_size=400), st.dictionaries(st.sampled_from(list("abc")), st.text(max_size=20)))
    def unsigned(body: bytes, more: dict[str, str]) -> None:
        query = {"msg_signature": "0" * 40, "timestamp": str(int(NOW.timestamp())), "nonce": "n", **more}
        assert target.post(body, query).status_code in (400, 403)
        sealed = b"<xml><Encrypt>" + body + b"</Encrypt></xml>"
        assert target.post(sealed, query).status_code in (400, 403)

    def both() -> None:
        signed()
        unsigned()

    for_a_while(both)
    assert all(isinstance(came, (Inbound, Notice)) and came.id for came in target.taken)
    assert list(tmp_path.iterdir()) == []


KEYS = [
    "msgid",
    "chatid",
    "chattype",
    "from",
    "userid",
    "msgtype",
    "text",
    "content",
    "mixed",
    "msg_item",
    "image",
]
KEYS += [
    "url",
    "aeskey",
    "event",
    "eventtype",
    "task_id",
    "event_key",
    "selected_items",
    "option_ids",
    "create_time",
]
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=20),
        st.sampled_from(["group", "single", "text", "mixed", "image", "template_card_event", "enter_chat"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
    ),
    max_leaves=25,
)


def test_the_bots_frames() -> None:
    @ROUND
    @given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=10))
    def frames(body: dict[str, Any]) -> None:
        body.setdefault("msgid", "1")
        body.setdefault("from", {"userid": "w"})
        for found in (read_message(body, "r", bot_name="亮赛比", now=NOW), read_event(body, "r", now=NOW)):
            if found is not None:
                assert not found.is_empty
                assert found.user
                assert len(found.id) <= 120
                assert len(found.chat) <= 120

    for_a_while(frames)


@pytest.mark.parametrize("plain", [b"<xml><MsgType>text</MsgType></xml>", b"\xff", b""])
def test_the_target_is_the_real_thing(tmp_path: Path, plain: bytes) -> None:
    """What is thrown above really arrives: an honest message is taken, a broken one refused."""
    target = Target(tmp_path)
    good = written({"FromUserName": "w", "CreateTime": "1", "MsgType": "text", "Content": "x", "MsgId": "7"})
    assert target.signed(plain).status_code == 400
    assert target.signed(good).status_code == 200
    assert [came.text for came in target.taken if isinstance(came, Inbound)] == ["x"]
