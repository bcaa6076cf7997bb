"""What is added to a contestant's result after averaging: time penalties, bonus and penalty items with reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import bindparam, insert, select, update

from storage.database import Tx
from storage.tables import adjustments, contestants, people


class Kind(StrEnum):
    """For the time spoken, or for something else."""

    TIME = "time"
    BONUS = "bonus"
    PENALTY = "penalty"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """`points` are added as they are: a penalty is negative. `seconds`: how long was spoken, for TIME."""

    id: int
    contestant_id: int
    kind: Kind
    points: Decimal
    reason: str
    seconds: int | None
    entered_by: str


_STANDING = (
    select(
        adjustments.c.id,
        adjustments.c.contestant_id,
        adjustments.c.kind,
        adjustments.c.points,
        adjustments.c.reason,
        adjustments.c.seconds,
        people.c.name,
    )
    .join(contestants, contestants.c.id == adjustments.c.contestant_id)
    .join(people, people.c.id == adjustments.c.entered_by)
    .where(contestants.c.round_id == bindparam("which"), adjustments.c.withdrawn_at.is_(None))
    .order_by(contestants.c.position, adjustments.c.id)
)
_ADD = insert(adjustments).returning(adjustments.c.id)
_WITHDRAW = (
    update(adjustments)
    .where(adjustments.c.id == bindparam("which"), adjustments.c.withdrawn_at.is_(None))
    .values(withdrawn_by=bindparam("by"), withdrawn_at=bindparam("now"))
)


def add(
    tx: Tx,
    contestant_id: int,
    *,
    kind: Kind,
    points: Decimal,
    reason: str,
    seconds: int | None,
    by: int,
    now: datetime,
) -> int:
    """Put an item on a contestant's account and return its number."""
    values = {
        "contestant_id": contestant_id,
        "kind": kind.value,
        "points": points,
        "reason": reason,
        "seconds": seconds,
        "entered_by": by,
        "entered_at": now,
    }
    made: int = tx.scalar(_ADD, values)
    return made


def withdraw(tx: Tx, adjustment_id: int, *, by: int, now: datetime) -> bool:
    """Take an item off again; it stays on the record. False when it was off already."""
    return tx.execute(_WITHDRAW, {"which": adjustment_id, "by": by, "now": now}).rowcount == 1


def standing(tx: Tx, round_id: int) -> list[Adjustment]:
    """The items of a round that count, by order of appearance."""
    return [Adjustment(row[0], row[1], Kind(row[2]), *row[3:]) for row in tx.all(_STANDING, {"which": round_id})]
