"""What waits at the office: proposals to be examined, claims of being done to be checked, and what is
approved but not yet announced to the group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, func, or_, select, update

from storage.commitments import Commitment, State, commitment_columns, from_row
from storage.database import Tx
from storage.tables import LOOK_AT_ONCE, commitments, unit_ancestors, units

_below = select(unit_ancestors.c.unit_id).where(
    unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
)
_waits = (
    commitments.c.unit_id.in_(_below),
    commitments.c.state == bindparam("in_state"),
    units.c.ended_at.is_(None),
)
_WAITING = (
    select(*commitment_columns, units.c.name)
    .join(units, units.c.id == commitments.c.unit_id)
    .where(
        *_waits,
        or_(
            commitments.c.unit_id > bindparam("after_unit"),
            and_(commitments.c.unit_id == bindparam("after_unit"), commitments.c.id > bindparam("after_id")),
        ),
    )
    .order_by(commitments.c.unit_id, commitments.c.id)
    .limit(bindparam("most"))
)
_COUNT_WAITING = (
    select(commitments.c.unit_id, units.c.name, func.count())
    .join(units, units.c.id == commitments.c.unit_id)
    .where(*_waits)
    .group_by(commitments.c.unit_id, units.c.name)
    .order_by(commitments.c.unit_id)
)
_APPROVE = (
    update(commitments)
    .where(
        commitments.c.id.in_(bindparam("which", expanding=True)),
        commitments.c.state == State.PROPOSED.value,
    )
    .values(
        state=State.PUBLISHED.value,
        examined_by=bindparam("by"),
        examined_at=bindparam("at"),
        return_reason=None,
    )
    .returning(commitments.c.id)
)
_approved_unannounced = and_(commitments.c.state == State.PUBLISHED.value, commitments.c.published_at.is_(None))
_UNANNOUNCED = (
    select(commitments.c.unit_id, units.c.name, func.count())
    .join(units, units.c.id == commitments.c.unit_id)
    .where(commitments.c.unit_id.in_(_below), _approved_unannounced, units.c.ended_at.is_(None))
    .group_by(commitments.c.unit_id, units.c.name)
    .order_by(commitments.c.unit_id)
)
_ANNOUNCE = (
    update(commitments)
    .where(commitments.c.unit_id.in_(bindparam("which", expanding=True)), _approved_unannounced)
    .values(published_at=bindparam("at"), look_on=LOOK_AT_ONCE)
    .returning(commitments.c.id)
)
_CLOSE = (
    update(commitments)
    .where(
        commitments.c.id.in_(bindparam("which", expanding=True)),
        commitments.c.state == State.DONE.value,
    )
    .values(state=State.CLOSED.value, closed_by=bindparam("by"), closed_at=bindparam("at"))
    .returning(commitments.c.id)
)

_REVOKE = (
    update(commitments)
    .where(
        commitments.c.id.in_(bindparam("which", expanding=True)),
        commitments.c.state == State.PUBLISHED.value,
        commitments.c.reported_at.is_(None),
    )
    .values(state=State.PROPOSED.value, examined_by=None, examined_at=None, published_at=None)
    .returning(commitments.c.id)
)
_REOPEN = (
    update(commitments)
    .where(
        commitments.c.id.in_(bindparam("which", expanding=True)),
        commitments.c.state == State.CLOSED.value,
    )
    .values(state=State.DONE.value, closed_by=None, closed_at=None)
    .returning(commitments.c.id)
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A commitment that waits, with its unit's name."""

    commitment: Commitment
    unit_name: str


@dataclass(frozen=True, slots=True)
class UnitCount:
    """How many of a unit's commitments something is true of."""

    unit_id: int
    unit_name: str
    count: int


def waiting(
    tx: Tx, roots: Sequence[int], *, state: State, after: tuple[int, int] = (0, 0), most: int = 1
) -> list[Waiting]:
    """Commitments of any year in a state, at or below the roots, in order of (unit id, commitment id).

    `after` is the pair behind which to begin.
    """
    if not roots:
        return []
    values = {
        "roots": list(roots),
        "in_state": state.value,
        "after_unit": after[0],
        "after_id": after[1],
        "most": most,
    }
    return [Waiting(from_row(row), row.name) for row in tx.all(_WAITING, values)]


def count_waiting(tx: Tx, roots: Sequence[int], *, state: State) -> list[UnitCount]:
    """How many commitments of each unit are in a state; units without any are left out."""
    if not roots:
        return []
    rows = tx.all(_COUNT_WAITING, {"roots": list(roots), "in_state": state.value})
    return [UnitCount(*row) for row in rows]


def approve(tx: Tx, commitment_ids: Iterable[int], *, by: int, now: datetime) -> list[int]:
    """Approve proposals; returns those that still were proposals. They are not announced yet."""
    values = {"by": by, "at": now}
    return sorted(row.id for row in tx.among(_APPROVE, "which", commitment_ids, values))


def unannounced(tx: Tx, roots: Sequence[int]) -> list[UnitCount]:
    """Units with approved commitments that their group has not been told of."""
    if not roots:
        return []
    return [UnitCount(*row) for row in tx.all(_UNANNOUNCED, {"roots": list(roots)})]


def announce(tx: Tx, unit_ids: Iterable[int], *, now: datetime) -> list[int]:
    """Publish what is approved in these units; returns the commitments that this makes public."""
    return sorted(row.id for row in tx.among(_ANNOUNCE, "which", unit_ids, {"at": now}))


def close(tx: Tx, commitment_ids: Iterable[int], *, by: int, now: datetime) -> list[int]:
    """Confirm claims of being done; returns those that still were claims."""
    values = {"by": by, "at": now}
    return sorted(row.id for row in tx.among(_CLOSE, "which", commitment_ids, values))


def revoke(tx: Tx, commitment_ids: Iterable[int]) -> list[int]:
    """Make proposals again of what was approved; returns those on which nothing was reported meanwhile."""
    return sorted(row.id for row in tx.among(_REVOKE, "which", commitment_ids))


def reopen(tx: Tx, commitment_ids: Iterable[int]) -> list[int]:
    """Make claims again of what was closed; returns those that were closed."""
    return sorted(row.id for row in tx.among(_REOPEN, "which", commitment_ids))
