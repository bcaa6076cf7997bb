"""The quarters of reporting, and when the window opens; when reports are due is in `handlers.deadlines`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from bot.chat.settings import Activity
from bot.chat.texts import T, Text


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


def parse(text: str) -> Quarter:
    """The inverse of `str`; raises ValueError."""
    year, mark, number = text.partition("Q")
    if not mark or number not in {"1", "2", "3", "4"}:
        raise ValueError(text)
    return Quarter(int(year), int(number))


def quarter_of(day: date) -> Quarter:
    """The quarter in which the day lies."""
    return Quarter(day.year, (day.month + 2) // 3)


def quarter_of_event(day: date, activity: Activity) -> Quarter:
    """The quarter to which a round or a highlight of that day belongs.

    Events come late: those of a first quarter were met with on 29 and 30 April, those of a second on 5 July. What
    takes place so many days after a quarter's end (`events_late_days`) still belongs to it.
    """
    return quarter_of(day - timedelta(days=activity.events_late_days))
