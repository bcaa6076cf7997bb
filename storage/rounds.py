"""Scored rounds: contestants, criteria, judges and every version of every score sheet.

Scores are read by the round's tally only once it is closed; before that, a judge reads their own and everybody
else learns at most which sheets are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from storage.database import Tx
from storage.tables import (
    contestants,
    criteria,
    judges,
    people,
    posts,
    rounds,
    score_sheets,
    unit_ancestors,
    units,
)
from storage.units import OFFICE


class Kind(StrEnum):
    """What is scored: sites on a route, speeches, the year, or something of one's own."""

    OBSERVATION = "observation"
    FORUM = "forum"
    EVALUATION = "evaluation"
    OTHER = "other"


class State(StrEnum):
    """draft → open → closed → published; a draft or open round may be cancelled."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Head:
    """A round without its parts. `rules` is JSON of the tally's rules."""

    id: int
    unit_id: int
    year: int
    quarter: int
    kind: Kind
    name: str
    state: State
    rules: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Criterion:
    """What is scored, and the highest score."""

    name: str
    maximum: Decimal


@dataclass(frozen=True, slots=True)
class Contestant:
    """A unit in a round. `position` counts from 1; `office_id` is its office, itself when it has none."""

    id: int
    unit_id: int
    unit_name: str
    position: int
    office_id: int


@dataclass(frozen=True, slots=True)
class Judge:
    """A judge in a round. `bound_to`: the units they hold posts for, and all units above those."""

    id: int
    person_id: int
    name: str
    bound_to: frozenset[int]


@dataclass(frozen=True, slots=True)
class Round:
    """A round with everything but the scores."""

    head: Head
    criteria: tuple[Criterion, ...]
    contestants: tuple[Contestant, ...]
    judges: tuple[Judge, ...]

    @property
    def id(self) -> int:
        return self.head.id

    def recused(self, judge: Judge, contestant: Contestant) -> bool:
        """A judge does not score units of an office for which, or for a unit of which, they hold a post."""
        return contestant.office_id in judge.bound_to

    def owed(self) -> dict[int, list[int]]:
        """For each judge the contestants they are to score, by number."""
        return {j.id: [c.id for c in self.contestants if not self.recused(j, c)] for j in self.judges}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One version of one judge's scores for one contestant; `total` None: taken back."""

    judge_id: int
    contestant_id: int
    version: int
    scores: tuple[Decimal, ...]
    total: Decimal | None


_HEAD = select(
    rounds.c.id,
    rounds.c.unit_id,
    rounds.c.year,
    rounds.c.quarter,
    rounds.c.kind,
    rounds.c.name,
    rounds.c.state,
    rounds.c.rules,
)
_ONE = _HEAD.where(rounds.c.id == bindparam("which"))
_below = select(unit_ancestors.c.unit_id).where(
    unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
)
_OF_UNITS = (
    _HEAD.where(
        rounds.c.unit_id.in_(_below),
        rounds.c.state.in_(bindparam("states", expanding=True)),
    )
    .order_by(rounds.c.id.desc())
    .limit(bindparam("most"))
)
_JUDGED_BY = (
    _HEAD.join(judges, judges.c.round_id == rounds.c.id)
    .where(judges.c.person_id == bindparam("who"), rounds.c.state.in_(bindparam("states", expanding=True)))
    .order_by(rounds.c.id)
)
_WITH_UNIT = (
    _HEAD.join(contestants, contestants.c.round_id == rounds.c.id)
    .where(contestants.c.unit_id == bindparam("which"), rounds.c.state == State.PUBLISHED.value)
    .order_by(rounds.c.id.desc())
)
_CRITERIA = (
    select(criteria.c.name, criteria.c.maximum)
    .where(criteria.c.round_id == bindparam("which"))
    .order_by(criteria.c.position)
)
_candidate = units.alias("candidate")
_above = unit_ancestors.alias("above")
_nearest_office = (
    select(_above.c.ancestor_id)
    .join(_candidate, _candidate.c.id == _above.c.ancestor_id)
    .where(_above.c.unit_id == contestants.c.unit_id, _candidate.c.kind == OFFICE)
    .order_by(_above.c.depth)
    .limit(1)
    .correlate(contestants)
    .scalar_subquery()
)
_CONTESTANTS = (
    select(
        contestants.c.id,
        contestants.c.unit_id,
        units.c.name,
        contestants.c.position,
        func.coalesce(_nearest_office, contestants.c.unit_id),
    )
    .join(units, units.c.id == contestants.c.unit_id)
    .where(contestants.c.round_id == bindparam("which"))
    .order_by(contestants.c.position)
)
_JUDGES = (
    select(judges.c.id, judges.c.person_id, people.c.name, unit_ancestors.c.ancestor_id)
    .join(people, people.c.id == judges.c.person_id)
    .outerjoin(posts, (posts.c.person_id == people.c.id) & posts.c.until.is_(None))
    .outerjoin(unit_ancestors, unit_ancestors.c.unit_id == posts.c.unit_id)
    .where(judges.c.round_id == bindparam("which"))
    .order_by(judges.c.id)
)
_ADD_ROUND = insert(rounds).returning(rounds.c.id)
_ADD_CRITERION, _ADD_CONTESTANT, _ADD_JUDGE = insert(criteria), insert(contestants), insert(judges)
_LAST_VERSION = select(func.coalesce(func.max(score_sheets.c.version), 0)).where(
    score_sheets.c.judge_id == bindparam("by_judge"), score_sheets.c.contestant_id == bindparam("about")
)
_ADD_SHEET = insert(score_sheets)
_newer = score_sheets.alias("newer")
_SHEETS = (
    select(
        score_sheets.c.judge_id,
        score_sheets.c.contestant_id,
        score_sheets.c.version,
        score_sheets.c.scores,
        score_sheets.c.total,
    )
    .join(judges, judges.c.id == score_sheets.c.judge_id)
    .where(
        judges.c.round_id == bindparam("which"),
        ~select(_newer.c.id)
        .where(
            _newer.c.judge_id == score_sheets.c.judge_id,
            _newer.c.contestant_id == score_sheets.c.contestant_id,
            _newer.c.version > score_sheets.c.version,
        )
        .exists(),
    )
)
_SHEETS_OF_JUDGE = _SHEETS.where(judges.c.id == bindparam("by_judge"))


