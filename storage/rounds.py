"""Scored rounds: contestants, criteria, judges, recusals, and every step from draft to publication."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
    recusals,
    relations,
    round_steps,
    rounds,
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
    """draft → open → closed (sealed) → computed → signed → published; a draft may be cancelled."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    COMPUTED = "computed"
    SIGNED = "signed"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Head:
    """A round without its parts. `rules` is JSON of the tally's rules.

    `reached`: the position up to which contestants may be scored, None for all. `root`: set when sealed.
    """

    id: int
    unit_id: int
    year: int
    quarter: int
    kind: Kind
    name: str
    state: State
    rules: dict[str, Any]
    reached: int | None = None
    root: str | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    """What is scored, the highest score, and by how much it counts: scores are multiplied by `weight`."""

    name: str
    maximum: Decimal
    weight: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Contestant:
    """A unit in a round. `position` counts from 1; `office_id` is its office, itself when it has none."""

    id: int
    unit_id: int
    unit_name: str
    position: int
    klass: str
    office_id: int
    office_name: str


@dataclass(frozen=True, slots=True)
class Judge:
    """A judge in a round.

    `bound_to`: the units they hold posts for, and all units above those. `replaces`: the judge whose place they
    took; `left_at`: since when somebody has taken theirs.
    """

    id: int
    person_id: int
    name: str
    panel: str
    left_at: datetime | None
    replaces: int | None
    bound_to: frozenset[int]


@dataclass(frozen=True, slots=True)
class Round:
    """A round with everything but the scores.

    By judge and contestant, why the judge may not score: `declared` in this round, `related` for good.
    """

    head: Head
    criteria: tuple[Criterion, ...]
    contestants: tuple[Contestant, ...]
    judges: tuple[Judge, ...]
    declared: Mapping[tuple[int, int], str]
    related: Mapping[tuple[int, int], str]

    @property
    def id(self) -> int:
        return self.head.id

    def of_own_office(self, judge: Judge, contestant: Contestant) -> bool:
        """Whether the judge holds a post for the contestant's office or for a unit of it."""
        return contestant.office_id in judge.bound_to

    def recused(self, judge: Judge, contestant: Contestant) -> bool:
        """Whether the judge may not score the contestant: declared, another panel's, related, own office.

        Sealing puts the last two on the record as well; from then on only the record counts.
        """
        pair = (judge.id, contestant.id)
        if pair in self.declared or self.elsewhere(judge, contestant):
            return True
        running = self.head.state in (State.DRAFT, State.OPEN)
        return running and (pair in self.related or self.of_own_office(judge, contestant))

    def elsewhere(self, judge: Judge, contestant: Contestant) -> bool:
        """Whether another panel scores the contestant, where panels do not all score everybody."""
        groups = {group["panel"]: group["units"] for group in self.head.rules.get("groups", ())}
        return bool(groups) and contestant.unit_id not in groups.get(judge.panel, ())

    def is_on(self, contestant: Contestant) -> bool:
        """Whether the contestant's turn has come."""
        return self.head.reached is None or contestant.position <= self.head.reached

    @property
    def sitting(self) -> tuple[Judge, ...]:
        """The judges who have not been replaced."""
        return tuple(judge for judge in self.judges if judge.left_at is None)

    def owed(self) -> dict[int, list[int]]:
        """For each sitting judge the contestants they are to score so far, by number."""
        on = [c for c in self.contestants if self.is_on(c)]
        return {j.id: [c.id for c in on if not self.recused(j, c)] for j in self.sitting}

    def mates(self, judge: Judge) -> list[Judge]:
        """The others who sat or sit in this judge's place: what one of them gave is not given again."""
        by_id = {each.id: each for each in self.judges}

        def first(one: Judge) -> int:
            while one.replaces is not None:
                one = by_id[one.replaces]
            return one.id

        return [each for each in self.judges if each.id != judge.id and first(each) == first(judge)]

    @property
    def maximum(self) -> Decimal:
        """The highest score that a judge can give a contestant."""
        return self.total([criterion.maximum for criterion in self.criteria])

    def total(self, scores: Sequence[Decimal]) -> Decimal:
        """One judge's score for one contestant."""
        return total(self.criteria, scores)

    def contestant(self, contestant_id: int) -> Contestant:
        """Raises LookupError for one of another round."""
        for contestant in self.contestants:
            if contestant.id == contestant_id:
                return contestant
        raise LookupError(contestant_id)


