"""Which messages have been taken. Numbers may restart, so it is a set, not a high-water mark."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.chat.messages import Turn
from storage import facts
from storage.database import Tx
from storage.prepared import Prepared
from storage.tables import changes, inbox, spool

_GIVEN = ("platform", "message_id", "received_at", "digest")
_TAKE = {
    "sqlite": Prepared(sqlite.insert(inbox).on_conflict_do_nothing().returning(inbox.c.id), *_GIVEN),
    "postgresql": Prepared(postgresql.insert(inbox).on_conflict_do_nothing().returning(inbox.c.id), *_GIVEN),
}
# What is spooled of the same lane and has a smaller number. A spooled message is called by its number there, and
# numbers are compared as they are written, the longer one being the larger: a name need not be a number elsewhere.
_number = bindparam("number", type_=spool.c.name.type)
_earlier = select(spool.c.id).where(
    spool.c.platform == bindparam("platform", type_=spool.c.platform.type),
    spool.c.lane == bindparam("lane", type_=spool.c.lane.type),
    spool.c.readable,
    tuple_(func.length(spool.c.name), spool.c.name) < tuple_(func.length(_number), _number),
)
_TAKE_IN_TURN = (
    postgresql.insert(inbox)
    .from_select(
        _GIVEN,
        select(*(bindparam(name, type_=inbox.c[name].type) for name in _GIVEN)).where(~_earlier.exists()),
    )
    .on_conflict_do_nothing()
    .returning(inbox.c.id)
)
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


def take(
    tx: Tx,
    *,
    platform: str,
    message_id: str,
    now: datetime,
    digest: int | None = None,
    turn: Turn | None = None,
) -> int | None:
    """Note the message as taken and return its number; None when it had been taken before or its turn is not yet.

    `digest` is a checksum of its words.
    """
    values: dict[str, Any] = {
        "platform": platform,
        "message_id": message_id,
        "received_at": now,
        "digest": digest,
    }
    if turn is not None and tx.connection.dialect.name == "postgresql":
        number: int | None = tx.scalar(_TAKE_IN_TURN, {**values, "lane": turn.lane, "number": str(turn.number)})
    else:
        number = _TAKE[tx.connection.dialect.name].scalar(tx, values)
    return number


def has(tx: Tx, *, platform: str, message_id: str) -> bool:
    """Whether the message has been taken."""
    return tx.first(_FIND, {"on": platform, "which": message_id}) is not None


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
