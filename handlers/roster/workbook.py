"""Writing roster files: the roster as it stands, and the template to fill in. Both can be imported as they are."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from bot.chat.people import Role
from handlers.roster.vocabulary import (
    EXAMPLE,
    PEOPLE_COLUMNS,
    UNIT_COLUMNS,
    Column,
    kind_word,
    organization_word,
    role_word,
)
from storage.people import Holder
from storage.units import COMMUNITY, DISTRICT, OFFICE, VILLAGE, Unit

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UNITS_SHEET, PEOPLE_SHEET = "单位", "人员"
#: Rows for which the template offers its choices.
_CHOICE_ROWS = 2000
_WIDTHS = {Column.NAME: 22, Column.PARENT: 22, Column.UNIT: 22, Column.POSTS: 26, Column.MOBILE: 16}
_HEAD = PatternFill("solid", fgColor="DDE6F5")
_CHOICES = {
    Column.KIND: [kind_word(kind) for kind in (DISTRICT, OFFICE, VILLAGE, COMMUNITY)],
    Column.ORGANIZATION: [organization_word(word) for word in ("committee", "general_branch", "branch")],
}
_EXAMPLE_UNITS = (
    ("某某区", "区", "", "", "", "1", EXAMPLE, ""),
    ("某某办事处", "办事处", "某某区", "", "", "2", EXAMPLE, ""),
    ("某某村", "村", "某某办事处", "党总支", "", "3", EXAMPLE, ""),
)
_EXAMPLE_PEOPLE = (
    ("张某", "13800000000", "某某区", "组织者", EXAMPLE, ""),
    ("李某", "", "某某村", "书记", EXAMPLE, ""),
    ("王某", "", "某某区", "评委、观察员", EXAMPLE, ""),
)


def template() -> bytes:
    """An empty roster with headings, choices and a few rows marked as examples, which are not imported."""
    return _book(_EXAMPLE_UNITS, _EXAMPLE_PEOPLE)


def roster_file(units: Sequence[Unit], holders: Sequence[Holder]) -> bytes:
    """The roster as a file. Importing it again changes nothing."""
    names = {unit.id: unit.name for unit in units}
    unit_rows = [
        (
            unit.name,
            kind_word(unit.kind),
            names.get(unit.parent_id or 0, ""),
            organization_word(unit.organization),
            unit.class_name or "",
            unit.position,
            "",
            "",
        )
        for unit in units
    ]
    return _book(unit_rows, _people_rows(holders))


def _people_rows(holders: Sequence[Holder]) -> Iterable[tuple[Any, ...]]:
    """One row for each person and unit, with all posts held there."""
    roles: dict[tuple[int, int], list[Role]] = {}
    first: dict[tuple[int, int], Holder] = {}
    for holder in holders:
        key = (holder.person_id, holder.unit_id)
        roles.setdefault(key, []).append(holder.role)
        first.setdefault(key, holder)
    for key, holder in first.items():
        posts = "、".join(role_word(role) for role in roles[key])
        yield holder.name, holder.mobile or "", holder.unit_name, posts, "", ""


def _book(unit_rows: Iterable[Sequence[Any]], people_rows: Iterable[Sequence[Any]]) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = UNITS_SHEET
    _fill(sheet, UNIT_COLUMNS, unit_rows)
    _fill(book.create_sheet(PEOPLE_SHEET), PEOPLE_COLUMNS, people_rows)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _fill(sheet: Any, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> None:
    sheet.append([column.value for column in columns])
    for row in rows:
        sheet.append(list(row))
    for index, column in enumerate(columns, 1):
        letter = get_column_letter(index)
        sheet.column_dimensions[letter].width = _WIDTHS.get(column, 12)
        head = sheet.cell(1, index)
        head.font, head.fill, head.alignment = Font(bold=True), _HEAD, Alignment(horizontal="center")
        if column is Column.MOBILE:
            # Eleven digits would become a number in scientific notation.
            for cell in sheet[letter][1:]:
                cell.number_format = "@"
        if column in _CHOICES:
            choice = DataValidation("list", formula1=f'"{",".join(_CHOICES[column])}"', allow_blank=True)
            choice.errorTitle, choice.error = column.value, "请从列表中选择"
            choice.add(f"{letter}2:{letter}{_CHOICE_ROWS}")
            sheet.add_data_validation(choice)
    sheet.freeze_panes = "A2"
