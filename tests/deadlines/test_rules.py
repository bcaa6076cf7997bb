"""Rules as people write them, and the days that come of them with holidays and moved working days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.errors import ConfigurationError
from bot.chat.settings import Activity, Deadlines, Policy
from handlers.deadlines import rules
from handlers.deadlines.calendar import Calendar, Period, check, lasting, rule_for
from handlers.deadlines.workdays import WorkDays, working_days
from handlers.progress.quarters import Quarter, quarter_of
from storage.deadlines import Kind

OFFICIAL = WorkDays()
days = st.dates(date(2010, 1, 1), date(2040, 12, 31))


def due(text: str, year: int, quarter: int = 0, kind: Kind | None = None) -> date | None:
    chosen = kind or (Kind.REPORT if quarter else Kind.REGISTRATION)
    configured = Deadlines(**{chosen.value: text})
    return Calendar(configured, working_days(configured)).due(chosen, Period(year, quarter))


@pytest.mark.parametrize(
    ("texts", "quarter", "day"),
    [
        (("季末最后一个工作日", "last working day of the quarter"), (2022, 3), date(2022, 9, 30)),
        (("季度最后工作日",), (2022, 3), date(2022, 9, 30)),
        (("季末月25日", "25th of the last month", "季末月 二十五 号"), (2021, 3), date(2021, 9, 25)),
        (("下季首月5日", "5th after the quarter", "季后5日"), (2021, 1), date(2021, 4, 5)),
        # 3 to 5 April 2021 are the 清明 holiday; 8 October 2022, a Saturday, was made a working day.
        (("下季首月5日，遇节假日顺延",), (2021, 1), date(2021, 4, 6)),
        (("5th after the quarter, moved to the next working day",), (2021, 1), date(2021, 4, 6)),
        (("下季首月5日，遇节假日顺延",), (2022, 3), date(2022, 10, 8)),
        (("季末月25日，遇节假日提前",), (2022, 2), date(2022, 6, 24)),
        (("25th of the last month, moved to the previous working day",), (2022, 2), date(2022, 6, 24)),
        (("季后第2个工作日", "下季度第二个工作日"), (2021, 3), date(2021, 10, 9)),
        (("2nd working day after the quarter",), (2021, 3), date(2021, 10, 9)),
        (("季末月最后一天",), (2024, 1), date(2024, 3, 31)),
    ],
)
def test_quarterly_rules(texts: tuple[str, ...], quarter: tuple[int, int], day: date) -> None:
    for text in texts:
        assert due(text, *quarter) == day


@pytest.mark.parametrize(
    ("texts", "year", "day"),
    [
        (("3月最后一个工作日", "last working day of March"), 2021, date(2021, 3, 31)),
        (("3月15日", "15 March", "15th of March", "三月十五号"), 2021, date(2021, 3, 15)),
        (("2月最后一天",), 2024, date(2024, 2, 29)),
        (("2月29日",), 2023, date(2023, 2, 28)),
        (("3月第2个工作日",), 2021, date(2021, 3, 2)),
    ],
)
def test_yearly_rules(texts: tuple[str, ...], year: int, day: date) -> None:
    for text in texts:
        assert due(text, year) == day


def test_counted_from_another_due_date() -> None:
    assert due("季报后第5个工作日", 2021, 1, Kind.VERIFICATION) == date(2021, 4, 13)
    assert due("5th working day after the report", 2021, 1, Kind.VERIFICATION) == date(2021, 4, 13)
    assert due("登记后第5个工作日", 2021, kind=Kind.EXAMINATION) == date(2021, 4, 8)
    assert due("", 2021, kind=Kind.EXAMINATION) is None


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.REPORT, "随便"),
        (Kind.REPORT, "3月15日"),
        (Kind.REPORT, "季报后第2个工作日"),
        (Kind.REPORT, "季末月0日"),
        (Kind.REPORT, "季后第40个工作日"),
        (Kind.VERIFICATION, "登记后第2个工作日"),
        (Kind.REGISTRATION, "13月1日"),
        (Kind.REGISTRATION, "下季首月5日"),
    ],
)
def test_what_is_no_rule_is_refused_with_the_name_of_the_setting(kind: Kind, text: str) -> None:
    with pytest.raises(ValueError):
        rule_for(kind, text)
    with pytest.raises(ConfigurationError, match=f"deadlines.{kind.value}"):
        check(Policy(deadlines=Deadlines(**{kind.value: text})))


@pytest.mark.parametrize("text", ["明天", "2027-02-05..2027-04-11", "2027-02-11..2027-02-05", "2027-13-01"])
def test_days_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"deadlines\.days_off"):
        check(Policy(deadlines=Deadlines(days_off=text)))


def test_every_rule_reads_itself_back() -> None:
    for text in (
        "季末月最后一个工作日",
        "下季首月5日，遇节假日顺延",
        "季末月25日，遇节假日提前",
        "下季首月第2个工作日",
    ):
        rule = rules.parse(text, yearly=False)
        values = {name: getattr(v, "msgid", v) for name, v in rule.words.values.items()}
        if "day" in values:
            inner = rule.words.values["day"]
            shown = inner.msgid.format(**{n: getattr(v, "msgid", v) for n, v in inner.values.items()})
            values["day"] = shown
        assert rule.words.msgid.format(**values) == text


def test_a_year_without_a_calendar_goes_by_weekdays_and_what_is_configured() -> None:
    assert not OFFICIAL.knows(2039)
    assert OFFICIAL.knows(2021)
    assert not OFFICIAL.is_working(date(2039, 10, 1))
    assert OFFICIAL.from_day(date(2039, 10, 1)) == date(2039, 10, 3)
    told = working_days(Deadlines(days_off="2039-10-03 .. 2039-10-05，2039-01-01", days_on="2039-10-01"))
    assert told.knows(2039)
    assert told.is_working(date(2039, 10, 1))
    assert told.from_day(date(2039, 10, 2)) == date(2039, 10, 6)
    assert told.until_day(date(2039, 10, 5)) == date(2039, 10, 1)
    assert told.after(date(2039, 9, 30), 2) == date(2039, 10, 6)


def test_configured_days_win_over_the_official_calendar() -> None:
    told = working_days(Deadlines(days_off="2021-04-06"))
    assert told.from_day(date(2021, 4, 5)) == date(2021, 4, 7)


_RULES = st.sampled_from(
    [
        "季末最后一个工作日",
        "季末月25日",
        "季末月31日，遇节假日提前",
        "下季首月5日，遇节假日顺延",
        "下季首月28日，遇节假日顺延",
        "季后第2个工作日",
        "季后第10个工作日",
    ]
)


@settings(deadline=None)
@given(days, _RULES, st.integers(0, 60))
def test_due_dates_and_the_quarters_that_count_follow_one_another(day: date, rule: str, late: int) -> None:
    policy = Policy(deadlines=Deadlines(report=rule), activity=Activity(late_days=late))
    calendar = Calendar(policy.deadlines, OFFICIAL)
    this = quarter_of(day)
    assert calendar.report_due(this) < calendar.report_due(this.next)
    assert this.begins < calendar.report_due(this) <= this.ends + timedelta(days=45)
    if "工作日" in rule or "遇" in rule:
        assert OFFICIAL.is_working(calendar.report_due(this))

    def counts(on: date) -> Quarter:
        before = quarter_of(on).previous
        return before if on <= lasting([calendar.report_due(before)], policy) else quarter_of(on)

    assert counts(day + timedelta(days=1)) in (counts(day), counts(day).next)
