"""The quarters of reporting: when the window opens, when reports are due, and which quarter a report is for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from chinese_calendar import is_workday

from bot.chat.settings import Activity
from bot.chat.texts import T, Text

_SATURDAY = 5


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A quarter of a year; `number` is 1 to 4. As text: 2021Q1."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"

    @property
    def name(self) -> Text:
        """As people read it."""
        return T("{year}年第{number}季度", year=self.year, number=self.number)

    @property
    def begins(self) -> date:
        """The first day."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def ends(self) -> date:
        """The last day."""
        return self.next.begins - timedelta(days=1)

    @property
    def next(self) -> Quarter:
        return Quarter(self.year + 1, 1) if self.number == 4 else Quarter(self.year, self.number + 1)

    @property
    def previous(self) -> Quarter:
        return Quarter(self.year - 1, 4) if self.number == 1 else Quarter(self.year, self.number - 1)

    def opens(self, activity: Activity) -> date:
        """The day from which the quarter's reports are asked for, in its last month."""
        return self.ends.replace(day=activity.window_opens_day)

    def due(self, activity: Activity) -> date:
        """The last day on which a report is in time: a working day of the month that follows."""
        return working_day_from(self.next.begins.replace(day=activity.report_due_day))

    def late_until(self, activity: Activity) -> date:
        """The last day on which a report, though late, still counts for the quarter."""
        return self.due(activity) + timedelta(days=activity.late_days)


def parse(text: str) -> Quarter:
    """The inverse of `str`; raises ValueError."""
    year, mark, number = text.partition("Q")
    if not mark or number not in {"1", "2", "3", "4"}:
        raise ValueError(text)
    return Quarter(int(year), int(number))


def quarter_of(day: date) -> Quarter:
    """The quarter in which the day lies."""
    return Quarter(day.year, (day.month + 2) // 3)


@lru_cache(maxsize=64)
def counting(today: date, activity: Activity) -> Quarter:
    """The quarter that a report made today counts for: the one before, as long as late reports are taken."""
    current = quarter_of(today)
    return current.previous if today <= current.previous.late_until(activity) else current


def working_day_from(day: date) -> date:
    """The day itself, or the first working day after it."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def is_working_day(day: date) -> bool:
    """By the published holiday calendar, with its moved working days; by weekdays for a year without one."""
    try:
        return bool(is_workday(day))
    except NotImplementedError:
        return day.weekday() < _SATURDAY
