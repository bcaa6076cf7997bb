"""The database that tests share finds nobody's traces."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from storage.database import Database
from storage.tables import metadata
from tests.emptied import Emptied
from tests.world import World, small_district


def _open(emptied: Emptied) -> Database:
    return Database(emptied.take().render_as_string(hide_password=False), threads=1)


def _rows(database: Database) -> dict[str, int]:
    with database.transaction() as tx:
        counted = {name: tx.scalar(text(f"SELECT count(*) FROM {name}")) for name in metadata.tables}
    return {name: count for name, count in counted.items() if count}


def test_rows_and_numbers_begin_anew(emptied: Emptied, tmp_path: Path) -> None:
    seen = []
    for turn in range(2):
        database = _open(emptied)
        assert _rows(database) == {}
        small_district(World(database, tmp_path / f"files{turn}"))
        with database.transaction() as tx:
            seen.append([tuple(row) for row in tx.all(text("SELECT id, name FROM units ORDER BY id"))])
        database.close()
        emptied.give_back()
    assert seen[0] == seen[1]
    assert len(seen[0]) > 1


def test_an_open_transaction_holds_nobody_up(emptied: Emptied) -> None:
    database = _open(emptied)
    connection = database.engine.connect()
    connection.execute(text("LOCK TABLE units IN ACCESS EXCLUSIVE MODE"))
    emptied.give_back()
    connection.invalidate()
    connection.close()
    database.close()


def test_what_was_altered_or_filled_is_not_used_again(emptied: Emptied) -> None:
    names = {emptied.take().database}
    alterations = (
        "CREATE TABLE more (id int)",
        "ALTER TABLE units ADD COLUMN more int",
        "DROP INDEX ix_posts_person_id",
        "GRANT SELECT ON units TO pg_monitor",
        "CREATE SCHEMA more",
        "INSERT INTO facts (name, value) SELECT n, to_json(repeat('x', 100)) FROM generate_series(1, 40000) n",
    )
    for number, alteration in enumerate(alterations, 2):
        database = _open(emptied)
        with database.transaction() as tx:
            tx.execute(text(alteration))
        database.close()
        emptied.give_back()
        names.add(emptied.take().database)
        assert len(names) == number, alteration
