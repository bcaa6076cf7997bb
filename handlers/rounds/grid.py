"""Spreadsheets that are read on a screen and printed: a title, a note, headings, and ruled rows."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from bot.chat.texts import Words
from handlers.rounds.document import clean

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Rows: title, note, headings; what follows is data.
HEAD_ROW = 3
_FONT, _MOST = "宋体", 32_000
_LINE = Border(*(Side(style="thin", color="808080"),) * 4)
_SHADE = PatternFill("solid", fgColor="E7EDF5")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula without its "=", and the decimals to show."""

    text: str
    decimals: int | None = None


Value: TypeAlias = str | int | Decimal | Formula | None
Show = Callable[[Words], str]


@dataclass(frozen=True, slots=True)
class Column:
    """A heading with its width in characters.

    `left`: names, which are not centred. `optional`: hidden where nobody has anything in it.
    """

    head: Words
    width: int
    left: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet of a workbook."""

    name: Words
    title: Words
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    note: Words = ""


def workbook(pages: Sequence[Page], show: Show) -> bytes:
    """The sheets as an .xlsx file."""
    book = Workbook()
    book.remove(book.active)
    for page in pages:
        _fill(book.create_sheet(show(page.name)), page, show)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _fill(sheet: Any, page: Page, show: Show) -> None:
    _heading(sheet, page, show)
    for at, column in enumerate(page.columns, 1):
        _put(sheet.cell(HEAD_ROW, at), show(column.head), bold=True)
        sheet.cell(HEAD_ROW, at).fill = _SHADE
        sheet.column_dimensions[get_column_letter(at)].width = column.width
    for row, values in enumerate(page.rows, HEAD_ROW + 1):
        for at, (column, value) in enumerate(zip(page.columns, values, strict=True), 1):
            _put(sheet.cell(row, at), value, left=column.left)
    for at, column in enumerate(page.columns, 1):
        if column.optional and all(values[at - 1] in (None, "") for values in page.rows):
            sheet.column_dimensions[get_column_letter(at)].hidden = True
    _print(sheet)


def _heading(sheet: Any, page: Page, show: Show) -> None:
    for row, words, size, height in ((1, page.title, 16, 30), (2, page.note, 10, 32)):
        cell = sheet.cell(row, 1)
        _put(cell, show(words))
        cell.font, cell.border = Font(name=_FONT, bold=row == 1, size=size), Border()
        cell.alignment = Alignment(horizontal="center" if row == 1 else "left", vertical="center", wrap_text=True)
        sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=len(page.columns))
        sheet.row_dimensions[row].height = height
    sheet.row_dimensions[HEAD_ROW].height = 30


def _put(cell: Any, value: Value, *, bold: bool = False, left: bool = False) -> None:
    """A name is text whatever it begins with: "=1+1" is never computed."""
    match value:
        case str():
            cell.value = clean(value)[:_MOST]
            if cell.value:
                cell.data_type, cell.quotePrefix = "s", True
        case Formula(text, decimals):
            cell.value = f"={text}"
            cell.number_format = "General" if decimals is None else _format(decimals)
        case Decimal():
            cell.value = value
            cell.number_format = _format(-int(value.as_tuple().exponent))
        case _:
            cell.value = value
    cell.font, cell.border = Font(name=_FONT, bold=bold, size=11), _LINE
    cell.alignment = Alignment(horizontal="left" if left else "center", vertical="center", wrap_text=True)


def _format(decimals: int) -> str:
    return f"0.{'0' * decimals}" if decimals > 0 else "0"


def _print(sheet: Any) -> None:
    """A4 across, the headings on every page, as wide as the page."""
    sheet.freeze_panes = sheet.cell(HEAD_ROW + 1, 1)
    sheet.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_options.horizontalCentered = True
