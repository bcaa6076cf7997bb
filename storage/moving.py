"""Moving everything from the SQLite file into an empty PostgreSQL: whole and verified, or not at all."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Table, func, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError

from bot.chat.errors import ConfigurationError
from storage import contents
from storage.contents import Digest
from storage.database import Database, Tx
from storage.tables import metadata

#: `(table, rows done, rows in all)`; each table is counted twice, once copied and once compared.
Progress = Callable[[str, int, int], None]

_KEYS = text(
    "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY 1, 2"
)
_GO_ON = text("SELECT setval(pg_get_serial_sequence(quote_ident(:table), 'id'), :last)")


def require_unused(path: Path) -> None:
    """Raises ConfigurationError when a program has the SQLite file open: what it writes would be left behind."""
    probe = sqlite3.connect(path, timeout=0.5, isolation_level=None)
    try:
        # Every connection shares a lock on a write-ahead database as long as it lives; this asks for it alone.
        probe.execute("PRAGMA locking_mode=EXCLUSIVE")
        probe.execute("BEGIN IMMEDIATE")
        probe.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        raise ConfigurationError(f"{path}: a program is using it; stop it first ({error})") from error
    finally:
        probe.close()


def require_empty(database: Database) -> None:
    """Raises ConfigurationError when one of our tables has a row."""
    there = set(inspect(database.engine).get_table_names())
    with database.transaction() as tx:
        for table in metadata.sorted_tables:
            if table.name in there and (rows := contents.count(tx, table)):
                raise ConfigurationError(f"database.url: {table.name} has {rows} rows already; nothing was done")


def move(source: Database, target: Database, *, progress: Progress = lambda *_: None) -> list[Digest]:
    """Copy every row and compare every row, in one transaction of the target; both must be at the same version.

    Raises ConfigurationError, with the target left empty, when a row does not arrive as it was.
    """
    require_empty(target)
    with source.transaction() as old, target.transaction() as new:
        try:
            with _without_foreign_keys(new):
                for table in metadata.sorted_tables:
                    _copy(old, new, table, progress)
            moved = [_compare(old, new, table, progress) for table in metadata.sorted_tables]
            _number_on(old, new)
        except DBAPIError as error:
            raise ConfigurationError(f"move: PostgreSQL refuses: {error.orig}; nothing was moved") from error
    return moved


@contextmanager
def _without_foreign_keys(tx: Tx) -> Iterator[None]:
    """Tables refer to one another and to themselves: the references are checked when all rows are there."""
    keys = tx.all(_KEYS)
    for table, name, _definition in keys:
        tx.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
    yield
    for table, name, definition in keys:
        tx.execute(text(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"))


def _copy(old: Tx, new: Tx, table: Table, progress: Progress) -> None:
    total, done = contents.count(old, table), 0
    columns = [column.key for column in table.columns]
    for page in contents.pages(old, table):
        try:
            new.many(insert(table), [dict(zip(columns, row, strict=True)) for row in page])
        except DBAPIError as error:
            raise ConfigurationError(
                f"move: PostgreSQL refuses a row of {table.name}: {error.orig}; nothing was moved"
            ) from error
        done += len(page)
        progress(table.name, done, 2 * total)


def _compare(old: Tx, new: Tx, table: Table, progress: Progress) -> Digest:
    """Row by row; raises ConfigurationError naming the first row that differs."""
    total = contents.count(old, table)
    pairs = itertools.zip_longest(contents.rows(old, table), contents.rows(new, table))
    for done, (before, after) in enumerate(pairs, 1):
        if before is None or after is None or contents.of_row(before) != contents.of_row(after):
            raise ConfigurationError(
                f"move: {table.name}, row {done}: {before!r} arrived as {after!r}; nothing was moved"
            )
        if done % contents.PAGE == 0 or done == total:
            progress(table.name, total + done, 2 * total)
    return contents.of_table(new, table)


def _number_on(old: Tx, new: Tx) -> None:
    """New rows go on where the old database stopped, also after numbers whose rows are gone."""
    given = {row.name: row.seq for row in old.all(text("SELECT name, seq FROM sqlite_sequence"))}
    for table in metadata.sorted_tables:
        if "id" not in table.columns:
            continue
        last = max(new.scalar(select(func.max(table.c.id))) or 0, given.get(table.name, 0))
        if last:
            new.execute(_GO_ON, {"table": table.name, "last": last})
