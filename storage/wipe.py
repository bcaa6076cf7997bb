"""Emptying a practice database. There is no command for it where real work is done."""

from __future__ import annotations

from sqlalchemy import delete, text

from storage.database import Tx
from storage.tables import metadata


def wipe(tx: Tx) -> None:
    """Delete every row of every table."""
    if tx.connection.dialect.name == "postgresql":
        names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
        tx.execute(text(f"TRUNCATE {names}"))
        return
    # Tables refer to one another in circles; what is left at the end refers to nothing.
    tx.connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    for table in reversed(metadata.sorted_tables):
        tx.execute(delete(table))
