"""Progress reports: every statement about a commitment is kept; the newest that stands is repeated there.

A report is `reported` until the office has verified or returned it, or its author has withdrawn it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, or_, select

from storage.commitments import State, Status
from storage.database import Tx
from storage.tables import commitments, evidence, reports, unit_ancestors, units
from storage.terms import Kind


class Review(StrEnum):
    """What has become of a report."""

    REPORTED = "reported"
    VERIFIED = "verified"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


#: Reports that say where a commitment stands.
STANDING = (Review.REPORTED, Review.VERIFIED)


@dataclass(frozen=True, slots=True)
class Report:
    """One statement about one commitment.

    `value` is the total reached in the commitment's measure, `share` is of the target (1 = reached); both are
    None when no figure was said. `parts` has one value for each part of a compound commitment.
    `corrects` is the report that its author's message made before it was edited.
    """

    id: int
    commitment_id: int
    quarter: str
    person_id: int
    said_at: datetime
    words: str
    value: Decimal | None
    share: Decimal | None
    status: Status | None
    parts: tuple[Decimal | None, ...]
    state: Review
    verified_by: int | None
    verified_at: datetime | None
    return_reason: str | None
    corrects: int | None


@dataclass(frozen=True, slots=True)
class Added:
    """The new report's id, and whether photos or files of its author wait for a report."""

    id: int
    evidence_waits: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far one unit is with a quarter: commitments that it has, that are due a report, and that have one."""

    unit_id: int
    unit_name: str
    office_id: int
    promised: int
    owed: int
    reported: int
    position: int = field(default=0, compare=False)


_FIELDS = tuple(Report.__dataclass_fields__)
#: What `from_row` reads; to be selected first.
report_columns = tuple(reports.c["corrects_id" if name == "corrects" else name] for name in _FIELDS)
_STANDS = reports.c.state.in_([state.value for state in STANDING])
_WAITING = (
    select(evidence.c.id)
    .where(
        evidence.c.person_id == bindparam("by"),
        evidence.c.report_id.is_(None),
        evidence.c.received_at >= bindparam("since"),
    )
    .exists()
)
# Looking for waiting photos in the INSERT itself saves every report a statement of its own.
_ADD = (
    insert(reports)
    .values(
        commitment_id=bindparam("about"),
        quarter=bindparam("in_quarter"),
        person_id=bindparam("by"),
        said_at=bindparam("now"),
        words=bindparam("as_said"),
        value=bindparam("new_value"),
        share=bindparam("new_share"),
        status=bindparam("new_status"),
        parts=bindparam("new_parts"),
        corrects_id=bindparam("instead_of"),
        state=Review.REPORTED.value,
    )
    .returning(reports.c.id, select(_WAITING).scalar_subquery())
)
_HISTORY = (
    select(*report_columns).where(reports.c.commitment_id == bindparam("about")).order_by(reports.c.id.desc())
)
_newest = (
    select(func.max(reports.c.id))
    .join(commitments, commitments.c.id == reports.c.commitment_id)
    .where(commitments.c.unit_id == bindparam("of_unit"), commitments.c.year == bindparam("in_year"), _STANDS)
    .group_by(reports.c.commitment_id)
)
_NEWEST = select(*report_columns).where(reports.c.id.in_(_newest))
_below = select(unit_ancestors.c.unit_id).where(
    unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
)
# What is done is not reported again every quarter; a rate that was reached has to be held, so it is.
_owed = and_(
    commitments.c.published_at < bindparam("before"),
    or_(
        commitments.c.reported_quarter == bindparam("in_quarter"),
        and_(
            commitments.c.state == State.PUBLISHED.value,
            or_(
                commitments.c.status.is_(None),
                commitments.c.status != Status.DONE.value,
                commitments.c.kind == Kind.THRESHOLD.value,
            ),
        ),
    ),
)
_due = func.count(commitments.c.id).filter(_owed)
_done = func.count(commitments.c.id).filter(_owed, commitments.c.reported_quarter == bindparam("in_quarter"))
_every = (
    select(
        units.c.id,
        units.c.name,
        units.c.parent_id,
        func.count(commitments.c.id),
        _due,
        _done,
        units.c.position,
    )
    .outerjoin(
        commitments,
        and_(
            commitments.c.unit_id == units.c.id,
            commitments.c.year == bindparam("in_year"),
            commitments.c.state.in_([State.PUBLISHED.value, State.DONE.value]),
        ),
    )
    .where(units.c.kind.in_(bindparam("kinds", expanding=True)), units.c.ended_at.is_(None))
    .group_by(units.c.id, units.c.name, units.c.parent_id, units.c.position)
    .order_by(units.c.position, units.c.id)
)
_COVERAGE = _every.where(units.c.id.in_(_below))
_LACKING_OF = _every.where(units.c.id.in_(bindparam("which", expanding=True))).having(_due > _done)


def add(
    tx: Tx,
    *,
    commitment_id: int,
    quarter: str,
    person_id: int,
    words: str,
    value: Decimal | None,
    share: Decimal | None,
    status: Status | None,
    parts: Sequence[Decimal | None] = (),
    corrects: int | None = None,
    now: datetime,
    evidence_since: datetime,
) -> Added:
    """Keep a report. Evidence received before `evidence_since` does not count as waiting for it.

    `corrects` is the report in whose place it comes because its message was edited.
    """
    values = {
        "about": commitment_id,
        "in_quarter": quarter,
        "by": person_id,
        "now": now,
        "as_said": words,
        "new_value": value,
        "new_share": share,
        "new_status": status.value if status else None,
        "new_parts": [None if part is None else str(part) for part in parts],
        "instead_of": corrects,
        "since": evidence_since,
    }
    row = tx.first(_ADD, values)
    assert row is not None
    return Added(row[0], bool(row[1]))


def history(tx: Tx, commitment_id: int) -> list[Report]:
    """All reports about a commitment in whatever state, newest first."""
    return [from_row(row) for row in tx.all(_HISTORY, {"about": commitment_id})]


def newest_of_unit(tx: Tx, unit_id: int, *, year: int) -> dict[int, Report]:
    """For each commitment of the unit's year, by its id, the newest report that stands."""
    rows = tx.all(_NEWEST, {"of_unit": unit_id, "in_year": year})
    return {row.commitment_id: from_row(row) for row in rows}


