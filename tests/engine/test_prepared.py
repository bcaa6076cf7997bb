"""Statements that go to SQLite's driver: the same answers, and the same errors, as the library gives."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Executable, bindparam, event, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from storage import inbox
from storage.database import Database, is_failing
from storage.prepared import Prepared
from storage.tables import commitments, facts, units
from tests.world import MORNING

SHANGHAI = timezone(timedelta(hours=8))
VALUES = {
    "name": "大里村",
    "kind": "village",
    "position": 1,
    "created_at": datetime(2021, 3, 1, 8, tzinfo=SHANGHAI),
    "ended_at": None,
}
FIND = select(units.c.id, units.c.name, units.c.parent_id, units.c.created_at, units.c.ended_at).where(
    units.c.name == bindparam("called")
)


def both_ways(database: Database, statement: Executable, values: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    with database.transaction() as tx:
        return (
            [tuple(row) for row in Prepared(statement, *values).all(tx, values)],
            [tuple(row) for row in tx.all(statement, values)],
        )


def test_what_is_written_and_read_is_what_the_library_writes_and_reads(database: Database) -> None:
    with database.transaction() as tx:
        number = Prepared(insert(units).returning(units.c.id), *VALUES).scalar(tx, VALUES)
        row = tx.first(FIND, {"called": "大里村"})
        assert row is not None
        assert row.id == number
        assert row.created_at == datetime(2021, 3, 1, tzinfo=UTC)
    prepared, library = both_ways(database, FIND, {"called": "大里村"})
    assert prepared == library == [(number, "大里村", None, datetime(2021, 3, 1, tzinfo=UTC), None)]
    assert both_ways(database, FIND, {"called": "小里村"}) == ([], [])


def test_rows_have_names(database: Database) -> None:
    find = Prepared(FIND.add_columns(units.c.id.label("again")))
    with database.transaction() as tx:
        tx.execute(insert(units), VALUES)
        (row,) = find.all(tx, {"called": "大里村"})
        assert (row.name, row.again) == ("大里村", row.id)
        assert find.scalar(tx, {"called": "小里村"}) is None


def test_json_numbers_and_fixed_values_are_kept_as_the_library_keeps_them(database: Database) -> None:
    put = Prepared(insert(facts), "name", "value")
    with database.transaction() as tx:
        put.many(tx, [{"name": "a", "value": {"村": [1, None]}}, {"name": "b", "value": 7}])
        put.many(tx, [])
    statement = select(
        facts.c.name, facts.c.value, bindparam("third", Decimal("0.5"), type_=commitments.c.target.type)
    )
    prepared, library = both_ways(database, statement.order_by(facts.c.name), {})
    assert prepared == library
    assert [tuple(row) for row in prepared] == [("a", {"村": [1, None]}, Decimal("0.5")), ("b", 7, Decimal("0.5"))]


def test_errors_are_the_librarys_and_tell_no_values(sqlite_database: Database) -> None:
    take = Prepared(insert(facts), "name", "value")
    with sqlite_database.transaction() as tx:
        take.many(tx, [{"name": "秘密", "value": 1}])
    with pytest.raises(IntegrityError) as caught, sqlite_database.transaction() as tx:
        take.many(tx, [{"name": "秘密", "value": 1}])
    assert "秘密" not in str(caught.value)
    assert not is_failing(caught.value)


def test_a_locked_database_is_trouble_and_no_fault_of_the_statement(sqlite_database: Database) -> None:
    holds = sqlite3.connect(str(sqlite_database.url.database), isolation_level=None)
    holds.execute("BEGIN IMMEDIATE")
    with sqlite_database.reading() as tx:
        tx.connection.exec_driver_sql("PRAGMA busy_timeout=1")
        with pytest.raises(OperationalError) as caught:
            inbox.take(tx, platform="post", message_id="1", now=MORNING)
    assert is_failing(caught.value)
    holds.close()


@pytest.mark.parametrize(("heard", "at"), [("before_cursor_execute", 2), ("before_execute", 1)])
def test_whoever_listens_hears_it(database: Database, heard: str, at: int) -> None:
    said: list[str] = []
    rename = Prepared(update(units).values(name=bindparam("called")))
    with database.transaction() as tx:
        rename.many(tx, [{"called": "一"}])
    event.listen(database.engine, heard, lambda *args: said.append(str(args[at])))
    with database.transaction() as tx:
        rename.many(tx, [{"called": "二"}])
    assert len([one for one in said if one.startswith("UPDATE units")]) == 1
