"""Chats in which the bot cannot speak at present: their messages wait, and go when the chat is heard of again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, func, literal_column, or_, select, update

from storage.database import Tx
from storage.tables import accounts, chats, outbox, people

#: What has waited in a parked chat for longer is stale: people would get a heap of what is long past.
FRESH = timedelta(days=3)

_PARK = (
    update(chats)
    .where(chats.c.id == bindparam("which"), chats.c.state == "active")
    .values(state="parked", parked_at=bindparam("now"), trouble=bindparam("why"))
)
_RESUME = (
    update(chats)
    .where(chats.c.id == bindparam("which"), chats.c.state == "parked")
    .values(state="active", parked_at=None, trouble=None)
)
_waiting_there = and_(outbox.c.state == literal_column("'waiting'"), outbox.c.chat_id == bindparam("where"))
_OUTDATE = (
    update(outbox)
    .where(_waiting_there, outbox.c.created_at < bindparam("before"))
    .values(state="failed", error=func.coalesce(outbox.c.error, bindparam("why")))
)
_REDIRECT = update(outbox).where(_waiting_there).values(chat_id=bindparam("into"), attempts=0)
_PARKED = (
    select(
        chats.c.id,
        chats.c.platform,
        chats.c.is_group,
        chats.c.title,
        chats.c.trouble,
        chats.c.parked_at,
        chats.c.unit_id,
        people.c.id.label("person_id"),
        people.c.name,
        select(func.count())
        .where(outbox.c.state == literal_column("'waiting'"), outbox.c.chat_id == chats.c.id)
        .scalar_subquery()
        .label("waiting"),
    )
    .select_from(
        chats.outerjoin(accounts, accounts.c.private_chat_id == chats.c.id).outerjoin(
            people, people.c.id == accounts.c.person_id
        )
    )
    .where(chats.c.state == "parked")
    .order_by(chats.c.parked_at.desc(), chats.c.id)
)
_ONE = _PARKED.where(chats.c.id == bindparam("which"))
_LEFT_BEHIND = (
    select(chats.c.id)
    .select_from(chats.outerjoin(accounts, accounts.c.private_chat_id == chats.c.id))
    .where(
        chats.c.state == "parked",
        chats.c.id != bindparam("into"),
        or_(accounts.c.person_id == bindparam("who"), chats.c.unit_id == bindparam("of_unit")),
    )
)


@dataclass(frozen=True, slots=True)
class Parked:
    """A chat that cannot be reached since `at`, for a reason in the platform's words, and how much waits for it.

    A group has the unit to which it is bound; a private chat has the person behind it, where there is one.
    """

    chat_id: int
    platform: str
    is_group: bool
    title: str
    trouble: str
    at: datetime | None
    unit_id: int | None
    person_id: int | None
    person: str | None
    waiting: int


def park(tx: Tx, chat_id: int, *, why: str, now: datetime) -> bool:
    """Nothing more goes into the chat until it is heard of again. False when it was parked already."""
    return tx.execute(_PARK, {"which": chat_id, "why": why, "now": now}).rowcount == 1


def resume(tx: Tx, chat_id: int, *, now: datetime) -> None:
    """The chat is heard of again: what waited goes, except what is stale by now, which stays visible as failed."""
    if tx.execute(_RESUME, {"which": chat_id}).rowcount == 1:
        _outdate(tx, chat_id, now)


def follow_person(tx: Tx, person_id: int, *, into: int, now: datetime) -> None:
    """Somebody is reached elsewhere now: what waits in parked chats of theirs goes there."""
    _redirect(tx, {"who": person_id, "of_unit": None}, into, now)


def follow_unit(tx: Tx, unit_id: int, *, into: int, now: datetime) -> None:
    """A unit has another group now: what waits in parked groups of it goes there."""
    _redirect(tx, {"who": None, "of_unit": unit_id}, into, now)


def parked(tx: Tx) -> Sequence[Parked]:
    """All chats that cannot be reached, the newest first."""
    return [Parked(*row) for row in tx.all(_PARKED)]


def find(tx: Tx, chat_id: int) -> Parked | None:
    """One of them."""
    row = tx.first(_ONE, {"which": chat_id})
    return Parked(*row) if row else None


def _redirect(tx: Tx, whose: dict[str, int | None], into: int, now: datetime) -> None:
    for row in tx.all(_LEFT_BEHIND, {**whose, "into": into}):
        _outdate(tx, row.id, now)
        tx.execute(_REDIRECT, {"where": row.id, "into": into})


def _outdate(tx: Tx, chat_id: int, now: datetime) -> None:
    stale = {"where": chat_id, "before": now - FRESH, "why": "the chat could not be reached for too long"}
    tx.execute(_OUTDATE, stale)
