"""Interests that outlast a round: a spouse in the village, a firm of one's own that builds its road."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from storage.database import Tx
from storage.tables import people, relations, unit_ancestors, units


@dataclass(frozen=True, slots=True)
class Relation:
    """Somebody judges nothing of the unit, or below it, as long as this stands."""

    id: int
    person_id: int
    person: str
    unit_id: int
    unit: str
    reason: str


_STANDING = (
    select(relations.c.id, people.c.id, people.c.name, units.c.id, units.c.name, relations.c.reason)
    .join(people, people.c.id == relations.c.person_id)
    .join(units, units.c.id == relations.c.unit_id)
    .where(
        relations.c.ended_at.is_(None),
        relations.c.unit_id.in_(
            select(unit_ancestors.c.unit_id).where(
                unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
            )
        ),
    )
    .order_by(relations.c.id)
)
_ADD = insert(relations).returning(relations.c.id)
_END = (
    update(relations)
    .where(relations.c.id == bindparam("which"), relations.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), ended_by=bindparam("by"))
)


def add(tx: Tx, *, person_id: int, unit_id: int, reason: str, by: int, now: datetime) -> int:
    """Declare a relation and return its number."""
    values = {"person_id": person_id, "unit_id": unit_id, "reason": reason, "declared_by": by, "at": now}
    made: int = tx.scalar(_ADD, values)
    return made


def end(tx: Tx, relation_id: int, *, by: int, now: datetime) -> bool:
    """The relation is over; it stays on the record. False when it was over already."""
    return tx.execute(_END, {"which": relation_id, "by": by, "now": now}).rowcount == 1


def below(tx: Tx, roots: Sequence[int]) -> list[Relation]:
    """The relations to units at or below the roots that stand, oldest first."""
    return [Relation(*row) for row in tx.all(_STANDING, {"roots": list(roots)})] if roots else []
