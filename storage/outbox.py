"""The outbox: messages that are committed and still have to reach a platform.

States: waiting → sending → sent, or back to waiting after a passing error, or failed for good.
A row is claimed by a conditional UPDATE with a lease; a lease that ran out belongs to nobody, so that a
worker which died in the middle of a send does not keep its chat waiting for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Tx
from storage.tables import chats, outbox

_PUT = {"sqlite": sqlite.insert(outbox), "postgresql": postgresql.insert(outbox)}
_PUT_ONCE = {
    "sqlite": sqlite.insert(outbox).on_conflict_do_nothing().returning(outbox.c.id),
    "postgresql": postgresql.insert(outbox).on_conflict_do_nothing().returning(outbox.c.id),
}
_earlier = outbox.alias("earlier")
_DUE = (
    select(
        outbox.c.id,
        outbox.c.chat_id,
        chats.c.platform,
        chats.c.external_id,
        chats.c.is_group,
        chats.c.title,
        outbox.c.content,
        outbox.c.replaces,
        outbox.c.attempts,
    )
    .join(chats, chats.c.id == outbox.c.chat_id)
    .where(
        outbox.c.state == "waiting",
        outbox.c.next_at <= bindparam("now"),
        # Only the head of each chat's queue: what was said first arrives first, even when it must be retried.
        ~select(_earlier.c.id)
        .where(
            _earlier.c.chat_id == outbox.c.chat_id,
            _earlier.c.id < outbox.c.id,
            _earlier.c.state.in_(("waiting", "sending")),
        )
        .exists(),
    )
    .order_by(outbox.c.id)
    .limit(bindparam("most"))
)
_CLAIM = (
    update(outbox)
    .where(outbox.c.id == bindparam("which"), outbox.c.state == "waiting")
    .values(state="sending", lease_until=bindparam("until"), attempts=outbox.c.attempts + 1)
)
_RELEASE = (
    update(outbox)
    .where(outbox.c.state == "sending", outbox.c.lease_until <= bindparam("now"))
    .values(state="waiting", lease_until=None)
)
_RELEASE_ALL = update(outbox).where(outbox.c.state == "sending").values(state="waiting", lease_until=None)
_SENT = (
    update(outbox)
    .where(outbox.c.id == bindparam("which"))
    .values(
        state="sent",
        sent_at=bindparam("now"),
        lease_until=None,
        platform_message_id=bindparam("as_id"),
        error=None,
    )
)
_RETRY = (
    update(outbox)
    .where(outbox.c.id == bindparam("which"))
    .values(state="waiting", lease_until=None, next_at=bindparam("at"), error=bindparam("why"))
)
_FAILED = (
    update(outbox)
    .where(outbox.c.id == bindparam("which"))
    .values(state="failed", lease_until=None, error=bindparam("why"))
)
_COUNT_FAILED = (
    select(outbox.c.id, outbox.c.chat_id, chats.c.platform, chats.c.title, outbox.c.error, outbox.c.created_at)
    .join(chats, chats.c.id == outbox.c.chat_id)
    .where(outbox.c.state == "failed")
    .order_by(outbox.c.id.desc())
    .limit(bindparam("most"))
)
_OLD = (
    select(outbox.c.id)
    .where(
        outbox.c.state.in_(("sent", "cancelled")),
        outbox.c.created_at < bindparam("before"),
        outbox.c.dedupe_key.is_(None),
    )
    .limit(bindparam("most"))
)
_FORGET = delete(outbox).where(outbox.c.id.in_(_OLD.scalar_subquery()))


_NEWEST = (
    select(outbox.c.content)
    .where(
        outbox.c.chat_id == bindparam("there"),
        outbox.c.state.in_(("waiting", "sending", "sent")),
    )
    .order_by(outbox.c.id.desc())
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row that has been claimed for sending. `attempts` counts the tries before this one."""

    id: int
    chat_id: int
    platform: str
    external_id: str
    is_group: bool
    title: str
    content: dict[str, Any]
    replaces: str | None
    attempts: int


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
) -> bool:
    """Have a message sent once this transaction is committed; with a `key`, at most once for all time.

    False when a message of that key is there already.
    """
    values = {
        "chat_id": chat_id,
        "dedupe_key": key,
        "content": content,
        "replaces": replaces,
        "created_at": now,
        "next_at": now,
    }
    dialect = tx.connection.dialect.name
    if key:
        return tx.scalar(_PUT_ONCE[dialect], values) is not None
    tx.execute(_PUT[dialect], values)
    return True


def claim(tx: Tx, *, now: datetime, until: datetime, most: int) -> list[Waiting]:
    """Claim what is due, at most one message per chat and `most` in all, with a lease until then."""
    tx.execute(_RELEASE, {"now": now})
    due = [Waiting(*row) for row in tx.all(_DUE, {"now": now, "most": most})]
    return [row for row in due if tx.execute(_CLAIM, {"which": row.id, "until": until}).rowcount == 1]


def release_all(tx: Tx) -> None:
    """Free every claim at once: for a program that starts and knows that no other one is sending."""
    tx.execute(_RELEASE_ALL)


def sent(tx: Tx, row_id: int, *, platform_message_id: str, now: datetime) -> None:
    """The platform took it, under this id of its own."""
    tx.execute(_SENT, {"which": row_id, "now": now, "as_id": platform_message_id})


def retry(tx: Tx, row_id: int, *, at: datetime, why: str) -> None:
    """A passing error: again, not before `at`."""
    tx.execute(_RETRY, {"which": row_id, "at": at, "why": why})


def fail(tx: Tx, row_id: int, *, why: str) -> None:
    """Given up: it stays, visibly."""
    tx.execute(_FAILED, {"which": row_id, "why": why})


def failures(tx: Tx, *, most: int = 50) -> Sequence[Failed]:
    """What was given up, newest first."""
    return [Failed(*row) for row in tx.all(_COUNT_FAILED, {"most": most})]


def forget(tx: Tx, *, before: datetime, most: int) -> int:
    """Drop at most `most` rows that were sent long ago and guard no key; returns how many."""
    return tx.execute(_FORGET, {"before": before, "most": most}).rowcount


def newest(tx: Tx, chat_id: int, *, most: int) -> list[dict[str, Any]]:
    """The newest messages of a chat, the newest first, as they were put."""
    return [row.content for row in tx.all(_NEWEST, {"there": chat_id, "most": most})]
