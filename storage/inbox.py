"""Which messages have been taken. Numbers may restart, so it is a set, not a high-water mark."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Tx
from storage.tables import changes, inbox

_TAKE = {
    "sqlite": sqlite.insert(inbox).on_conflict_do_nothing().returning(inbox.c.id),
    "postgresql": postgresql.insert(inbox).on_conflict_do_nothing().returning(inbox.c.id),
}
_OLD = select(inbox.c.id).where(inbox.c.received_at < bindparam("before")).limit(bindparam("most"))


def take(tx: Tx, *, platform: str, message_id: str, now: datetime) -> int | None:
    """Note the message as taken and return its number; None when it had been taken before."""
    values = {"platform": platform, "message_id": message_id, "received_at": now}
    number: int | None = tx.scalar(_TAKE[tx.connection.dialect.name], values)
    return number


def forget(tx: Tx, *, before: datetime, most: int) -> int:
    """Drop at most `most` notes older than `before`, which no platform delivers again; returns how many."""

    kept = select(changes.c.inbox_id).where(changes.c.inbox_id == inbox.c.id).exists()
    old = _OLD.where(~kept)
    result = tx.execute(
        delete(inbox).where(inbox.c.id.in_(old.scalar_subquery())), {"before": before, "most": most}
    )
    return result.rowcount
