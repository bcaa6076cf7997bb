"""Load the example quarter into an empty database: the roster, last month's commitments, first reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from bot.chat.people import Role
from bot.chat.texts import plain_number
from bot.demo.facts import DemoUnit, Quarter
from handlers.commitments import wording
from handlers.progress.quarters import quarter_of
from storage import commitments, people, practice_room, reports, requirements, units
from storage.commitments import Category, Kind, State, Status
from storage.database import Tx

#: Shares of the target that the units have reported, in turn.
REPORTED = tuple(Decimal(share) for share in ("0.30", "0.25", "0.20", "0.05", "0.50", "0.10"))
#: Every so many-th unit has not reported yet.
SILENT = 12
#: The newcomer registers this unit's own commitments: that is where the story begins.
UNTOUCHED = "大里村"


def load(tx: Tx, quarter: Quarter, *, progress: Callable[[int, int], None] | None = None) -> None:
    """Fill an empty database. `progress(done, total)` counts the units."""
    began = quarter.clock
    published = began - timedelta(days=7)
    district = units.add(tx, name=quarter.district, kind=units.DISTRICT, parent_id=None, now=published)
    offices = {
        name: units.add(tx, name=name, kind=units.OFFICE, parent_id=district, now=published, position=place)
        for place, name in enumerate(quarter.offices)
    }
    organizer = _appoint(tx, quarter.people["organizer"], Role.ORGANIZER, district, published)
    _staff(tx, quarter, district, offices, published)
    placed = [
        _unit(tx, unit, offices[unit.office], place, published) for place, unit in enumerate(quarter.units, 1)
    ]
    for words in quarter.required:
        required = requirements.add(
            tx,
            unit_id=district,
            unit_kind=None,
            year=published.year,
            terms=wording.read(words, published.date()).terms,
            by=organizer,
            now=published,
        )
        requirements.hand_out(tx, required, now=published)
    for done, one in enumerate(placed, 1):
        _history(tx, one, done, published, began - timedelta(days=1))
        if progress:
            progress(done, len(placed))
    practice_room.ensure_groups(tx, now=began)


def is_loaded(tx: Tx) -> bool:
    """Whether there is a district already."""
    return bool(units.roots(tx))


def _staff(tx: Tx, quarter: Quarter, district: int, offices: dict[str, int], now: datetime) -> None:
    for role in (Role.SCOREKEEPER, Role.SCRUTINEER, Role.OBSERVER):
        _appoint(tx, quarter.people[role.value], role, district, now)
    for office, name in quarter.people["office_administrators"].items():
        _appoint(tx, name, Role.OFFICE_ADMINISTRATOR, offices[office], now)
    seconded = quarter.people["judges_from_offices"]
    for name in quarter.people["judges"]:
        _appoint(tx, name, Role.JUDGE, offices[seconded[name]] if name in seconded else district, now)


def _appoint(tx: Tx, name: str, role: Role, unit_id: int, now: datetime) -> int:
    person_id = people.add(tx, name=name, now=now)
    people.appoint(tx, person_id=person_id, unit_id=unit_id, role=role, now=now)
    return person_id


@dataclass(frozen=True, slots=True)
class Placed:
    """A unit in the database, with its secretary."""

    unit: DemoUnit
    unit_id: int
    secretary: int


def _unit(tx: Tx, unit: DemoUnit, office_id: int, place: int, now: datetime) -> Placed:
    unit_id = units.add(
        tx,
        name=unit.name,
        kind=unit.kind,
        parent_id=office_id,
        now=now,
        organization=unit.organization,
        position=place,
        highlight=unit.highlight,
        invented=unit.invented,
    )
    return Placed(unit, unit_id, _appoint(tx, unit.secretary, Role.SECRETARY, unit_id, now))


def _history(tx: Tx, placed: Placed, place: int, published: datetime, reported: datetime) -> None:
    """What the unit has promised by itself, and what it has reported."""
    for words in placed.unit.electives:
        _promise(tx, placed, words, published)
    if placed.unit.name == UNTOUCHED or place % SILENT == 0:
        return
    for index, made in enumerate(commitments.of_unit(tx, placed.unit_id, year=published.year)):
        _report(tx, made, placed.secretary, REPORTED[(place + index) % len(REPORTED)], reported)


def _promise(tx: Tx, placed: Placed, words: str, published: datetime) -> None:
    read = wording.read(words, published.date())
    commitments.add(
        tx,
        unit_id=placed.unit_id,
        year=published.year,
        category=Category.ELECTIVE,
        words=read.words,
        kind=read.kind,
        target=read.target,
        measure=read.measure,
        parts=read.parts,
        due=read.due,
        state=State.PUBLISHED,
        proposed_by=placed.secretary,
        proposed_at=published,
        published_at=published,
    )


def _report(tx: Tx, made: commitments.Commitment, secretary: int, share: Decimal, at: datetime) -> None:
    """What the unit said: a figure where the commitment has a target to count, else that it is under way."""
    value, said, status = None, None, None
    if made.kind is Kind.QUANTITY and made.target is not None:
        value = (made.target * share).to_integral_value() if made.target >= 10 else made.target * share
        said = value / made.target
        words = f"已完成{plain_number(value)}{made.measure}"
    else:
        status, words = Status.UNDER_WAY, "正常推进"
    quarter = str(quarter_of(at.date()))
    reports.add(
        tx,
        commitment_id=made.id,
        quarter=quarter,
        person_id=secretary,
        words=words,
        value=value,
        share=said,
        status=status,
        now=at,
        evidence_since=at,
    )
    commitments.set_progress(tx, made.id, share=said, value=value, status=status, reported_at=at, quarter=quarter)
