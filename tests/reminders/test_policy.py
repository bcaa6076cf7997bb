"""The pure part of the policy: every reminder of every due date of many years, and what counts at which moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.errors import ConfigurationError
from bot.chat.settings import Policy, Reminders
from handlers.deadlines.workdays import WorkDays
from handlers.reminders.policy import Step, check, clock_time, hours, may_send, moment, newest, stages
from tests.reminders.slow_model import ZONE, local, reminders_of

OFFICIAL, USUAL = WorkDays(), Reminders()
dues = st.dates(date(2012, 1, 1), date(2026, 9, 1))


@pytest.mark.parametrize("year", range(2012, 2026))
def test_every_due_date_of_every_year_has_the_reminders_of_the_slow_model(year: int) -> None:
    day = date(year, 1, 1)
    while day.year == year:
        found = {stage.key: stage.on for stage in stages(day, USUAL, OFFICIAL)}
        assert found == reminders_of(day), day
        day += timedelta(days=1)


@settings(deadline=None)
@given(dues, st.lists(st.integers(0, 20), max_size=4), st.integers(0, 10), st.integers(0, 20))
def test_other_numbers_too(due: date, before: list[int], overdue: int, group: int) -> None:
    chosen = Reminders(private_days=", ".join(map(str, before)), overdue_days=overdue, group_days=group)
    found = stages(due, chosen, OFFICIAL)
    expected = reminders_of(due, before=tuple(sorted(set(before))), overdue=overdue, group=group)
    expected = {name: on for name, on in expected.items() if group or name != "group0"}
    assert {stage.key: stage.on for stage in found} == expected
    assert len({stage.on for stage in found if stage.step in (Step.BEFORE, Step.OVERDUE)}) == sum(
        stage.step in (Step.BEFORE, Step.OVERDUE) for stage in found
    )
    assert [s.key for s in found if s.last] == [
        *(f"before{n}" for n in sorted(set(before))[:1]),
        *([f"overdue{overdue}"] if overdue else []),
    ]


@settings(deadline=None)
@given(dues, st.integers(-20 * 24, 30 * 24))
def test_the_newest_counts_unless_another_comes_the_same_day(due: date, hour: int) -> None:
    now = local(due, 0) + timedelta(hours=hour)
    found = [s for s in stages(due, USUAL, OFFICIAL) if s.step in (Step.BEFORE, Step.OVERDUE)]
    chosen = newest(found, time(9), now=now, zone=ZONE)
    past = [s for s in found if moment(s.on, time(9), ZONE) <= now]
    later_today = [s for s in found if s.on == now.date() and moment(s.on, time(9), ZONE) > now]
    assert chosen == (None if later_today or not past else past[-1])


def test_on_request_what_is_overdue_comes_on_days_off_as_well() -> None:
    wanted = Reminders(overdue_on_days_off=True)
    # 8 October 2021 is a Friday; Saturday the 9th is a moved working day, Sunday is not.
    found = [s.on for s in stages(date(2021, 10, 8), wanted, OFFICIAL) if s.step is Step.OVERDUE]
    assert found == [date(2021, 10, day) for day in (9, 10, 11, 12, 13)]
    sunday = datetime(2021, 10, 10, 1, 0, tzinfo=UTC)
    assert may_send(sunday, wanted, OFFICIAL, ZONE, overdue=True)
    assert not may_send(sunday, wanted, OFFICIAL, ZONE)
    assert not may_send(sunday, USUAL, OFFICIAL, ZONE, overdue=True)
    assert not may_send(datetime(2021, 10, 11, 13, 0, tzinfo=UTC), wanted, OFFICIAL, ZONE, overdue=True)


def test_quiet_hours_over_midnight_and_within_a_day() -> None:
    night = hours(USUAL)
    assert [night.is_quiet(time(h)) for h in (7, 8, 19, 20, 23, 0)] == [True, False, False, True, True, True]
    noon = hours(Reminders(quiet_from="12:00", quiet_until="14:00"))
    assert [noon.is_quiet(time(h)) for h in (11, 12, 13, 14)] == [False, True, True, False]
    never = hours(Reminders(quiet_from="12:00", quiet_until="12:00"))
    assert not any(never.is_quiet(time(h)) for h in range(24))


@pytest.mark.parametrize(
    ("text", "at"),
    [("9:00", (9, 0)), ("09：30", (9, 30)), ("8点", (8, 0)), ("8点半", (8, 30)), ("17时5分", (17, 5))],
)
def test_times_of_day_as_people_write_them(text: str, at: tuple[int, int]) -> None:
    assert clock_time(text) == time(*at)


@pytest.mark.parametrize("text", ["", "25:00", "9", "半夜", "9:7", "8点75"])
def test_what_is_no_time_of_day(text: str) -> None:
    with pytest.raises(ValueError):
        clock_time(text)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("private_at", "25:00"), ("quiet_from", "99:99"), ("private_at", "21:00"), ("group_at", "6:30")],
)
def test_times_that_cannot_be_followed_are_refused_by_name(setting: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"reminders.{setting}"):
        check(Policy(reminders=Reminders(**{setting: value})))
