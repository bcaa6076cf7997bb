"""What somebody means by the words behind 总成绩: which quarter or year, and what else. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.chat.grammar.folding import fold

_YEAR = re.compile(r"(20\d\d)\s*年?(?!\d)|(去年)|(今年)")
_QUARTER = re.compile(r"(?:第?\s*([1-4一二三四])\s*季度?|q([1-4]))", re.IGNORECASE)
_WHOLE = re.compile(r"全年|年度|整年|year", re.IGNORECASE)
_PUBLISH = re.compile(r"(?:公布|publish)[\s,:]*", re.IGNORECASE)
_DIGITS = {"一": 1, "二": 2, "三": 3, "四": 4}
_EDGES = " \t\r\n,，、:：的"


@dataclass(frozen=True, slots=True)
class Asked:
    """`quarter` 0 is the whole year; what was not said is None. `rest`: a unit, or the reason of a correction."""

    year: int | None
    quarter: int | None
    publish: bool
    rest: str


def read(text: str, this_year: int) -> Asked:
    """`2021年一季度 大里村` · `全年` · `公布 二季度 更正一份评分表`."""
    rest = text
    year = quarter = None
    publish = False
    found = _PUBLISH.match(fold(rest).lstrip())
    if found:
        publish, rest = True, rest.lstrip()[found.end() :]
    # Only from the front: a reason may well speak of a year or a quarter.
    while True:
        rest = rest.lstrip(_EDGES)
        folded = fold(rest)
        if year is None and (match := _YEAR.match(folded)):
            year = int(match[1]) if match[1] else this_year - 1 if match[2] else this_year
        elif quarter is None and (match := _QUARTER.match(folded)):
            said = match[1] or match[2]
            quarter = _DIGITS.get(said) or int(said)
        elif quarter is None and (match := _WHOLE.match(folded)):
            quarter = 0
        else:
            break
        rest = rest[match.end() :]
    return Asked(year, quarter, publish, rest.strip(_EDGES))
