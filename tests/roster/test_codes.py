"""The form of codes, how they are read, how long one waits after wrong ones, and the page to print."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.settings import Binding
from handlers.roster.codes import ALPHABET, new_code, pause_until, read_code
from handlers.roster.printable import Card, page

LAST = datetime(2021, 3, 22, 1, 0, tzinfo=UTC)


def test_codes_avoid_what_is_taken_for_something_else() -> None:
    codes = {new_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(len(code) == 9 and code[4] == "-" and set(code) <= {*ALPHABET, "-"} for code in codes)
    assert not set(ALPHABET) & set("01OIL")


@pytest.mark.parametrize(
    "typed",
    [
        "8F3K-2274",
        "8f3k2274",
        " 8F3K 2274 ",
        "８ｆ３ｋ－２２７４",
        "8F3K—2274。",
        "BF3K-ZZ74",
        "8 F 3 K 2 2 7 4",
    ],
)
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert read_code(typed) == "8F3K-2274"


@pytest.mark.parametrize("typed", ["", "8F3K-227", "8F3K-22745", "8F3K-2271", "我的码", "8F3K-227I"])
def test_what_cannot_be_a_code(typed: str) -> None:
    assert read_code(typed) is None


@given(st.text())
def test_any_text_is_a_code_or_none(text: str) -> None:
    read = read_code(text)
    assert read is None or read_code(read) == read


@given(st.builds(new_code))
def test_every_code_is_read_as_it_is(code: str) -> None:
    assert read_code(code) == code
    assert read_code(code.lower().replace("-", "")) == code


def test_the_pause_grows_and_ends_in_a_block() -> None:
    rules = Binding()
    pauses = [
        None if until is None else (until - LAST).total_seconds()
        for until in (pause_until(times, LAST, rules) for times in range(12))
    ]
    assert pauses == [None, None, None, 5, 10, 20, 40, 80, 160, 320, 3600, 3600]
    assert pause_until(5, None, rules) is None


def test_no_pause_is_longer_than_the_block() -> None:
    rules = Binding(slow_after=1, block_after=60, block_minutes=1)
    assert pause_until(50, LAST, rules) == LAST + timedelta(minutes=1)
    early = Binding(slow_after=10, block_after=2)
    assert pause_until(1, LAST, early) is None
    assert pause_until(2, LAST, early) == LAST + timedelta(hours=1)


def test_the_page_shows_every_card_once_and_names_are_no_markup() -> None:
    cards = [
        Card("周敏", "高新区 组织者", "8F3K-2274", LAST),
        Card("<b>王芳</b>", "大里村 书记", "5EJ5-85DA", LAST, "枫杨办事处"),
    ]
    shown = page("绑定码", cards, str_of).decode()
    assert shown.count('class="card"') == shown.count("<svg") == 2
    assert shown.count("<section>") == 2
    assert "&lt;b&gt;王芳&lt;/b&gt;" in shown
    assert "<b>王芳" not in shown
    assert "8F3K-2274</div>" in shown
    assert "http://" not in shown.replace("http://www.w3.org/", "")


def str_of(words: object) -> str:
    """Words as they are written in the code, values filled in."""
    if isinstance(words, str):
        return words
    return words.msgid.format(**words.values)  # type: ignore[attr-defined,no-any-return]
