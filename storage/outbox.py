"""The outbox: messages that are committed and still have to reach a platform.

States: waiting → sending → sent; or back to waiting after a passing error; or failed for good; or unknown, when
the platform may have it and sending it again would repeat it in front of a whole group; or cancelled.
A row is claimed with a lease and the number of the leadership that claims it. Rows that others hold locked are
passed over and not waited for. What an earlier leadership had claimed is freed once its holder has surely ended,
and a lease that ran out belongs to nobody, so that a worker which died in the middle of a send does not keep its
chat waiting.

In each chat what is urgent (the answer to somebody who wrote) goes before bulk, and each of the two goes in the
order in which it was put. A row that is to go at a later time is in nobody's way until then; one that has to be
tried again holds up what follows it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
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
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from bot.chat.people import Chat
from storage import facts
from storage.database import Tx
from storage.leaderships import is_current
from storage.tables import chats, outbox

_PUT = {"sqlite": sqlite.insert(outbox), "postgresql": postgresql.insert(outbox)}
_PUT_ONCE = {
    "sqlite": sqlite.insert(outbox).on_conflict_do_nothing().returning(outbox.c.id),
    "postgresql": postgresql.insert(outbox).on_conflict_do_nothing().returning(outbox.c.id),
}
# Literals and not parameters: only so do the databases see that the partial indexes fit.
_is_waiting = outbox.c.state == literal_column("'waiting'")
_is_sending = outbox.c.state == literal_column("'sending'")


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
_other, _busy, _behind = outbox.alias("other"), outbox.alias("busy"), outbox.alias("behind")
_free = (
    select(outbox.c.id)
    .where(
        outbox.c.id.in_(bindparam("which", expanding=True)),
        outbox.c.state == "waiting",
        outbox.c.next_at <= bindparam("now"),
        ~select(_other.c.id)
        .where(_other.c.state == literal_column("'sending'"), _other.c.chat_id == outbox.c.chat_id)
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
_claim_answer = (
    update(outbox)
    .where(
        outbox.c.id
        == select(func.min(_other.c.id))
        .where(
            _other.c.state == literal_column("'waiting'"),
            _other.c.urgent == true(),
            _other.c.chat_id == bindparam("there"),
            or_(_other.c.next_at <= bindparam("now"), _other.c.attempts > 0),
        )
        .scalar_subquery(),
        outbox.c.next_at <= bindparam("now"),
        ~select(_busy.c.id)
        .where(_busy.c.state == literal_column("'sending'"), _busy.c.chat_id == bindparam("there"))
        .exists(),
    )
    .values(
        state="sending",
        lease_until=bindparam("until"),
        claimed_by=bindparam("claimant"),
        attempts=outbox.c.attempts + 1,
    )
    .returning(
        outbox.c.id,
        outbox.c.content,
        outbox.c.replaces,
        outbox.c.attempts,
        outbox.c.created_at,
        select(literal_column("1"))
        .select_from(_behind)
        .where(
            literal_column("behind.state = 'waiting'"),
            literal_column("behind.chat_id") == bindparam("there"),
            # Said literally: for SQLite's RETURNING the table's name would be left out, and the alias meant.
            literal_column("behind.id <> outbox.id"),
        )
        .exists()
        .label("more"),
    )
)
_CLAIM_ANSWER = {True: _claim_answer.where(is_current(bindparam("leader"))), False: _claim_answer}
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
_SENT = (
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
_FAILURES = (
    select(outbox.c.id, outbox.c.chat_id, chats.c.platform, chats.c.title, outbox.c.error, outbox.c.created_at)
    .join(chats, chats.c.id == outbox.c.chat_id)
    .where(literal_column("outbox.state IN ('failed', 'unknown')"))
    .order_by(outbox.c.id.desc())
    .limit(bindparam("most"))
)
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
class Failed:
    """A message that was given up, and why."""

    id: int
    chat_id: int
    platform: str
    title: str
    error: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """What a platform has counted lately, as far as we know: `weight` messages not later than `at`."""

    platform: str
    chat_id: int
    is_group: bool
    at: datetime
    weight: int


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
    tx: Tx, *, now: datetime, held: Collection[int] = (), leader: int | None = None, alone: bool = False
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


def claim_answer(
    tx: Tx, chat: Chat, *, now: datetime, until: datetime, leader: int | None = None
) -> tuple[Waiting, bool] | None:
    """Claim the first answer that waits in this chat; None when it cannot go now, for whatever reason.

    Also tells whether anything else waits in the chat. The rest is as with `claim`.
    """
    values = {"there": chat.id, "now": now, "until": until, "claimant": leader}
    values |= {} if leader is None else {"leader": str(leader)}
    found = tx.first(_CLAIM_ANSWER[leader is not None], values)
    if found is None:
        return None
    row = Waiting(
        id=found.id,
        chat_id=chat.id,
        platform=chat.platform,
        external_id=chat.external_id,
        is_group=chat.is_group,
        title=chat.title,
        content=found.content,
        replaces=found.replaces,
        attempts=found.attempts,
        urgent=True,
        created_at=found.created_at,
    )
    return row, bool(found.more)


def release_all(tx: Tx, *, now: datetime) -> None:
    """Free every claim at once: for a program that starts and knows that no other one is sending.

    The platform may have taken them, and counted them: `lately` counts them as well.
    """
    tx.execute(_RELEASE_ALL, {"now": now})


def sent(tx: Tx, row_id: int, *, platform_message_id: str, now: datetime, weight: int = 1) -> None:
    """The platform took it, under this id of its own, and counted it as `weight` messages."""
    tx.execute(_SENT, {"which": row_id, "now": now, "as_id": platform_message_id, "counted": weight})


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


def failures(tx: Tx, *, most: int = 50) -> Sequence[Failed]:
    """What was given up or is in doubt, newest first."""
    return [Failed(*row) for row in tx.all(_FAILURES, {"most": most})]


def lately(tx: Tx, *, since: datetime, now: datetime) -> list[Sent]:
    """What went out since then, oldest first; what was being sent when a program died counts as sent just now."""
    known = [Sent(*row) for row in tx.all(_LATELY, {"since": since})]
    perhaps = [Sent(r.platform, r.chat_id, r.is_group, now, r.weight) for r in tx.all(_BEING_SENT)]
    return [*known, *perhaps]


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
