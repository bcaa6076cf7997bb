"""The register as a spreadsheet: one row for each commitment, ready to filter and to print."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from bot.chat.messages import Light
from bot.chat.rendering import LIGHT_WORDS
from bot.chat.texts import T, Text, Words
from handlers.commitments.describing import CATEGORY_WORDS, STATE_WORDS, goal
from handlers.commitments.tally import Row

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

#: Headings with the width of their column in characters.
_COLUMNS: tuple[tuple[Text, int], ...] = (
    (T("单位"), 14),
    (T("办事处"), 14),
    (T("编号"), 6),
    (T("类别"), 10),
    (T("承诺内容"), 42),
    (T("目标"), 20),
    (T("计量单位"), 10),
    (T("期限"), 12),
    (T("状态"), 14),
    (T("完成比例"), 10),
    (T("亮灯"), 8),
    (T("进度评价"), 12),
    (T("最近报告"), 12),
    (T("进度更正"), 30),
    (T("历次变更"), 42),
)
_FILLS = {Light.GREEN: "C6EFCE", Light.YELLOW: "FFEB9C", Light.RED: "FFC7CE"}
_DUE, _SHARE, _LIGHT, _REPORTED = 7, 9, 10, 12
_FORMATS = {_DUE: "yyyy-mm-dd", _SHARE: "0%", _REPORTED: "yyyy-mm-dd"}
_THIN = Border(*(Side(style="thin", color="BFBFBF"),) * 4)
_WRAP = Alignment(vertical="top", wrap_text=True)


def register_file(
    rows: Sequence[Row],
    *,
    heading: str,
    show: Callable[[Words], str],
    amended: Mapping[int, Sequence[Words]],
    corrected: Mapping[int, Words],
    zone: tzinfo,
    now: datetime,
) -> bytes:
    """The spreadsheet's bytes.

    By a commitment's id, `amended` has what was changed about it, `corrected` how its reported progress was.
    """
    book = Workbook(write_only=True)
    # The library would put the machine's own time.
    book.properties.created = book.properties.modified = now.astimezone(zone).replace(tzinfo=None)
    sheet = book.create_sheet(_sheet_name(heading))
    _lay_out(sheet, heading, len(rows))
    sheet.append([_head(sheet, show(words)) for words, _width in _COLUMNS])
    line = _Line(sheet)
    for row in rows:
        sheet.append(line.filled(_values(row, show, amended, corrected, zone), row.standing.light))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _lay_out(sheet: Any, heading: str, count: int) -> None:
    """Widths, frozen header, filters, and how it prints: A4 across, the header on every page."""
    for index, (_words, width) in enumerate(_COLUMNS, 1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(_COLUMNS))}{count + 1}"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    # "&" begins a code there.
    sheet.oddHeader.center.text = heading.replace("&", "&&")
    sheet.oddFooter.center.text = "&P / &N"


class _Line:
    """A row's cells with their looks. They are filled anew for every row: making them takes most of the time."""

    def __init__(self, sheet: Any) -> None:
        self._cells = [_cell(sheet, _FORMATS.get(index)) for index in range(len(_COLUMNS))]
        self._lights = {light: _cell(sheet, fill=_FILLS.get(light)) for light in (*Light, None)}

    def filled(self, values: Sequence[Any], light: Light | None) -> list[Any]:
        """The cells with these values, good until the next call."""
        cells = [*self._cells]
        cells[_LIGHT] = self._lights[light]
        for cell, value in zip(cells, values, strict=True):
            _put(cell, value)
        return cells


def _values(
    row: Row,
    show: Callable[[Words], str],
    amended: Mapping[int, Sequence[Words]],
    corrected: Mapping[int, Words],
    zone: tzinfo,
) -> list[Any]:
    placed, standing = row.placed, row.standing
    commitment = placed.commitment
    return [
        placed.unit_name,
        placed.office_name or "",
        commitment.number,
        show(CATEGORY_WORDS[commitment.category]),
        commitment.words,
        show(goal(commitment.terms)) if commitment.target is None else commitment.target,
        commitment.measure or "",
        commitment.due,
        show(STATE_WORDS[commitment.state]),
        standing.share,
        show(LIGHT_WORDS[standing.light]) if standing.light else "",
        show(standing.words),
        _local_day(commitment.reported_at, zone),
        show(corrected[commitment.id]) if commitment.id in corrected else "",
        "\n".join(show(words) for words in amended.get(commitment.id, ())),
    ]


def _cell(sheet: Any, number_format: str | None = None, *, fill: str | None = None) -> Any:
    cell = WriteOnlyCell(sheet)
    cell.alignment, cell.border = _WRAP, _THIN
    if number_format:
        cell.number_format = number_format
    if fill:
        cell.fill = PatternFill("solid", fgColor=fill)
    return cell


def _put(cell: Any, value: Any) -> None:
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        # People's words stay words, also when they begin with "=".
        cell.data_type = "s"
    elif isinstance(value, date):
        # Giving a cell a date also gives it the library's own format.
        own = cell.number_format
        cell.value = value
        cell.number_format = own
    else:
        cell.value = value


def _head(sheet: Any, words: str) -> Any:
    cell = _cell(sheet, fill="D9E1F2")
    cell.font = Font(bold=True)
    _put(cell, words)
    return cell


def _local_day(at: datetime | None, zone: tzinfo) -> date | None:
    return at.astimezone(zone).date() if at else None


def _sheet_name(heading: str) -> str:
    """At most 31 characters, none of which a spreadsheet forbids in a sheet's name."""
    return "".join(c for c in heading if c not in "[]:*?/\\")[:31] or "1"