def coverage(
    tx: Tx,
    roots: Sequence[int],
    *,
    year: int,
    quarter: str,
    before: datetime,
    kinds: Sequence[str],
) -> list[Coverage]:
    """Unit by unit: how many of the commitments that the quarter's report has to speak of have one.

    These are the ones published before `before` that were not finished in an earlier quarter.
    """
    if not roots:
        return []
    values = {
        "roots": list(roots),
        "in_year": year,
        "in_quarter": quarter,
        "before": before,
        "kinds": list(kinds),
    }
    return [Coverage(*row) for row in tx.all(_COVERAGE, values)]


def coverage_of(
    tx: Tx, unit_ids: Iterable[int], *, year: int, quarter: str, before: datetime, kinds: Sequence[str]
) -> list[Coverage]:
    """The same for those of the units in which a commitment has none."""
    values = {"in_year": year, "in_quarter": quarter, "before": before, "kinds": list(kinds)}
    return [Coverage(*row) for row in tx.among(_LACKING_OF, "which", unit_ids, values)]


def from_row(row: Any) -> Report:
    """A report from a row that begins with `report_columns`."""
    values = dict(zip(_FIELDS, row[: len(_FIELDS)], strict=True))
    values["status"] = Status(row.status) if row.status else None
    values["state"] = Review(row.state)
    values["parts"] = tuple(None if part is None else Decimal(part) for part in row.parts)
    return Report(**values)
