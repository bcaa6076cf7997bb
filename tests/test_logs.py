"""The log: one line a message with what an operator needs, and nothing of what people wrote."""

from __future__ import annotations

import json
import logging

import pytest

from bot.chat.people import Role
from bot.chat.ports import Outcome
from bot.config import load
from bot.logs import JsonFormatter, LineFormatter
from tests.progress.promises import LAMPS, publish
from tests.world import World

WORDS = "进度 1 96盏 由王二麻子施工队安装"


@pytest.fixture
def logged(world: World, caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What one report leaves in the log at the level that is configured by default."""
    publish(world, "大里村", LAMPS)
    with caplog.at_level(load().logging.level.upper(), "liangsaibi"):
        world.personas["王芳"].says(WORDS)
    assert world.last is not None
    assert world.last.outcome is Outcome.ANSWERED
    return caplog.records


def test_one_line_a_message_with_who_what_and_how_long(logged: list[logging.LogRecord]) -> None:
    [line] = [LineFormatter().format(record) for record in logged]
    _time, level, logger, text, *pairs = line.split()
    assert (level, logger, text) == ("info", "liangsaibi.messages", "message")
    told = dict(pair.split("=") for pair in pairs)
    assert float(told.pop("ms")) >= 0
    assert told == {
        "platform": "test",
        "chat": "private:u4",
        "person": "王芳",
        "command": "进度",
        "outcome": "answered",
    }


def test_json_has_the_same(logged: list[logging.LogRecord]) -> None:
    [line] = [JsonFormatter().format(record) for record in logged]
    told = json.loads(line)
    assert "\n" not in line
    assert (told["person"], told["command"], told["outcome"]) == ("王芳", "进度", "answered")


def test_what_people_write_is_not_in_the_log(logged: list[logging.LogRecord]) -> None:
    for formatter in (LineFormatter(), JsonFormatter()):
        for record in logged:
            assert not [word for word in ("96盏", "王二麻子", "施工") if word in formatter.format(record)]


def test_a_name_cannot_begin_a_new_line(world: World, caplog: pytest.LogCaptureFixture) -> None:
    rogue = world.person("张三\n2026-01-01 error", (Role.JUDGE, "高新区"))
    with caplog.at_level("INFO", "liangsaibi"):
        rogue.says("帮助")
    [line] = [LineFormatter().format(record) for record in caplog.records]
    assert "\n" not in line
