"""Any text at all is read without an error, and what is found lies within it without overlap."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.grammar.amounts import amounts_in, convert
from bot.chat.grammar.dates import date_at, dates_in
from bot.chat.grammar.folding import fold
from bot.chat.grammar.numerals import number_at, numbers_in
from bot.chat.grammar.said import figures_in
from bot.chat.grammar.shares import shares_in
from bot.chat.grammar.suggest import closest


class Found(Protocol):
    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


#: What the grammar is made of, so that texts come close to what it reads.
_PIECES = """
0 1 2 9 30 96 2021 2026 12 一 二 两 三 五 七 八 十 百 千 万 亿 零 〇 廿 点 半 几 多 余 来 第 每 约 近 不 壹 佰 ① ③
少于 超过 以上 左右 内 前 底 末 年 月 日 号 周 季度 上 下 本 今年 明 去 天 旬 % 成 分之 百分之 全部 过半 一半
公里 米 平方米 亩 盏 户 元 块钱 个 个月 km ㎡ 村 里 条 A 又 再 新装 累计 已 还剩 没 计划 完成 其中 从 到 至
- / . , : ; ~ ( ) 。 ， ％
"""
PIECES = [*_PIECES.split(), " ", "\n"]
TEXTS = st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))


def in_order(found: Sequence[Found], text: str) -> bool:
    edges = [edge for one in found for edge in (one.start, one.end)]
    return edges == sorted(edges) and all(0 <= one.start < one.end <= len(text) for one in found)


@given(TEXTS, DAYS)
def test_what_is_found_lies_within_the_text_without_overlap(text: str, today: date) -> None:
    folded = fold(text)
    assert in_order(numbers_in(folded), folded)
    assert in_order(amounts_in(folded), folded)
    assert in_order(shares_in(folded), folded)
    assert in_order(dates_in(folded, today), folded)


@given(TEXTS)
def test_values_are_finite_and_not_negative(text: str) -> None:
    folded = fold(text)
    for found in (*numbers_in(folded), *amounts_in(folded), *shares_in(folded)):
        assert 0 <= found.value < 10**25
    for figure in figures_in(folded):
        there = convert(figure.amount.value, figure.amount.measure, "米")
        assert there is None or there >= 0


@given(TEXTS, st.integers(0, 60))
def test_a_number_begins_where_it_is_looked_for(text: str, at: int) -> None:
    found = number_at(fold(text), at)
    assert found is None or (found.start == at < found.end <= len(text) and found.value >= 0)


@given(TEXTS, st.integers(0, 60), DAYS)
def test_a_date_begins_where_it_is_looked_for_and_is_sane(text: str, at: int, today: date) -> None:
    found = date_at(fold(text), at, today)
    if found is not None:
        assert found.start == at < found.end <= len(text)
        assert 2000 <= found.day.year <= 2099 or today.year - 1 <= found.day.year <= today.year + 100


@given(TEXTS, st.sampled_from([date.min, date.max, date(2024, 2, 29), date(2021, 12, 31)]))
def test_dates_at_the_ends_of_the_calendar_are_read_without_an_error(text: str, today: date) -> None:
    assert in_order(dates_in(fold(text), today), text)


# The first suggestion loads the dictionary of sounds.
@settings(deadline=None)
@given(TEXTS, st.lists(TEXTS, max_size=5))
def test_suggestions_are_choices(word: str, choices: list[str]) -> None:
    near = closest(word, choices)
    assert len(near) <= 3
    assert set(near) <= set(choices)


@settings(deadline=None)
@given(st.text(min_size=1, max_size=12).filter(lambda word: fold(word).strip() != ""), st.lists(TEXTS, max_size=5))
def test_a_word_that_is_there_is_suggested_first(word: str, choices: list[str]) -> None:
    word = fold(word).strip().casefold()
    if fold(word).strip().casefold() == word:
        assert closest(word, [*choices, word])[0].casefold() == word
