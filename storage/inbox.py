"""Which messages have been taken. Numbers may restart, so it is a set, not a high-water mark."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage import facts
from storage.database import Tx
from storage.prepared import Prepared
from storage.tables import changes, inbox

_GIVEN = ("platform", "message_id", "received_at", "digest")
_TAKE = {
    "sqlite": Prepared(sqlite.insert(inbox).on_conflict_do_nothing().returning(inbox.c.id), *_GIVEN),
    "postgresql": Prepared(postgresql.insert(inbox).on_conflict_do_nothing().returning(inbox.c.id), *_GIVEN),
}
_FIND = select(inbox.c.id, inbox.c.digest).where(
    inbox.c.platform == bindparam("on"), inbox.c.message_id == bindparam("which")
)
_REWORD = update(inbox).where(inbox.c.id == bindparam("number")).values(digest=bindparam("words"))
_REACHED = "inbox.forgotten"
_NEXT = (
    select(inbox.c.id, inbox.c.received_at)
    .where(inbox.c.id > bindparam("after"))
    .order_by(inbox.c.id)
    .limit(bindparam("most"))
)
_NEWEST = select(func.max(inbox.c.id))
_FORGET = delete(inbox).where(
    inbox.c.id.in_(bindparam("which", expanding=True)),
    ~select(changes.c.id).where(changes.c.inbox_id == inbox.c.id).exists(),
)


def take(tx: Tx, *, platform: str, message_id: str, now: datetime, digest: int | None = None) -> int | None:
    """Note the message as taken and return its number; None when it had been taken before.

    `digest` is a checksum of its words.
    """
    values = {"platform": platform, "message_id": message_id, "received_at": now, "digest": digest}
    number: int | None = _TAKE[tx.connection.dialect.name].scalar(tx, values)
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
    """Drop notes older than `before`, which no platform delivers again, looking at `most` at most; how many went.

    What changed something stays. Each note is looked at once in its life, so that a look costs the same however
    much has been kept. The newest note stays as well: its number must not be given again.
    """
    reached = facts.get(tx, _REACHED) or 0
    seen = tx.all(_NEXT, {"after": reached, "most": most})
    old = [row.id for row in seen if row.received_at < before]
    newest = tx.scalar(_NEWEST) if old else 0
    old = [number for number in old if number < newest]
    if not old:
        return 0
    facts.put(tx, _REACHED, old[-1])
    return tx.execute(_FORGET, {"which": old}).rowcount
