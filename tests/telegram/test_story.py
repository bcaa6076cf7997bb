"""The example quarter over Telegram, unchanged: what stands in `tests/story/quarter.txt` is said there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.demo import story
from storage import incidents, outbox
from storage.database import Database
from tests.servers.telegram.server import BotApi
from tests.telegram.stage import District, TelegramStage

TRANSCRIPT = Path(__file__).parent.parent / "story" / "quarter.txt"
_HEAD = re.compile(r"^\d\d-\d\d \d\d:\d\d (\S+) (\S+)$")
_HEADS = ("单位", "名次")
_PARTS = re.compile(r"[\s「」：:　]+")


@pytest.fixture
async def district(sqlite_database: Database, tmp_path: Path) -> AsyncIterator[District]:
    api = BotApi()
    await api.start()
    district = District(sqlite_database, tmp_path, api, "webhook")
    await district.open()
    yield district
    await district.close()
    await api.stop()


def expected() -> dict[str, list[str]]:
    """What the bot says in each chat, by the transcript: words only, without buttons and file names."""
    found: dict[str, list[str]] = defaultdict(list)
    for block in re.split(r"\n\n(?=\d\d-\d\d \d\d:\d\d )", TRANSCRIPT.read_text("utf-8").strip()):
        head, _, text = block.partition("\n")
        place, speaker = _HEAD.match(head).groups()  # type: ignore[union-attr]
        if speaker == "亮赛比":
            lines = [line for line in text.split("\n") if not line.startswith(("📎", "["))]
            found[place].append("\n".join(lines))
    return found


def said(district: District) -> dict[str, list[str]]:
    """What the bot said in each chat since the story began, edits included, in the order in which it came."""
    names = {district.town.private(name).id: f"私聊·{name}" for name in district.people}
    names |= {district.group(unit).id: f"{unit}工作群" for unit in district.units}
    found: dict[str, list[str]] = defaultdict(list)
    for method, given in district.api.accepted:
        if method in ("sendMessage", "editMessageText", "sendPhoto", "sendDocument"):
            text = given.get("text") or given.get("caption") or ""
            if text:
                found[names[given["chat_id"]]].append(text)
    return found


def missing(wanted: str, got: str) -> list[str]:
    """The words that should be there and are not; Telegram draws tables and quotations in its own way.

    Where a table is too wide for a phone, the first column's name is left out.
    """
    bare = _PARTS.sub("", got)
    return [word for word in _PARTS.split(wanted) if word not in bare and word not in _HEADS]


def assert_the_pad_was_one_message_that_edited_itself(district: District, judge: str) -> None:
    """Every tap of the judge (the pad, the unit, three figures) changed the message that was tapped."""
    room = district.town.private(judge).id
    edits = [
        given["message_id"]
        for method, given in district.api.accepted
        if method == "editMessageText" and given["chat_id"] == room
    ]
    assert len(edits) == 5
    assert len(set(edits)) == 1


async def test_the_quarter_is_played_on_telegram_as_in_the_browser(district: District) -> None:
    await district.bind_everybody()
    district.api.accepted.clear()
    await story.play(story.script(), TelegramStage(district), district.clock, tell=lambda *_: None, pace=0)
    with district.app.database.transaction() as tx:
        assert incidents.newest(tx) == []
        assert outbox.failures(tx) == []
    assert_the_pad_was_one_message_that_edited_itself(district, "郑国平")
    heard = said(district)
    assert set(heard) == set(expected())
    for place, messages in expected().items():
        assert len(heard[place]) == len(messages), place
        for wanted, got in zip(messages, heard[place], strict=True):
            assert missing(wanted, got) == [], (place, wanted, got)


async def test_everything_pressed_was_answered_at_once(district: District) -> None:
    await district.bind_everybody()
    await story.play(story.script()[:8], TelegramStage(district), district.clock, tell=lambda *_: None, pace=0)
    pressed: dict[str, Any] = district.town.queries
    assert pressed
    assert set(pressed.values()) == {"answered"}
