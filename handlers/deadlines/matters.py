"""What falls due and who still owes it: registration, reports, examination, verification, and own matters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers.deadlines.calendar import Calendar, Line, Period, periods_around
from handlers.deadlines.rules import KIND_WORDS
from storage import lacking as owing_pages
from storage import owing, reports, units
from storage.database import Tx
from storage.deadlines import Kind, Setting
from storage.lacking import Spot
from storage.owing import Standing
from storage.units import CONTESTING

#: What offices owe; the units owe the rest.
OF_OFFICES = (Kind.EXAMINATION, Kind.VERIFICATION)
#: What is asked of people is one command; the unit's number follows where one may have several.
_KINDS = (Kind.REGISTRATION, Kind.EXAMINATION, Kind.REPORT, Kind.VERIFICATION)


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that falls due: of a kind and period, or an own one."""

    kind: Kind
    period: Period
    own: Setting | None = None

    @property
    def key(self) -> str:
        """What it is called in the record of reminders: report:2021Q3, own:17."""
        return f"own:{self.own.id}" if self.own else f"{self.kind.value}:{self.period}"

    @property
    def name(self) -> Words:
        """As people read it: 2021年第3季度季报, or the own matter's name."""
        if self.own:
            return self.own.name or ""
        return T("{period}{what}", period=self.period.name, what=KIND_WORDS[self.kind])

    @property
    def role(self) -> Role:
        """Whose business it is."""
        return Role.OFFICE_ADMINISTRATOR if self.kind in OF_OFFICES else Role.SECRETARY

    def due(self, calendar: Calendar, line: Line) -> date | None:
        """When it is due for the unit at the beginning of the line; None: it does not concern it."""
        return calendar.own_due(self.own, line) if self.own else calendar.due(self.kind, self.period, line)


@dataclass(frozen=True, slots=True)
class Duty:
    """What one unit owes of a matter: `owed` things of `whole` are still to be done (0: nothing).

    `office_id` is the unit above it whose group and administrator look after it; an office looks after itself.
    `returned`: so many commitments were sent back to be improved. `position`: where the unit stands in lists.
    """

    matter: Matter
    unit_id: int
    unit_name: str
    office_id: int
    due: date
    owed: int
    whole: int
    returned: int = 0
    position: int = 0


def matters(calendar: Calendar, today: date) -> Iterator[Matter]:
    """Everything that may be due around a day."""
    for kind in _KINDS:
        for period in periods_around(kind, today):
            yield Matter(kind, period)
    for own in calendar.own():
        yield Matter(Kind.OWN, Period(own.year), own)


def possible_dues(
    matter: Matter, calendar: Calendar, roots: Sequence[int], lines: dict[int, tuple[int, ...]]
) -> set[date]:
    """The days on which it is due for some unit: for most, and for those for which something was set.

    `lines` has the lines of the roots and of all units that the calendar mentions.
    """
    places = {*roots, *calendar.mentioned()}
    found = {matter.due(calendar, lines[place]) for place in places if place in lines}
    return {due for due in found if due is not None}


def duties(tx: Tx, calendar: Calendar, matter: Matter, roots: Sequence[int], zone: ZoneInfo) -> list[Duty]:
    """Who at or below the roots has to do with the matter, and how much each still owes of it."""
    return _duties(tx, calendar, matter, _standings(tx, matter, roots, zone))


def lacking(
    tx: Tx, calendar: Calendar, matter: Matter, zone: ZoneInfo, spot: Spot, *, most: int
) -> tuple[list[Duty], Spot | None]:
    """The next of those who owe something of it, and where to go on.

    A unit of which several pages speak owes what each says; an office the sum of what they say.
    """
    rows, following = _page(tx, matter, zone, spot, most=most)
    return _duties(tx, calendar, matter, rows), following


def _duties(tx: Tx, calendar: Calendar, matter: Matter, rows: Sequence[Standing]) -> list[Duty]:
    if matter.kind in OF_OFFICES:
        rows = _of_offices(tx, rows)
    lines = units.lines(tx, [row.unit_id for row in rows]) if calendar.said and rows else {}
    dues: dict[tuple[int, ...], date | None] = {}
    found = []
    for row in rows:
        # Without anything set, every unit below the same district has the same day.
        line = lines.get(row.unit_id, ())
        if line not in dues:
            dues[line] = matter.due(calendar, line)
        due = dues[line]
        if due is not None:
            above = row.unit_id if matter.kind in OF_OFFICES else row.above or row.unit_id
            found.append(
                Duty(
                    matter,
                    row.unit_id,
                    row.unit_name,
                    above,
                    due,
                    row.owed,
                    row.whole,
                    row.returned,
                    row.position,
                )
            )
    return found


def quarter_end(period: Period, zone: ZoneInfo) -> datetime:
    """The moment at which the quarter is over."""
    return datetime.combine(period.next.begins, time(), tzinfo=zone)


def _page(tx: Tx, matter: Matter, zone: ZoneInfo, spot: Spot, *, most: int) -> tuple[list[Standing], Spot | None]:
    period = matter.period
    match matter.kind:
        case Kind.REGISTRATION:
            return owing_pages.registration(tx, spot, year=period.year, kinds=CONTESTING, most=most)
        case Kind.EXAMINATION:
            return owing_pages.proposed(tx, spot, year=period.year, most=most)
        case Kind.VERIFICATION:
            return owing_pages.unverified(tx, spot, quarter=str(period), most=most)
        case Kind.REPORT:
            before = quarter_end(period, zone)
            return owing_pages.report(
                tx, spot, year=period.year, quarter=str(period), before=before, kinds=CONTESTING, most=most
            )
        case Kind.OWN:
            assert matter.own is not None
            return owing_pages.own(
                tx, spot, root=matter.own.unit_id, deadline_id=matter.own.id, kinds=CONTESTING, most=most
            )


def _standings(tx: Tx, matter: Matter, roots: Sequence[int], zone: ZoneInfo) -> list[Standing]:
    if not roots:
        return []
    period = matter.period
    match matter.kind:
        case Kind.REGISTRATION:
            return owing.registration(tx, roots, year=period.year, kinds=CONTESTING)
        case Kind.EXAMINATION:
            return owing.proposed(tx, roots, year=period.year)
        case Kind.VERIFICATION:
            return owing.unverified(tx, roots, quarter=str(period))
        case Kind.REPORT:
            return _reporting(tx, matter, roots, zone)
        case Kind.OWN:
            assert matter.own is not None
            return owing.own(tx, roots, deadline_id=matter.own.id, kinds=CONTESTING)


def _reporting(tx: Tx, matter: Matter, roots: Sequence[int], zone: ZoneInfo) -> list[Standing]:
    rows = reports.coverage(
        tx,
        roots,
        year=matter.period.year,
        quarter=str(matter.period),
        before=quarter_end(matter.period, zone),
        kinds=CONTESTING,
    )
    return [
        Standing(r.unit_id, r.unit_name, r.office_id, r.owed - r.reported, r.owed, position=r.position)
        for r in rows
        if r.owed
    ]


def _of_offices(tx: Tx, rows: Sequence[Standing]) -> list[Standing]:
    """The sums of the units for the unit above them."""
    sums: dict[int, int] = {}
    for row in rows:
        above = row.above or row.unit_id
        sums[above] = sums.get(above, 0) + row.owed
    names = units.get_many(tx, sums) if sums else {}
    found = [(names[above], owed) for above, owed in sums.items()]
    return [Standing(u.id, u.name, u.parent_id, owed, owed, position=u.position) for u, owed in found]
