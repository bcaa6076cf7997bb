"""Which day is meant, once the parts of a date are known: month, day, 底, 明年, 下周."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import wraps
from typing import TypeAlias

from dateutil.relativedelta import SU, relativedelta

from bot.chat.grammar.numerals import number_at

#: The named parts of a date as they stand in the text; those that were not said are None or missing.
Parts: TypeAlias = Mapping[str, str | None]
Reading: TypeAlias = Callable[[Parts, date], date | None]

_YEARS_AHEAD = {"去年": -1, "今年": 0, "本年": 0, "当年": 0, "明年": 1, "次年": 1, "来年": 1, "后年": 2}
_NEAR_DAYS = {"今天": 0, "今日": 0, "明天": 1, "明日": 1, "后天": 2, "大后天": 3}
_WEEKDAYS = "一二三四五六日"
_EARLIER = {"上旬": 10, "初": 10, "中旬": 20, "中": 20}
_HOLIDAYS = {
    "元旦": (1, 1),
    **dict.fromkeys(("五一", "劳动节"), (5, 1)),
    **dict.fromkeys(("七一", "建党节"), (7, 1)),
    **dict.fromkeys(("八一", "建军节"), (8, 1)),
    **dict.fromkeys(("国庆", "十一"), (10, 1)),
}
READINGS: dict[str, Reading] = {}


def _reading(function: Reading) -> Reading:
    """Register a reading under its name; no such day, or none that a calendar has, is None."""

    @wraps(function)
    def read(parts: Parts, today: date) -> date | None:
        try:
            return function(parts, today)
        except (ValueError, OverflowError):
            return None

    READINGS[function.__name__] = read
    return read


def _number(word: str | None) -> int:
    if word == "元":
        return 1
    number = number_at(word, 0) if word else None
    if number is None or number.end != len(word or ""):
        raise ValueError(word)
    return int(number.value)


def _year(parts: Parts, today: date) -> int | None:
    """The year that was said; None when none was."""
    if said := parts.get("said"):
        return today.year + _YEARS_AHEAD[said]
    year = parts.get("year")
    if year is None:
        return None
    return _number(year) + (2000 if len(year) == 2 else 0)


def _coming(year: int | None, today: date, day_in: Callable[[int], date]) -> date:
    """The day in the year that was said, else the next one that is not past."""
    if year is not None:
        return day_in(year)
    this = day_in(today.year)
    return this if this >= today else day_in(today.year + 1)


def _last_of_month(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _part_of_month(year: int, month: int, part: str | None) -> date:
    day = _EARLIER.get(part or "")
    return date(year, month, day) if day else _last_of_month(year, month)


@_reading
def of_numbers(parts: Parts, today: date) -> date:
    month, day = _number(parts["month"]), _number(parts.get("day") or parts.get("bare"))
    return _coming(_year(parts, today), today, lambda year: date(year, month, day))


READINGS |= dict.fromkeys(("of_digits", "of_month_and_day", "of_dotted"), of_numbers)


@_reading
def of_month(parts: Parts, today: date) -> date:
    month = _number(parts["month"])
    return _coming(_year(parts, today), today, lambda year: _part_of_month(year, month, parts.get("part")))


READINGS["of_year_and_month"] = of_month


@_reading
def of_quarter(parts: Parts, today: date) -> date:
    month = 3 * _number(parts["quarter"])
    return _coming(_year(parts, today), today, lambda year: _last_of_month(year, month))


@_reading
def of_this_quarter(parts: Parts, today: date) -> date:
    last = today.replace(month=(today.month + 2) // 3 * 3, day=1)
    ahead = 3 if str(parts["which"]).startswith("下") else 0
    return last + relativedelta(months=ahead, day=31)


@_reading
def of_half(parts: Parts, today: date) -> date:
    month = 6 if parts["half"] == "上" else 12
    return _coming(_year(parts, today), today, lambda year: _last_of_month(year, month))


@_reading
def of_year(parts: Parts, today: date) -> date:
    month = 6 if parts["middle"] or parts["mid"] else 12
    return _coming(_year(parts, today), today, lambda year: _last_of_month(year, month))


@_reading
def of_this_month(parts: Parts, today: date) -> date:
    first = today.replace(day=1) + relativedelta(months=1 if str(parts["which"])[0] in "下次" else 0)
    if parts["day"]:
        return first.replace(day=_number(parts["day"]))
    return _part_of_month(first.year, first.month, parts["part"])


@_reading
def of_month_end(_parts: Parts, today: date) -> date:
    return _last_of_month(today.year, today.month)


@_reading
def of_day(parts: Parts, today: date) -> date:
    day = _number(parts["day"])
    if day >= today.day:
        return today.replace(day=day)
    return (today.replace(day=1) + relativedelta(months=1)).replace(day=day)


@_reading
def of_near_day(parts: Parts, today: date) -> date:
    return today + timedelta(days=_NEAR_DAYS[str(parts["near"])])


def _monday(parts: Parts, today: date) -> date:
    return today - timedelta(days=today.weekday()) + timedelta(weeks=str(parts["week"] or "").count("下"))


@_reading
def of_weekday(parts: Parts, today: date) -> date:
    index = _WEEKDAYS.find(str(parts["weekday"]))
    day = _monday(parts, today) + timedelta(days=6 if index < 0 else index)
    return day if parts["week"] or day >= today else day + timedelta(weeks=1)


@_reading
def of_week(parts: Parts, today: date) -> date:
    return _monday(parts, today) + relativedelta(weekday=SU)


@_reading
def of_holiday(parts: Parts, today: date) -> date:
    month, day = _HOLIDAYS[str(parts["holiday"])]
    return _coming(None, today, lambda year: date(year, month, day))


@_reading
def of_months_on(parts: Parts, today: date) -> date:
    months = {"个月": 1, "个季度": 3, "年": 12}[str(parts["span"])]
    if parts["count"] == "半":
        return today + (timedelta(days=15) if months == 1 else relativedelta(months=months // 2))
    return today + relativedelta(months=months * _number(parts["count"]))


@_reading
def of_days_on(parts: Parts, today: date) -> date:
    days = 1 if parts["span"] in ("天", "日") else 7
    return today + timedelta(days=days * _number(parts["count"]))
