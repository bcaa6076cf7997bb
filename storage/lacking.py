"""Who still owes something, page by page: only those are read, however many owe nothing.

Every page is as many rows at most as are asked for, and ends at a spot at which the next one begins, in the same
transaction or in another. Where one unit stands on several pages of reports or of registration, each says the same
of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, func, or_, select, text

from storage import owing, reports
from storage.commitments import State
from storage.database import Tx
from storage.fulfilments import list_some
from storage.owing import Standing
from storage.reports import Review
from storage.tables import CONTESTS, OPEN, UNSETTLED, commitments, fulfilments, unfulfilled, unit_ancestors, units
from storage.tables import reports as reports_table


@dataclass(frozen=True, slots=True)
class Spot:
    """Up to which number the pages have come.

    Of reports also among those that reported last for which quarter, of registration among those that promised
    something last for which year: first come those to which something was returned (none).
    """

    after: int = 0
    reported: str | None = None
    promised: int | None = None


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
_NAMED = (units.c.name, units.c.parent_id, units.c.position)
_contests = (units.c.kind.in_(bindparam("kinds", expanding=True)), units.c.ended_at.is_(None))
_PROMISED_FOR = (
    select(units.c.id.label("unit_id"))
    .where(text(CONTESTS), units.c.promised_year == bindparam("promised"), units.c.id > _after)
    .order_by(units.c.id)
    .limit(_most)
)
_NEXT_PROMISED = select(func.min(units.c.promised_year)).where(
    text(CONTESTS), units.c.promised_year > bindparam("promised")
)
_unsettled = (
    select(commitments.c.unit_id, func.count().label("count"))
    .where(
        text(UNSETTLED.replace("state", "commitments.state")),
        commitments.c.year == bindparam("in_year"),
        commitments.c.state == bindparam("in_state"),
        commitments.c.unit_id > _after,
    )
    .group_by(commitments.c.unit_id)
    .order_by(commitments.c.unit_id)
    .limit(_most)
    .subquery()
)
_UNSETTLED = (
    select(_unsettled.c.unit_id, _unsettled.c.count, *_NAMED, units.c.ended_at)
    .join(units, units.c.id == _unsettled.c.unit_id)
    .order_by(_unsettled.c.unit_id)
)
_OWED = (
    select(unfulfilled.c.unit_id)
    .where(unfulfilled.c.deadline_id == bindparam("which"), unfulfilled.c.unit_id > _after)
    .order_by(unfulfilled.c.unit_id)
    .limit(_most)
)
# What is listed may have been done in the moment of listing, or by a unit that exists or stands there no more.
_UNFULFILLED = (
    select(units.c.id, *_NAMED)
    .join(unit_ancestors, unit_ancestors.c.unit_id == units.c.id)
    .where(
        units.c.id.in_(bindparam("listed", expanding=True)),
        unit_ancestors.c.ancestor_id == bindparam("root"),
        *_contests,
        ~select(fulfilments.c.unit_id)
        .where(fulfilments.c.deadline_id == bindparam("which"), fulfilments.c.unit_id == units.c.id)
        .exists(),
    )
    .order_by(units.c.id)
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
    select(reports_table.c.commitment_id, units.c.id, *_NAMED)
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

    def page(at: Spot, count: int) -> list[int]:
        values = {"in_year": year, "before": before, "after": at.after, "most": count}
        if at.reported is None:
            return [row.unit_id for row in tx.all(_NEVER_REPORTED, values)]
        return [row.unit_id for row in tx.all(_REPORTED_FOR, values | {"reported": at.reported})]

    found, following = _filled(spot, most, page, lambda at: _next_quarter(tx, at, year=year, other_than=quarter))
    rows = reports.coverage_of(tx, found, year=year, quarter=quarter, before=before, kinds=kinds)
    return [
        Standing(r.unit_id, r.unit_name, r.office_id, r.owed - r.reported, r.owed, position=r.position)
        for r in rows
    ], following


def _filled(
    spot: Spot, most: int, page: Callable[[Spot, int], list[int]], next_of: Callable[[Spot], Spot | None]
) -> tuple[set[int], Spot | None]:
    """So many units, and where to go on: `page` gives the next ones of a spot's kind, `next_of` the next kind."""
    found: set[int] = set()
    at: Spot | None = spot
    while at is not None and len(found) < most:
        ids = page(at, most - len(found))
        found |= set(ids)
        at = replace(at, after=ids[-1]) if ids else next_of(at)
    return found, at


