"""Importing costs a fixed number of statements, however many rows there are."""

from __future__ import annotations

from sqlalchemy import event

from handlers.roster import importing, sheets
from storage import roster
from storage.database import Database
from tests.roster.book import csv_of, roster_of
from tests.world import World


def statements(database: Database, world: World, data: bytes) -> int:
    """How many statements planning and importing the file takes; many rows at once are one statement."""
    count = 0

    def executed(*_args: object) -> None:
        nonlocal count
        count += 1

    event.listen(database.engine, "before_cursor_execute", executed)
    with database.transaction() as tx:
        plan = importing.plan(tx, sheets.read("名册.xlsx", data))
        assert plan.problems == ()
        importing.apply(tx, plan, world.now)
    event.remove(database.engine, "before_cursor_execute", executed)
    return count


def test_statements_do_not_grow_with_the_rows(world: World) -> None:
    def file(prefix: str, size: int) -> bytes:
        units = [(f"{prefix}{n}村", "村", "枫杨办事处") for n in range(size)]
        people = [(f"书记{n}", "", f"{prefix}{n}村", "书记") for n in range(size)]
        return roster_of(units=units, people=people)

    few = statements(world.database, world, file("小", 5))
    many = statements(world.database, world, file("大", 500))
    assert many <= few + 4
    with world.database.transaction() as tx:
        assert len(roster.known_units(tx)) == 7 + 505


def test_ten_thousand_units_are_planned_in_seconds(world: World) -> None:
    rows = [("名称", "类别", "上级"), *((f"第{n}村", "村", "枫杨办事处") for n in range(10_000))]
    with world.database.transaction() as tx:
        plan = importing.plan(tx, sheets.read("名册.csv", csv_of(rows)))
        importing.apply(tx, plan, world.now)
        again = importing.plan(tx, sheets.read("名册.csv", csv_of(rows)))
    assert len(plan.units_added) == 10_000
    assert again.is_empty
