"""Highlights: what units are proud of, who recommends it, and what goes into the bulletin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from storage.database import Tx
from storage.tables import highlights, people, recommendations, unit_ancestors, units


@dataclass(frozen=True, slots=True)
class Highlight:
    """`voices`: how many people recommend it; `picked`: chosen for the bulletin."""

    id: int
    unit_id: int
    unit_name: str
    year: int
    quarter: int
    words: str
    person_id: int
    person: str
    made_at: datetime
    picked_at: datetime | None
    voices: int

    @property
    def picked(self) -> bool:
        return self.picked_at is not None


_voices = (
    select(func.count())
    .where(recommendations.c.highlight_id == highlights.c.id)
    .correlate(highlights)
    .scalar_subquery()
    .label("voices")
)
_SELECT = (
    select(
        highlights.c.id,
        highlights.c.unit_id,
        units.c.name,
        highlights.c.year,
        highlights.c.quarter,
        highlights.c.words,
        highlights.c.person_id,
        people.c.name,
        highlights.c.made_at,
        highlights.c.picked_at,
        _voices,
    )
    .join(units, units.c.id == highlights.c.unit_id)
    .join(people, people.c.id == highlights.c.person_id)
    .where(highlights.c.withdrawn_at.is_(None))
)
_ONE = _SELECT.where(highlights.c.id == bindparam("which"))
_below = select(unit_ancestors.c.unit_id).where(
    unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
)
_NEWEST = _SELECT.where(highlights.c.unit_id.in_(_below)).order_by(highlights.c.id.desc()).limit(bindparam("most"))
_FOUND = _NEWEST.where(
    or_(
        highlights.c.words.like(bindparam("pattern"), escape="/"),
        units.c.name.like(bindparam("pattern"), escape="/"),
    )
)
_BEST = (
    _SELECT.where(
        highlights.c.unit_id.in_(_below),
        highlights.c.year == bindparam("in_year"),
        highlights.c.quarter == bindparam("in_quarter"),
    )
    .order_by(highlights.c.picked_at.is_(None), _voices.desc(), highlights.c.id)
    .limit(bindparam("most"))
)
_OF_YEAR = _SELECT.where(highlights.c.unit_id.in_(_below), highlights.c.year == bindparam("in_year")).order_by(
    highlights.c.id
)
_MADE = insert(highlights).returning(highlights.c.id)
_WITHDRAW = (
    update(highlights)
    .where(highlights.c.id == bindparam("which"), highlights.c.withdrawn_at.is_(None))
    .values(withdrawn_at=bindparam("now"), withdrawn_by=bindparam("by"), withdrawn_because=bindparam("reason"))
)
_PICK = update(highlights).where(highlights.c.id == bindparam("which")).values(picked_at=bindparam("at"))
_GIVEN = select(recommendations.c.highlight_id).where(recommendations.c.person_id == bindparam("whose"))
_GIVE = insert(recommendations)
_TAKE_BACK = delete(recommendations).where(
    recommendations.c.highlight_id == bindparam("which"), recommendations.c.person_id == bindparam("whose")
)


def add(tx: Tx, *, unit_id: int, year: int, quarter: int, words: str, by: int, now: datetime) -> int:
    """Put a highlight on the record and return its number."""
    values = {
        "unit_id": unit_id,
        "year": year,
        "quarter": quarter,
        "words": words,
        "person_id": by,
        "made_at": now,
    }
    made: int = tx.scalar(_MADE, values)
    return made


def get(tx: Tx, highlight_id: int) -> Highlight | None:
    """One that has not been withdrawn."""
    row = tx.first(_ONE, {"which": highlight_id})
    return Highlight(*row) if row else None


def newest(tx: Tx, roots: Sequence[int], *, most: int) -> list[Highlight]:
    """The newest of the units at or below the roots."""
    return [Highlight(*row) for row in tx.all(_NEWEST, {"roots": list(roots), "most": most})]


def search(tx: Tx, roots: Sequence[int], text: str, *, most: int) -> list[Highlight]:
    """The newest whose words or unit contain the text."""
    # What people look for is no pattern: 100% means a per cent sign.
    meant = text.replace("/", "//").replace("%", "/%").replace("_", "/_")
    values = {"roots": list(roots), "pattern": f"%{meant}%", "most": most}
    return [Highlight(*row) for row in tx.all(_FOUND, values)]


def of_year(tx: Tx, roots: Sequence[int], *, year: int) -> list[Highlight]:
    """All of a year of the units at or below the roots, oldest first."""
    return [Highlight(*row) for row in tx.all(_OF_YEAR, {"roots": list(roots), "in_year": year})]


def best(tx: Tx, roots: Sequence[int], *, year: int, quarter: int, most: int) -> list[Highlight]:
    """A quarter's best: those picked first, then by voices, then the earlier."""
    values = {"roots": list(roots), "in_year": year, "in_quarter": quarter, "most": most}
    return [Highlight(*row) for row in tx.all(_BEST, values)]


def withdraw(tx: Tx, highlight_id: int, *, by: int, reason: str, now: datetime) -> bool:
    """Show it to nobody any more; False when it was withdrawn already."""
    values = {"which": highlight_id, "by": by, "reason": reason, "now": now}
    return tx.execute(_WITHDRAW, values).rowcount == 1


def pick(tx: Tx, highlight_id: int, *, at: datetime | None) -> None:
    """Choose it for the bulletin, or (None) not."""
    tx.execute(_PICK, {"which": highlight_id, "at": at})


def recommended_by(tx: Tx, person_id: int) -> set[int]:
    """The highlights that a person recommends."""
    return {row.highlight_id for row in tx.all(_GIVEN, {"whose": person_id})}


def recommend(tx: Tx, highlight_id: int, *, person_id: int, now: datetime) -> None:
    """Give one's voice; the caller has seen that it was not given yet."""
    tx.execute(_GIVE, {"highlight_id": highlight_id, "person_id": person_id, "at": now})


def take_back(tx: Tx, highlight_id: int, *, person_id: int) -> None:
    """Take one's voice back."""
    tx.execute(_TAKE_BACK, {"which": highlight_id, "whose": person_id})
