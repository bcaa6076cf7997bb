"""Everything that one look at the clock has to know to say what is due: read once, a few statements."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.chat.settings import Policy
from handlers.deadlines.calendar import Calendar, load
from handlers.deadlines.matters import Duty, Matter, duties
from handlers.reminders.policy import Hours, hours, time_of
from storage import reminders, units
from storage.database import Tx
from storage.reminders import Marks


@dataclass(frozen=True, slots=True)
class Scene:
    """The moment, the calendar, and the units at the top."""

    tx: Tx
    now: datetime
    zone: ZoneInfo
    policy: Policy
    since: Marks
    calendar: Calendar
    roots: tuple[int, ...]
    #: The lines of the roots and of all units that the calendar mentions.
    lines: dict[int, tuple[int, ...]]
    #: The groups' own times, by chat.
    times: dict[int, time]
    _duties: dict[tuple[str, bool], list[Duty]] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def hours(self) -> Hours:
        return hours(self.policy.reminders)

    def group_time(self, chat_id: int) -> time:
        """When a group hears of what comes by itself."""
        return self.times.get(chat_id, self.hours.group)

    def duties(self, matter: Matter, *, lacking: bool = False) -> list[Duty]:
        """Who has to do with a matter; looked up once. `lacking`: perhaps without those who owe nothing."""
        key = (matter.key, lacking)
        if key not in self._duties:
            self._duties[key] = duties(self.tx, self.calendar, matter, self.roots, self.zone, lacking=lacking)
        return self._duties[key]


def scene(tx: Tx, *, now: datetime, zone: ZoneInfo, policy: Policy, since: Marks) -> Scene:
    """Read it."""
    today = now.astimezone(zone).date()
    calendar = load(tx, policy, since=today.year - 1)
    roots = tuple(unit.id for unit in units.roots(tx))
    lines = units.lines(tx, {*roots, *calendar.mentioned()}) if roots else {}
    times = {chat_id: time_of(minutes) for chat_id, minutes in reminders.times(tx).items()}
    return Scene(tx, now, zone, policy, since, calendar, roots, lines, times)
