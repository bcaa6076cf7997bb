"""Claims on the outbox's rows (`storage.outbox`): taking them for sending, and saying what became of them.

A row is claimed with a lease and the number of the leadership that claims it. Rows that others hold locked are
passed over and not waited for. What an earlier leadership had claimed is freed once its holder has surely ended,
and a lease that ran out belongs to nobody, so that a worker which died in the middle of a send does not keep its
chat waiting.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    and_,
    bindparam,
    literal_column,
    or_,
    select,
    update,
)

from storage import facts
from storage.database import Tx
from storage.leaderships import is_current
from storage.outbox import MOST_AT_ONCE
from storage.prepared import Prepared
from storage.tables import chats, outbox

# Literals and not parameters: only so do the databases see that the partial indexes fit.
_is_waiting = outbox.c.state == literal_column("'waiting'")
_is_sending = outbox.c.state == literal_column("'sending'")
_other, _before = outbox.alias("other"), outbox.alias("before")
_free = (
    select(outbox.c.id)
    .where(
        outbox.c.id.in_(bindparam("which", expanding=True)),
        outbox.c.state == "waiting",
        outbox.c.next_at <= bindparam("now"),
        ~select(_other.c.id)
        .where(_other.c.state == literal_column("'sending'"), _other.c.chat_id == outbox.c.chat_id)
        .exists(),
        # Whoever looked a moment ago may have seen another at the head of this chat's queue.
        ~select(_before.c.id)
        .where(
            _before.c.state == literal_column("'waiting'"),
            _before.c.urgent == outbox.c.urgent,
            _before.c.chat_id == outbox.c.chat_id,
            _before.c.id < outbox.c.id,
            or_(_before.c.next_at <= bindparam("now"), _before.c.attempts > 0),
        )
        .exists(),
    )
    .order_by(outbox.c.id)
    # On PostgreSQL; SQLite has one writer.
    .with_for_update(of=outbox, skip_locked=True)
)
# By whether a number of leadership is given: then only as long as it is the current one.
_FREE = {True: _free.where(is_current(bindparam("leader"))), False: _free}
_CLAIM = (
    update(outbox)
    .where(outbox.c.id.in_(bindparam("which", expanding=True)))
    .values(
        state="sending",
        lease_until=bindparam("until"),
        claimed_by=bindparam("leader"),
        attempts=outbox.c.attempts + 1,
    )
)
_CLAIMED = (
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
        outbox.c.urgent,
        outbox.c.created_at,
    )
    .join(chats, chats.c.id == outbox.c.chat_id)
    .where(outbox.c.id.in_(bindparam("which", expanding=True)))
    .order_by(outbox.c.id)
)
_LOST = select(outbox.c.id).where(
    _is_sending,
    or_(
        outbox.c.lease_until <= bindparam("now"),
        outbox.c.claimed_by == bindparam("leader"),
        outbox.c.claimed_by < bindparam("before"),
    ),
)
_RELEASE = (
    update(outbox)
    .where(_is_sending, outbox.c.id.in_(bindparam("which", expanding=True)))
    .values(state="waiting", lease_until=None, claimed_by=None)
)
_RELEASE_ALL = (
    update(outbox)
    .where(_is_sending)
    .values(state="waiting", lease_until=None, claimed_by=None, sent_at=bindparam("now"))
)
_SENT = Prepared(
    update(outbox)
    .where(outbox.c.id == bindparam("which"))
    .values(
        state="sent",
        sent_at=bindparam("now"),
        lease_until=None,
        platform_message_id=bindparam("as_id"),
        weight=bindparam("counted"),
        error=None,
    )
)
# Only by whoever holds the claim: a worker that slept beyond its lease must not bring back what another has sent.
_holds = and_(outbox.c.id == bindparam("which"), _is_sending, outbox.c.attempts == bindparam("attempt"))
_RETRY = (
    update(outbox)
    .where(_holds)
    .values(state="waiting", lease_until=None, claimed_by=None, next_at=bindparam("at"), error=bindparam("why"))
)
_PUT_OFF = (
    update(outbox)
    .where(_is_waiting, outbox.c.chat_id == bindparam("where"), outbox.c.next_at < bindparam("at"))
    .values(next_at=bindparam("at"))
)
_GO_ON = (
    update(outbox)
    .where(_holds)
    .values(
        content=bindparam("so_far", type_=outbox.c.content.type),
        weight=bindparam("counted"),
        sent_at=bindparam("now"),
        lease_until=bindparam("until"),
    )
)
#: The fact under which it is kept until when a platform refuses everything.
_HELD = "delivery.held:"
_END = update(outbox).where(_holds).values(state=bindparam("becomes"), lease_until=None, error=bindparam("why"))
_LATELY = (
    select(chats.c.platform, outbox.c.chat_id, chats.c.is_group, outbox.c.sent_at, outbox.c.weight)
    .join(chats, chats.c.id == outbox.c.chat_id)
    .where(outbox.c.sent_at > bindparam("since"))
    .order_by(outbox.c.sent_at)
)
_BEING_SENT = (
    select(chats.c.platform, outbox.c.chat_id, chats.c.is_group, outbox.c.weight)
    .join(chats, chats.c.id == outbox.c.chat_id)
    .where(_is_sending)
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row that has been claimed for sending. `attempts` counts the tries, this one included."""

    id: int
    chat_id: int
    platform: str
    external_id: str
    is_group: bool
    title: str
    content: dict[str, Any]
    replaces: str | None
    attempts: int
    urgent: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """A row that its platform has taken, under an id of its own, and counted as `weight` messages."""

    id: int
    platform_message_id: str
    at: datetime
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Sent:
    """What a platform has counted lately, as far as we know: `weight` messages not later than `at`."""

    platform: str
    chat_id: int
    is_group: bool
    at: datetime
    weight: int


