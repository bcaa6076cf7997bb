"""Which messages have been taken. Numbers may restart, so it is a set, not a high-water mark."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Tx
from storage.tables import changes, inbox

_TAKE = {
    "sqlite": sqlite.insert(inbox).on_conflict_do_nothing().returning(inbox.c.id),
    "postgresql": postgresql.insert(inbox).on_conflict_do_nothing().returning(inbox.c.id),
}
_FIND = select(inbox.c.id, inbox.c.digest).where(
    inbox.c.platform == bindparam("on"), inbox.c.message_id == bindparam("which")
)
_REWORD = update(inbox).where(inbox.c.id == bindparam("number")).values(digest=bindparam("words"))
_OLD = select(inbox.c.id).where(inbox.c.received_at < bindparam("before")).limit(bindparam("most"))


def take(tx: Tx, *, platform: str, message_id: str, now: datetime, digest: int | None = None) -> int | None:
    """Note the message as taken and return its number; None when it had been taken before.

    `digest` is a checksum of its words.
    """
    values = {"platform": platform, "message_id": message_id, "received_at": now, "digest": digest}
    number: int | None = tx.scalar(_TAKE[tx.connection.dialect.name], values)
    return number


def reworded(tx: Tx, *, platform: str, message_id: str, digest: int) -> int | None:
    """Note that a message has other words now, and return its number.

    None when it was never taken, or when the words are the same.
    """
    row = tx.first(_FIND, {"on": platform, "which": message_id})
    if row is None or row.digest == digest:
        return None
    tx.execute(_REWORD, {"number": row.id, "words": digest})
    number: int = row.id
    return number


def forget(tx: Tx, *, before: datetime, most: int) -> int:
    """Drop at most `most` notes older than `before`, which no platform delivers again; returns how many."""

    kept = select(changes.c.inbox_id).where(changes.c.inbox_id == inbox.c.id).exists()
    old = _OLD.where(~kept)
    result = tx.execute(
        delete(inbox).where(inbox.c.id.in_(old.scalar_subquery())), {"before": before, "most": most}
    )
    return result.rowcount
