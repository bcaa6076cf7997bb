"""Who owes what: for each thing that falls due, unit by unit, how much is still to be done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, case, func, or_, select

from storage.commitments import Category, State, Status
from storage.database import Tx
from storage.reports import STANDING, Review
from storage.tables import commitments, fulfilments, reports, unit_ancestors, units
from storage.terms import Kind


@dataclass(frozen=True, slots=True)
class Standing:
    """One unit: `owed` things are still to be done of `whole`. `above` is the unit over it.

    `returned`: so many of its commitments were sent back to be improved. `position`: where it stands in lists.
    """

    unit_id: int
    unit_name: str
    above: int | None
    owed: int
    whole: int
    returned: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """A commitment of which a unit has not reported."""

    unit_id: int
    number: int
    words: str


_below = select(unit_ancestors.c.unit_id).where(
    unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
)
_UNITS = (units.c.id, units.c.name, units.c.parent_id)
_OF_KINDS = (
    units.c.id.in_(_below),
    units.c.kind.in_(bindparam("kinds", expanding=True)),
    units.c.ended_at.is_(None),
)
_GROUP = (units.c.id, units.c.name, units.c.parent_id, units.c.position)
_ORDER = (units.c.position, units.c.id)
_of_year = and_(commitments.c.unit_id == units.c.id, commitments.c.year == bindparam("in_year"))
_promised = and_(
    commitments.c.category == Category.ELECTIVE.value,
    commitments.c.state.in_([State.PROPOSED, State.PUBLISHED, State.DONE, State.CLOSED]),
)
_promises = func.count(commitments.c.id).filter(_promised)
_returned = func.count(commitments.c.id).filter(commitments.c.state == State.RETURNED.value)
_UNREGISTERED = (
    select(*_UNITS, _promises, _returned, units.c.position)
    .outerjoin(commitments, _of_year)
    .where(
        units.c.id.in_(bindparam("which", expanding=True)),
        units.c.kind.in_(bindparam("kinds", expanding=True)),
        units.c.ended_at.is_(None),
    )
    .group_by(*_GROUP)
    .having(or_(_promises == 0, _returned > 0))
    .order_by(*_ORDER)
)
_REGISTERED = (
    select(*_UNITS, _promises, _returned)
    .outerjoin(commitments, _of_year)
    .where(*_OF_KINDS)
    .group_by(*_GROUP)
    .order_by(*_ORDER)
)
_fulfilled = (
    select(fulfilments.c.unit_id)
    .where(fulfilments.c.deadline_id == bindparam("deadline"), fulfilments.c.unit_id == units.c.id)
    .exists()
)
_OWN = select(*_UNITS, case((_fulfilled, 0), else_=1)).where(*_OF_KINDS).order_by(*_ORDER)
_PROPOSED = (
    select(*_UNITS, func.count())
    .join(commitments, _of_year)
    .where(units.c.id.in_(_below), units.c.ended_at.is_(None), commitments.c.state == State.PROPOSED.value)
    .group_by(*_GROUP)
    .order_by(*_ORDER)
)
_later = reports.alias("later")
_superseded = (
    select(_later.c.id)
    .where(
        _later.c.commitment_id == reports.c.commitment_id,
        _later.c.id > reports.c.id,
        _later.c.state.in_([state.value for state in STANDING]),
    )
    .exists()
)
_UNVERIFIED = (
    select(*_UNITS, func.count())
    .join(commitments, commitments.c.unit_id == units.c.id)
    .join(reports, reports.c.commitment_id == commitments.c.id)
    .where(
        units.c.id.in_(_below),
        units.c.ended_at.is_(None),
        reports.c.quarter == bindparam("in_quarter"),
        reports.c.state == Review.REPORTED.value,
        ~_superseded,
    )
    .group_by(*_GROUP)
    .order_by(*_ORDER)
)
# By the same rule as `storage.reports.coverage` counts.
_UNREPORTED = (
    select(commitments.c.unit_id, commitments.c.number, commitments.c.words)
    .where(
        commitments.c.unit_id.in_(bindparam("which", expanding=True)),
        commitments.c.year == bindparam("in_year"),
        commitments.c.state == State.PUBLISHED.value,
        commitments.c.published_at < bindparam("before"),
        or_(
            commitments.c.reported_quarter.is_(None),
            commitments.c.reported_quarter != bindparam("in_quarter"),
        ),
        or_(
            commitments.c.status.is_(None),
            commitments.c.status != Status.DONE.value,
            commitments.c.kind == Kind.THRESHOLD.value,
        ),
    )
    .order_by(commitments.c.unit_id, commitments.c.number)
)


def registration(tx: Tx, roots: Sequence[int], *, year: int, kinds: Sequence[str]) -> list[Standing]:
    """Units that have promised nothing of their own for the year, or have something returned, owe 1 of 1."""
    rows = tx.all(_REGISTERED, {"roots": list(roots), "in_year": year, "kinds": list(kinds)})
    return [
        Standing(unit_id, name, above, int(not promised or returned > 0), 1, returned)
        for unit_id, name, above, promised, returned in rows
    ]


def unregistered(tx: Tx, unit_ids: Iterable[int], *, year: int, kinds: Sequence[str]) -> list[Standing]:
    """Those of the units that owe it by the same rule."""
    rows = tx.among(_UNREGISTERED, "which", unit_ids, {"in_year": year, "kinds": list(kinds)})
    return [
        Standing(unit_id, name, above, 1, 1, returned, position)
        for unit_id, name, above, _promised, returned, position in rows
    ]


def own(tx: Tx, roots: Sequence[int], *, deadline_id: int, kinds: Sequence[str]) -> list[Standing]:
    """Every unit owes 1 of 1 unless it has done what the deadline asks for."""
    rows = tx.all(_OWN, {"roots": list(roots), "kinds": list(kinds), "deadline": deadline_id})
    return [Standing(unit_id, name, above, owed, 1) for unit_id, name, above, owed in rows]


def proposed(tx: Tx, roots: Sequence[int], *, year: int) -> list[Standing]:
    """Units with proposals of the year that wait to be examined; the others are left out."""
    rows = tx.all(_PROPOSED, {"roots": list(roots), "in_year": year})
    return [Standing(unit_id, name, above, count, count) for unit_id, name, above, count in rows]


def unverified(tx: Tx, roots: Sequence[int], *, quarter: str) -> list[Standing]:
    """Units with reports of the quarter that wait to be verified; the others are left out."""
    rows = tx.all(_UNVERIFIED, {"roots": list(roots), "in_quarter": quarter})
    return [Standing(unit_id, name, above, count, count) for unit_id, name, above, count in rows]


def unreported(
    tx: Tx, unit_ids: Iterable[int], *, year: int, quarter: str, before: datetime
) -> dict[int, list[Item]]:
    """What each of the units still has to report for the quarter."""
    values = {"in_year": year, "in_quarter": quarter, "before": before}
    found: dict[int, list[Item]] = {}
    for row in tx.among(_UNREPORTED, "which", unit_ids, values):
        found.setdefault(row.unit_id, []).append(Item(row.unit_id, row.number, row.words))
    return found
