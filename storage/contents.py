"""What tables hold, independent of the database that holds it: rows in the order of their keys, and digests."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Row, String, Table, func, select
from sqlalchemy.sql.elements import ColumnElement

from storage.database import Tx

#: Rows that are in memory at once while a table is read through.
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Digest:
    """One table's number of rows and the SHA-256 over the digests of all of them, in the order of their keys."""

    table: str
    rows: int
    sha256: str


def pages(tx: Tx, table: Table) -> Iterator[Sequence[Row[*tuple[Any, ...]]]]:
    """All rows of a table in the order of its key, a page at a time; the order is the same on both databases."""
    statement = select(*table.columns).order_by(*(_ordered(tx, c) for c in table.primary_key.columns))
    yield from tx.connection.execute(statement, execution_options={"yield_per": PAGE}).partitions()


def rows(tx: Tx, table: Table) -> Iterator[Row[*tuple[Any, ...]]]:
    """The same row by row."""
    return itertools.chain.from_iterable(pages(tx, table))


def count(tx: Tx, table: Table) -> int:
    """How many rows a table has."""
    return int(tx.scalar(select(func.count()).select_from(table)))


def of_row(values: Iterable[Any]) -> str:
    """SHA-256 of a row's values: the same for the same values on both databases."""
    text = json.dumps(list(values), default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def of_table(tx: Tx, table: Table) -> Digest:
    """The digest of all that a table holds."""
    whole, number = hashlib.sha256(), 0
    for number, row in enumerate(rows(tx, table), 1):  # noqa: B007 - the last number is the count
        whole.update(of_row(row).encode())
    return Digest(table.name, number, whole.hexdigest())


def _ordered(tx: Tx, column: Column[Any]) -> ColumnElement[Any]:
    """Texts are put in order by their code points, whatever the language that PostgreSQL was set up with."""
    if tx.connection.dialect.name == "postgresql" and isinstance(column.type, String):
        return column.collate("C")
    return column


def _plain(value: Any) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"no row holds a {type(value).__name__}")
