"""The policy of reminders once more, slowly and plainly: the program is compared with this.

It walks through time hour by hour and keeps, for each person and each thing they may owe, the reminder that waits.
It shares nothing with the program but the official holiday calendar. From the policy:

- 7 days before: a line in the group; 3 days before and on the day: privately, those who owe. What would come on a
  day off comes on the last working day before. Two private ones on one day: only the later.
- Overdue: once each working day for five days, then once the office, then once the organizers, then silence.
- Nothing at night or on days off: it waits. Of several that wait about the same thing only the newest is sent, and
  not even that if the next one comes later on the same day. What is older than a week is not sent.
- Whoever asked to be left in peace gets only the last one before the day, and the last one of all.
- Of a report that cannot be handed in any more nobody is reminded.
- Who was nudged by hand hears nothing of the same by itself on that day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar

ZONE = ZoneInfo("Asia/Shanghai")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def works(day: date) -> bool:
    return bool(chinese_calendar.is_workday(day))


def back(day: date) -> date:
    while not works(day):
        day -= DAY
    return day


@cache
def reminders_of(
    due: date, *, before: tuple[int, ...] = (3, 0), overdue: int = 5, group: int = 7
) -> dict[str, date]:
    """The day of each reminder of a due date, by its name."""
    found: dict[str, date] = {}
    taken: set[date] = set()
    for n in sorted(before):
        day = back(due - n * DAY)
        if day not in taken:
            found[f"before{n}"] = day
            taken.add(day)
    found[f"group{group}"] = back(due - group * DAY)
    working = 0
    day = due
    while working < overdue + 2:
        day += DAY
        if works(day):
            working += 1
            name = (
                f"overdue{working}"
                if working <= overdue
                else "office1"
                if working == overdue + 1
                else "organizer1"
            )
            found[name] = day
    return found


@dataclass
class Thing:
    """One thing that one recipient may hear of.

    `steps`: which reminders are theirs. `due(at)` is the due date as it stood then; `owed(at)` whether anything is
    owed. `closes` days after the due date it cannot be made up for.
    """

    recipient: str
    about: str
    steps: tuple[str, ...]
    due: Callable[[datetime], date]
    owed: Callable[[datetime], bool]
    closes: int | None = None
    waiting: tuple[str, datetime, date] | None = None
    known_due: date | None = None


@dataclass
class Model:
    """The hours of a year, the things, and who is left in peace from when until which day.

    `nudges`: when somebody is reminded by hand, who, and of what (a thing and its due date).
    """

    things: list[Thing]
    peace: dict[str, list[tuple[datetime, date]]] = field(default_factory=dict)
    group_hours: dict[str, int] = field(default_factory=dict)
    nudges: list[tuple[datetime, str, str]] = field(default_factory=list)
    sent: list[tuple[datetime, str, str, str]] = field(default_factory=list)

    def run(self, begin: datetime, end: datetime, runs: Callable[[datetime], bool]) -> None:
        """Walk from hour to hour; `runs` says whether the program is running at an hour."""
        at = begin
        while at < end:
            self._hour(at.astimezone(ZONE), running=runs(at))
            at += HOUR

    def _hour(self, at: datetime, *, running: bool) -> None:
        for thing in self.things:
            due = thing.due(at)
            if due != thing.known_due:
                thing.known_due, thing.waiting = due, None
            if abs((at.date() - due).days) > 31:
                continue
            days = {s: d for s, d in reminders_of(due).items() if s.rstrip("0123456789") in thing.steps}
            hour = self.group_hours.get(thing.recipient, 9) if thing.recipient.startswith("c") else 9
            for step, day in days.items():
                if day == at.date() and at.hour == hour:
                    thing.waiting = (step, at, due)
            if running and thing.waiting is not None and works(at.date()) and 8 <= at.hour < 20:
                self._send(thing, at, days, hour)

    def _send(self, thing: Thing, at: datetime, days: dict[str, date], hour: int) -> None:
        assert thing.waiting is not None
        step, since, due = thing.waiting
        thing.waiting = None
        if since.date() < at.date() and any(d == at.date() and hour > at.hour for d in days.values()):
            return
        if at - since >= timedelta(days=7) or not thing.owed(at):
            return
        if (
            thing.closes is not None
            and at.date() > due + thing.closes * DAY
            and step.startswith(("before", "overdue"))
        ):
            return
        if step.startswith("group") and at.date() > due:
            return
        if self._was_nudged(thing.recipient, f"{thing.about}:{due}", at):
            return
        if self._in_peace(thing.recipient, at) and step not in ("before0", "overdue5"):
            return
        self.sent.append((at, thing.recipient, f"{thing.about}:{due}", step))

    def _was_nudged(self, recipient: str, about: str, at: datetime) -> bool:
        return any(
            (recipient, about) == (whom, what) and since <= at and since.astimezone(ZONE).date() == at.date()
            for since, whom, what in self.nudges
        )

    def _in_peace(self, recipient: str, at: datetime) -> bool:
        return any(since <= at and at.date() <= until for since, until in self.peace.get(recipient, ()))


def local(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=ZONE)


def between(spans: Iterable[tuple[datetime, datetime]]) -> Callable[[datetime], bool]:
    """Whether a moment lies in one of the spans."""
    fixed = list(spans)
    return lambda at: any(a <= at < b for a, b in fixed)
