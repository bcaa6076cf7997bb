"""`liangsaibi db move`: everything from SQLite to PostgreSQL, compared row by row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from storage import contents, migrate
from storage.database import Database
from storage.tables import metadata
from tests.operating.conftest import run

Fresh = Callable[[], str]


def digests(database: Database) -> list[contents.Digest]:
    with database.transaction() as tx:
        return [contents.of_table(tx, table) for table in metadata.sorted_tables]


def files(folder: Path) -> dict[str, int]:
    return {str(p): p.stat().st_mtime_ns for p in (folder / "data" / "files").rglob("*")}


def test_the_whole_quarter_moves_and_work_goes_on(here: Path, fresh_postgresql: Fresh) -> None:
    source = Database(f"sqlite:///{here / 'data' / 'liangsaibi.db'}")
    before, photos = digests(source), files(here)
    with source.transaction() as tx:
        tx.execute(text("UPDATE sqlite_sequence SET seq = seq + 100 WHERE name = 'outbox'"))
        next_number = tx.scalar(text("SELECT seq + 1 FROM sqlite_sequence WHERE name = 'outbox'"))
    source.close()
    url = fresh_postgresql()

    done = run("db", "move", url=url)

    assert done.exit_code == 0, done.output
    total = sum(d.rows for d in before)
    assert f"every row compared: {total}" in done.output
    target = Database(url)
    assert digests(target) == before
    assert {d.table for d in before if d.rows} >= {"units", "commitments", "score_sheets", "changes", "evidence"}
    assert total > 1500
    assert photos == files(here)
    assert photos
    with target.transaction() as tx:
        assert tx.scalar(text("SELECT nextval('outbox_id_seq')")) == next_number
        assert tx.scalar(text("SELECT nextval('units_id_seq')")) > tx.scalar(text("SELECT max(id) FROM units"))
        keys = tx.scalar(text("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated"))
    assert keys == sum(len(table.foreign_key_constraints) for table in metadata.sorted_tables)
    target.close()
    assert run("check", url=url).exit_code == 0

    again = run("db", "move", url=url)
    assert again.exit_code == 1
    assert "rows already; nothing was done" in again.output


ALTERED = """
CREATE FUNCTION better() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF NEW.id = 7 THEN NEW.total := NEW.total + 1; END IF; RETURN NEW; END $$;
CREATE TRIGGER better BEFORE INSERT ON score_sheets FOR EACH ROW EXECUTE FUNCTION better();
"""


def test_a_row_that_arrives_altered_is_named_and_nothing_is_kept(here: Path, fresh_postgresql: Fresh) -> None:
    url = fresh_postgresql()
    target = Database(url)
    migrate.upgrade(target)
    with target.transaction() as tx:
        tx.execute(text(ALTERED))
    done = run("db", "move", url=url)
    assert done.exit_code == 1
    assert "move: score_sheets, row 7: (7, " in done.output
    assert "nothing was moved" in done.output
    assert {d.rows for d in digests(target)} == {0}
    target.close()


def test_a_row_that_postgresql_refuses_is_told_and_nothing_is_kept(here: Path, fresh_postgresql: Fresh) -> None:
    source = Database(f"sqlite:///{here / 'data' / 'liangsaibi.db'}")
    with source.transaction() as tx:
        tx.execute(text("UPDATE commitments SET words = 'a' || char(0) || 'b' WHERE id = 3"))
    source.close()
    url = fresh_postgresql()
    done = run("db", "move", url=url)
    assert done.exit_code == 1
    assert "move: PostgreSQL refuses a row of commitments" in done.output
    target = Database(url)
    assert {d.rows for d in digests(target)} == {0}
    target.close()


def test_nothing_moves_while_the_program_runs_or_without_a_postgresql(here: Path, fresh_postgresql: Fresh) -> None:
    running = Database(f"sqlite:///{here / 'data' / 'liangsaibi.db'}")
    running.check()
    refused = run("db", "move", url=fresh_postgresql())
    running.close()
    assert refused.exit_code == 1
    assert "a program is using it; stop it first" in refused.output
    nowhere = run("db", "move")
    assert nowhere.exit_code == 1
    assert "set it to postgresql://… first" in nowhere.output
