"""Everything that one look at the clock has to know to say what is due: read once, a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.chat.settings import Policy
from handlers.deadlines.calendar import Calendar, load
from handlers.deadlines.matters import OF_OFFICES, Duty, Matter, duties, lacking
from handlers.reminders.policy import Hours, hours, time_of
from storage import reminders, units
from storage.database import Tx
from storage.lacking import START, Spot
from storage.reminders import Marks

#: So many units, or reports, are looked up in one step at most.
PAGE = 250
EVERYBODY = 10_000_000


@dataclass(slots=True)
class Desk:
    """The transaction of this step; what takes several steps has another one in each."""

    tx: Tx


@dataclass(frozen=True, slots=True)
class Scene:
    """The moment, the calendar, and the units at the top."""

    desk: Desk
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
    _lacking: dict[str, list[Duty]] = field(default_factory=dict)

    @property
    def tx(self) -> Tx:
        return self.desk.tx

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def hours(self) -> Hours:
        return hours(self.policy.reminders)

    def group_time(self, chat_id: int) -> time:
        """When a group hears of what comes by itself."""
        return self.times.get(chat_id, self.hours.group)

    def gather(self, matter: Matter, *, most: int = PAGE) -> Iterator[None]:
        """Look up who owes something of a matter, once; between two steps the transaction may be another."""
        if matter.key in self._lacking:
            return
        found: dict[int, Duty] = {}
        spot: Spot | None = START if self.roots else None
        while spot is not None:
            page, spot = lacking(self.tx, self.calendar, matter, self.zone, spot, most=most)
            for duty in page:
                before = found.get(duty.unit_id)
                summed = before is not None and matter.kind in OF_OFFICES
                found[duty.unit_id] = _sum(before, duty) if before and summed else duty
            if spot is not None:
                yield None
        self._lacking[matter.key] = sorted(found.values(), key=lambda duty: (duty.position, duty.unit_id))

    def lacking(self, matter: Matter) -> list[Duty]:
        """Who owes something of it; not in steps, for whoever has asked."""
        for _step in self.gather(matter, most=EVERYBODY):
            continue
        return self._lacking[matter.key]

    def of_offices(self, matter: Matter, office_ids: Collection[int]) -> dict[int, list[Duty]]:
        """All that have to do with a matter, also those who owe nothing any more, of some offices."""
        found: dict[int, list[Duty]] = defaultdict(list)
        if office_ids:
            for duty in duties(self.tx, self.calendar, matter, sorted(office_ids), self.zone):
                if duty.office_id in office_ids:
                    found[duty.office_id].append(duty)
        return found


def _sum(one: Duty, other: Duty) -> Duty:
    return replace(one, owed=one.owed + other.owed, whole=one.whole + other.whole)


def scene(tx: Tx, *, now: datetime, zone: ZoneInfo, policy: Policy, since: Marks) -> Scene:
    """Read it."""
    today = now.astimezone(zone).date()
    calendar = load(tx, policy, since=today.year - 1)
    roots = tuple(unit.id for unit in units.roots(tx))
    lines = units.lines(tx, {*roots, *calendar.mentioned()}) if roots else {}
    times = {chat_id: time_of(minutes) for chat_id, minutes in reminders.times(tx).items()}
    return Scene(Desk(tx), now, zone, policy, since, calendar, roots, lines, times)