def create(
    tx: Tx,
    *,
    unit_id: int,
    year: int,
    quarter: int,
    kind: Kind,
    name: str,
    rules: dict[str, Any],
    criteria: Sequence[Criterion],
    unit_ids: Sequence[int],
    judge_ids: Sequence[int],
    created_by: int,
    now: datetime,
) -> int:
    """Create a draft with its contestants (units, in order) and judges (persons); returns its number."""
    values = {
        "unit_id": unit_id,
        "year": year,
        "quarter": quarter,
        "kind": kind.value,
        "name": name,
        "state": State.DRAFT.value,
        "rules": rules,
        "created_by": created_by,
        "created_at": now,
    }
    made: int = tx.scalar(_ADD_ROUND, values)
    tx.many(
        _ADD_CRITERION,
        [
            {"round_id": made, "position": place, "name": c.name, "maximum": c.maximum}
            for place, c in enumerate(criteria, 1)
        ],
    )
    tx.many(
        _ADD_CONTESTANT,
        [{"round_id": made, "position": place, "unit_id": unit} for place, unit in enumerate(unit_ids, 1)],
    )
    tx.many(_ADD_JUDGE, [{"round_id": made, "person_id": person} for person in judge_ids])
    return made


def get(tx: Tx, round_id: int) -> Round:
    """The round; raises LookupError."""
    row = tx.first(_ONE, {"which": round_id})
    if row is None:
        raise LookupError(round_id)
    which = {"which": round_id}
    bound: dict[tuple[int, int, str], set[int]] = {}
    for judge_id, person_id, name, unit_id in tx.all(_JUDGES, which):
        bound.setdefault((judge_id, person_id, name), set()).add(unit_id)
    return Round(
        _head(row),
        tuple(Criterion(*c) for c in tx.all(_CRITERIA, which)),
        tuple(Contestant(*c) for c in tx.all(_CONTESTANTS, which)),
        tuple(Judge(*who, frozenset(unit_ids)) for who, unit_ids in bound.items()),
    )


def below(tx: Tx, roots: Sequence[int], *, states: Sequence[State], most: int = 10) -> list[Head]:
    """Rounds of units at or below the roots in these states, newest first."""
    if not roots:
        return []
    values = {"roots": list(roots), "states": [s.value for s in states], "most": most}
    return [_head(row) for row in tx.all(_OF_UNITS, values)]


def judged_by(tx: Tx, person_id: int, *, states: Sequence[State]) -> list[Head]:
    """The rounds in these states in which somebody is a judge, oldest first."""
    return [_head(row) for row in tx.all(_JUDGED_BY, {"who": person_id, "states": [s.value for s in states]})]


def published_with(tx: Tx, unit_id: int) -> list[Head]:
    """The published rounds in which a unit took part, newest first."""
    return [_head(row) for row in tx.all(_WITH_UNIT, {"which": unit_id})]


def set_state(tx: Tx, round_id: int, *, state: State, expected: State, **columns: Any) -> bool:
    """Move a round on from the expected state; False when it is in another. `columns`: opened_at, closed_by …"""
    statement = (
        update(rounds)
        .where(rounds.c.id == bindparam("which"), rounds.c.state == bindparam("before"))
        .values({name: bindparam(f"new_{name}") for name in ("state", *sorted(columns))})
    )
    values = {"which": round_id, "before": expected.value, "new_state": state.value}
    values |= {f"new_{name}": value for name, value in columns.items()}
    return tx.execute(statement, values).rowcount == 1


def add_sheet(
    tx: Tx,
    *,
    judge_id: int,
    contestant_id: int,
    scores: Sequence[Decimal],
    total: Decimal | None,
    entered_by: int,
    now: datetime,
) -> int:
    """Keep a new version of a sheet (total None: taken back) and return its number, from 1."""
    last: int = tx.scalar(_LAST_VERSION, {"by_judge": judge_id, "about": contestant_id})
    values = {
        "judge_id": judge_id,
        "contestant_id": contestant_id,
        "version": last + 1,
        "scores": [str(score) for score in scores],
        "total": total,
        "entered_by": entered_by,
        "entered_at": now,
    }
    tx.execute(_ADD_SHEET, values)
    return last + 1


def sheets(tx: Tx, round_id: int) -> list[Sheet]:
    """The newest version of every sheet that has not been taken back."""
    return _sheets(tx.all(_SHEETS, {"which": round_id}))


def sheets_of(tx: Tx, round_id: int, judge_id: int) -> dict[int, Sheet]:
    """One judge's own sheets by contestant."""
    rows = tx.all(_SHEETS_OF_JUDGE, {"which": round_id, "by_judge": judge_id})
    return {sheet.contestant_id: sheet for sheet in _sheets(rows)}


def _sheets(rows: Sequence[Any]) -> list[Sheet]:
    return [
        Sheet(r.judge_id, r.contestant_id, r.version, tuple(Decimal(s) for s in r.scores), r.total)
        for r in rows
        if r.total is not None
    ]


def _head(row: Any) -> Head:
    return Head(row.id, row.unit_id, row.year, row.quarter, Kind(row.kind), row.name, State(row.state), row.rules)
