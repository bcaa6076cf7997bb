"""Several districts in one PostgreSQL: each in a schema of its own, reached by a role of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.engine import URL

if TYPE_CHECKING:
    from storage.database import Database

#: PostgreSQL's advisory locks hold for a whole database. This is added to a lock's number: nothing in `public`,
#: else the schema's own number, which no other has.
LOCK_OF_SCHEMA = (
    "CASE current_schema() WHEN 'public' THEN 0 ELSE "
    "CAST((SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AS bigint) << 32 END"
)
#: The same for the name of a channel.
CHANNEL_OF_SCHEMA = (
    "CASE current_schema() WHEN 'public' THEN '' ELSE "
    "'_' || (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) END"
)
#: The schema of whoever names none.
PUBLIC = "public"
_OPTION = re.compile(r"-c\s*search_path=(\w+)")
_CURRENT = text("SELECT current_schema()")
_PLACE = text("SELECT CAST(pg_postmaster_start_time() AS text), current_database(), current_schema()")
#: Other schemas with tables of ours that this role may use.
_BEYOND = text(
    "SELECT DISTINCT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relname IN ('outbox', 'units') AND c.relkind = 'r' AND n.nspname <> current_schema() "
    "AND has_schema_privilege(n.oid, 'USAGE') "
    "AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') ORDER BY 1"
)


def within(url: URL, schema: str) -> URL:
    """The address with everything found and made in this schema; empty: as the role has it, usually `public`."""
    if not schema:
        return url
    given = url.query.get("options", ())
    before = [given] if isinstance(given, str) else list(given)
    return url.update_query_dict({"options": " ".join([*before, f"-csearch_path={schema}"])})


def named(url: URL) -> str:
    """The schema that an address names; empty when it leaves that to the role."""
    found = _OPTION.search(str(url.query.get("options", "")))
    return found[1] if found else ""


def current(database: Database) -> str | None:
    """The schema in which everything is found and made; None when there is none that the role may use."""
    with database.engine.connect() as connection:
        found: str | None = connection.execute(_CURRENT).scalar()
    return found


def place(database: Database) -> tuple[str, ...] | None:
    """Which server, database and schema it really is, by whatever name it was reached; None on SQLite."""
    if database.is_sqlite:
        return None
    with database.engine.connect() as connection:
        return tuple(map(str, connection.execute(_PLACE).one()))


def beyond(database: Database) -> list[str]:
    """The schemas of other districts into which the role reaches; there should be none."""
    if database.is_sqlite:
        return []
    with database.engine.connect() as connection:
        return [str(row.nspname) for row in connection.execute(_BEYOND)]
