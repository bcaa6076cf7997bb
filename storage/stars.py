"""Stars awarded to units for a year, each on the record with who and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select, update

from storage.database import Tx
from storage.tables import people, stars, unit_ancestors


@dataclass(frozen=True, slots=True)
class Award:
    """One star of one unit's year."""

    id: int
    unit_id: int
    star: str
    reason: str
    person: str
    at: datetime


_below = select(unit_ancestors.c.unit_id).where(
    unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
)
_STANDING = (
    select(stars.c.id, stars.c.unit_id, stars.c.star, stars.c.reason, people.c.name, stars.c.awarded_at)
    .join(people, people.c.id == stars.c.awarded_by)
    .where(stars.c.unit_id.in_(_below), stars.c.year == bindparam("in_year"), stars.c.withdrawn_at.is_(None))
    .order_by(stars.c.id)
)
_ADD = insert(stars)
_WITHDRAW = (
    update(stars)
    .where(stars.c.id == bindparam("which"), stars.c.withdrawn_at.is_(None))
    .values(withdrawn_by=bindparam("by"), withdrawn_at=bindparam("now"), withdrawn_because=bindparam("because"))
)
_LAST = select(func.coalesce(func.max(stars.c.id), 0))
_SINCE = select(stars.c.id).where(stars.c.id > bindparam("last"), stars.c.awarded_by == bindparam("by"))
_TAKE_BACK = (
    update(stars)
    .where(stars.c.id.in_(bindparam("which", expanding=True)), stars.c.withdrawn_at.is_(None))
    .values(withdrawn_by=bindparam("by"), withdrawn_at=bindparam("now"), withdrawn_because=bindparam("because"))
)
_RESTORE = (
    update(stars)
    .where(stars.c.id == bindparam("which"))
    .values(withdrawn_by=None, withdrawn_at=None, withdrawn_because=None)
)


def standing(tx: Tx, roots: Sequence[int], *, year: int) -> dict[int, dict[str, Award]]:
    """The stars of the units at or below the roots, by unit and name of the star."""
    found: dict[int, dict[str, Award]] = {}
    for row in tx.all(_STANDING, {"roots": list(roots), "in_year": year}) if roots else ():
        award = Award(*row)
        found.setdefault(award.unit_id, {})[award.star] = award
    return found


def award(tx: Tx, awards: Sequence[tuple[int, str, str]], *, year: int, by: int, now: datetime) -> list[int]:
    """Award stars as (unit, star, reason) and return their numbers; the caller has seen that they are new."""
    last = tx.scalar(_LAST)
    tx.many(
        _ADD,
        [
            {"unit_id": unit, "year": year, "star": star, "reason": reason, "awarded_by": by, "awarded_at": now}
            for unit, star, reason in awards
        ],
    )
    return [row.id for row in tx.all(_SINCE, {"last": last, "by": by})]


def withdraw(tx: Tx, award_id: int, *, reason: str, by: int, now: datetime) -> bool:
    """Take a star back; False when that was done already."""
    values = {"which": award_id, "because": reason, "by": by, "now": now}
    return tx.execute(_WITHDRAW, values).rowcount == 1


def take_back(tx: Tx, award_ids: Sequence[int], *, reason: str, by: int, now: datetime) -> None:
    """Take several stars back at once."""
    tx.execute(_TAKE_BACK, {"which": list(award_ids), "by": by, "because": reason, "now": now})


def restore(tx: Tx, award_id: int) -> None:
    """A star that was withdrawn counts again."""
    tx.execute(_RESTORE, {"which": award_id})
