"""What became of messages: counted by state, and one by one where something is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
    update,
)

from storage.database import Tx
from storage.tables import accounts, chats, outbox, people, posts, unit_ancestors

_below = select(unit_ancestors.c.unit_id).where(
    unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
)
# Groups of units at or below the roots, and private chats of people with a post there.
_THEIRS = or_(
    chats.c.unit_id.in_(_below),
    exists()
    .where(
        accounts.c.private_chat_id == chats.c.id,
        posts.c.person_id == accounts.c.person_id,
        posts.c.until.is_(None),
        posts.c.unit_id.in_(_below),
    )
    .correlate(chats),
)


def _counting(scope: ColumnElement[bool]) -> Select[Any]:
    return (
        select(outbox.c.state, chats.c.state.label("chat"), func.count().label("so_many"))
        .join(chats, chats.c.id == outbox.c.chat_id)
        .where(outbox.c.created_at > bindparam("since"), outbox.c.created_at <= bindparam("now"), scope)
        .group_by(outbox.c.state, chats.c.state)
    )


def _troubled(scope: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            outbox.c.id,
            outbox.c.state,
            outbox.c.error,
            outbox.c.created_at,
            chats.c.title,
            chats.c.is_group,
            people.c.name,
            outbox.c.content,
        )
        .select_from(
            outbox.join(chats, chats.c.id == outbox.c.chat_id)
            .outerjoin(accounts, accounts.c.private_chat_id == chats.c.id)
            .outerjoin(people, people.c.id == accounts.c.person_id)
        )
        .where(
            literal_column("outbox.state IN ('failed', 'unknown')"),
            outbox.c.created_at > bindparam("since"),
            scope,
        )
        .order_by(outbox.c.id.desc())
        .limit(bindparam("most"))
    )


def _parked(scope: ColumnElement[bool]) -> Select[Any]:
    waiting = (
        select(func.count())
        .where(outbox.c.state == literal_column("'waiting'"), outbox.c.chat_id == chats.c.id)
        .scalar_subquery()
    )
    return (
        select(
            chats.c.id, chats.c.title, people.c.name, chats.c.trouble, chats.c.parked_at, waiting.label("waiting")
        )
        .select_from(
            chats.outerjoin(accounts, accounts.c.private_chat_id == chats.c.id).outerjoin(
                people, people.c.id == accounts.c.person_id
            )
        )
        .where(chats.c.state == literal_column("'parked'"), scope)
        .order_by(chats.c.parked_at.desc(), chats.c.id)
        .limit(bindparam("most"))
    )


# By whether somebody sees everything or only what is theirs.
_COUNTS = {True: _counting(true()), False: _counting(_THEIRS)}
_TROUBLED = {True: _troubled(true()), False: _troubled(_THEIRS)}
_PARKED = {True: _parked(true()), False: _parked(_THEIRS)}
_PARKED_GROUPS = _parked(and_(chats.c.is_group, chats.c.unit_id.in_(_below)))
_MINE = {
    everything: select(outbox.c.id)
    .join(chats, chats.c.id == outbox.c.chat_id)
    .where(
        outbox.c.id == bindparam("which"),
        literal_column("outbox.state IN ('failed', 'unknown')"),
        true() if everything else _THEIRS,
    )
    for everything in (True, False)
}
_AGAIN = (
    update(outbox)
    .where(outbox.c.id == bindparam("which"), outbox.c.state.in_(("failed", "unknown")))
    .values(state="waiting", attempts=0, created_at=bindparam("now"), next_at=bindparam("now"), error=None)
)
_LET_GO = (
    update(outbox)
    .where(outbox.c.id == bindparam("which"), outbox.c.state.in_(("failed", "unknown", "waiting")))
    .values(state="cancelled")
)
_unsent = and_(
    outbox.c.state == literal_column("'waiting'"),
    outbox.c.next_at <= bindparam("now"),
    outbox.c.chat_id.not_in(select(chats.c.id).where(chats.c.state == literal_column("'parked'"))),
)
# Both at once: asked for the oldest alone, a database walks through all that was ever sent until it meets one.
_UNSENT = select(func.count(), func.min(outbox.c.created_at)).where(_unsent)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages of some days are in which state; `parked`: wait because their chat cannot be reached."""

    sent: int = 0
    waiting: int = 0
    parked: int = 0
    failed: int = 0
    unknown: int = 0
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class Troubled:
    """A message that was given up or is in doubt, to a group (its title) or a person."""

    id: int
    state: str
    error: str
    created_at: datetime
    title: str
    is_group: bool
    person: str | None
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parked:
    """A chat that cannot be reached: a group (its title) or a person, why, and how much waits for it."""

    chat_id: int
    title: str
    person: str | None
    trouble: str | None
    since: datetime | None
    waiting: int


def counts(tx: Tx, roots: Sequence[int] | None, *, since: datetime, now: datetime) -> Counts:
    """The messages that were to go in that time, into chats at or below the roots (None: into any)."""
    found: dict[str, int] = {}
    for row in tx.all(_COUNTS[roots is None], {"roots": list(roots or ()), "since": since, "now": now}):
        state = "waiting" if row.state == "sending" else row.state
        if state == "waiting" and row.chat == "parked":
            state = "parked"
        found[state] = found.get(state, 0) + row.so_many
    return Counts(**found)


def troubled(tx: Tx, roots: Sequence[int] | None, *, since: datetime, most: int) -> list[Troubled]:
    """What did not arrive, the newest first."""
    values = {"roots": list(roots or ()), "since": since, "most": most}
    return [Troubled(*row) for row in tx.all(_TROUBLED[roots is None], values)]


def parked(tx: Tx, roots: Sequence[int] | None, *, most: int) -> list[Parked]:
    """Chats that cannot be reached, the newest first."""
    values = {"roots": list(roots or ()), "most": most}
    return [Parked(*row) for row in tx.all(_PARKED[roots is None], values)]


def parked_groups(tx: Tx, roots: Sequence[int], *, most: int) -> list[Parked]:
    """Groups of units at or below the roots that cannot be reached, the newest first."""
    values = {"roots": list(roots), "most": most}
    return [Parked(*row) for row in tx.all(_PARKED_GROUPS, values)] if roots else []


def is_theirs(tx: Tx, row_id: int, roots: Sequence[int] | None) -> bool:
    """Whether a message that did not arrive concerns a chat at or below the roots."""
    return tx.first(_MINE[roots is None], {"which": row_id, "roots": list(roots or ())}) is not None


def again(tx: Tx, row_id: int, *, now: datetime) -> bool:
    """Send what was given up or is in doubt once more. False when it is neither."""
    return tx.execute(_AGAIN, {"which": row_id, "now": now}).rowcount == 1


def let_go(tx: Tx, row_id: int) -> bool:
    """Do not send it, and do not show it as a failure any more."""
    return tx.execute(_LET_GO, {"which": row_id}).rowcount == 1


@dataclass(frozen=True, slots=True)
class Unsent:
    """How many messages should have gone and have not, parked chats apart, and when the oldest was to go."""

    waiting: int
    oldest: datetime | None


def unsent(tx: Tx, *, now: datetime) -> Unsent:
    """What waits though it is due."""
    return Unsent(*tx.all(_UNSENT, {"now": now})[0])
