"""Rules for due dates as people write them: 季末最后一个工作日, 下季首月5日，遇节假日顺延, 季报后第5个工作日."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from dateutil.relativedelta import relativedelta

from bot.chat.grammar.folding import fold
from bot.chat.grammar.numerals import number_at
from bot.chat.texts import T, Text
from handlers.deadlines.workdays import WorkDays
from storage.deadlines import Kind

KIND_WORDS: dict[Kind, Text] = {
    Kind.REGISTRATION: T("承诺登记"),
    Kind.REPORT: T("季报"),
    Kind.EXAMINATION: T("承诺审核"),
    Kind.VERIFICATION: T("进度核实"),
    Kind.OWN: T("其他事项"),
}


class Moved(StrEnum):
    """What happens when the day is no working day."""

    NO = "no"
    NEXT = "next"
    PREVIOUS = "previous"


@dataclass(frozen=True, slots=True)
class Rule:
    """When something is due.

    `month` counts from the first month of the period (0); the third quarter's 2 is September, its 3 October.
    `after`: working days are counted from the due date of that kind instead. `number` is the day of the month or,
    with `working`, the so-many-th working day; 0 means the last one.
    """

    month: int
    number: int
    working: bool = False
    after: Kind | None = None
    moved: Moved = Moved.NO
    yearly: bool = False

    def day(self, begins: date, days: WorkDays, due_of: Callable[[Kind], date | None]) -> date | None:
        """The day in the period that begins then; None when what it is counted from has none."""
        if self.after is not None:
            base = due_of(self.after)
            return days.after(base, self.number) if base else None
        first = begins + relativedelta(months=self.month)
        last = first + relativedelta(day=31)
        if self.working:
            return days.after(first - timedelta(days=1), self.number) if self.number else days.until_day(last)
        found = first.replace(day=min(self.number, last.day)) if self.number else last
        moves = {Moved.NO: found, Moved.NEXT: days.from_day(found), Moved.PREVIOUS: days.until_day(found)}
        return moves[self.moved]

    @property
    def words(self) -> Text:
        """The rule as it is read back."""
        if self.after is not None:
            return T("{kind}截止后第{number}个工作日", kind=KIND_WORDS[self.after], number=self.number)
        where = T("{month}月", month=self.month + 1) if self.yearly else _MONTHS[self.month]
        if self.working:
            if not self.number:
                return T("{month}最后一个工作日", month=where)
            return T("{month}第{number}个工作日", month=where, number=self.number)
        day = T("{month}{number}日", month=where, number=self.number) if self.number else None
        plain = day or T("{month}最后一天", month=where)
        if self.moved is Moved.NO:
            return plain
        later = self.moved is Moved.NEXT
        return T("{day}，遇节假日顺延", day=plain) if later else T("{day}，遇节假日提前", day=plain)


_MONTHS = {2: T("季末月"), 3: T("下季首月")}
_NUMBER = "(?:[0-9]{1,2}|[一二三四五六七八九十廿卅两]{1,3})"
_MONTH = r"(?P<month>[0-9]{1,2}|[一二三四五六七八九十]{1,2})月"
_LAST = r"(?P<last>最后一天|底|末|月底|月末)"
_LAST_WORKING = r"(?:的)?(?P<last_working>最后一?个?工作日)"
_NTH_WORKING = rf"(?:的)?第?(?P<nth>{_NUMBER})个工作日"
_DAY = rf"(?P<day>{_NUMBER})[日号]"
_ORDINAL = r"[0-9]{1,2}(?:st|nd|rd|th)?"
_ENGLISH_MONTHS = {name.casefold(): at for at, name in enumerate(calendar.month_name) if name}
#: What a rule begins with, and the month that it counts in: of a quarter, of a year, after another due date.
_QUARTERLY = (
    (rf"(?:本?季度?末|季末)(?:月份?)?(?:{_LAST_WORKING}|{_NTH_WORKING}|{_LAST}|{_DAY})", 2),
    (rf"(?:本?季度?|季度?)(?:{_LAST_WORKING}|{_LAST})", 2),
    (rf"(?:下季度?|次季度?|季度?后|季末后)(?:首月|第一个月)?(?:{_LAST_WORKING}|{_NTH_WORKING}|{_LAST}|{_DAY})", 3),
    (r"(?P<last_working>last working day) of the quarter", 2),
    (rf"(?P<day>{_ORDINAL}) of the last month", 2),
    (rf"(?P<nth>{_ORDINAL}) working day after the quarter", 3),
    (rf"(?P<day>{_ORDINAL}) after the quarter", 3),
)
_YEARLY = (
    rf"(?:每年)?{_MONTH}份?(?:{_LAST_WORKING}|{_NTH_WORKING}|{_LAST}|{_DAY})",
    r"(?P<last_working>last working day) of (?P<named>[a-z]+)",
    rf"(?P<day>{_ORDINAL}) (?:of )?(?P<named>[a-z]+)",
)
_AFTER = (
    rf"(?P<kind>[一-鿿]{{2,6}}?)(?:截止)?[之以]?后(?:的)?第?(?P<nth>{_NUMBER})个工作日",
    rf"(?P<nth>{_ORDINAL}) working day after (?:the )?(?P<kind>[a-z]+)",
)
_MOVES = (
    (re.compile(r"[,\s]*(?:遇?(?:节假日|假日|休息日|周末))?顺延$"), Moved.NEXT),
    (re.compile(r"[,\s]*(?:遇?(?:节假日|假日|休息日|周末))?提前$"), Moved.PREVIOUS),
    (re.compile(r",?\s*moved to the next working day$"), Moved.NEXT),
    (re.compile(r",?\s*moved to the previous working day$"), Moved.PREVIOUS),
)
_OF_QUARTER = tuple((re.compile(form), month) for form, month in _QUARTERLY)
_OF_YEAR = tuple(re.compile(form) for form in _YEARLY)
_OF_OTHER = tuple(re.compile(form) for form in _AFTER)


@lru_cache(maxsize=256)
def parse(text: str, *, yearly: bool) -> Rule:
    """The rule that a text states, for what is due every year or every quarter; raises ValueError."""
    said = " ".join(fold(text).casefold().split())
    moved = Moved.NO
    for pattern, move in _MOVES:
        found = pattern.search(said)
        if found:
            said, moved = said[: found.start()], move
    compact = said if said.isascii() else said.replace(" ", "")
    rule = _after(compact) or (_of_year(compact) if yearly else _of_quarter(compact))
    if rule is None or not _is_sound(rule):
        raise ValueError(text)
    return Rule(rule.month, rule.number, rule.working, rule.after, moved, yearly)


def _is_sound(rule: Rule) -> bool:
    most = 20 if rule.working else 31
    return 0 <= rule.month < 12 and 0 <= rule.number <= most and (rule.after is None or rule.number > 0)


def _after(said: str) -> Rule | None:
    for pattern in _OF_OTHER:
        found = pattern.fullmatch(said)
        kind = kind_named(found["kind"]) if found else None
        if found and kind is not None:
            return Rule(0, _number(found["nth"]), True, kind)
    return None


def _of_quarter(said: str) -> Rule | None:
    for pattern, month in _OF_QUARTER:
        found = pattern.fullmatch(said)
        if found:
            return _counted(found, month)
    return None


def _of_year(said: str) -> Rule | None:
    for pattern in _OF_YEAR:
        found = pattern.fullmatch(said)
        if found is None:
            continue
        named = found.groupdict().get("named")
        month = _ENGLISH_MONTHS.get(named, 0) if named else _number(found["month"])
        return _counted(found, month - 1)
    return None


def _counted(found: re.Match[str], month: int) -> Rule:
    parts = found.groupdict()
    if parts.get("last_working"):
        return Rule(month, 0, True)
    if parts.get("last"):
        return Rule(month, 0)
    number = _number(parts.get("nth") or parts.get("day"))
    if number == 0:
        raise ValueError(found.string)
    return Rule(month, number, bool(parts.get("nth")))


def _number(word: str | None) -> int:
    word = re.sub("(?:st|nd|rd|th)$", "", word or "")
    found = number_at(word, 0)
    if found is None or found.end != len(word) or found.value % 1:
        raise ValueError(word)
    return int(found.value)


#: What people call the kinds, the longest names first; own ones are called by their own names.
_CALLED: tuple[tuple[str, Kind], ...] = (
    ("承诺登记", Kind.REGISTRATION),
    ("登记承诺", Kind.REGISTRATION),
    ("registration", Kind.REGISTRATION),
    ("提诺", Kind.REGISTRATION),
    ("登记", Kind.REGISTRATION),
    ("季度报告", Kind.REPORT),
    ("进度报告", Kind.REPORT),
    ("quarterly", Kind.REPORT),
    ("report", Kind.REPORT),
    ("季报", Kind.REPORT),
    ("承诺审核", Kind.EXAMINATION),
    ("examination", Kind.EXAMINATION),
    ("审核", Kind.EXAMINATION),
    ("审诺", Kind.EXAMINATION),
    ("进度核实", Kind.VERIFICATION),
    ("verification", Kind.VERIFICATION),
    ("核实", Kind.VERIFICATION),
)


def kind_at(folded: str) -> tuple[Kind, int] | None:
    """The kind whose name a text begins with, and where the name ends."""
    for name, kind in _CALLED:
        if folded.casefold().startswith(name):
            return kind, len(name)
    return None


def kind_named(name: str) -> Kind | None:
    """The kind of exactly this name."""
    found = kind_at(name)
    return found[0] if found and found[1] == len(name) else None
