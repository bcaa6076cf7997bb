"""Statements that every message needs: on SQLite they are handed to the driver itself.

SQLAlchemy takes five times as long to execute one as SQLite does, and that was half of what a message cost.
Text, values and rows are the library's: what it makes of a statement is kept. On PostgreSQL, where waiting for the
server is what counts, and wherever somebody listens to what is executed, the library executes it as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Dialect, Executable
from sqlalchemy.engine import result_tuple

from storage.database import DriverCursor, Tx

_Process = Callable[[Any], Any]


class Prepared:
    """A statement, and the names of the values that are given with it."""

    def __init__(self, statement: Executable, *given: str) -> None:
        self._statement = statement
        self._given = given
        self._made: _Made | None = None

    def all(self, tx: Tx, values: Mapping[str, Any]) -> Sequence[Any]:
        """Its rows, by position and by name."""
        made = self._for(tx)
        if made is None:
            return tx.all(self._statement, values)
        with DriverCursor(tx.connection, made.text) as cursor:
            cursor.execute(made.text, made.written(values))
            return made.read(cursor.fetchall())

    def scalar(self, tx: Tx, values: Mapping[str, Any]) -> Any:
        """The first row's first value; None without a row."""
        rows = self.all(tx, values)
        return rows[0][0] if rows else None

    def many(self, tx: Tx, values: Sequence[Mapping[str, Any]]) -> None:
        """Execute it once per set of values; nothing for none."""
        made = self._for(tx)
        if made is None or not values:
            tx.many(self._statement, values)
            return
        with DriverCursor(tx.connection, made.text) as cursor:
            cursor.executemany(made.text, [made.written(some) for some in values])

    def _for(self, tx: Tx) -> _Made | None:
        connection, heard = tx.connection, tx.connection.dispatch
        if connection.dialect.name != "sqlite" or heard.before_cursor_execute or heard.before_execute:
            return None
        if self._made is None:
            self._made = _Made(self._statement, self._given, connection.dialect)
        return self._made


class _Made:
    """What the library makes of a statement for SQLite."""

    def __init__(self, statement: Executable, given: Sequence[str], dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(given))  # type: ignore[attr-defined]
        self.text = str(compiled)
        self._fixed = compiled.params
        writers: dict[str, _Process | None] = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for bind, name in compiled.bind_names.items()
        }
        self._places: list[tuple[str, _Process | None]] = [(name, writers[name]) for name in compiled.positiontup]
        columns = getattr(statement, "exported_columns", ())
        readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._readers: list[tuple[int, _Process]] = [(at, one) for at, one in enumerate(readers) if one]
        self._row = result_tuple([column.key for column in columns])

    def written(self, values: Mapping[str, Any]) -> list[Any]:
        """The values as the driver takes them."""
        given = {**self._fixed, **values}
        return [write(given[name]) if write else given[name] for name, write in self._places]

    def read(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """Rows as the library gives them."""
        found = []
        for row in rows:
            cells = list(row)
            for at, read in self._readers:
                cells[at] = read(cells[at])
            found.append(self._row(cells))
        return found
