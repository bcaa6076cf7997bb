"""Least privilege on PostgreSQL: the program does all its work with a role that cannot alter what people did."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import make_url, text
from sqlalchemy.exc import ProgrammingError

from storage import audit, audited, migrate
from storage.database import Database
from tests.operating.conftest import psql
from tests.operating.test_audit import looks, verdict
from tests.story.test_quarter import TRANSCRIPT, played

ROLES = Path(__file__).resolve().parent.parent.parent / "deploy" / "roles.sql"

REFUSED = [
    "UPDATE score_sheets SET total = 99",
    "DELETE FROM score_sheets",
    "UPDATE changes SET summary = '[]'",
    "UPDATE reports SET words = 'x'",
    "UPDATE adjustments SET points = 0",
    "DELETE FROM round_steps",
    "UPDATE publications SET ranking = '[]'",
    "UPDATE audit SET hash = ''",
    "DELETE FROM audit",
    "TRUNCATE rounds CASCADE",
    "CREATE TABLE more (id int)",
    "ALTER TABLE units ADD COLUMN more int",
    "DROP TABLE objections",
    "UPDATE alembic_version SET version_num = ''",
]


def as_role(url: str, role: str) -> Database:
    return Database(make_url(url).set(username=role).render_as_string(hide_password=False), threads=2)


def prepared(url: str) -> None:
    """What the owner does: tables, and roles, twice, as before every upgrade."""
    owner = Database(url)
    migrate.upgrade(owner)
    owner.close()
    for _ in range(2):
        psql(url, ROLES.name)


def refused(database: Database, statement: str, *, first: str = "SELECT 1") -> bool:
    """Whether the role may not do it; the transaction is rolled back in any case."""
    with database.engine.connect() as connection:
        connection.execute(text(first))
        try:
            connection.execute(text(statement))
        except ProgrammingError as error:
            return any(words in str(error) for words in ("permission denied", "must be owner"))
    return False


def test_the_whole_quarter_runs_with_the_restricted_role_which_can_alter_nothing_that_was_done(
    fresh_postgresql: Callable[[], str], tmp_path: Path
) -> None:
    url = fresh_postgresql()
    prepared(url)
    database = as_role(url, "liangsaibi_app")
    migrate.upgrade(database)
    assert asyncio.run(played(database, tmp_path)) == TRANSCRIPT.read_text("utf-8")
    looks(database)
    assert verdict(database).findings == ()
    for statement in REFUSED:
        assert refused(database, statement), statement
    database.close()

    reader = as_role(url, "liangsaibi_reader")
    with reader.reading() as tx:
        assert audit.head(tx).number > 100
    assert refused(reader, "DELETE FROM dialogues", first="SET TRANSACTION READ WRITE")
    reader.close()


def test_the_script_names_every_audited_table_and_the_columns_that_are_added_later() -> None:
    script = ROLES.read_text("utf-8")
    revoked = script.split("REVOKE UPDATE, DELETE ON")[1].split("FROM")[0].replace(",", " ").split()
    assert set(revoked) == {"audit", *(one.table.name for one in audited.AUDITED)}
    for one in audited.AUDITED:
        columns = [*one.later, *one.free]
        if columns:
            assert f"GRANT UPDATE ({', '.join(columns)}) ON {one.table.name} TO" in script
