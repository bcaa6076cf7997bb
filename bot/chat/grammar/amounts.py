"""Quantities: a number with what it counts or measures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from bot.chat.grammar.numerals import numbers_in

Bound = Literal["exact", "at_least", "at_most", "about"]
_MEASURE = re.compile(r"\s*(平方米|公里|千米|万元|米|亩|盏|户|人|件|处|家|台|元|次|场|栋|座|条|个|名|项|%|吨|棵|株|套)")


@dataclass(frozen=True, slots=True)
class Amount:
    value: Decimal
    measure: str
    start: int
    end: int
    bound: Bound = "exact"


def amounts_in(folded: str) -> tuple[Amount, ...]:
    found = ((number, _MEASURE.match(folded, number.end)) for number in numbers_in(folded))
    return tuple(Amount(n.value, m.group(1), n.start, m.end()) for n, m in found if m)


def same_measure(a: str, b: str) -> bool:
    return a == b


def convert(value: Decimal, from_measure: str, to_measure: str) -> Decimal | None:
    return value if from_measure == to_measure else None