def total(scored: Sequence[Criterion], scores: Sequence[Decimal]) -> Decimal:
    """The score that a judge's scores make: by criterion, each with its weight, or one for the whole."""
    if len(scores) != len(scored):
        return sum(scores, Decimal(0))
    return sum((score * criterion.weight for score, criterion in zip(scores, scored, strict=True)), Decimal(0))


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to a round. `role`: in which a signature was given."""

    step: str
    person_id: int
    person: str
    role: str | None
    reason: str | None
    at: datetime
    data: dict[str, Any]


_HEAD = select(
    rounds.c.id,
    rounds.c.unit_id,
    rounds.c.year,
    rounds.c.quarter,
    rounds.c.kind,
    rounds.c.name,
    rounds.c.state,
    rounds.c.rules,
    rounds.c.reached,
    rounds.c.root,
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
    .where(
        judges.c.person_id == bindparam("who"),
        judges.c.left_at.is_(None),
        rounds.c.state.in_(bindparam("states", expanding=True)),
    )
    .order_by(rounds.c.id)
)
_WITH_UNIT = (
    _HEAD.join(contestants, contestants.c.round_id == rounds.c.id)
    .where(contestants.c.unit_id == bindparam("which"), rounds.c.state == State.PUBLISHED.value)
    .order_by(rounds.c.id.desc())
)
_PUBLISHED = (
    _HEAD.where(
        rounds.c.published_at.is_not(None),
        rounds.c.unit_id.in_(
            select(unit_ancestors.c.ancestor_id).where(
                unit_ancestors.c.unit_id.in_(bindparam("around", expanding=True))
            )
        ),
    )
    .order_by(rounds.c.published_at.desc())
    .limit(20)
)
_CRITERIA = (
    select(criteria.c.name, criteria.c.maximum, criteria.c.weight)
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
_office = units.alias("office")
_CONTESTANTS = (
    select(
        contestants.c.id,
        contestants.c.unit_id,
        units.c.name,
        contestants.c.position,
        contestants.c.klass,
        _office.c.id,
        _office.c.name,
    )
    .join(units, units.c.id == contestants.c.unit_id)
    .join(_office, _office.c.id == func.coalesce(_nearest_office, contestants.c.unit_id))
    .where(contestants.c.round_id == bindparam("which"))
    .order_by(contestants.c.position)
)
_JUDGES = (
    select(
        judges.c.id,
        judges.c.person_id,
        people.c.name,
        judges.c.panel,
        judges.c.left_at,
        judges.c.replaces,
        unit_ancestors.c.ancestor_id,
    )
    .join(people, people.c.id == judges.c.person_id)
    .outerjoin(posts, (posts.c.person_id == people.c.id) & posts.c.until.is_(None))
    .outerjoin(unit_ancestors, unit_ancestors.c.unit_id == posts.c.unit_id)
    .where(judges.c.round_id == bindparam("which"))
    .order_by(judges.c.id)
)
_RECUSALS = (
    select(recusals.c.judge_id, recusals.c.contestant_id, recusals.c.reason)
    .join(judges, judges.c.id == recusals.c.judge_id)
    .where(judges.c.round_id == bindparam("which"))
)
_RELATED = (
    select(judges.c.id, contestants.c.id, relations.c.reason)
    .join(relations, relations.c.person_id == judges.c.person_id)
    .join(unit_ancestors, unit_ancestors.c.ancestor_id == relations.c.unit_id)
    .join(
        contestants,
        (contestants.c.unit_id == unit_ancestors.c.unit_id) & (contestants.c.round_id == judges.c.round_id),
    )
    .where(judges.c.round_id == bindparam("which"), relations.c.ended_at.is_(None))
)
_STEPS = (
    select(
        round_steps.c.step,
        round_steps.c.person_id,
        people.c.name,
        round_steps.c.role,
        round_steps.c.reason,
        round_steps.c.at,
        round_steps.c.data,
    )
    .join(people, people.c.id == round_steps.c.person_id)
    .where(round_steps.c.round_id == bindparam("which"))
    .order_by(round_steps.c.id)
)
_ADD_STEP = insert(round_steps)
_MOVE = (
    update(contestants).where(contestants.c.id == bindparam("which")).values(position=bindparam("new_position"))
)
_LEAVE = update(judges).where(judges.c.id == bindparam("which")).values(left_at=bindparam("now"))
_REACH = update(rounds).where(rounds.c.id == bindparam("which")).values(reached=bindparam("new_reached"))
_SET_RULES = update(rounds).where(rounds.c.id == bindparam("which")).values(rules=bindparam("new_rules"))
_RECUSE = insert(recusals)
_ADD_JUDGE = insert(judges)


def get(tx: Tx, round_id: int) -> Round:
    """The round; raises LookupError."""
    row = tx.first(_ONE, {"which": round_id})
    if row is None:
        raise LookupError(round_id)
    which = {"which": round_id}
    bound: dict[tuple[Any, ...], set[int]] = {}
    for *who, unit_id in tx.all(_JUDGES, which):
        bound.setdefault(tuple(who), set()).add(unit_id)
    return Round(
        _head(row),
        tuple(Criterion(*c) for c in tx.all(_CRITERIA, which)),
        _told_apart([Contestant(*c) for c in tx.all(_CONTESTANTS, which)]),
        tuple(Judge(*(*who, frozenset(unit_ids))) for who, unit_ids in bound.items()),
        {(judge, contestant): reason for judge, contestant, reason in tx.all(_RECUSALS, which)},
        {(judge, contestant): reason for judge, contestant, reason in tx.all(_RELATED, which)},
    )


def _told_apart(found: Sequence[Contestant]) -> tuple[Contestant, ...]:
    """Units of one name, of two offices, are called by their office as well, wherever they are shown or typed."""
    often = Counter(contestant.unit_name for contestant in found)
    return tuple(
        replace(each, unit_name=f"{each.office_name}{each.unit_name}") if often[each.unit_name] > 1 else each
        for each in found
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


def published(tx: Tx, unit_ids: Sequence[int], round_id: int | None = None) -> list[Head]:
    """The rounds of these units or of those above them that were published, newest first, or only that one.

    Where something is being put right, a round is in another state until it is published anew.
    """
    rows = tx.all(_PUBLISHED, {"around": list(unit_ids)})
    return [_head(row) for row in rows if round_id is None or row.id == round_id]


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


def reorder(tx: Tx, contestant_ids: Sequence[int]) -> None:
    """Let the contestants appear in this order; all of a round have to be given."""
    # By way of places that nobody has: two may not share one even for a moment.
    for sign in (-1, 1):
        tx.many(_MOVE, [{"which": c, "new_position": sign * at} for at, c in enumerate(contestant_ids, 1)])


def reach(tx: Tx, round_id: int, position: int) -> None:
    """It is the turn of the contestant at that position, and scores are taken up to them."""
    tx.execute(_REACH, {"which": round_id, "new_reached": position})


def set_rules(tx: Tx, round_id: int, rules: dict[str, Any]) -> None:
    """Tally by other rules from now on."""
    tx.execute(_SET_RULES, {"which": round_id, "new_rules": rules})


def substitute(tx: Tx, judge: Judge, *, round_id: int, person_id: int, now: datetime) -> None:
    """Let somebody else judge in a judge's place; what the judge has given stays."""
    tx.execute(_LEAVE, {"which": judge.id, "now": now})
    values = {"round_id": round_id, "person_id": person_id, "panel": judge.panel, "replaces": judge.id}
    tx.execute(_ADD_JUDGE, values)


def recuse(tx: Tx, judge_id: int, contestant_id: int, *, reason: str, by: int, now: datetime) -> None:
    """Declare that a judge may not score a contestant."""
    values = {"judge_id": judge_id, "contestant_id": contestant_id, "reason": reason, "declared_by": by, "at": now}
    tx.execute(_RECUSE, values)


def note(
    tx: Tx,
    round_id: int,
    step: str,
    *,
    by: int,
    now: datetime,
    role: str | None = None,
    reason: str | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Put on the record what happens to a round."""
    values = {
        "round_id": round_id,
        "step": step,
        "person_id": by,
        "role": role,
        "reason": reason,
        "data": data or {},
        "at": now,
    }
    tx.execute(_ADD_STEP, values)


def steps(tx: Tx, round_id: int) -> list[Step]:
    """What has happened to a round, in order."""
    return [Step(*row) for row in tx.all(_STEPS, {"which": round_id})]


def _head(row: Any) -> Head:
    return Head(
        row.id,
        row.unit_id,
        row.year,
        row.quarter,
        Kind(row.kind),
        row.name,
        State(row.state),
        row.rules,
        row.reached,
        row.root,
    )
