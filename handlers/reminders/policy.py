"""The policy of reminders as pure functions: which reminders a due date has, when each comes, which comes now."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.chat.errors import ConfigurationError
from bot.chat.settings import Policy, Reminders
from handlers.deadlines.workdays import WorkDays

_HOUR = 60


class Step(StrEnum):
    """Who is spoken to, and whether the day is still to come."""

    GROUP = "group"
    BEFORE = "before"
    OVERDUE = "overdue"
    OFFICE = "office"
    ORGANIZER = "organizer"


#: What goes to those who owe.
PRIVATE = (Step.BEFORE, Step.OVERDUE)


@dataclass(frozen=True, slots=True)
class Stage:
    """One reminder of a due date: on which day, how many days before, or the how-many-th after it.

    `last`: the last one before the day, and the last one before the office hears of it; no wish to be left in
    peace holds these back.
    """

    step: Step
    number: int
    on: date
    last: bool = False

    @property
    def key(self) -> str:
        return f"{self.step.value}{self.number}"


@dataclass(frozen=True, slots=True)
class Hours:
    """Times of day: of private reminders, of messages to groups, and between which nothing is sent."""

    private: time
    group: time
    quiet_from: time
    quiet_until: time

    def is_quiet(self, at: time) -> bool:
        """Whether nothing is sent at that time; equal ends mean that there are no quiet hours."""
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= at < self.quiet_until
        return at >= self.quiet_from or at < self.quiet_until


@lru_cache(maxsize=8)
def hours(settings: Reminders) -> Hours:
    """The configured times; raises ValueError."""
    names = ("private_at", "group_at", "quiet_from", "quiet_until")
    return Hours(*(clock_time(getattr(settings, name)) for name in names))


def clock_time(text: str) -> time:
    """9:00, 09:00, 9点, 9点半, 9：30; raises ValueError."""
    found = re.fullmatch(r"\s*(\d{1,2})\s*(?:[:：]\s*(\d{2})|[点时]\s*(?:(半)|(\d{1,2})分?)?)\s*", text)
    if found is None:
        raise ValueError(text)
    return time(int(found[1]), 30 if found[3] else int(found[2] or found[4] or 0))


def minutes_of(at: time) -> int:
    """A time of day as minutes after midnight."""
    return at.hour * _HOUR + at.minute


def time_of(minutes: int) -> time:
    """The inverse."""
    return time(*divmod(minutes, _HOUR))


def stages(due: date, settings: Reminders, days: WorkDays) -> tuple[Stage, ...]:
    """All reminders of a due date, in the order of their days.

    What would fall on a day off before the due date comes on the working day before it; of two that meet on one
    day only the later counts. After the due date it is one each working day (on request each day), then once the
    office, then once the organizer, then nothing more.
    """
    return (*_group(due, settings, days), *_before(due, settings, days), *_after(due, settings, days))


def _group(due: date, settings: Reminders, days: WorkDays) -> tuple[Stage, ...]:
    if not settings.group_days:
        return ()
    return (Stage(Step.GROUP, settings.group_days, days.until_day(due - timedelta(days=settings.group_days))),)


def _before(due: date, settings: Reminders, days: WorkDays) -> list[Stage]:
    wanted = sorted({int(n) for n in re.findall(r"\d+", settings.private_days)})
    by_day: dict[date, int] = {}
    for number in wanted:
        by_day.setdefault(days.until_day(due - timedelta(days=number)), number)
    return [Stage(Step.BEFORE, number, on, last=number == wanted[0]) for on, number in sorted(by_day.items())]


def _after(due: date, settings: Reminders, days: WorkDays) -> list[Stage]:
    found = []
    on = due
    for number in range(1, settings.overdue_days + 1):
        on = on + timedelta(days=1) if settings.overdue_on_days_off else days.after(on, 1)
        found.append(Stage(Step.OVERDUE, number, on, last=number == settings.overdue_days))
    on = days.after(on, 1)
    found.append(Stage(Step.OFFICE, 1, on))
    found.append(Stage(Step.ORGANIZER, 1, days.after(on, 1)))
    return found


def moment(on: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment of a local day and time."""
    return datetime.combine(on, at, tzinfo=zone)


def newest(found: Sequence[Stage], at: time, *, now: datetime, zone: ZoneInfo) -> Stage | None:
    """The one reminder that stands for all that have had their time; None when a newer one comes later today.

    So after a pause of several days there is one, and never one in the morning and the next an hour later.
    """
    past = [stage for stage in found if moment(stage.on, at, zone) <= now]
    if not past:
        return None
    last = max(past, key=lambda stage: stage.on)
    today = now.astimezone(zone).date()
    follows = any(stage.on == today and moment(stage.on, at, zone) > now for stage in found)
    return None if follows and last.on < today else last


def may_send(now: datetime, settings: Reminders, days: WorkDays, zone: ZoneInfo, *, overdue: bool = False) -> bool:
    """Whether it is a working day (for what is overdue, on request, any day) and not a quiet hour."""
    local = now.astimezone(zone)
    if hours(settings).is_quiet(local.time()):
        return False
    return days.is_working(local.date()) or (overdue and settings.overdue_on_days_off)


def check(policy: Policy) -> None:
    """Raises ConfigurationError for times that are none, or at which nothing may be sent."""
    settings = policy.reminders
    for name in ("private_at", "group_at", "quiet_from", "quiet_until"):
        try:
            clock_time(getattr(settings, name))
        except ValueError as error:
            raise ConfigurationError(f"reminders.{name}: {getattr(settings, name)!r} is no time of day") from error
    for name in ("private_at", "group_at"):
        if hours(settings).is_quiet(clock_time(getattr(settings, name))):
            raise ConfigurationError(f"reminders.{name}: {getattr(settings, name)} lies within the quiet hours")
