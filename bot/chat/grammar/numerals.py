"""Numbers as people type them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

import cn2an

_ARABIC = re.compile(r"\d+(?:\.\d+)?")
_CHINESE = re.compile(r"[零〇一二两三四五六七八九十百千万亿点]+")


@dataclass(frozen=True, slots=True)
class Number:
    value: Decimal
    start: int
    end: int


def number_at(folded: str, at: int) -> Number | None:
    match = _ARABIC.match(folded, at)
    if match:
        return Number(Decimal(match.group()), at, match.end())
    match = _CHINESE.match(folded, at)
    if match is None:
        return None
    try:
        return Number(Decimal(str(cn2an.cn2an(match.group(), "smart"))), at, match.end())
    except ValueError:
        return None


_START = re.compile(r"[\d零〇一二两三四五六七八九十]")


def numbers_in(folded: str) -> tuple[Number, ...]:
    found: list[Number] = []
    for match in _START.finditer(folded):
        if found and match.start() < found[-1].end:
            continue
        number = number_at(folded, match.start())
        if number:
            found.append(number)
    return tuple(found)
