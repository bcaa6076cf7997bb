"""Who has done what an own deadline asks for, and who has not: each of them has a row of its own, either way.

The rows of those who owe it are listed in steps, soon after the deadline is set (`list_some`); whoever does it
loses the row, and units that come to be concerned later are added by whoever changes the roster (`ask_also`). So a
look at who owes it reads those who do, however many have done it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, exists, func, select, update

from storage.database import MOST_AT_ONCE, Tx, insert
from storage.deadlines import Kind
from storage.tables import deadlines, fulfilments, unfulfilled, unit_ancestors, units
from storage.units import CONTESTING

#: So many units are listed in one step.
STEP = 1_000
#: All units of a deadline are listed up to this number, hence all that there are.
EVERYBODY = 2**53
#: What was listed is dropped, and nobody will be listed any more.
FORGOTTEN = -1

_DONE = select(fulfilments.c.deadline_id, fulfilments.c.unit_id).where(
    fulfilments.c.deadline_id.in_(bindparam("deadlines", expanding=True)),
    fulfilments.c.unit_id.in_(bindparam("units", expanding=True)),
)
_UNDO = delete(fulfilments).where(
    fulfilments.c.deadline_id == bindparam("which"), fulfilments.c.unit_id == bindparam("where")
)
_STRIKE = delete(unfulfilled).where(
    unfulfilled.c.deadline_id == bindparam("which"), unfulfilled.c.unit_id == bindparam("where")
)

_of_first = and_(
    deadlines.c.kind == Kind.OWN.value, deadlines.c.of_id.is_(None), deadlines.c.listed_to > FORGOTTEN
)
_current = and_(_of_first, deadlines.c.withdrawn_at.is_(None))
_UNLISTED = select(deadlines.c.id, deadlines.c.unit_id, deadlines.c.listed_to).where(
    _current, deadlines.c.listed_to < EVERYBODY
)
_FIRST_UNLISTED = _UNLISTED.order_by(deadlines.c.id).limit(1)
_ONE_UNLISTED = _UNLISTED.where(deadlines.c.id == bindparam("which"))
_next = (
    select(unit_ancestors.c.unit_id)
    .where(unit_ancestors.c.ancestor_id == bindparam("root"), unit_ancestors.c.unit_id > bindparam("after"))
    .order_by(unit_ancestors.c.unit_id)
    .limit(bindparam("most"))
    .subquery()
)
_UP_TO = select(func.max(_next.c.unit_id))
_LISTED = update(deadlines).where(deadlines.c.id == bindparam("which")).values(listed_to=bindparam("up_to"))
_ANY = select(deadlines.c.id).where(_current).limit(1)
_OVER = (
    select(deadlines.c.id)
    .where(_of_first, deadlines.c.withdrawn_at.is_not(None) | (deadlines.c.year < bindparam("before")))
    .order_by(deadlines.c.id)
    .limit(1)
)
_some_owed = (
    select(unfulfilled.c.unit_id)
    .where(unfulfilled.c.deadline_id == bindparam("which"))
    .order_by(unfulfilled.c.unit_id)
    .limit(bindparam("most"))
)
_FORGET = delete(unfulfilled).where(
    unfulfilled.c.deadline_id == bindparam("which"), unfulfilled.c.unit_id.in_(_some_owed)
)


def _has_not(deadline_id: ColumnElement[int], unit_id: ColumnElement[int]) -> ColumnElement[bool]:
    return ~exists(fulfilments.c.unit_id).where(
        fulfilments.c.deadline_id == deadline_id, fulfilments.c.unit_id == unit_id
    )


_WHICH: ColumnElement[int] = bindparam("which", type_=deadlines.c.id.type)
_SOME = (
    select(_WHICH, unit_ancestors.c.unit_id)
    .join(units, units.c.id == unit_ancestors.c.unit_id)
    .where(
        unit_ancestors.c.ancestor_id == bindparam("root"),
        unit_ancestors.c.unit_id > bindparam("after"),
        unit_ancestors.c.unit_id <= bindparam("up_to"),
        # Said of both: PostgreSQL would read all units otherwise.
        units.c.id > bindparam("after"),
        units.c.id <= bindparam("up_to"),
        units.c.kind.in_(CONTESTING),
        units.c.ended_at.is_(None),
        _has_not(_WHICH, unit_ancestors.c.unit_id),
    )
)
_lower = unit_ancestors.alias("lower")
_upper = unit_ancestors.alias("upper")
_ALSO: Select[Any] = (
    select(deadlines.c.id, _lower.c.unit_id)
    .distinct()
    .select_from(_lower)
    .join(units, units.c.id == _lower.c.unit_id)
    .join(_upper, _upper.c.unit_id == _lower.c.unit_id)
    .join(deadlines, deadlines.c.unit_id == _upper.c.ancestor_id)
    .where(
        _lower.c.ancestor_id.in_(bindparam("changed", expanding=True)),
        _current,
        units.c.kind.in_(CONTESTING),
        units.c.ended_at.is_(None),
        _has_not(deadlines.c.id, _lower.c.unit_id),
    )
)


def fulfil(tx: Tx, deadline_id: int, *, unit_id: int, by: int, now: datetime) -> bool:
    """Note that a unit has done what an own deadline asks for; False when it was noted before."""
    statement = insert(fulfilments, tx).on_conflict_do_nothing()
    values = {"deadline_id": deadline_id, "unit_id": unit_id, "person_id": by, "at": now}
    tx.execute(_STRIKE, {"which": deadline_id, "where": unit_id})
    return tx.execute(statement, values).rowcount == 1


def unfulfil(tx: Tx, deadline_id: int, *, unit_id: int) -> None:
    """Take that back."""
    tx.execute(_UNDO, {"which": deadline_id, "where": unit_id})
    values = {"deadline_id": deadline_id, "unit_id": unit_id}
    tx.execute(insert(unfulfilled, tx).on_conflict_do_nothing(), values)


def fulfilled(tx: Tx, deadline_ids: Iterable[int], unit_ids: Iterable[int]) -> set[tuple[int, int]]:
    """Which of the own deadlines which of the units have done what they ask for: (deadline, unit)."""
    asked = {"deadlines": list(deadline_ids), "units": list(unit_ids)}
    return {(row.deadline_id, row.unit_id) for row in tx.all(_DONE, asked)} if all(asked.values()) else set()


def list_some(tx: Tx, deadline_id: int | None = None, *, most: int = STEP) -> bool:
    """List the next units that owe something: of one own deadline, or of the first that needs it.

    False: there was nothing left to list.
    """
    found = tx.first(_FIRST_UNLISTED) if deadline_id is None else tx.first(_ONE_UNLISTED, {"which": deadline_id})
    if found is None:
        return False
    values = {"root": found.unit_id, "after": found.listed_to}
    up_to: int | None = tx.scalar(_UP_TO, values | {"most": most})
    if up_to is not None:
        statement = insert(unfulfilled, tx).from_select(["deadline_id", "unit_id"], _SOME)
        tx.execute(statement.on_conflict_do_nothing(), values | {"which": found.id, "up_to": up_to})
    tx.execute(_LISTED, {"which": found.id, "up_to": EVERYBODY if up_to is None else up_to})
    return True


def ask_also(tx: Tx, unit_ids: Sequence[int]) -> None:
    """These units, and those below them, are new, exist again, or stand below another one: list what they owe."""
    if not unit_ids or tx.first(_ANY) is None:
        return
    statement = insert(unfulfilled, tx).from_select(["deadline_id", "unit_id"], _ALSO).on_conflict_do_nothing()
    for start in range(0, len(unit_ids), MOST_AT_ONCE):
        tx.execute(statement, {"changed": list(unit_ids[start : start + MOST_AT_ONCE])})


def forget(tx: Tx, *, before: int, most: int) -> bool:
    """Drop some of what is owed of deadlines that were withdrawn or are of years before that one.

    False: there was none.
    """
    over: int | None = tx.scalar(_OVER, {"before": before})
    if over is None:
        return False
    if tx.execute(_FORGET, {"which": over, "most": most}).rowcount == 0:
        tx.execute(_LISTED, {"which": over, "up_to": FORGOTTEN})
    return True
