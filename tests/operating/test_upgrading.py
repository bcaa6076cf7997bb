"""Upgrades without downtime: what a version can do with its tables, it can still do with the next ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    Date,
    DateTime,
    Integer,
    MetaData,
    Numeric,
    Table,
    insert,
)
from sqlalchemy.exc import SQLAlchemyError

from bot.chat.errors import ConfigurationError
from storage import migrate
from storage.database import Database

#: So many migrations are gone through, the newest ones: older programs are not started any more.
NEWEST = 4


@pytest.fixture
def postgresql(fresh_postgresql: Callable[[], str]) -> Iterator[Database]:
    database = Database(fresh_postgresql())
    yield database
    database.close()


def reflected(connection: Connection) -> dict[str, Table]:
    found = MetaData()
    found.reflect(connection)
    return {name: table for name, table in found.tables.items() if name != "alembic_version"}


def row_of(table: Table) -> dict[str, Any]:
    """A row as somebody writes it who knows these columns: each that has to be given."""
    return {
        column.name: value_for(column.type)
        for column in table.columns
        if not column.nullable and column.server_default is None
    }


def value_for(kind: Any) -> Any:
    samples: list[tuple[type, Any]] = [
        (Boolean, True),
        (DateTime, datetime(2021, 3, 22, 1, tzinfo=UTC)),
        (Date, date(2021, 3, 22)),
        (JSON, {}),
        (Integer, 1),
        (Numeric, Decimal(1)),
    ]
    return next((sample for type_, sample in samples if isinstance(kind, type_)), "x")


def takes(connection: Connection, table: Table) -> bool:
    """Whether such a row can be written and read; it is not kept."""
    attempt = connection.begin_nested()
    try:
        connection.execute(insert(table), row_of(table))
        connection.execute(table.select())
    except SQLAlchemyError:
        return False
    finally:
        attempt.rollback()
    return True


def test_each_version_can_work_with_the_tables_of_the_next(postgresql: Database) -> None:
    """A migration may add tables, indexes, and columns that need not be given. What takes away says so."""
    scripts = list(ScriptDirectory.from_config(migrate._config()).walk_revisions())[:NEWEST][::-1]
    broken = []
    with postgresql.engine.begin() as connection:
        # Rows that refer to nothing: it is only their form that matters.
        connection.exec_driver_sql("SET session_replication_role = replica")
        config = migrate._config()
        config.attributes["connection"] = connection
        before: dict[str, Table] = {}
        for script in scripts:
            command.upgrade(config, script.revision)
            if not getattr(script.module, "contracts", False):
                lost = {name for name, table in before.items() if not takes(connection, table)}
                broken += [(script.revision, name) for name in sorted(lost)]
            before = reflected(connection)
            assert [name for name, table in before.items() if not takes(connection, table)] == []
    assert broken == []


def test_a_migration_that_takes_away_would_be_seen(postgresql: Database) -> None:
    migrate.upgrade(postgresql)
    with postgresql.engine.begin() as connection:
        connection.exec_driver_sql("SET session_replication_role = replica")
        before = reflected(connection)
        for statement in (
            "ALTER TABLE outbox RENAME COLUMN urgent TO pressing",
            "ALTER TABLE units ADD COLUMN must text NOT NULL",
            "ALTER TABLE people ALTER COLUMN name TYPE integer USING 1",
            "DROP TABLE receipts",
        ):
            connection.exec_driver_sql(statement)
        assert {name for name, table in before.items() if not takes(connection, table)} == {
            *("outbox", "units", "people", "receipts")
        }


def test_the_version_before_goes_on_and_starts_again_on_newer_tables(postgresql: Database) -> None:
    migrate.upgrade(postgresql)
    with postgresql.engine.begin() as connection:
        # The next version has been here, and its tables serve this one as well.
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'thenextone'")
        serves = f"serves: thenextone {' '.join(migrate.served())}"
        connection.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS '{serves}'")
    migrate.upgrade(postgresql)
    migrate.require_newest(postgresql)
    assert migrate.version(postgresql) == "thenextone"


def test_a_version_that_newer_tables_do_not_serve_is_refused(postgresql: Database, tmp_path: Path) -> None:
    on_sqlite = Database(f"sqlite:///{tmp_path / 'newer.db'}")
    for database in (postgresql, on_sqlite):
        migrate.upgrade(database)
        with database.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'afarone'")
            if not database.is_sqlite:
                connection.exec_driver_sql("COMMENT ON TABLE alembic_version IS 'serves: afarone another'")
        for refused in (migrate.upgrade, migrate.require_newest):
            with pytest.raises(ConfigurationError, match="of a newer program, and this one cannot work with it"):
                refused(database)
    on_sqlite.close()


def test_tables_serve_back_to_before_the_last_version_that_took_away_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "script.py.mako").write_text("")
    for number, contracts in enumerate((False, True, False, True, False)):
        before = f"'v{number - 1}'" if number else "None"
        lines = [f"revision = 'v{number}'", f"down_revision = {before}", f"contracts = {contracts}"]
        (tmp_path / "versions" / f"v{number}.py").write_text("\n".join(lines))
    monkeypatch.setattr(migrate, "FOLDER", tmp_path)
    assert migrate.served() == ["v4", "v3", "v2"]
