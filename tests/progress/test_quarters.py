"""The reporting calendar: windows, working days, and which quarter a report counts for."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.settings import Activity
from handlers.progress.quarters import (
    Quarter,
    counting,
    is_working_day,
    parse,
    quarter_of,
    working_day_from,
)

USUAL = Activity()
days = st.dates(date(2010, 1, 1), date(2040, 12, 31))


def test_first_quarter_is_due_after_the_spring_holiday() -> None:
    # 5 April 2021 is the last day of the 清明 holiday.
    quarter = Quarter(2021, 1)
    assert quarter.opens(USUAL) == date(2021, 3, 20)
    assert quarter.due(USUAL) == date(2021, 4, 6)
    assert quarter.late_until(USUAL) == date(2021, 4, 16)


def test_third_quarter_is_due_after_the_national_holiday_on_a_moved_working_day() -> None:
    # 8 October 2022, a Saturday, was made a working day.
    assert Quarter(2022, 3).due(USUAL) == date(2022, 10, 8)


def test_year_without_a_published_calendar_goes_by_weekdays() -> None:
    assert not is_working_day(date(2039, 10, 1))
    assert is_working_day(date(2039, 10, 3))
    assert working_day_from(date(2039, 10, 1)) == date(2039, 10, 3)


@pytest.mark.parametrize(
    ("today", "quarter"),
    [
        (date(2021, 3, 22), "2021Q1"),
        (date(2021, 4, 6), "2021Q1"),
        (date(2021, 4, 16), "2021Q1"),
        (date(2021, 4, 17), "2021Q2"),
        (date(2022, 1, 4), "2021Q4"),
        (date(2022, 1, 20), "2022Q1"),
    ],
)
def test_quarter_that_a_report_counts_for(today: date, quarter: str) -> None:
    assert str(counting(today, USUAL)) == quarter


@pytest.mark.parametrize("text", ["", "2021", "2021Q5", "2021Q0", "xQ1", "2021q1"])
def test_what_is_no_quarter(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


@settings(deadline=None)
@given(days)
def test_every_day_lies_in_its_quarter(day: date) -> None:
    quarter = quarter_of(day)
    assert quarter.begins <= day <= quarter.ends
    assert quarter.previous.next == quarter == quarter.next.previous
    assert parse(str(quarter)) == quarter


@settings(deadline=None)
@given(
    days,
    st.builds(
        Activity,
        window_opens_day=st.integers(1, 28),
        report_due_day=st.integers(1, 28),
        late_days=st.integers(0, 60),
    ),
)
def test_quarters_follow_one_another(day: date, activity: Activity) -> None:
    quarter = quarter_of(day)
    assert quarter.begins <= quarter.opens(activity) <= quarter.ends < quarter.due(activity)
    assert is_working_day(quarter.due(activity))
    today, tomorrow = counting(day, activity), counting(day + timedelta(days=1), activity)
    assert tomorrow in (today, today.next)
