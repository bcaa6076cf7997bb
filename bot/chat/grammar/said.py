"""What a quantity in a report says: a total, an increment, or what remains."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bot.chat.grammar.amounts import Amount, amounts_in

Kind = Literal["total", "increment", "remaining"]

#: A total is said in spite of a 新 or 又 before it: 新装路灯累计96盏.
_TOTAL = re.compile(r"(?:累计|共计?|总共|一共|合计|总计|已经?|达到?|完成到)[^,.;!?、又再]{0,6}$")
_INCREMENT = re.compile(
    r"(?:又|再(?!有)|新[增装修建铺添栽种改办开]|增加|追加|加装|增设|多[装修铺办做]|这[周月]|本[周月]|上[周月]|这个月|今天|昨天|这几天|近期)"
    r"[^,.;!?]{0,8}$"
)
_REMAINING = re.compile(
    r"(?:还[剩差有欠缺]|只剩下?|仅剩|尚[有余缺]|尚未完成|剩[下余]?|差|未[完装修办]成?|没[完装修办]成?)[^,.;!?]{0,6}$"
)
#: Words that govern a quantity stand at most so many characters before it.
_REACH = 16


@dataclass(frozen=True, slots=True)
class Figure:
    """A quantity and what it says."""

    kind: Kind
    amount: Amount


def is_increment(folded: str, at: int) -> bool:
    """Whether the quantity at a position is said to come on top (又装了20盏), not to be the total."""
    before = folded[max(0, at - _REACH) : at]
    return _INCREMENT.search(before) is not None and _TOTAL.search(before) is None


def is_remaining(folded: str, at: int) -> bool:
    """Whether the quantity at a position is said to be left to do (还剩24盏)."""
    return _REMAINING.search(folded[max(0, at - _REACH) : at]) is not None


def figures_in(folded: str) -> tuple[Figure, ...]:
    """The quantities of a text with what they say, from left to right."""
    return tuple(Figure(_kind(folded, amount.start), amount) for amount in amounts_in(folded))


def _kind(folded: str, at: int) -> Kind:
    if is_remaining(folded, at):
        return "remaining"
    return "increment" if is_increment(folded, at) else "total"
