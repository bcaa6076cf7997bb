"""年度台账: the year of all units as a spreadsheet, one row a unit."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter

from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.rounds.document import clean
from handlers.rounds.tally import rounded
from handlers.standings.composing import Placed
from handlers.standings.fulfilment import Fulfilment, fulfilment
from handlers.standings.gathering import YEAR, Period, composite
from handlers.yearend.rating import Rated, rated
from storage import commitments, highlights, standings, units, verdicts
from storage.commitments import PUBLIC
from storage.verdicts import Both

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HEAD_ROW = 2
_LINE = Border(*(Side(style="thin", color="808080"),) * 4)


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


def register_file(found: Sequence[Year], year: int, show: Callable[[Words], str]) -> bytes:
    """The spreadsheet's bytes."""
    book = Workbook()
    sheet = book.active
    sheet.title = show(T("年度台账"))
    heads: list[tuple[Words, int]] = [(T("单位"), 16), (T("办事处"), 16), (T("承诺项数"), 10)]
    heads += [(T("兑现"), 8), (T("部分兑现"), 10), (T("未兑现"), 8), (T("还没评"), 8), (T("兑现率%"), 10)]
    heads += [(T("{quarter}季度综合", quarter=number), 12) for number in range(1, 5)]
    heads += [(T("年度综合"), 12), (T("年度名次"), 10), (T("亮点"), 8), (T("星级"), 8)]
    heads += [(finding.star.name, 12) for finding in found[0].rated.findings]
    _put(sheet, 1, 1, show(T("{year}年度台账", year=year)))
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(heads))
    sheet.cell(1, 1).font = Font(bold=True, size=16)
    sheet.cell(1, 1).alignment = Alignment(horizontal="center")
    for column, (head, width) in enumerate(heads, 1):
        _put(sheet, _HEAD_ROW, column, show(head), bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = width
    for at, one in enumerate(found, _HEAD_ROW + 1):
        for column, value in enumerate(_values(one), 1):
            _put(sheet, at, column, value)
    sheet.freeze_panes = sheet.cell(_HEAD_ROW + 1, 2)
    sheet.print_title_rows = f"{_HEAD_ROW}:{_HEAD_ROW}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _values(one: Year) -> list[str | int | Decimal | None]:
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


def _put(sheet: Any, row: int, column: int, value: str | int | Decimal | None, *, bold: bool = False) -> None:
    """A name is text whatever it begins with: "=1+1" is never computed."""
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        cell.value = clean(value)
        cell.data_type, cell.quotePrefix = "s", True
    else:
        cell.value = value
    if isinstance(value, Decimal):
        cell.number_format = "0." + "0" * max(1, -int(value.as_tuple().exponent))
    if row >= _HEAD_ROW:
        cell.border = _LINE
        cell.font = Font(bold=bold)
        cell.alignment = Alignment(
            horizontal="left" if column <= 2 and not bold else "center", vertical="center", wrap_text=True
        )
