"""Dates as people write them, on 22 March 2021."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.grammar.dates import date_at, dates_in
from bot.chat.grammar.folding import fold

TODAY = date(2021, 3, 22)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("12月底", "2021-12-31"),
        ("12月底前", "2021-12-31"),
        ("十二月末", "2021-12-31"),
        ("１２月底", "2021-12-31"),
        ("年底", "2021-12-31"),
        ("年底前", "2021-12-31"),
        ("年内", "2021-12-31"),
        ("全年", "2021-12-31"),
        ("今年年底前", "2021-12-31"),
        ("明年3月", "2022-03-31"),
        ("明年底", "2022-12-31"),
        ("2022年底", "2022-12-31"),
        ("6月30日", "2021-06-30"),
        ("6月30号前", "2021-06-30"),
        ("6.30前", "2021-06-30"),
        ("2026-06-30", "2026-06-30"),
        ("2026/6/30", "2026-06-30"),
        ("2026.6.30", "2026-06-30"),
        ("2026年6月30日", "2026-06-30"),
        ("2026年6月", "2026-06-30"),
        ("二〇二一年十二月底", "2021-12-31"),
        ("6月中旬", "2021-06-20"),
        ("6月上旬", "2021-06-10"),
        ("2月底", "2022-02-28"),
        ("三季度末", "2021-09-30"),
        ("第三季度", "2021-09-30"),
        ("3季度末前", "2021-09-30"),
        ("上半年", "2021-06-30"),
        ("下半年", "2021-12-31"),
        ("月底", "2021-03-31"),
        ("下月底", "2021-04-30"),
        ("下个月", "2021-04-30"),
        ("本月25日", "2021-03-25"),
        ("今天", "2021-03-22"),
        ("后天", "2021-03-24"),
        ("下周五", "2021-04-02"),
        ("周五", "2021-03-26"),
        ("十月一日", "2021-10-01"),
    ],
)
def test_a_date(text: str, day: str) -> None:
    found = date_at(fold(text), 0, TODAY)
    assert found is not None
    assert (found.day.isoformat(), found.end) == (day, len(text))


@pytest.mark.parametrize("text", ["2月30日", "13月1日", "3个月", "内", "底", "2公里", "6.30", "", "月光"])
def test_no_date(text: str) -> None:
    assert date_at(fold(text), 0, TODAY) is None
    assert dates_in(fold(text), TODAY) == ()


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("硬化道路2公里12月底前完成", ["2021-12-31"]),
        ("1月1日至6月30日", ["2022-01-01", "2021-06-30"]),
        ("用时3个月，完成6.30公里", []),
        ("村内道路6月底前", ["2021-06-30"]),
        ("2月30日完成", []),
    ],
)
def test_dates_in_a_sentence(text: str, days: list[str]) -> None:
    assert [found.day.isoformat() for found in dates_in(fold(text), TODAY)] == days


@given(
    st.text(alphabet="0123456789一二三十年月日号底末前周季度上下半今明后-/. ", max_size=14),
    st.dates(date(1990, 1, 1), date(2090, 1, 1)),
)
def test_any_text_gives_a_sane_date_or_none(text: str, today: date) -> None:
    end = 0
    for found in dates_in(fold(text), today):
        assert end <= found.start < found.end <= len(text)
        assert today.year - 1 <= found.day.year <= today.year + 3 or 2000 <= found.day.year <= 2099
        end = found.end
