"""Announcements: what somebody had sent to many, how far it has come, and who acknowledged it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from storage import database
from storage.database import Tx
from storage.tables import accounts, announcements, chats, outbox, people, receipts

_ADD = insert(announcements).returning(announcements.c.id)
_SELECT = select(
    announcements.c.id,
    announcements.c.person_id,
    announcements.c.chat_id,
    announcements.c.words,
    announcements.c.asks,
    announcements.c.at,
    announcements.c.withdrawn_at,
    announcements.c.unreachable,
    announcements.c.reported,
)
_ONE = _SELECT.where(announcements.c.id == bindparam("which"))
_SINCE = _SELECT.where(announcements.c.at > bindparam("since"), announcements.c.at <= bindparam("now")).order_by(
    announcements.c.id
)
_OF_PERSON = (
    _SELECT.where(announcements.c.person_id == bindparam("who"))
    .order_by(announcements.c.id.desc())
    .limit(bindparam("most"))
)
_ASKING = (
    _SELECT.where(
        announcements.c.asks,
        announcements.c.id.in_(
            select(outbox.c.announcement_id).where(
                outbox.c.chat_id == bindparam("there"), outbox.c.announcement_id.is_not(None)
            )
        ),
    )
    .order_by(announcements.c.id.desc())
    .limit(1)
)
_STATES = (
    select(outbox.c.announcement_id, outbox.c.state, func.count().label("so_many"))
    .where(outbox.c.announcement_id.in_(bindparam("which", expanding=True)))
    .group_by(outbox.c.announcement_id, outbox.c.state)
)
_RECEIPTS = (
    select(receipts.c.announcement_id, func.count().label("so_many"))
    .where(receipts.c.announcement_id.in_(bindparam("which", expanding=True)))
    .group_by(receipts.c.announcement_id)
)
_TROUBLES = (
    select(outbox.c.id, chats.c.title, people.c.name, outbox.c.state, chats.c.state.label("chat"), outbox.c.error)
    .select_from(
        outbox.join(chats, chats.c.id == outbox.c.chat_id)
        .outerjoin(accounts, accounts.c.private_chat_id == chats.c.id)
        .outerjoin(people, people.c.id == accounts.c.person_id)
    )
    .where(
        outbox.c.announcement_id == bindparam("which"),
        outbox.c.state.in_(("failed", "unknown", "waiting")),
        outbox.c.error.is_not(None),
    )
    .order_by(outbox.c.id)
    .limit(bindparam("most"))
)
_TAKE_BACK = (
    update(outbox)
    .where(outbox.c.announcement_id == bindparam("which"), outbox.c.state == "waiting")
    .values(state="cancelled")
)
_WITHDRAW = (
    update(announcements).where(announcements.c.id == bindparam("which")).values(withdrawn_at=bindparam("now"))
)
_REPORTED = (
    update(announcements).where(announcements.c.id == bindparam("which")).values(reported=bindparam("said"))
)


@dataclass(frozen=True, slots=True)
class Announcement:
    """What was announced. `asks`: acknowledgements were asked for; `unreachable`: names; `reported`: said last."""

    id: int
    person_id: int
    chat_id: int
    words: str
    asks: bool
    at: datetime
    withdrawn_at: datetime | None
    unreachable: list[str]
    reported: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How many messages of an announcement are in which state. `waiting` includes those under way."""

    sent: int = 0
    waiting: int = 0
    failed: int = 0
    unknown: int = 0
    cancelled: int = 0
    acknowledged: int = 0

    @property
    def total(self) -> int:
        return self.sent + self.waiting + self.failed + self.unknown + self.cancelled


@dataclass(frozen=True, slots=True)
class Trouble:
    """A message that has not arrived, to a group (its title) or a person, and why in the platform's words."""

    id: int
    title: str
    person: str | None
    state: str
    parked: bool
    error: str


def add(
    tx: Tx,
    *,
    by: int,
    chat_id: int,
    words: str,
    files: list[list[str]],
    asks: bool,
    at: datetime,
    unreachable: Sequence[str],
    now: datetime,
) -> int:
    """Keep an announcement and return its number."""
    values = {
        "person_id": by,
        "chat_id": chat_id,
        "words": words,
        "files": files,
        "asks": asks,
        "made_at": now,
        "at": at,
        "unreachable": list(unreachable),
    }
    number: int = tx.scalar(_ADD, values)
    return number


def get(tx: Tx, number: int) -> Announcement | None:
    """One announcement."""
    row = tx.first(_ONE, {"which": number})
    return Announcement(*row) if row else None


def asking_in(tx: Tx, chat_id: int) -> Announcement | None:
    """The newest announcement in a chat that asks for acknowledgements."""
    row = tx.first(_ASKING, {"there": chat_id})
    return Announcement(*row) if row else None


def going_out(tx: Tx, *, since: datetime, now: datetime) -> list[Announcement]:
    """Those whose time came since then."""
    return [Announcement(*row) for row in tx.all(_SINCE, {"since": since, "now": now})]


def of_person(tx: Tx, person_id: int, *, most: int) -> list[Announcement]:
    """Somebody's newest announcements."""
    return [Announcement(*row) for row in tx.all(_OF_PERSON, {"who": person_id, "most": most})]


def progress(tx: Tx, numbers: Sequence[int]) -> dict[int, Progress]:
    """How far each of them has come."""
    if not numbers:
        return {}
    counts: dict[int, dict[str, int]] = {number: {} for number in numbers}
    for row in tx.all(_STATES, {"which": list(numbers)}):
        state = "waiting" if row.state == "sending" else row.state
        counts[row.announcement_id][state] = counts[row.announcement_id].get(state, 0) + row.so_many
    for row in tx.all(_RECEIPTS, {"which": list(numbers)}):
        counts[row.announcement_id]["acknowledged"] = row.so_many
    return {number: Progress(**count) for number, count in counts.items()}


def troubles(tx: Tx, number: int, *, most: int) -> list[Trouble]:
    """What has not arrived and why."""
    return [
        Trouble(row.id, row.title, row.name, row.state, row.chat == "parked", row.error)
        for row in tx.all(_TROUBLES, {"which": number, "most": most})
    ]


def take_back(tx: Tx, number: int, *, now: datetime) -> int:
    """What has not gone out will not; returns how many messages that are."""
    tx.execute(_WITHDRAW, {"which": number, "now": now})
    return tx.execute(_TAKE_BACK, {"which": number}).rowcount


def acknowledge(tx: Tx, number: int, *, person_id: int, now: datetime) -> bool:
    """Somebody has read it. False when they had said so before."""
    values = {"announcement_id": number, "person_id": person_id, "at": now}
    adding = database.insert(receipts, tx).values(values).on_conflict_do_nothing().returning(receipts.c.person_id)
    return tx.connection.execute(adding).scalar() is not None


def note_report(tx: Tx, number: int, said: dict[str, Any]) -> None:
    """What the author's report says now."""
    tx.execute(_REPORTED, {"which": number, "said": said})
