"""Leaderships by number: whoever begins to send takes a new one, and so ends all before it.

A program that was paused in the midst of leading, and does not know that it no longer does, can claim nothing: its
number is not the current one any more.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Text, cast, select

from storage import facts as known
from storage.database import Tx, insert
from storage.tables import facts

_FACT = "delivery.leadership"
_current = facts.c.name == _FACT
_LOCKED = select(facts.c.value).where(_current).with_for_update()


def begin(tx: Tx) -> int:
    """A new leadership's number, larger than every one before."""
    tx.execute(insert(facts, tx).values(name=_FACT, value=0).on_conflict_do_nothing())
    number: int = tx.scalar(_LOCKED) + 1
    known.put(tx, _FACT, number)
    return number


def is_current(number: BindParameter[Any]) -> ColumnElement[bool]:
    """Whether no later leadership has begun; the number is given in digits, as JSON has it."""
    return select(cast(facts.c.value, Text)).where(_current).scalar_subquery() == number
