"""Progress reports: every statement about a commitment is kept; the newest that stands is repeated there.

A report is `reported` until the office has verified or returned it, or its author has withdrawn it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, or_, select, update

from storage.commitments import State, Status
from storage.database import Tx
from storage.tables import commitments, evidence, people, reports, unit_ancestors, units
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


@dataclass(frozen=True, slots=True)
class Filed:
    """A report with the commitment and unit it belongs to, and who made it."""

    report: Report
    unit_id: int
    unit_name: str
    number: int
    person: str


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


_FIELDS = tuple(Report.__dataclass_fields__)
_COLUMNS = tuple(reports.c[name] for name in _FIELDS)
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
        state=Review.REPORTED.value,
    )
    .returning(reports.c.id, select(_WAITING).scalar_subquery())
)
_HISTORY = select(*_COLUMNS).where(reports.c.commitment_id == bindparam("about")).order_by(reports.c.id.desc())
_newest = (
    select(func.max(reports.c.id))
    .join(commitments, commitments.c.id == reports.c.commitment_id)
    .where(commitments.c.unit_id == bindparam("of_unit"), commitments.c.year == bindparam("in_year"), _STANDS)
    .group_by(reports.c.commitment_id)
)
_NEWEST = select(*_COLUMNS).where(reports.c.id.in_(_newest))
_FILED = (
    select(*_COLUMNS, commitments.c.unit_id, units.c.name, commitments.c.number, people.c.name.label("person"))
    .join(commitments, commitments.c.id == reports.c.commitment_id)
    .join(units, units.c.id == commitments.c.unit_id)
    .join(people, people.c.id == reports.c.person_id)
)
_FILED_MANY = _FILED.where(reports.c.id.in_(bindparam("which", expanding=True))).order_by(reports.c.id)
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
_below = select(unit_ancestors.c.unit_id).where(
    unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
)
_UNVERIFIED = (
    commitments.c.unit_id.in_(_below),
    units.c.ended_at.is_(None),
    reports.c.state == Review.REPORTED.value,
    ~_superseded,
)
_QUEUE = (
    _FILED.where(
        *_UNVERIFIED,
        or_(
            commitments.c.unit_id > bindparam("after_unit"),
            (commitments.c.unit_id == bindparam("after_unit"))
            & (commitments.c.number > bindparam("after_number")),
        ),
    )
    .order_by(commitments.c.unit_id, commitments.c.number, reports.c.id)
    .limit(bindparam("most"))
)
_COUNT_QUEUE = (
    select(func.count(), func.count(commitments.c.unit_id.distinct()))
    .select_from(reports)
    .join(commitments, commitments.c.id == reports.c.commitment_id)
    .join(units, units.c.id == commitments.c.unit_id)
    .where(*_UNVERIFIED)
)
_REVIEW = (
    update(reports)
    .where(reports.c.id.in_(bindparam("which", expanding=True)), reports.c.state == bindparam("before"))
    .values(
        state=bindparam("becomes"),
        verified_by=bindparam("by"),
        verified_at=bindparam("at"),
        return_reason=bindparam("why"),
    )
    .returning(reports.c.id)
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
_COVERAGE = (
    select(
        units.c.id,
        units.c.name,
        units.c.parent_id,
        func.count(commitments.c.id),
        func.count(commitments.c.id).filter(_owed),
        func.count(commitments.c.id).filter(_owed, commitments.c.reported_quarter == bindparam("in_quarter")),
    )
    .outerjoin(
        commitments,
        and_(
            commitments.c.unit_id == units.c.id,
            commitments.c.year == bindparam("in_year"),
            commitments.c.state.in_([State.PUBLISHED.value, State.DONE.value]),
        ),
    )
    .where(
        units.c.id.in_(_below),
        units.c.kind.in_(bindparam("kinds", expanding=True)),
        units.c.ended_at.is_(None),
    )
    .group_by(units.c.id, units.c.name, units.c.parent_id, units.c.position)
    .order_by(units.c.position, units.c.id)
)


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
    now: datetime,
    evidence_since: datetime,
) -> Added:
    """Keep a report. Evidence received before `evidence_since` does not count as waiting for it."""
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
        "since": evidence_since,
    }
    row = tx.first(_ADD, values)
    assert row is not None
    return Added(row[0], bool(row[1]))


def history(tx: Tx, commitment_id: int) -> list[Report]:
    """All reports about a commitment in whatever state, newest first."""
    return [_report(row) for row in tx.all(_HISTORY, {"about": commitment_id})]


def newest_of_unit(tx: Tx, unit_id: int, *, year: int) -> dict[int, Report]:
    """For each commitment of the unit's year, by its id, the newest report that stands."""
    rows = tx.all(_NEWEST, {"of_unit": unit_id, "in_year": year})
    return {row.commitment_id: _report(row) for row in rows}


def filed(tx: Tx, report_ids: Iterable[int]) -> list[Filed]:
    """These reports with what they belong to, oldest first; unknown ones are left out."""
    return [_filed(row) for row in tx.all(_FILED_MANY, {"which": sorted(set(report_ids))})]


def unverified(tx: Tx, roots: Sequence[int], *, after: tuple[int, int] = (0, 0), most: int = 1) -> list[Filed]:
    """Reports at or below the roots that wait for the office, unit by unit and number by number.

    Only the newest report of a commitment waits. `after` is the (unit id, number) after which to begin.
    """
    if not roots:
        return []
    values = {"roots": list(roots), "after_unit": after[0], "after_number": after[1], "most": most}
    return [_filed(row) for row in tx.all(_QUEUE, values)]


def count_unverified(tx: Tx, roots: Sequence[int]) -> tuple[int, int]:
    """How many reports at or below the roots wait for the office, and from how many units they are."""
    if not roots:
        return 0, 0
    row = tx.first(_COUNT_QUEUE, {"roots": list(roots)})
    assert row is not None
    return row[0], row[1]


def review(
    tx: Tx,
    report_ids: Iterable[int],
    *,
    before: Review,
    becomes: Review,
    by: int | None = None,
    at: datetime | None = None,
    why: str | None = None,
) -> list[int]:
    """Move reports that are in the state `before` to another, and return which were; the others are left."""
    values = {
        "which": sorted(set(report_ids)),
        "before": before.value,
        "becomes": becomes.value,
        "by": by,
        "at": at,
        "why": why,
    }
    return sorted(row.id for row in tx.all(_REVIEW, values))


def coverage(
    tx: Tx, roots: Sequence[int], *, year: int, quarter: str, before: datetime, kinds: Sequence[str]
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


def _report(row: Any) -> Report:
    values = dict(zip(_FIELDS, row[: len(_FIELDS)], strict=True))
    values["status"] = Status(row.status) if row.status else None
    values["state"] = Review(row.state)
    values["parts"] = tuple(None if part is None else Decimal(part) for part in row.parts)
    return Report(**values)


def _filed(row: Any) -> Filed:
    return Filed(_report(row), row.unit_id, row.name, row.number, row.person)
