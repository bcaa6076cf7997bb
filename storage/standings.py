"""What composite standings are made of, and the standings as they were published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, func, insert, select

from storage.database import Tx
from storage.reports import STANDING
from storage.rounds import Kind, State
from storage.tables import (
    commitments,
    contestants,
    criteria,
    people,
    publications,
    reports,
    rounds,
    standings,
    unit_ancestors,
    units,
)


@dataclass(frozen=True, slots=True)
class Scored:
    """A unit's published score in a round whose criteria add up to `maximum`. `rank` None: no valid score."""

    round_id: int
    name: str
    kind: Kind
    quarter: int
    maximum: Decimal
    unit_id: int
    unit_name: str
    klass: str
    rank: int | None
    score: Decimal | None


@dataclass(frozen=True, slots=True)
class Standing:
    """One published version. `quarter` 0: the whole year. `ranking` is JSON as announced."""

    quarter: int
    version: int
    ranking: list[dict[str, Any]]
    reason: str | None
    published_by: str
    published_at: datetime


_below = select(unit_ancestors.c.unit_id).where(
    unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
)
_maximum = (
    select(criteria.c.round_id, criteria.c.maximum, criteria.c.weight)
    .join(rounds, rounds.c.id == criteria.c.round_id)
    .where(rounds.c.unit_id.in_(_below), rounds.c.year == bindparam("in_year"))
)
_last = (
    select(func.max(publications.c.id))
    .join(rounds, rounds.c.id == publications.c.round_id)
    .where(
        rounds.c.unit_id.in_(_below),
        rounds.c.year == bindparam("in_year"),
        rounds.c.state == State.PUBLISHED.value,
    )
    .group_by(publications.c.round_id)
)
_PUBLISHED = (
    select(rounds.c.id, rounds.c.name, rounds.c.kind, rounds.c.quarter, publications.c.ranking)
    .join(publications, publications.c.round_id == rounds.c.id)
    .where(publications.c.id.in_(_last))
    .order_by(rounds.c.quarter, rounds.c.id)
)
_CONTESTANTS = (
    select(contestants.c.id, contestants.c.unit_id, units.c.name, contestants.c.klass)
    .join(units, units.c.id == contestants.c.unit_id)
    .join(rounds, rounds.c.id == contestants.c.round_id)
    .where(
        rounds.c.unit_id.in_(_below),
        rounds.c.year == bindparam("in_year"),
        rounds.c.state == State.PUBLISHED.value,
    )
)
_newest = (
    select(func.max(reports.c.id))
    .join(commitments, commitments.c.id == reports.c.commitment_id)
    .where(
        commitments.c.unit_id.in_(_below),
        commitments.c.year == bindparam("in_year"),
        reports.c.quarter <= bindparam("until"),
        reports.c.state.in_([state.value for state in STANDING]),
    )
    .group_by(reports.c.commitment_id)
)
_PROGRESS = select(reports.c.commitment_id, reports.c.share, reports.c.status).where(reports.c.id.in_(_newest))
_ADD = insert(standings)
_VERSIONS = (
    select(
        standings.c.quarter,
        standings.c.version,
        standings.c.ranking,
        standings.c.reason,
        people.c.name,
        standings.c.published_at,
    )
    .join(people, people.c.id == standings.c.published_by)
    .where(standings.c.unit_id == bindparam("which"), standings.c.year == bindparam("in_year"))
    .order_by(standings.c.quarter, standings.c.version)
)


def scored(tx: Tx, roots: Sequence[int], *, year: int) -> list[Scored]:
    """Every published score of the year's rounds of units at or below the roots, as last announced."""
    if not roots:
        return []
    values = {"roots": list(roots), "in_year": year}
    maxima: dict[int, Decimal] = {}
    for round_id, maximum, weight in tx.all(_maximum, values):
        maxima[round_id] = maxima.get(round_id, Decimal(0)) + maximum * weight
    entered = {row.id: row for row in tx.all(_CONTESTANTS, values)}
    found = []
    for round_id, name, kind, quarter, ranking in tx.all(_PUBLISHED, values):
        for row in ranking:
            who = entered[row["contestant"]]
            score = Decimal(row["score"]) if row["score"] else None
            scored_ = (who.unit_id, who.name, who.klass, row["rank"], score)
            found.append(Scored(round_id, name, Kind(kind), quarter, maxima[round_id], *scored_))
    return found


def progress(
    tx: Tx, roots: Sequence[int], *, year: int, until: str
) -> dict[int, tuple[Decimal | None, str | None]]:
    """Share and status of each commitment of the year as last reported for `until` ("2021Q1") or earlier."""
    values = {"roots": list(roots), "in_year": year, "until": until}
    return {row[0]: (row[1], row[2]) for row in tx.all(_PROGRESS, values)} if roots else {}


def publish(
    tx: Tx,
    unit_id: int,
    *,
    year: int,
    quarter: int,
    version: int,
    ranking: list[dict[str, Any]],
    reason: str | None,
    by: int,
    now: datetime,
) -> None:
    """Keep what is published of a unit's standing."""
    values = {
        "unit_id": unit_id,
        "year": year,
        "quarter": quarter,
        "version": version,
        "ranking": ranking,
        "reason": reason,
        "published_by": by,
        "published_at": now,
    }
    tx.execute(_ADD, values)


def versions(tx: Tx, unit_id: int, *, year: int) -> list[Standing]:
    """All that was published of a year's standings, quarter by quarter, oldest version first."""
    return [Standing(*row) for row in tx.all(_VERSIONS, {"which": unit_id, "in_year": year})]
