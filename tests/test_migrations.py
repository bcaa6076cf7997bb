"""From nothing to the newest version, and the newest version is the tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from bot.chat.errors import ConfigurationError
from storage import migrate
from storage.database import Database
from storage.tables import metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
        yield database
        database.close()
        return
    server = request.getfixturevalue("postgresql_server")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE empty_one"))
    database = Database(make_url(server).set(database="empty_one").render_as_string(hide_password=False))
    yield database
    database.close()
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE empty_one WITH (FORCE)"))
    engine.dispose()


def test_head_equals_the_tables(empty: Database) -> None:
    assert migrate.version(empty) is None
    migrate.upgrade(empty)
    assert migrate.version(empty) == migrate.newest()
    assert migrate.differences(empty) == []
    migrate.upgrade(empty)
    migrate.require_newest(empty)


def test_numbers_that_must_not_be_given_again_are_not_on_sqlite_either(tmp_path: Path) -> None:
    """A migration that makes such a table anew has to say so: `table_kwargs={"sqlite_autoincrement": True}`."""
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    migrate.upgrade(database)
    with database.engine.connect() as connection:
        made = connection.execute(
            text("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")
        ).scalars()
        assert set(made) == {t.name for t in metadata.tables.values() if t.dialect_kwargs["sqlite_autoincrement"]}
    database.close()


def test_an_old_database_is_refused_with_what_to_do(empty: Database) -> None:
    with pytest.raises(ConfigurationError, match="run liangsaibi db upgrade"):
        migrate.require_newest(empty)
