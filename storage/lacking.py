"""Who still owes something, page by page: only those are read, however many owe nothing.

Every page is as many rows at most as are asked for, and ends at a spot at which the next one begins, in the same
transaction or in another. Where one unit stands on several pages of reports, each says the same of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, func, or_, select, text

from storage import owing, reports
from storage.database import Tx
from storage.owing import Standing
from storage.reports import Review
from storage.tables import OPEN, commitments, fulfilments, unit_ancestors, units
from storage.tables import reports as reports_table


@dataclass(frozen=True, slots=True)
class Spot:
    """Up to which number the pages have come; of reports also among those that reported last for which quarter."""

    after: int = 0
    reported: str | None = None


#: Before the first page.
START = Spot()
_after: BindParameter[int] = bindparam("after")
_most: BindParameter[int] = bindparam("most")
_OPEN = re.sub(r"\b(state|status|kind)\b(?= [=I<])", r"commitments.\1", OPEN)
_open = (text(_OPEN), commitments.c.year == bindparam("in_year"))
_of_quarter = (
    select(commitments.c.unit_id)
    .where(*_open, commitments.c.published_at < bindparam("before"), commitments.c.unit_id > _after)
    .distinct()
    .order_by(commitments.c.unit_id)
    .limit(_most)
)
_NEVER_REPORTED = _of_quarter.where(commitments.c.reported_quarter.is_(None))
_REPORTED_FOR = _of_quarter.where(commitments.c.reported_quarter == bindparam("reported"))
_NEXT_REPORTED = select(func.min(commitments.c.reported_quarter)).where(
    *_open, commitments.c.reported_quarter > bindparam("reported")
)
_contests = (units.c.kind.in_(bindparam("kinds", expanding=True)), units.c.ended_at.is_(None))
_UNITS = select(units.c.id).where(units.c.id > _after, *_contests).order_by(units.c.id).limit(_most)
_UNFULFILLED = (
    select(units.c.id, units.c.name, units.c.parent_id, units.c.position)
    .join(unit_ancestors, unit_ancestors.c.unit_id == units.c.id)
    .where(
        unit_ancestors.c.ancestor_id == bindparam("root"),
        unit_ancestors.c.unit_id > _after,
        *_contests,
        ~select(fulfilments.c.unit_id)
        .where(fulfilments.c.deadline_id == bindparam("which"), fulfilments.c.unit_id == unit_ancestors.c.unit_id)
        .exists(),
    )
    .order_by(unit_ancestors.c.unit_id)
    .limit(_most)
)
_later = reports_table.alias("later")
_superseded = (
    select(_later.c.id)
    .where(
        _later.c.commitment_id == reports_table.c.commitment_id,
        _later.c.id > reports_table.c.id,
        or_(_later.c.state == Review.REPORTED.value, _later.c.state == Review.VERIFIED.value),
    )
    .exists()
)
_UNVERIFIED = (
    select(reports_table.c.commitment_id, units.c.id, units.c.name, units.c.parent_id, units.c.position)
    .join(commitments, commitments.c.id == reports_table.c.commitment_id)
    .join(units, units.c.id == commitments.c.unit_id)
    .where(
        text("(reports.state || '') = 'reported'"),
        reports_table.c.quarter == bindparam("in_quarter"),
        reports_table.c.commitment_id > _after,
        units.c.ended_at.is_(None),
        ~_superseded,
    )
    .order_by(reports_table.c.commitment_id)
    .limit(_most)
)
Page = tuple[list[Standing], Spot | None]


def report(
    tx: Tx, spot: Spot, *, year: int, quarter: str, before: datetime, kinds: Sequence[str], most: int
) -> Page:
    """Units with a commitment, published before `before`, of which the quarter's report says nothing."""
    found: set[int] = set()
    at: Spot | None = spot
    while at is not None and len(found) < most:
        ids = _page_of_units(tx, at, year=year, before=before, most=most - len(found))
        found |= set(ids)
        at = replace(at, after=ids[-1]) if ids else _next(tx, at, year=year, quarter=quarter)
    rows = reports.coverage_of(tx, found, year=year, quarter=quarter, before=before, kinds=kinds)
    return [
        Standing(r.unit_id, r.unit_name, r.office_id, r.owed - r.reported, r.owed, position=r.position)
        for r in rows
    ], at


def _page_of_units(tx: Tx, at: Spot, *, year: int, before: datetime, most: int) -> list[int]:
    values = {"in_year": year, "before": before, "after": at.after, "most": most}
    if at.reported is None:
        return [row.unit_id for row in tx.all(_NEVER_REPORTED, values)]
    return [row.unit_id for row in tx.all(_REPORTED_FOR, values | {"reported": at.reported})]


def _next(tx: Tx, at: Spot, *, year: int, quarter: str) -> Spot | None:
    """The next quarter for which some commitments were reported last, other than the one that is asked for."""
    later: str | None = tx.scalar(_NEXT_REPORTED, {"in_year": year, "reported": at.reported or ""})
    if later == quarter:
        later = tx.scalar(_NEXT_REPORTED, {"in_year": year, "reported": quarter})
    return None if later is None else Spot(0, later)


def registration(tx: Tx, spot: Spot, *, year: int, kinds: Sequence[str], most: int) -> Page:
    """Units that have promised nothing of their own for the year, or have something returned."""
    ids = [row.id for row in tx.all(_UNITS, {"after": spot.after, "kinds": list(kinds), "most": most})]
    return owing.unregistered(tx, ids, year=year), _following(ids, most)


def own(tx: Tx, spot: Spot, *, root: int, deadline_id: int, kinds: Sequence[str], most: int) -> Page:
    """Units at or below the root that have not done what an own deadline asks for."""
    values = {"root": root, "which": deadline_id, "kinds": list(kinds), "after": spot.after, "most": most}
    rows = tx.all(_UNFULFILLED, values)
    found = [Standing(row.id, row.name, row.parent_id, 1, 1, position=row.position) for row in rows]
    return found, _following([row.id for row in rows], most)


def unverified(tx: Tx, spot: Spot, *, quarter: str, most: int) -> Page:
    """One for each report of the quarter that waits to be verified, with its unit."""
    rows = tx.all(_UNVERIFIED, {"in_quarter": quarter, "after": spot.after, "most": most})
    found = [Standing(row.id, row.name, row.parent_id, 1, 1, position=row.position) for row in rows]
    return found, _following([row.commitment_id for row in rows], most)


def _following(numbers: Sequence[int], most: int) -> Spot | None:
    return Spot(numbers[-1]) if len(numbers) == most else None
