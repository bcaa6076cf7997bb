"""What a quantity in a report says: a total, an increment, or what remains."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bot.chat.grammar.amounts import Amount, amounts_in

Kind = Literal["total", "increment", "remaining"]
_INCREMENT = re.compile(r"[又再新增][^,.;]{0,4}$")
_REMAINING = re.compile(r"(?:还剩|还差|剩余|尚有|未完成)[^,.;]{0,4}$")


@dataclass(frozen=True, slots=True)
class Figure:
    kind: Kind
    amount: Amount


def is_increment(folded: str, at: int) -> bool:
    return _INCREMENT.search(folded, 0, at) is not None


def remaining(folded: str) -> tuple[Amount, ...]:
    return tuple(a for a in amounts_in(folded) if _REMAINING.search(folded, 0, a.start))


def figures_in(folded: str) -> tuple[Figure, ...]:
    left = set(remaining(folded))
    return tuple(
        Figure("remaining" if a in left else "increment" if is_increment(folded, a.start) else "total", a)
        for a in amounts_in(folded)
    )
