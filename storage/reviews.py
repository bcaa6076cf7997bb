"""What waits to be verified, and what the office has made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select, update

from storage.database import Tx
from storage.reports import STANDING, Report, Review, from_row, report_columns
from storage.tables import commitments, people, reports, unit_ancestors, units


@dataclass(frozen=True, slots=True)
class Filed:
    """A report with the commitment and unit it belongs to, and who made it."""

    report: Report
    unit_id: int
    unit_name: str
    number: int
    person: str


_FILED = (
    select(
        *report_columns, commitments.c.unit_id, units.c.name, commitments.c.number, people.c.name.label("person")
    )
    .join(commitments, commitments.c.id == reports.c.commitment_id)
    .join(units, units.c.id == commitments.c.unit_id)
    .join(people, people.c.id == reports.c.person_id)
)
_FILED_MANY = _FILED.where(reports.c.id.in_(bindparam("which", expanding=True))).order_by(reports.c.id)
# From each report back to what its message had said before it was edited, step by step.
_edited = (
    select(reports.c.id.label("newest"), reports.c.corrects_id.label("before"))
    .where(reports.c.id.in_(bindparam("which", expanding=True)), reports.c.corrects_id.is_not(None))
    .cte("edited", recursive=True)
)
_edited = _edited.union_all(
    select(_edited.c.newest, reports.c.corrects_id)
    .join(reports, reports.c.id == _edited.c.before)
    .where(reports.c.corrects_id.is_not(None))
)
_BEFORE = (
    _FILED.add_columns(_edited.c.newest).join(_edited, _edited.c.before == reports.c.id).order_by(reports.c.id)
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
_below = select(unit_ancestors.c.unit_id).where(
    unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
)
_UNVERIFIED = (
    commitments.c.unit_id.in_(_below),
    units.c.ended_at.is_(None),
    reports.c.state == Review.REPORTED.value,
    ~_superseded,
)
_EDITED = _FILED.where(
    commitments.c.unit_id.in_(_below),
    commitments.c.year == bindparam("in_year"),
    reports.c.state.in_([state.value for state in STANDING]),
    reports.c.corrects_id.is_not(None),
    ~_superseded,
).order_by(reports.c.id)
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
    select(func.count())
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


def filed(tx: Tx, report_ids: Iterable[int]) -> list[Filed]:
    """These reports with what they belong to, oldest first; unknown ones are left out."""
    return [_filed(row) for row in tx.among(_FILED_MANY, "which", report_ids)]


def before_edits(tx: Tx, report_ids: Iterable[int]) -> dict[int, list[Filed]]:
    """What each report said before its author edited the message, oldest first; unedited ones are left out."""
    found: dict[int, list[Filed]] = {}
    for row in tx.among(_BEFORE, "which", report_ids):
        found.setdefault(row.newest, []).append(_filed(row))
    return found


def edited(tx: Tx, roots: Sequence[int], *, year: int) -> list[Filed]:
    """Of each commitment of the year at or below the roots the report that stands, where an edit made it."""
    return [_filed(row) for row in tx.all(_EDITED, {"roots": list(roots), "in_year": year})] if roots else []


def unverified(tx: Tx, roots: Sequence[int], *, after: tuple[int, int] = (0, 0), most: int = 1) -> list[Filed]:
    """Reports at or below the roots that wait for the office, unit by unit and number by number.

    Only the newest report of a commitment waits. `after` is the (unit id, number) after which to begin.
    """
    if not roots:
        return []
    values = {"roots": list(roots), "after_unit": after[0], "after_number": after[1], "most": most}
    return [_filed(row) for row in tx.all(_QUEUE, values)]


def count_unverified(tx: Tx, roots: Sequence[int]) -> int:
    """How many reports at or below the roots wait for the office."""
    return int(tx.scalar(_COUNT_QUEUE, {"roots": list(roots)})) if roots else 0


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
    values = {"before": before.value, "becomes": becomes.value, "by": by, "at": at, "why": why}
    return sorted(row.id for row in tx.among(_REVIEW, "which", report_ids, values))


def _filed(row: Any) -> Filed:
    return Filed(from_row(row), row.unit_id, row.name, row.number, row.person)
