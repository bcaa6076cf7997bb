"""Quarters and their days; when reports are due is tested in `tests/deadlines`."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.settings import Activity
from handlers.progress.quarters import Quarter, parse, quarter_of, quarter_of_event


def test_the_window_opens_in_the_last_month() -> None:
    assert Quarter(2021, 1).opens(Activity()) == date(2021, 3, 20)


@pytest.mark.parametrize("text", ["", "2021", "2021Q5", "2021Q0", "xQ1", "2021q1"])
def test_what_is_no_quarter(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


@settings(deadline=None)
@given(st.dates(date(2010, 1, 1), date(2040, 12, 31)))
def test_every_day_lies_in_its_quarter(day: date) -> None:
    quarter = quarter_of(day)
    assert quarter.begins <= day <= quarter.ends
    assert quarter.begins <= quarter.opens(Activity()) <= quarter.ends
    assert quarter.previous.next == quarter == quarter.next.previous
    assert parse(str(quarter)) == quarter


@pytest.mark.parametrize(
    ("day", "quarter"),
    [
        (date(2021, 3, 1), "2021Q1"),
        (date(2021, 4, 29), "2021Q1"),
        (date(2021, 6, 12), "2021Q2"),
        (date(2021, 7, 5), "2021Q2"),
        (date(2021, 12, 28), "2021Q4"),
        (date(2022, 1, 20), "2021Q4"),
        (date(2022, 2, 10), "2022Q1"),
    ],
)
def test_events_that_come_late_belong_to_the_quarter_that_ended(day: date, quarter: str) -> None:
    assert str(quarter_of_event(day, Activity())) == quarter
