"""Roster files made in tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook, load_workbook

from handlers.roster import importing, sheets, workbook
from handlers.roster.plan import Plan
from storage import people, units
from storage.database import Tx
from tests.world import World

UNITS = ("名称", "类别", "上级", "组织形式", "组别", "排序", "状态", "原名")
PEOPLE = ("姓名", "手机", "单位", "职务", "状态", "原名", "企业微信账号")
Rows = Sequence[Sequence[Any]]


def xlsx(**lists: Rows) -> bytes:
    """A workbook with these sheets, each with its headings first."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in lists.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def roster_of(*, units: Rows = (), people: Rows = ()) -> bytes:
    """A file with the usual headings and these rows."""
    lists: dict[str, Rows] = {}
    if units:
        lists["单位"] = [UNITS, *units]
    if people:
        lists["人员"] = [PEOPLE, *people]
    return xlsx(**lists)


def csv_of(rows: Rows, *, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    return buffer.getvalue().encode(encoding)


def exported(tx: Tx, world: World, root: str = "高新区") -> bytes:
    """The roster as the program writes it."""
    roots = [world.units[root]]
    return workbook.roster_file(units.subtree(tx, roots), people.posts_below(tx, roots))


def with_rows(data: bytes, **more: Rows) -> bytes:
    """The same workbook with more rows in some sheets."""
    book = load_workbook(io.BytesIO(data))
    for title, rows in more.items():
        for row in rows:
            book[title].append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def planned(world: World, data: bytes, *, name: str = "名册.xlsx", complete: bool = False, root: str = "") -> Plan:
    """What importing the file would do."""
    with world.database.transaction() as tx:
        roots = [world.units[root]] if root else None
        return importing.plan(tx, sheets.read(name, data), complete=complete, roots=roots)


def imported(world: World, data: bytes, *, name: str = "名册.xlsx", complete: bool = False) -> Plan:
    """Import the file; what that did. A second import of the same file must change nothing."""
    plan = planned(world, data, name=name, complete=complete)
    assert plan.problems == ()
    with world.database.transaction() as tx:
        importing.apply(tx, plan, world.now)
    again = planned(world, data, name=name, complete=complete)
    assert again.problems == ()
    assert again.is_empty, again
    return plan
