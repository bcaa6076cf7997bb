"""What somebody wants to set, read from their words: 季报 枫杨办事处 延到10月15日 因为台风."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.chat.grammar.dates import dates_in
from bot.chat.grammar.folding import fold
from bot.chat.grammar.numerals import number_at
from handlers.deadlines import rules
from handlers.deadlines.calendar import Calendar, Period, rule_for
from storage.deadlines import YEARLY, Kind, Setting

_REASON = re.compile(r"[\s,;.。]*(?:因为|由于|原因是?|理由是?|because(?: of)?)[\s:,]*")
_PERIOD = re.compile(r"(?:(?P<year>20[0-9]{2})\s?年?\s?)?第?(?P<quarter>[1-4一二三四])\s?季度(?:的)?")
_YEAR = re.compile(r"(?P<year>20[0-9]{2})\s?年度?的?(?![0-9一二三四五六七八九十]+月)")
_VERBS = re.compile(
    r"(?:统一|全部|都|截止时间|截止日期?|截止)?(?:延期|延长|延迟|推迟|延|提前|改|定|设|调整|放宽)?(?:到|至|为|在|成)?"
)
#: Words that only rules have; without one of them a day is a date.
_RULE_HINT = re.compile(
    r"工作日|顺延|每|季末|季后|下季|次季|首月|最后一天|working|last|after|of|moved", re.IGNORECASE
)
#: After the word for something that falls due: then it is the beginning of another name, 隐患登记表.
_PART_OF_A_NAME = re.compile(r"表|册|簿|单(?!位)|卡|台账|材料|照片|信息|证")
_LONGEST_RULE = 60
#: Everybody: nothing has to be looked up.
_ALL = re.compile(r"(?:所有|全部|各|全体)(?:单位|村|村社区|办事处)|全区|全县")
_EDGES = " \t\r\n,，、:：;；。."


@dataclass(frozen=True, slots=True)
class Wish:
    """What was understood. `rest` is what was not: the name of a unit, or of an own matter.

    `due` and `rule` are both None when only a matter was named. `period` is None when none was said.
    """

    kind: Kind | None = None
    own: Setting | None = None
    period: Period | None = None
    due: date | None = None
    rule: str | None = None
    reason: str = ""
    rest: str = ""


def read(words: str, calendar: Calendar, today: date) -> Wish:
    """Everything that can be read; the rest is for the caller to look up."""
    wish, text = _split_reason(words)
    wish, text = _matter(wish, text, calendar)
    wish, text = _rule(wish, text)
    wish, text = _period(wish, text)
    if wish.rule is None:
        wish, text = _date(wish, text, today)
    return replace(wish, rest=_without_verbs(text))


def nearest_period(kind: Kind, due: date, calendar: Calendar, today: date) -> Period:
    """The period of whose usual due date a date is the nearest: 10月12日 is about the third quarter's report."""
    this = Period.of(kind, due)

    def distance(period: Period) -> timedelta:
        usual = calendar.due(kind, period)
        return abs((usual or period.begins) - due)

    return min((this.previous, this, this.next), key=distance)


def _split_reason(words: str) -> tuple[Wish, str]:
    found = _REASON.search(fold(words))
    if not found:
        return Wish(), words.strip()
    return Wish(reason=words[found.end() :].strip(_EDGES)), words[: found.start()].strip()


def _matter(wish: Wish, text: str, calendar: Calendar) -> tuple[Wish, str]:
    """An own matter by its name, else the first kind that is named; a rule names a kind only after another."""
    folded = fold(text)
    named: Iterable[Setting] = sorted(calendar.own(), key=lambda own: -len(own.name or ""))
    for own in named:
        at = folded.find(fold(own.name or ""))
        if own.name and at >= 0:
            return replace(wish, kind=Kind.OWN, own=own), text[:at] + " " + text[at + len(own.name) :]
    for at in range(len(folded)):
        found = rules.kind_at(folded[at:])
        if found and not _PART_OF_A_NAME.match(folded, at + found[1]):
            kind, length = found
            return replace(wish, kind=kind), text[:at] + " " + text[at + length :]
    return wish, text


def _rule(wish: Wish, text: str) -> tuple[Wish, str]:
    """The longest rule that the text ends with."""
    if wish.kind in (None, Kind.OWN) or not _RULE_HINT.search(text):
        return wish, text
    for at in range(max(0, len(text) - _LONGEST_RULE), len(text)):
        said = text[at:].strip(_EDGES)
        try:
            rule_for(wish.kind, said) if wish.kind else None
        except (ValueError, KeyError):
            continue
        return replace(wish, rule=said), text[:at]
    return wish, text


def _period(wish: Wish, text: str) -> tuple[Wish, str]:
    if wish.kind in (None, Kind.OWN):
        return wish, text
    yearly = wish.kind in YEARLY
    found = (_YEAR if yearly else _PERIOD).search(fold(text))
    if not found:
        return wish, text
    year = int(found["year"]) if found["year"] else 0
    quarter = 0 if yearly else int(getattr(number_at(found["quarter"], 0), "value", 0))
    return replace(wish, period=Period(year, quarter)), text[: found.start()] + " " + text[found.end() :]


def _date(wish: Wish, text: str, today: date) -> tuple[Wish, str]:
    days = dates_in(fold(text), today)
    if not days:
        return wish, text
    last = days[-1]
    return replace(wish, due=last.day), text[: last.start] + " " + text[last.end :]


def _without_verbs(text: str) -> str:
    words = (word.strip(_EDGES) for word in _ALL.sub(" ", text).split())
    left = [_trimmed(word) for word in words if word]
    return " ".join(word for word in left if word)


def _trimmed(word: str) -> str:
    """A word without 延到, 改为 and the like at its end; all of it when it is nothing else."""
    for at in range(len(word)):
        if _VERBS.fullmatch(word[at:]):
            return word[:at].strip(_EDGES)
    return word