def _next_quarter(tx: Tx, at: Spot, *, year: int, other_than: str) -> Spot | None:
    """The next quarter for which some commitments were reported last, other than the one that is asked for."""
    later: str | None = tx.scalar(_NEXT_REPORTED, {"in_year": year, "reported": at.reported or ""})
    if later == other_than:
        later = tx.scalar(_NEXT_REPORTED, {"in_year": year, "reported": other_than})
    return None if later is None else Spot(reported=later)


def registration(tx: Tx, spot: Spot, *, year: int, kinds: Sequence[str], most: int) -> Page:
    """Units that have promised nothing of their own for the year, or have something returned."""

    def page(at: Spot, count: int) -> list[int]:
        if at.promised is None:
            return [row.unit_id for row in _of_units(tx, at, year=year, state=State.RETURNED, most=count)]
        values = {"promised": at.promised, "after": at.after, "most": count}
        return [row.unit_id for row in tx.all(_PROMISED_FOR, values)]

    found, following = _filled(spot, most, page, lambda at: _next_year(tx, at, other_than=year))
    return owing.unregistered(tx, found, year=year, kinds=kinds), following


def _next_year(tx: Tx, at: Spot, *, other_than: int) -> Spot | None:
    """The next year for which some units promised something last, other than the one that is asked for."""
    later: int | None = tx.scalar(_NEXT_PROMISED, {"promised": -1 if at.promised is None else at.promised})
    if later == other_than:
        later = tx.scalar(_NEXT_PROMISED, {"promised": other_than})
    return None if later is None else Spot(promised=later)


def proposed(tx: Tx, spot: Spot, *, year: int, most: int) -> Page:
    """Units with proposals of the year that wait to be examined, and how many."""
    rows = _of_units(tx, spot, year=year, state=State.PROPOSED, most=most)
    found = [
        Standing(row.unit_id, row.name, row.parent_id, row.count, row.count, position=row.position)
        for row in rows
        if row.ended_at is None
    ]
    return found, _following([row.unit_id for row in rows], most)


def _of_units(tx: Tx, spot: Spot, *, year: int, state: State, most: int) -> Sequence[Any]:
    """The next units with commitments in a state, also those that have ended."""
    return tx.all(_UNSETTLED, {"in_year": year, "in_state": state.value, "after": spot.after, "most": most})


def own(tx: Tx, spot: Spot, *, root: int, deadline_id: int, kinds: Sequence[str], most: int) -> Page:
    """Units at or below the root that have not done what an own deadline asks for."""
    if list_some(tx, deadline_id):
        return [], spot
    listed = [row.unit_id for row in tx.all(_OWED, {"which": deadline_id, "after": spot.after, "most": most})]
    rows = tx.among(_UNFULFILLED, "listed", listed, {"root": root, "which": deadline_id, "kinds": list(kinds)})
    found = [Standing(row.id, row.name, row.parent_id, 1, 1, position=row.position) for row in rows]
    return found, _following(listed, most)


def unverified(tx: Tx, spot: Spot, *, quarter: str, most: int) -> Page:
    """One for each report of the quarter that waits to be verified, with its unit."""
    rows = tx.all(_UNVERIFIED, {"in_quarter": quarter, "after": spot.after, "most": most})
    found = [Standing(row.id, row.name, row.parent_id, 1, 1, position=row.position) for row in rows]
    return found, _following([row.commitment_id for row in rows], most)


def _following(numbers: Sequence[int], most: int) -> Spot | None:
    return Spot(numbers[-1]) if len(numbers) == most else None
