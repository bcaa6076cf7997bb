"""Writing roster files: the roster as it stands, the template to fill in, and the list of binding codes.

The first two can be imported as they are. Every word is written as a word: a name that begins with "=" must
not become a formula.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers.roster.directory import Directory
from handlers.roster.printable import Card
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
UNITS_SHEET, PEOPLE_SHEET, NOTES_SHEET = "单位", "人员", "说明"
#: Rows that are prepared in the template: with choices, and with mobile numbers as text.
_PREPARED_ROWS = 2000
_WIDTHS = {
    Column.NAME: 24,
    Column.PARENT: 24,
    Column.UNIT: 24,
    Column.POSTS: 26,
    Column.MOBILE: 16,
    Column.ACCOUNT: 18,
}
_HEAD = PatternFill("solid", fgColor="DDE6F5")
_FAINT = Font(italic=True, color="808080")
_KINDS = [kind_word(kind) for kind in (DISTRICT, OFFICE, VILLAGE, COMMUNITY)]
_ORGANIZATIONS = [organization_word(word) for word in ("committee", "general_branch", "branch")]
_ROLES = [role_word(role) for role in Role]
_UNIT_CHOICES = {
    Column.KIND: _KINDS,
    Column.ORGANIZATION: _ORGANIZATIONS,
    Column.STATE: ["正常", "撤销"],
}
_PEOPLE_CHOICES = {Column.POSTS: _ROLES, Column.STATE: ["在任", "离任"]}
#: Where something else may be right as well, so that it is pointed out and not refused.
_OPEN_CHOICES = {
    Column.KIND: "常用的类别在列表里；街道、乡、镇也可以填",
    Column.POSTS: "多个职务请用“、”隔开",
}
_EXAMPLE_UNITS = (
    ("某某区", "区", "", "", "", 1, EXAMPLE, ""),
    ("某某办事处", "办事处", "某某区", "", "", 2, EXAMPLE, ""),
    ("某某村", "村", "某某办事处", "党总支", "城中村组", 3, EXAMPLE, ""),
    ("某某社区", "社区", "某某办事处", "党支部", "", 4, EXAMPLE, ""),
)
_EXAMPLE_PEOPLE = (
    ("张某", "13800000000", "某某区", "组织者", EXAMPLE, "", ""),
    ("赵某", "13800000001", "某某办事处", "办事处管理员", EXAMPLE, "", "ZhaoMou"),
    ("李某", "", "某某村", "书记", EXAMPLE, "", ""),
    ("王某", "", "某某区", "评委、观察员", EXAMPLE, "", ""),
)
_NOTES = (
    "名称、类别必填；上级写上级单位的名称，最上面的一个留空。两个上级下有同名单位时写成“上级/名称”。",
    "姓名、单位、职务必填；一人有几个职务用“、”隔开，在几个单位任职就写几行。",
    "手机可以不填；填了手机就按手机认人，没填就按姓名加单位认人。",
    "企业微信账号可以不填；只有按账号自动认人、而账号名不是手机号时才用得着。",
    "文件里没写到的单位和人都不动。有人离任，在状态填“离任”；单位撤销，填“撤销”。",
    "改名时，名称填新名，原名填旧名。空着的格子表示不改，填“无”表示清空。",
    "状态是“示例”的行不会导入。",
    "发来后先看要改什么，点“导入”才生效；有一处不对就全部不导入。",
)


def template() -> bytes:
    """An empty roster with headings, choices, notes, and a few rows marked as examples, which are not imported."""
    return _book(_EXAMPLE_UNITS, _EXAMPLE_PEOPLE, prepared=_PREPARED_ROWS, notes=_NOTES)


def roster_file(units: Sequence[Unit], holders: Sequence[Holder]) -> bytes:
    """The roster as a file. Importing it again changes nothing."""
    directory = Directory()
    for unit in units:
        directory.put(unit.id, unit.name, unit.kind, unit.parent_id)
    unit_rows = [_unit_row(unit, directory) for unit in units]
    return _book(unit_rows, _people_rows(holders, directory), prepared=0, notes=())


def _unit_row(unit: Unit, directory: Directory) -> tuple[Any, ...]:
    parent = directory.path(unit.parent_id) if unit.parent_id in directory.names else ""
    organization = organization_word(unit.organization)
    return (unit.name, kind_word(unit.kind), parent, organization, unit.class_name or "", unit.position, "", "")


def _people_rows(holders: Sequence[Holder], directory: Directory) -> Iterable[tuple[Any, ...]]:
    """One row for each person and unit, with all posts held there."""
    held: dict[tuple[int, int], list[Holder]] = {}
    for holder in holders:
        held.setdefault((holder.person_id, holder.unit_id), []).append(holder)
    for same in held.values():
        posts = "、".join(dict.fromkeys(role_word(holder.role) for holder in same))
        who = same[0]
        yield who.name, who.mobile or "", directory.path(who.unit_id), posts, "", "", who.wecom_account or ""


def codes_file(cards: Sequence[Card], show: Callable[[Words], str]) -> bytes:
    """The codes as a list, for whoever hands them out one by one."""
    book = Workbook()
    heads = (T("办事处"), T("姓名"), T("职务"), T("手机"), T("绑定码"), T("有效期至"))
    rows = [(c.group, c.name, c.posts, c.mobile, c.code, show(T("{expires}", expires=c.expires))) for c in cards]
    sheet = book.active
    sheet.title = _plain(show(T("绑定码")))
    _write(sheet, [show(head) for head in heads], rows)
    for index, width in enumerate((18, 12, 34, 16, 14, 18), start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    return _saved(book)


def _book(
    unit_rows: Iterable[Sequence[Any]],
    people_rows: Iterable[Sequence[Any]],
    *,
    prepared: int,
    notes: Sequence[str],
) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = UNITS_SHEET
    _fill(sheet, UNIT_COLUMNS, unit_rows, _UNIT_CHOICES, prepared)
    _fill(book.create_sheet(PEOPLE_SHEET), PEOPLE_COLUMNS, people_rows, _PEOPLE_CHOICES, prepared)
    if notes:
        told = book.create_sheet(NOTES_SHEET)
        told.column_dimensions["A"].width = 100
        for number, note in enumerate(notes, start=1):
            told.cell(number, 1, f"{number}. {note}").alignment = Alignment(wrap_text=True, vertical="top")
    return _saved(book)


def _fill(
    sheet: Any,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    choices: dict[Column, list[str]],
    prepared: int,
) -> None:
    last = max(_write(sheet, [column.value for column in columns], rows), prepared)
    for index, column in enumerate(columns, start=1):
        letter = get_column_letter(index)
        sheet.column_dimensions[letter].width = _WIDTHS.get(column, 12)
        if column in (Column.MOBILE, Column.ACCOUNT):
            # Eleven digits would become a number in scientific notation.
            for number in range(2, last + 1):
                sheet.cell(number, index).number_format = "@"
        if column in choices and last > 1:
            sheet.add_data_validation(_choice(column, choices[column], f"{letter}2:{letter}{last}"))


def _write(sheet: Any, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write headings and rows, freeze the headings; returns the number of the last row."""
    for index, head in enumerate(heads, start=1):
        cell = sheet.cell(1, index, head)
        cell.font, cell.fill, cell.alignment = Font(bold=True), _HEAD, Alignment(horizontal="center")
    number = 1
    for number, row in enumerate(rows, start=2):
        for index, value in enumerate(row, start=1):
            cell = sheet.cell(number, index, _plain(value))
            if isinstance(cell.value, str):
                cell.data_type = "s"
            if EXAMPLE in row:
                cell.font = _FAINT
    sheet.freeze_panes = "A2"
    return number


def _plain(value: Any) -> Any:
    """The value without the characters that a spreadsheet cannot hold; nothing for an empty word."""
    return (ILLEGAL_CHARACTERS_RE.sub("", value) or None) if isinstance(value, str) else value


def _choice(column: Column, words: Sequence[str], cells: str) -> DataValidation:
    choice = DataValidation("list", formula1=f'"{",".join(words)}"', allow_blank=True)
    choice.errorTitle, choice.error = column.value, "请从列表中选择"
    if column in _OPEN_CHOICES:
        choice.errorStyle, choice.error = "information", _OPEN_CHOICES[column]
    choice.showErrorMessage = True
    choice.add(cells)
    return choice


def _saved(book: Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
