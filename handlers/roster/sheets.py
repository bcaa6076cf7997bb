"""Reading a roster file: .xlsx with any number of sheets, or .csv. Only what stands where; no meaning yet.

Sheets are recognized by their headings, not by their names, and the headings may stand below a title. Rows
are numbered as a spreadsheet program shows them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import Any
from zipfile import ZipFile

from openpyxl import load_workbook

from bot.chat.errors import UserError
from bot.chat.texts import T, Text
from handlers.roster.vocabulary import (
    PEOPLE_HEADINGS,
    PERSON_HEADINGS,
    UNIT_HEADINGS,
    Column,
    clean,
    heading,
)

#: More than this is no roster of a district: 100,000 units and their people fit.
MOST_ROWS = 300_000
MOST_BYTES = 30_000_000
MOST_UNPACKED_BYTES = 400_000_000
#: The headings are looked for in so many rows from the top.
_TITLE_ROWS = 10
_COLUMNS = 60
_TOO_BIG = T("文件太大了。请分几次导入。")
_UNREADABLE = T("这个文件打不开，可能不完整或设了密码。请另存为 .xlsx 再发来。")
_ENCODINGS = ("utf-8-sig", "gb18030")


@dataclass(frozen=True, slots=True)
class Row:
    """One row with something in it; `cells` holds the columns that are known, each stripped and not empty."""

    sheet: str
    number: int
    cells: Mapping[Column, str]

    def get(self, column: Column) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that has to be put right before anything is imported. `row` 0: the sheet as a whole."""

    sheet: str
    row: int
    column: str
    reason: Text


@dataclass(frozen=True, slots=True)
class Book:
    """What a file holds. `has_units`, `has_people`: whether it has such a list at all, if only an empty one.

    `ignored` are headings that mean nothing to the program, so that a misspelt one does not pass unnoticed.
    """

    units: tuple[Row, ...] = ()
    people: tuple[Row, ...] = ()
    has_units: bool = False
    has_people: bool = False
    ignored: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def is_roster(self) -> bool:
        return self.has_units or self.has_people


@dataclass(frozen=True, slots=True)
class _List:
    """One sheet with recognized headings."""

    of_people: bool
    rows: tuple[Row, ...]
    ignored: tuple[str, ...]
    problems: tuple[Problem, ...]


def is_sheet(name: str) -> bool:
    """Whether a file of this name can be read."""
    return PurePath(name).suffix.casefold() in (".xlsx", ".xlsm", ".csv")


def read(name: str, data: bytes) -> Book:
    """Read a file; raises UserError, which says what to do, when it is not one that can be read."""
    if len(data) > MOST_BYTES:
        raise UserError(_TOO_BIG)
    suffix = PurePath(name).suffix.casefold()
    if suffix == ".csv":
        return _book([_list(PurePath(name).name, _csv_rows(data))])
    if suffix in (".xlsx", ".xlsm"):
        return _book([_list(title, rows) for title, rows in _workbook_rows(data)])
    raise UserError(T("只能读 .xlsx 和 .csv 文件。请在表格软件里另存为 .xlsx 再发来。"))


def _book(lists: list[_List | None]) -> Book:
    found = [one for one in lists if one is not None]
    return Book(
        units=tuple(row for one in found if not one.of_people for row in one.rows),
        people=tuple(row for one in found if one.of_people for row in one.rows),
        has_units=any(not one.of_people for one in found),
        has_people=any(one.of_people for one in found),
        ignored=tuple(dict.fromkeys(word for one in found for word in one.ignored)),
        problems=tuple(problem for one in found for problem in one.problems),
    )


def _csv_rows(data: bytes) -> Iterator[list[str]]:
    text = _decoded(data)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",\t;", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise UserError(T("这个 .csv 文件读不了。请在表格软件里另存为 .xlsx 再发来。")) from error


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UserError(T("这个 .csv 文件的文字编码认不出来。请在表格软件里另存为 .xlsx 再发来。"))


