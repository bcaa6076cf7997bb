"""A round's results as a spreadsheet: places, and every score that counted or was dropped."""

from __future__ import annotations

import io
from collections.abc import Callable

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font

from bot.chat.texts import T, Words, plain_number
from handlers.rounds.counting import Outcome
from handlers.rounds.rulings import rules_words

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def results_file(seen: Outcome, show: Callable[[Words], str]) -> bytes:
    """The results as a spreadsheet: places, kept and dropped scores without the judges' names."""
    book = Workbook()
    sheet = book.active
    sheet.title = show(T("成绩"))
    sheet.append([seen.round.head.name])
    sheet.append([show(rules_words(seen.rules))])
    heads = (T("名次"), T("单位"), T("得分"), T("有效分个数"), T("计入的分"), T("去掉的分"), T("加减分"))
    sheet.append([show(head) for head in heads])
    for place in seen.places:
        result = place.ranked.result
        sheet.append(
            [
                place.ranked.rank,
                place.contestant.unit_name,
                place.ranked.shown,
                result.valid,
                " ".join(plain_number(s) for s in result.kept),
                " ".join(plain_number(s) for s in result.dropped),
                result.points or None,
            ]
        )
    for cell in sheet[3]:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(horizontal="center")
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.freeze_panes = "A4"
    for column, width in zip("ABCDEFG", (8, 20, 12, 12, 48, 20, 12), strict=True):
        sheet.column_dimensions[column].width = width
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
