"""The outbox: messages that are committed and still have to reach a platform.

States: waiting → sending → sent; or back to waiting after a passing error; or failed for good; or unknown, when
the platform may have it and sending it again would repeat it in front of a whole group; or cancelled.
Who sends a row claims it first (`storage.claims`).

In each chat what is urgent (the answer to somebody who wrote) goes before bulk, and each of the two goes in the
order in which it was put. A row that is to go at a later time is in nobody's way until then; one that has to be
tried again holds up what follows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    delete,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage import facts
from storage.database import Tx
from storage.tables import chats, outbox

_PUT = {"sqlite": sqlite.insert(outbox), "postgresql": postgresql.insert(outbox)}
_PUT_ONCE = {
    "sqlite": sqlite.insert(outbox).on_conflict_do_nothing().returning(outbox.c.id),
    "postgresql": postgresql.insert(outbox).on_conflict_do_nothing().returning(outbox.c.id),
}
# Literals and not parameters: only so do the databases see that the partial indexes fit.
_is_waiting = outbox.c.state == literal_column("'waiting'")


def _of(urgent: bool) -> ColumnElement[bool]:
    return and_(_is_waiting, outbox.c.urgent == (true() if urgent else false()))


# Joins with nothing: the planner of a database without fresh statistics would loop over the wrong table.
_HEADS = {
    urgent: select(outbox.c.chat_id, func.min(outbox.c.id))
    .where(_of(urgent), or_(outbox.c.next_at <= bindparam("now"), outbox.c.attempts > 0))
    .group_by(outbox.c.chat_id)
    for urgent in (True, False)
}
_PUT_OFF_ONES = {
    urgent: select(outbox.c.id, outbox.c.next_at).where(
        _of(urgent), outbox.c.attempts > 0, outbox.c.next_at > bindparam("now")
    )
    for urgent in (True, False)
}
_PARKED = select(chats.c.id).where(chats.c.state == literal_column("'parked'"))
_WAYS = select(chats.c.id, chats.c.platform, chats.c.is_group).where(
    chats.c.id.in_(bindparam("which", expanding=True))
)
_FAILURES = (
    select(outbox.c.id, outbox.c.chat_id, chats.c.platform, chats.c.title, outbox.c.error, outbox.c.created_at)
    .join(chats, chats.c.id == outbox.c.chat_id)
    .where(literal_column("outbox.state IN ('failed', 'unknown')"))
    .order_by(outbox.c.id.desc())
    .limit(bindparam("most"))
)
_BY_KEY = select(outbox.c.id, outbox.c.state, outbox.c.platform_message_id).where(
    outbox.c.dedupe_key == bindparam("named")
)
_REACHED = "outbox.forgotten"
_NEXT = (
    select(outbox.c.id, outbox.c.created_at)
    .where(outbox.c.id > bindparam("after"))
    .order_by(outbox.c.id)
    .limit(bindparam("most"))
)
_DONE_WITH = (
    select(outbox.c.id)
    .where(
        outbox.c.id.in_(bindparam("which", expanding=True)),
        outbox.c.state.in_(("sent", "cancelled")),
        outbox.c.dedupe_key.is_(None),
    )
    .with_for_update(skip_locked=True)
)
_FORGET = delete(outbox).where(outbox.c.id.in_(bindparam("which", expanding=True)))
_NEWEST = (
    select(outbox.c.content)
    .where(
        outbox.c.chat_id == bindparam("there"),
        outbox.c.state.in_(("waiting", "sending", "sent")),
    )
    .order_by(outbox.c.id.desc())
    .limit(bindparam("most"))
)


#: So many parameters a statement may have on any database.
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Head:
    """The first row of its urgency that waits in a chat, not before `next_at` (None: it is due)."""

    id: int
    chat_id: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Failed:
    """A message that was given up, and why."""

    id: int
    chat_id: int
    platform: str
    title: str
    error: str
    created_at: datetime


def put(
    tx: Tx,
    *,
    chat_id: int,
    content: dict[str, Any],
    now: datetime,
    key: str | None = None,
    replaces: str | None = None,
    urgent: bool = False,
    at: datetime | None = None,
    announcement: int | None = None,
) -> bool:
    """Have a message sent once this transaction is committed; with a `key`, at most once for all time.

    False when a message of that key is there already.
    `urgent`: somebody is waiting for it. `at`: as if it were put then. `announcement`: of which it is a part.
    """
    values = {
        "chat_id": chat_id,
        "dedupe_key": key,
        "content": content,
        "replaces": replaces,
        "urgent": urgent,
        "created_at": at or now,
        "next_at": at or now,
        "announcement_id": announcement,
    }
    dialect = tx.connection.dialect.name
    if key:
        return tx.scalar(_PUT_ONCE[dialect], values) is not None
    tx.execute(_PUT[dialect], values)
    return True


def heads(tx: Tx, *, urgent: bool, now: datetime) -> list[Head]:
    """The first row of each chat's queue of that urgency; chats that are parked are left out."""
    found = tx.all(_HEADS[urgent], {"now": now})
    if not found:
        return []
    put_off: dict[int, datetime] = {row.id: row.next_at for row in tx.all(_PUT_OFF_ONES[urgent], {"now": now})}
    parked = {row.id for row in tx.all(_PARKED)}
    return [Head(row_id, chat, put_off.get(row_id)) for chat, row_id in found if chat not in parked]


def ways(tx: Tx, chat_ids: Sequence[int]) -> dict[int, tuple[str, bool]]:
    """By chat: its platform, and whether it is a group. Neither ever changes."""
    found: dict[int, tuple[str, bool]] = {}
    for start in range(0, len(chat_ids), MOST_AT_ONCE):
        some = {"which": list(chat_ids[start : start + MOST_AT_ONCE])}
        found |= {row.id: (row.platform, row.is_group) for row in tx.all(_WAYS, some)}
    return found


def failures(tx: Tx, *, most: int = 50) -> Sequence[Failed]:
    """What was given up or is in doubt, newest first."""
    return [Failed(*row) for row in tx.all(_FAILURES, {"most": most})]


def forget(tx: Tx, *, before: datetime, most: int) -> int:
    """Drop what was put before then, was sent and guards no key, looking at `most` rows at most; how many went.

    Each row is looked at once in its life, so that a look costs the same however much has been kept. What is not
    sent by then stays, and so does what somebody is just changing.
    """
    reached = facts.get(tx, _REACHED) or 0
    old = [row.id for row in tx.all(_NEXT, {"after": reached, "most": most}) if row.created_at < before]
    if not old:
        return 0
    facts.put(tx, _REACHED, old[-1])
    done_with = [row.id for row in tx.all(_DONE_WITH, {"which": old})]
    return tx.execute(_FORGET, {"which": done_with}).rowcount if done_with else 0


def newest(tx: Tx, chat_id: int, *, most: int) -> list[dict[str, Any]]:
    """The newest messages of a chat, the newest first, as they were put."""
    return [row.content for row in tx.all(_NEWEST, {"there": chat_id, "most": most})]


def message_under(tx: Tx, key: str) -> str | None:
    """The platform's id of the message that was put under this key; None while it has not been sent."""
    row = tx.first(_BY_KEY, {"named": key})
    return row.platform_message_id if row is not None and row.state == "sent" else None
