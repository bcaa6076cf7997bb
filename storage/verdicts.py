"""评诺: what became of each commitment, in the office's eyes and in the district's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam, func, insert, select, update

from storage.database import Tx
from storage.tables import commitments, people, unit_ancestors, verdicts


class Level(StrEnum):
    """The office evaluates first, the district has the last word."""

    OFFICE = "office"
    DISTRICT = "district"


class Verdict(StrEnum):
    """What became of a commitment."""

    FULFILLED = "fulfilled"
    PARTLY = "partly"
    UNFULFILLED = "unfulfilled"


@dataclass(frozen=True, slots=True)
class Given:
    """A verdict as it was given."""

    id: int
    commitment_id: int
    level: Level
    verdict: Verdict
    reason: str | None
    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Both:
    """What counts of a commitment: the newest verdict of each level, None where there is none."""

    office: Given | None = None
    district: Given | None = None

    @property
    def final(self) -> Given | None:
        """The district's; before it has spoken, the office's."""
        return self.district or self.office


_below = select(unit_ancestors.c.unit_id).where(
    unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
)
_newest = (
    select(func.max(verdicts.c.id))
    .join(commitments, commitments.c.id == verdicts.c.commitment_id)
    .where(
        commitments.c.unit_id.in_(_below),
        commitments.c.year == bindparam("in_year"),
        verdicts.c.withdrawn_at.is_(None),
    )
    .group_by(verdicts.c.commitment_id, verdicts.c.level)
)
_STANDING = (
    select(
        verdicts.c.id,
        verdicts.c.commitment_id,
        verdicts.c.level,
        verdicts.c.verdict,
        verdicts.c.reason,
        people.c.name,
        verdicts.c.at,
    )
    .join(people, people.c.id == verdicts.c.person_id)
    .where(verdicts.c.id.in_(_newest))
)
_ADD = insert(verdicts)
_LAST = select(func.coalesce(func.max(verdicts.c.id), 0))
_SINCE = select(verdicts.c.id).where(verdicts.c.id > bindparam("last"), verdicts.c.person_id == bindparam("by"))
_WITHDRAW = (
    update(verdicts)
    .where(verdicts.c.id.in_(bindparam("which", expanding=True)), verdicts.c.withdrawn_at.is_(None))
    .values(withdrawn_at=bindparam("now"))
)


def standing(tx: Tx, roots: Sequence[int], *, year: int) -> dict[int, Both]:
    """What counts of the year's commitments of the units at or below the roots, by commitment."""
    found: dict[int, dict[Level, Given]] = {}
    for row in tx.all(_STANDING, {"roots": list(roots), "in_year": year}) if roots else ():
        given = Given(row[0], row[1], Level(row[2]), Verdict(row[3]), *row[4:])
        found.setdefault(given.commitment_id, {})[given.level] = given
    return {c: Both(levels.get(Level.OFFICE), levels.get(Level.DISTRICT)) for c, levels in found.items()}


def give(
    tx: Tx, verdict_of: Mapping[int, tuple[Verdict, str | None]], *, level: Level, by: int, now: datetime
) -> list[int]:
    """Keep the verdicts (with reason), by commitment, and return their numbers; earlier ones stay on record."""
    last = tx.scalar(_LAST)
    rows = [
        {
            "commitment_id": commitment_id,
            "level": level.value,
            "verdict": verdict.value,
            "reason": reason,
            "person_id": by,
            "at": now,
        }
        for commitment_id, (verdict, reason) in verdict_of.items()
    ]
    tx.many(_ADD, rows)
    return [row.id for row in tx.all(_SINCE, {"last": last, "by": by})]


def withdraw(tx: Tx, verdict_ids: Sequence[int], *, now: datetime) -> None:
    """These count no more: the verdicts before them do again."""
    tx.execute(_WITHDRAW, {"which": list(verdict_ids), "now": now})
