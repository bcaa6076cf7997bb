"""Shares of a whole: 60%, 百分之八十, 八成, 过半."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from bot.chat.grammar.amounts import Bound

_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


@dataclass(frozen=True, slots=True)
class Share:
    value: Decimal
    start: int
    end: int
    bound: Bound = "exact"


def shares_in(folded: str) -> tuple[Share, ...]:
    return tuple(Share(Decimal(m.group(1)) / 100, m.start(), m.end()) for m in _PERCENT.finditer(folded))
