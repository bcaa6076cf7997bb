"""Dates as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


@dataclass(frozen=True, slots=True)
class FoundDay:
    day: date
    start: int
    end: int


def date_at(folded: str, at: int, today: date) -> FoundDay | None:
    match = _ISO.match(folded, at)
    try:
        return FoundDay(date(*map(int, match.groups())), at, match.end()) if match else None
    except ValueError:
        return None


def dates_in(folded: str, today: date) -> tuple[FoundDay, ...]:
    found = (date_at(folded, m.start(), today) for m in _ISO.finditer(folded))
    return tuple(day for day in found if day)
