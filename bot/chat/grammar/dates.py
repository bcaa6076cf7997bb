"""Dates as people write them: 12月底, 年底前, 6月30日, 三季度末, 2026-06-30, 下周五, 上半年.

Every form of a date is a pattern here; `bot.chat.grammar.days` says which day is meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from bot.chat.grammar import days


@dataclass(frozen=True, slots=True)
class FoundDay:
    """A day in a folded text, from `start` up to `end`; 底, 前 and 内 belong to it."""

    day: date
    start: int
    end: int


_CHINESE = "[一二三四五六七八九十廿卅]"
_MONTH = rf"(?P<month>[0-9]{{1,2}}|元|{_CHINESE}{{1,3}})\s?月"
_DAY = rf"(?P<day>[0-9]{{1,2}}|{_CHINESE}{{1,3}})"
_YEAR = (
    r"(?:(?:(?P<year>(?:20)?[0-9]{2}|二[〇零○][一二三四五六七八九〇零○]{2})\s?年度?"
    r"|(?P<said>今年|本年|当年|明年|次年|来年|后年|去年))\s?的?\s?)"
)
_PART = "(?P<part>底|末|[上中下]旬|初|中(?![国央小学间心]))"
#: What goes on from a number, or comes again and again, is no date: 13月, 3个月, 每月25日.
_FRESH = r"(?<![0-9.零〇一二三四五六七八九十百千万几每])(?<!每年)"
_BEFORE = "(?:之前|以前|前)"
_WITHIN = "[之以]?内(?![容部外涵])"

#: In the order in which they are tried; the names are those of the readings in `days`.
_FORMS = {
    "of_numbers": (
        rf"{_FRESH}(?P<year>20[0-9]{{2}})\s?[-/.]\s?(?P<month>[0-9]{{1,2}})\s?[-/.]\s?(?P<day>[0-9]{{1,2}})日?"
        r"(?![0-9])"
    ),
    "of_digits": r"(?<![0-9A-Za-z.])(?P<year>20[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})(?![0-9A-Za-z%一-鿿])",
    "of_year_and_month": rf"{_FRESH}(?P<year>20[0-9]{{2}})[-/](?P<month>0?[1-9]|1[0-2])(?![-/.0-9])",
    "of_month_and_day": (
        rf"{_FRESH}{_YEAR}?{_MONTH}份?\s?"
        rf"(?:{_DAY}\s?[日号]|(?P<bare>[0-9]{{1,2}})(?=\s?{_BEFORE}|[,.;)\s]*$))"
    ),
    # 6.30 is a date only where a word of time follows; elsewhere it is a number.
    "of_dotted": rf"{_FRESH}(?P<month>[0-9]{{1,2}})[./](?P<day>[0-9]{{1,2}})(?:[日号]|(?=\s?{_BEFORE}))",
    "of_month": rf"{_FRESH}{_YEAR}?{_MONTH}份?{_PART}?(?!\s?[0-9])",
    "of_quarter": rf"{_FRESH}{_YEAR}?(?:第\s?)?(?P<quarter>[1-4一二三四])\s?(?:季度[底末]?|季[底末])",
    "of_this_quarter": r"(?P<which>本|这个?|下个?)季度[底末]?",
    "of_half": rf"{_FRESH}{_YEAR}?(?P<half>[上下])半年[底末]?",
    "of_year": (
        rf"{_FRESH}(?:{_YEAR}(?:年?[底末终]|年?{_WITHIN}|(?P<middle>年?中(?=前|之前|[,.;\s]|$)))"
        rf"|(?<![两半])年(?:[底末]|终(?![总考奖盘述检])|度?内|(?P<mid>中)(?=前|之前|[,.;\s]|$))|全年)"
    ),
    "of_this_month": rf"(?P<which>本月|这个月|当月|下个?月|次月)(?:{_PART}|{_DAY}\s?[日号])?",
    "of_month_end": r"(?<![0-9零〇一二两三四五六七八九十个几每半])月[底末]",
    # 25号 with other words may be an item's number.
    "of_day": rf"(?<![^到至于在为成改\s,.;:]){_DAY}\s?[日号](?=\s?{_BEFORE}|\s*$)",
    "of_near_day": r"(?P<near>今天|今日|明天|明日|大后天|(?<![0-9天])后天)",
    "of_weekday": (
        r"(?P<week>下下个?|下个?|本|这个?)?(?<![每一两二三四五六七八九十0-9半])(?:周|星期|礼拜)"
        r"(?P<weekday>[一二三四五六日天末])(?!\s?[次个场回例村])"
    ),
    "of_week": r"(?P<week>下下个?|下个?|本|这个?)(?:周|星期|礼拜)(?![年边围岁])",
    "of_holiday": rf"(?P<holiday>元旦|五一|劳动节|七一|建党节|八一|建军节|国庆|十一)节?(?=\s?{_BEFORE})",
    "of_months_on": (
        rf"{_FRESH}(?P<count>[0-9]{{1,2}}|两|半|{_CHINESE}{{1,2}})\s?(?P<span>个月|个季度|年)(?:{_WITHIN}|[之以]后)"
    ),
    # 3天内办结 is how a service is done, not when a promise is due.
    "of_days_on": (
        rf"(?<![^到至于在\s,.;:])(?P<count>[0-9]{{1,3}}|两|{_CHINESE}{{1,3}})\s?(?P<span>天|日|周|个?星期|个?礼拜)"
        rf"(?:{_WITHIN}|[之以]?后)(?=\s*(?:完成|$|[,.;]))"
    ),
}
_LIMIT = rf"(?:\s?(?:{_BEFORE}|{_WITHIN}))?"
_PATTERNS = {name: re.compile(form + _LIMIT) for name, form in _FORMS.items()}
_UNNAMED = {name: re.sub(r"\(\?P<\w+>", "(?:", pattern.pattern) for name, pattern in _PATTERNS.items()}
# The look ahead passes quickly over most of a text.
_ANY = re.compile(
    "(?=[0-9一二两三四五六七八九十廿卅元第今明后去次来本当这下上全年月周星礼大半劳建国])(?:"
    + "|".join(f"(?P<{name}>{unnamed})" for name, unnamed in _UNNAMED.items())
    + ")"
)


def date_at(folded: str, at: int, today: date) -> FoundDay | None:
    """The date that begins exactly at a position; None where none does, or where there is no such day.

    A month without a year is its next occurrence: 3月底 said in November is next year's. A span of time means
    its last day (6月, 上半年, 三季度); 上旬 and 初 mean the 10th, 中旬 the 20th. 前 does not change the day.
    """
    match = _ANY.match(folded, at)
    return _found(match, today) if match else None


def dates_in(folded: str, today: date) -> tuple[FoundDay, ...]:
    """The dates of a text from left to right, without overlap; none from a day that there is not (2月30日)."""
    found = (_found(match, today) for match in _ANY.finditer(folded))
    return tuple(day for day in found if day)


def _found(match: re.Match[str], today: date) -> FoundDay | None:
    form = match.lastgroup or ""
    parts = _PATTERNS[form].match(match.string, match.start())
    day = days.READINGS[form](parts.groupdict(), today) if parts else None
    return FoundDay(day, match.start(), match.end()) if day else None