def claim(
    tx: Tx, row_ids: Iterable[int], *, now: datetime, until: datetime, leader: int | None = None
) -> list[Waiting]:
    """Claim the rows with a lease until then, for the leadership of that number.

    Those no longer due, whose chat is busy, or that somebody else is just claiming are left out and not waited
    for; all are when the leadership is over.
    """
    values = {"which": list(row_ids), "now": now} | ({} if leader is None else {"leader": str(leader)})
    free = [row.id for row in tx.all(_FREE[leader is not None], values)]
    if not free:
        return []
    tx.execute(_CLAIM, {"which": free, "until": until, "leader": leader})
    return [Waiting(*row) for row in tx.all(_CLAIMED, {"which": free})]


def release(
    tx: Tx, *, now: datetime, held: Container[int] = (), leader: int | None = None, alone: bool = False
) -> None:
    """Free the claims whose lease has run out, and those of this leadership, except what it really has `held`.

    `alone`: whoever led before has surely ended, so what it had claimed is free as well.
    """
    number = -1 if leader is None else leader
    before = number if alone else -1
    claimed = tx.all(_LOST, {"now": now, "leader": number, "before": before})
    # Only now: a claim that is seen here was put among the held ones before it was committed.
    lost = [row.id for row in claimed if row.id not in held]
    for start in range(0, len(lost), MOST_AT_ONCE):
        tx.execute(_RELEASE, {"which": lost[start : start + MOST_AT_ONCE]})


def release_all(tx: Tx, *, now: datetime) -> None:
    """Free every claim at once: for a program that starts and knows that no other one is sending.

    The platform may have taken them, and counted them: `lately` counts them as well.
    """
    tx.execute(_RELEASE_ALL, {"now": now})


def sent(tx: Tx, taken: Iterable[Taken]) -> None:
    """Platforms took these."""
    values = [
        {"which": one.id, "now": one.at, "as_id": one.platform_message_id, "counted": one.weight} for one in taken
    ]
    _SENT.many(tx, values)


def retry(tx: Tx, row: Waiting, *, at: datetime, why: str | None, whole_chat: int | None = None) -> None:
    """A passing error: again, not before `at`. `whole_chat`: nothing else goes into this chat before then."""
    tx.execute(_RETRY, {"which": row.id, "attempt": row.attempts, "at": at, "why": why})
    if whole_chat is not None:
        tx.execute(_PUT_OFF, {"where": whole_chat, "at": at})


def go_on(tx: Tx, row: Waiting, *, taken: int, now: datetime, until: datetime) -> bool:
    """So many parts are with the platform, and others follow: the claim holds until then. False: it was lost."""
    values = {
        "which": row.id,
        "attempt": row.attempts,
        "so_far": {**row.content, "taken": taken},
        "counted": taken,
        "now": now,
        "until": until,
    }
    return tx.execute(_GO_ON, values).rowcount == 1


def hold_platform(tx: Tx, platform: str, *, until: datetime) -> None:
    """The platform takes nothing from us before then, whichever program asks."""
    facts.put(tx, f"{_HELD}{platform}", until.isoformat())


def held_until(tx: Tx, platform: str) -> datetime | None:
    """Until when the platform takes nothing from us; in the past, or None, when nothing holds it."""
    kept = facts.get(tx, f"{_HELD}{platform}")
    return datetime.fromisoformat(kept) if kept else None


def fail(tx: Tx, row: Waiting, *, why: str) -> None:
    """Given up: it stays, visibly."""
    _end(tx, row, "failed", why)


def doubt(tx: Tx, row: Waiting, *, why: str) -> None:
    """The platform may have it or not; people decide whether it is sent again."""
    _end(tx, row, "unknown", why)


def skip(tx: Tx, row: Waiting) -> None:
    """It is not worth sending any more."""
    _end(tx, row, "cancelled", None)


def _end(tx: Tx, row: Waiting, becomes: str, why: str | None) -> None:
    tx.execute(_END, {"which": row.id, "attempt": row.attempts, "becomes": becomes, "why": why})


def lately(tx: Tx, *, since: datetime, now: datetime) -> list[Sent]:
    """What went out since then, oldest first; what was being sent when a program died counts as sent just now."""
    known = [Sent(*row) for row in tx.all(_LATELY, {"since": since})]
    perhaps = [Sent(r.platform, r.chat_id, r.is_group, now, r.weight) for r in tx.all(_BEING_SENT)]
    return [*known, *perhaps]