def _workbook_rows(data: bytes) -> Iterator[tuple[str, Iterator[list[str]]]]:
    try:
        with ZipFile(io.BytesIO(data)) as parts:
            size = sum(part.file_size for part in parts.infolist())
        if size > MOST_UNPACKED_BYTES:
            raise UserError(_TOO_BIG)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except UserError:
        raise
    except Exception as error:  # a file from outside may be broken in any way
        raise UserError(_UNREADABLE) from error
    for sheet in book.worksheets:
        yield str(sheet.title), _sheet_rows(sheet)
    book.close()


def _sheet_rows(sheet: Any) -> Iterator[list[str]]:
    try:
        # Some programs write a wrong size of the sheet, and then rows would be missed.
        sheet.reset_dimensions()
        for row in sheet.iter_rows(max_col=_COLUMNS, values_only=True):
            yield [_text(value) for value in row]
    except Exception as error:  # as above: the rows are parsed only as they are read
        raise UserError(_UNREADABLE) from error


def _text(value: object) -> str:
    """A cell as text: whole numbers without a point, so that a mobile number typed as a number survives."""
    match value:
        case None:
            return ""
        case bool():
            return str(value)
        case float() if value.is_integer():
            return str(int(value))
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _list(sheet: str, rows: Iterable[list[str]]) -> _List | None:
    """The sheet's rows under their headings; None when it has no headings that mean anything."""
    numbered = enumerate(rows, start=1)
    for number, cells in numbered:
        of_people, known = _headings(cells)
        if known:
            break
        if number >= _TITLE_ROWS:
            return None
    else:
        return None
    problems = [*_repeated(sheet, number, cells, known), *_lacking(sheet, number, known, of_people)]
    ignored = tuple(clean(c) for i, c in enumerate(cells) if c.strip() and i not in known)
    return _List(of_people, tuple(_rows(sheet, numbered, known)), ignored, tuple(problems))


def _headings(cells: list[str]) -> tuple[bool, dict[int, Column]]:
    """Whether a row heads a list of people, and which column is which; empty when it is no heading row."""
    of_people = any(heading(cell, dict.fromkeys(PERSON_HEADINGS, Column.PERSON)) for cell in cells)
    if not of_people:
        as_people = {heading(cell, PEOPLE_HEADINGS) for cell in cells}
        of_people = {Column.PERSON, Column.POSTS} <= as_people
    table = PEOPLE_HEADINGS if of_people else UNIT_HEADINGS
    known = {i: column for i, cell in enumerate(cells) if (column := heading(cell, table))}
    return of_people, known if len(set(known.values())) >= 2 else {}


def _repeated(sheet: str, number: int, cells: list[str], known: Mapping[int, Column]) -> Iterator[Problem]:
    seen: set[Column] = set()
    for index, column in known.items():
        if column in seen:
            yield Problem(sheet, number, clean(cells[index]), T("有两列都是“{column}”", column=column.value))
        seen.add(column)


_NEEDED = {True: (Column.PERSON, Column.UNIT, Column.POSTS), False: (Column.NAME, Column.KIND)}


def _lacking(sheet: str, number: int, known: Mapping[int, Column], of_people: bool) -> Iterator[Problem]:
    for column in _NEEDED[of_people]:
        if column not in known.values():
            yield Problem(sheet, number, column.value, T("缺少这一列"))


def _rows(sheet: str, numbered: Iterable[tuple[int, list[str]]], known: Mapping[int, Column]) -> Iterator[Row]:
    count = 0
    for number, cells in numbered:
        found = {known[i]: words for i, cell in enumerate(cells) if i in known and (words := clean(cell))}
        if not found:
            continue
        count += 1
        if count > MOST_ROWS:
            raise UserError(_TOO_BIG)
        yield Row(sheet, number, found)
