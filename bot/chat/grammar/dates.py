"""Dates as people write them: 12月底, 年底前, 6月30日, 三季度末, 2026-06-30, 下周五, 上半年."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import FR, MO, SA, SU, TH, TU, WE, relativedelta

from bot.chat.grammar.numerals import number_at


@dataclass(frozen=True, slots=True)
class FoundDay:
    """A day in a folded text, from `start` up to `end`; 前 and 底 belong to it."""

    day: date
    start: int
    end: int


_N = r"(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})"
_YEAR_WORD = (
    r"(?:(?P<year>20[0-9]{2}|二[〇零○][一二三四五六七八九〇零]{2})\s?(?:年|[-/.])"
    r"|(?P<said>今年|本年|明年|后年|次年|来年))"
)
_BEFORE = r"(?:之?前|以前|底前|末前)?"
_PART = r"(?P<part>底|末|中旬|上旬|下旬|中|初)?"
_DAY_OF_MONTH = re.compile(rf"(?:{_YEAR_WORD}\s?的?\s?)?(?P<month>{_N})\s?月份?\s?(?P<day>{_N})\s?[日号]{_BEFORE}")
_MONTH = re.compile(rf"(?:{_YEAR_WORD}\s?的?\s?)?(?P<month>{_N})\s?月份?{_PART}{_BEFORE}(?![0-9])")
_NUMERIC = re.compile(
    rf"(?P<year>20[0-9]{{2}})\s?[-/.]\s?(?P<month>[0-9]{{1,2}})\s?[-/.]\s?(?P<day>[0-9]{{1,2}})(?![0-9]){_BEFORE}"
)
# 6.30 is a date only where a word of time follows; elsewhere it is a number.
_DOTTED = re.compile(r"(?P<month>[0-9]{1,2})[./](?P<day>[0-9]{1,2})(?:[日号]前?|之?前)(?![0-9])")
_QUARTER = re.compile(
    rf"(?:{_YEAR_WORD}\s?的?\s?)?(?:第\s?)?(?P<quarter>[1-4一二三四])\s?(?:季度|季)(?:底|末|内)?{_BEFORE}"
)
_HALF = re.compile(rf"(?:{_YEAR_WORD}\s?的?\s?)?(?P<half>上半年|下半年)(?:底|末|内)?{_BEFORE}")
_YEAR_END = re.compile(
    rf"(?:(?P<year>20[0-9]{{2}})\s?年\s?|(?P<said>今年|本年|明年|后年|次年|来年))?\s?(?P<end>年?(?:底|末|终)|年内|全年|内)"
    rf"{_BEFORE}"
)
_THIS_MONTH = re.compile(
    rf"(?P<which>本月|这个月|当月|下个?月|次月)?(?:(?P<end>月底|月末|底|末)|(?P<day>{_N})\s?[日号]){_BEFORE}"
)
_NEXT_MONTH = re.compile(rf"(?P<which>下个?月|次月|本月|这个月|月)(?:内|底|末)?{_BEFORE}")
_NEAR = re.compile(rf"(?P<near>今天|今日|明天|明日|后天|大后天){_BEFORE}")
_WEEKDAY = re.compile(
    rf"(?P<week>下下|下个?|本|这个?|上)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天末1-6]){_BEFORE}"
)

_YEARS_AHEAD = {"今年": 0, "本年": 0, "明年": 1, "次年": 1, "来年": 1, "后年": 2}
_NEAR_DAYS = {"今天": 0, "今日": 0, "明天": 1, "明日": 1, "后天": 2, "大后天": 3}
_WEEKDAYS = {
    **dict(zip("一二三四五六", (MO, TU, WE, TH, FR, SA), strict=True)),
    **dict(zip("123456", (MO, TU, WE, TH, FR, SA), strict=True)),
    **dict.fromkeys("日天末", SU),
}
_WEEKS = {"下下": 2, "下": 1, "下个": 1, "上": -1}
_PARTS = {"上旬": 10, "初": 10, "中旬": 20, "中": 20}
_MAY_BEGIN = re.compile(r"[0-9一二三四五六七八九十今明后大次来本这当下上年月周星礼全第内]")
_NOT_BEFORE = re.compile(r"[0-9.零〇一二三四五六七八九十百千万]$")


def date_at(folded: str, at: int, today: date) -> FoundDay | None:
    """The date that begins exactly at a position; None where none does, or where there is no such day.

    A month without a year is its next occurrence: 3月底 said in November is next year's. A span of time means
    its last day (6月, 上半年, 三季度), 上旬 and 中旬 the 10th and the 20th.
    """
    return _read(folded, at, today)[0] if _MAY_BEGIN.match(folded, at) else None


def _read(folded: str, at: int, today: date) -> tuple[FoundDay | None, int]:
    """The date at a position, and where to look on: behind it, also when there is no such day (2月30日)."""
    for pattern, reading in _READINGS:
        match = pattern.match(folded, at)
        if match is None:
            continue
        try:
            day = reading(match, today)
        except (ValueError, OverflowError):
            return None, match.end()
        if day is not None:
            return FoundDay(day, at, match.end()), match.end()
    return None, at + 1


def dates_in(folded: str, today: date) -> tuple[FoundDay, ...]:
    """The dates of a text from left to right, without overlap."""
    found: list[FoundDay] = []
    at = 0
    while match := _MAY_BEGIN.search(folded, at):
        at = match.start()
        if _NOT_BEFORE.search(folded, max(0, at - 1), at):
            at += 1
            continue
        day, at = _read(folded, at, today)
        if day is not None and _stands(folded, day):
            found.append(day)
    return tuple(found)


def _stands(folded: str, found: FoundDay) -> bool:
    """Whether short words of time are meant: not the 月 of 3个月, the 底 of 年底 read alone, the 内 of 村内."""
    words = folded[found.start : found.end]
    return len(words) > 1 and not (words[0] in "月底末内" and words not in ("月底", "月末", "月底前", "月末前"))


def _number(text: str) -> int:
    number = number_at(text, 0)
    if number is None or number.end != len(text):
        raise ValueError(text)
    return int(number.value)


def _year_of(match: re.Match[str], today: date) -> int | None:
    parts = match.groupdict()
    if parts.get("year"):
        return _number(parts["year"])
    return today.year + _YEARS_AHEAD[parts["said"]] if parts.get("said") else None


def _last_of_month(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _coming(year: int | None, today: date, day_in: Callable[[int], date]) -> date:
    """The day in the year said, else the next one that is not past."""
    if year is not None:
        return day_in(year)
    this = day_in(today.year)
    return this if this >= today else day_in(today.year + 1)


def _day_of_month(match: re.Match[str], today: date) -> date:
    month, day = _number(match["month"]), _number(match["day"])
    return _coming(_year_of(match, today), today, lambda year: date(year, month, day))


def _month(match: re.Match[str], today: date) -> date:
    month = _number(match["month"])
    if not 1 <= month <= 12:
        raise ValueError(month)
    day = _PARTS.get(match["part"] or "")
    if day is not None:
        return _coming(_year_of(match, today), today, lambda year: date(year, month, day))
    return _coming(_year_of(match, today), today, lambda year: _last_of_month(year, month))


def _numeric(match: re.Match[str], today: date) -> date:
    return date(int(match["year"]), int(match["month"]), int(match["day"]))


def _dotted(match: re.Match[str], today: date) -> date:
    return _coming(None, today, lambda year: date(year, int(match["month"]), int(match["day"])))


def _quarter(match: re.Match[str], today: date) -> date:
    return _coming(_year_of(match, today), today, lambda year: _last_of_month(year, 3 * _number(match["quarter"])))


def _half(match: re.Match[str], today: date) -> date:
    month = 6 if match["half"] == "上半年" else 12
    return _coming(_year_of(match, today), today, lambda year: _last_of_month(year, month))


def _year_end(match: re.Match[str], today: date) -> date | None:
    year = _year_of(match, today)
    if year is None and match["end"] in ("底", "末", "终", "内"):
        return None
    return date(today.year if year is None else year, 12, 31)


def _this_month(match: re.Match[str], today: date) -> date | None:
    which = match["which"]
    if which is None and match["end"] in ("底", "末"):
        return None
    first = today.replace(day=1)
    if which in ("下月", "下个月", "次月"):
        first += relativedelta(months=1)
    if match["end"]:
        return _last_of_month(first.year, first.month)
    day = first.replace(day=_number(match["day"]))
    if which is None and day < today:
        first += relativedelta(months=1)
        day = first.replace(day=_number(match["day"]))
    return day


def _next_month(match: re.Match[str], today: date) -> date | None:
    if match["which"] == "月":
        return None
    ahead = 0 if match["which"] in ("本月", "这个月") else 1
    first = today.replace(day=1) + relativedelta(months=ahead)
    return _last_of_month(first.year, first.month)


def _near(match: re.Match[str], today: date) -> date:
    return today + timedelta(days=_NEAR_DAYS[match["near"]])


def _weekday(match: re.Match[str], today: date) -> date:
    monday = today - timedelta(days=today.weekday())
    ahead = _WEEKS.get(match["week"] or "", 0)
    day = monday + timedelta(weeks=ahead) + relativedelta(weekday=_WEEKDAYS[match["weekday"]])
    return day if match["week"] or day >= today else day + timedelta(weeks=1)


_READINGS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], date | None]], ...] = (
    (_NUMERIC, _numeric),
    (_DAY_OF_MONTH, _day_of_month),
    (_DOTTED, _dotted),
    (_MONTH, _month),
    (_QUARTER, _quarter),
    (_HALF, _half),
    (_YEAR_END, _year_end),
    (_THIS_MONTH, _this_month),
    (_NEXT_MONTH, _next_month),
    (_NEAR, _near),
    (_WEEKDAY, _weekday),
)
