"""Messages that were acknowledged and are not committed yet, where several programs share a database.

A message belongs to the program that keeps it, which says again and again that it is alive (a lease); the row of a
program that no longer does is free, and so is one that was put here for whoever leads. Nothing of a lane is taken
before what lies here of it and came earlier (`storage.inbox.take`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from storage.database import Tx, insert
from storage.tables import spool

#: So many are taken over at once at most.
MOST = 200

_on = spool.c.platform == bindparam("on")
_named = _on & (spool.c.name == bindparam("called"))
_DROP = delete(spool).where(_named, spool.c.readable)
_RENEW = update(spool).where(_on, spool.c.owner == bindparam("by")).values(until=bindparam("till"))
_GIVE_UP = update(spool).where(_named, spool.c.owner == bindparam("by")).values(owner="", until=bindparam("till"))
_FREE = (
    select(spool.c.id)
    .where(_on, spool.c.readable, spool.c.until <= bindparam("now"), spool.c.owner != bindparam("by"))
    .order_by(spool.c.id)
    .limit(MOST)
    .with_for_update(skip_locked=True)
)
_TAKE_OVER = (
    update(spool)
    .where(spool.c.id.in_(_FREE))
    .values(owner=bindparam("by"), until=bindparam("till"))
    .returning(spool.c.id, spool.c.name, spool.c.content)
)
_OLD = select(spool.c.id).where(~spool.c.readable, spool.c.kept_at < bindparam("before")).limit(MOST)
_FORGET = delete(spool).where(spool.c.id.in_(_OLD))


@dataclass(frozen=True, slots=True)
class Left:
    """A message as it came."""

    name: str
    content: Any


def keep(
    tx: Tx,
    *,
    platform: str,
    name: str,
    lane: str,
    content: Any,
    owner: str,
    until: datetime,
    now: datetime,
) -> None:
    """Keep a message for its owner, whose lease on it lasts `until`. One that lies here already stays as it is."""
    values = {
        "platform": platform,
        "name": name,
        "lane": lane,
        "content": content,
        "owner": owner,
        "until": until,
        "kept_at": now,
    }
    tx.execute(insert(spool, tx).values(values).on_conflict_do_nothing())


def set_apart(tx: Tx, *, platform: str, name: str, content: Any, now: datetime) -> None:
    """Keep what cannot be read, be it new or here already, for whoever mends it; nobody is given it any more."""
    values = {"platform": platform, "name": name, "lane": "", "content": content, "owner": "", "until": now}
    statement = insert(spool, tx).values(**values, kept_at=now, readable=False)
    tx.execute(statement.on_conflict_do_update(index_elements=["platform", "name"], set_={"readable": False}))


def drop(tx: Tx, *, platform: str, name: str) -> None:
    """It is committed, by whomever. What was set apart stays."""
    tx.execute(_DROP, {"on": platform, "called": name})


def renew(tx: Tx, *, platform: str, owner: str, until: datetime) -> None:
    """The owner is alive: nothing of it is free before `until`."""
    tx.execute(_RENEW, {"on": platform, "by": owner, "till": until})


def give_up(tx: Tx, *, platform: str, name: str, owner: str, now: datetime) -> None:
    """The owner does not go on with it: whoever leads does. Nothing happens where it is somebody else's."""
    tx.execute(_GIVE_UP, {"on": platform, "called": name, "by": owner, "till": now})


def take_over(tx: Tx, *, platform: str, owner: str, free_at: datetime, until: datetime) -> Sequence[Left]:
    """Make others' messages whose lease has ended by `free_at` the new owner's: the oldest ones, MOST at most."""
    rows = tx.all(_TAKE_OVER, {"on": platform, "by": owner, "now": free_at, "till": until})
    return [Left(row.name, row.content) for row in sorted(rows, key=lambda row: row.id)]


def forget(tx: Tx, *, before: datetime) -> None:
    """Drop what could not be read and nobody has mended; whatever can be read goes when it is committed."""
    tx.execute(_FORGET, {"before": before})
