"""年度台账: the year of all units as a spreadsheet, one row a unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.rounds.grid import Column, Page, Show, Value, workbook
from handlers.rounds.tally import rounded
from handlers.standings.composing import Placed
from handlers.standings.fulfilment import Fulfilment, fulfilment
from handlers.standings.gathering import YEAR, Period, composite
from handlers.yearend.rating import Rated, rated
from storage import commitments, highlights, standings, units, verdicts
from storage.commitments import PUBLIC
from storage.verdicts import Both


@dataclass(frozen=True, slots=True)
class Year:
    """A unit's year. `quarters`: its standings by quarter; `whole`: the year's, None when it has none."""

    rated: Rated
    office: str
    fulfilment: Fulfilment
    quarters: dict[int, Placed]
    whole: Placed | None
    highlights: int


def gathered(ctx: Ctx, roots: Sequence[int], year: int) -> list[Year]:
    """The years of the units at or below the roots that have commitments, in their order."""
    given = verdicts.standing(ctx.tx, roots, year=year)
    both: dict[int, list[Both]] = {}
    offices: dict[int, str] = {}
    for placed in commitments.in_subtree(ctx.tx, roots, year=year, states=PUBLIC):
        both.setdefault(placed.commitment.unit_id, []).append(given.get(placed.commitment.id, Both()))
        offices[placed.commitment.unit_id] = placed.office_name or ""
    root = units.ancestors(ctx.tx, roots[0])[-1].id
    found = composite(ctx.tx, root, Period(year, YEAR), ctx.policy)
    open_ = _open_periods(ctx, root, year)
    told = [one.unit_id for one in highlights.of_year(ctx.tx, roots, year=year)]
    return [
        Year(
            one,
            offices[one.unit.id],
            fulfilment(both[one.unit.id], ctx.policy.standings.partly),
            {n: each[one.unit.id] for n, each in found.quarters.items() if n in open_ and one.unit.id in each},
            found.place_of(one.unit.id) if YEAR in open_ else None,
            told.count(one.unit.id),
        )
        for one in rated(ctx, roots, year)
    ]


def _open_periods(ctx: Ctx, root: int, year: int) -> set[int]:
    """The quarters (and 0 for the year) whose standings the person may see: all, or those that were published."""
    if ctx.actor.has(Role.ORGANIZER):
        return set(range(5))
    return {version.quarter for version in standings.versions(ctx.tx, root, year=year)}


def register_file(found: Sequence[Year], year: int, show: Show) -> bytes:
    """The spreadsheet's bytes."""
    columns = [Column(T("单位"), 16, left=True), Column(T("办事处"), 16, left=True), Column(T("承诺项数"), 10)]
    columns += [Column(T("兑现"), 8), Column(T("部分兑现"), 10), Column(T("未兑现"), 8), Column(T("还没评"), 8)]
    columns += [Column(T("兑现率%"), 10)]
    columns += [Column(T("{quarter}季度综合", quarter=number), 12, optional=True) for number in range(1, 5)]
    columns += [Column(T("年度综合"), 12), Column(T("年度名次"), 10), Column(T("亮点"), 8), Column(T("星级"), 8)]
    columns += [Column(finding.star.name, 12) for finding in found[0].rated.findings]
    rows = [_values(one) for one in found]
    return workbook([Page(T("年度台账"), T("{year}年度台账", year=year), columns, rows)], show)


def _values(one: Year) -> list[Value]:
    given = one.fulfilment
    quarters = [one.quarters[n].score if n in one.quarters else None for n in range(1, 5)]
    return [
        one.rated.unit.name,
        one.office,
        given.total,
        given.fulfilled,
        given.partly,
        given.unfulfilled,
        given.open,
        _share(given.share),
        *quarters,
        one.whole.score if one.whole else None,
        one.whole.rank if one.whole else None,
        one.highlights,
        one.rated.count,
        *("★" if finding.star.name in one.rated.awards else None for finding in one.rated.findings),
    ]


def _share(share: Fraction | None) -> Decimal | None:
    return None if share is None else rounded(share, 1)
