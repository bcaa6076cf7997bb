"""Working days: the official calendar with its moved days, and what the configuration says beyond it.

The calendar comes from the `chinesecalendar` package. Holiday notices come out in November or December for the
next year; until the package knows a year, weekdays count, with the exceptions that are configured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from chinese_calendar import is_workday

from bot.chat.settings import Deadlines

_SATURDAY = 5
_DAY = timedelta(days=1)
_SPAN = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\s*(?:\.\.|~|至|到)\s*(\d{4}-\d{2}-\d{2}))?")
#: No holiday is longer than this; a span that is, is a typing error.
_LONGEST_SPAN = 31


@dataclass(frozen=True, slots=True)
class WorkDays:
    """The official calendar, with days `off` and days `on` that win over it."""

    off: frozenset[date] = frozenset()
    on: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Whether people work on the day."""
        if day in self.on or day in self.off:
            return day in self.on
        official = _official(day)
        return day.weekday() < _SATURDAY if official is None else official

    def knows(self, year: int) -> bool:
        """Whether the year's moved days are known: from the official calendar, or configured."""
        return _official(date(year, 1, 1)) is not None or any(day.year == year for day in self.off | self.on)

    def from_day(self, day: date) -> date:
        """The day itself, or the first working day after it."""
        return self._seek(day, _DAY)

    def until_day(self, day: date) -> date:
        """The day itself, or the last working day before it."""
        return self._seek(day, -_DAY)

    def after(self, day: date, count: int) -> date:
        """The so-many-th working day after a day (0: the day itself)."""
        for _step in range(count):
            day = self.from_day(day + _DAY)
        return day

    def _seek(self, day: date, step: timedelta) -> date:
        while not self.is_working(day):
            day += step
        return day


@lru_cache(maxsize=4096)
def _official(day: date) -> bool | None:
    """By the published calendar; None for a year that it does not have."""
    try:
        return bool(is_workday(day))
    except NotImplementedError:
        return None


@lru_cache(maxsize=8)
def working_days(settings: Deadlines) -> WorkDays:
    """The calendar as configured. Raises ValueError for what is no list of days."""
    return WorkDays(frozenset(_days(settings.days_off)), frozenset(_days(settings.days_on)))


def _days(listed: str) -> Iterator[date]:
    """The days of a list such as "2027-01-01, 2027-02-05..2027-02-11"."""
    for part in filter(None, re.split(r"[,，、;；\s]+", re.sub(r"\s*(\.\.|~|至|到)\s*", r"\1", listed))):
        found = _SPAN.fullmatch(part)
        if found is None:
            raise ValueError(part)
        first = date.fromisoformat(found[1])
        last = date.fromisoformat(found[2] or found[1])
        if not 0 <= (last - first).days < _LONGEST_SPAN:
            raise ValueError(part)
        yield from (first + timedelta(days=n) for n in range((last - first).days + 1))
