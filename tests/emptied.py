"""A database of PostgreSQL that one test after the other finds empty, as if it were new."""

from __future__ import annotations

import itertools
from typing import Any

from sqlalchemy import URL, Connection, NullPool, create_engine, text

from storage.tables import metadata

#: Where a test has filled more than this, in bytes, a new database costs less than the traces of what is deleted.
_MUCH = 4_000_000

_TABLES = [table.name for table in metadata.sorted_tables]
#: What a test may have altered besides rows.
_SHAPE = text("""
    SELECT md5(string_agg(part, ' ' ORDER BY part)) FROM (
        SELECT concat_ws(' ', nspname, relname, relkind, reloptions, relacl)
            FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname !~ '^pg_|^information'
        UNION ALL SELECT concat_ws(' ', attrelid, attname, atttypid, attnotnull, attacl)
            FROM pg_attribute WHERE attrelid >= 16384
        UNION ALL SELECT concat_ws(' ', conrelid, conname) FROM pg_constraint WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', tgrelid, tgname, tgenabled) FROM pg_trigger
        UNION ALL SELECT proname FROM pg_proc WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', nspname, nspacl) FROM pg_namespace WHERE nspname !~ '^pg_'
    ) AS parts(part)
""")
_SIZE = text("""
    SELECT sum(pg_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'i') AND nspname !~ '^pg_|^information'
""")
_FILLED = text(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in _TABLES))
_OTHERS = text(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_NUMBERS = text(
    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) "
    "FROM pg_sequences WHERE last_value IS NOT NULL"
)


class Emptied:
    """Gives out a database made from a template, empties it when it comes back, and makes another where that is
    not enough. `server` is a superuser's address on it."""

    def __init__(self, server: URL, template: str) -> None:
        self._server = server
        self._template = template
        self._engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self._names = (f"test_{number}" for number in itertools.count(1))
        self._made: URL | None = None
        self._shape: Any = None

    def take(self) -> URL:
        if self._made is None:
            self._made = self._server.set(database=next(self._names))
            with self._engine.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {self._made.database} TEMPLATE {self._template}"))
            with self._inside() as connection:
                self._shape = connection.scalar(_SHAPE)
        return self._made

    def give_back(self) -> None:
        """Its connections end."""
        with self._inside() as connection:
            connection.execute(_OTHERS)
            whole = connection.scalar(_SHAPE) == self._shape and connection.scalar(_SIZE) < _MUCH
            if whole:
                self._empty(connection)
        if not whole:
            self.drop()

    def drop(self) -> None:
        """The next one is new."""
        if self._made is not None:
            with self._engine.connect() as connection:
                connection.execute(text(f"DROP DATABASE {self._made.database} WITH (FORCE)"))
            self._made = None

    def _inside(self) -> Connection:
        assert self._made is not None
        return create_engine(self._made, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect()

    def _empty(self, connection: Connection) -> None:
        # Neither keys nor triggers are looked at: everything goes.
        connection.execute(text("SET session_replication_role = replica"))
        for name in connection.scalars(_FILLED).all():
            connection.execute(text(f"DELETE FROM {name}"))
        connection.execute(_NUMBERS)
