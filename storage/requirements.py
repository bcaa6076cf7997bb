"""What the district requires of all units or of one kind of them (规定动作), and its copy in every unit's list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select, update

from storage import commitments as promises
from storage.commitments import Category, State
from storage.database import Tx, insert
from storage.tables import Moment, commitments, requirements, unit_ancestors, units
from storage.terms import Terms, from_wire, parts_to_wire, to_wire
from storage.units import CONTESTING

_COLUMNS = (
    requirements.c.id,
    requirements.c.unit_id,
    requirements.c.unit_kind,
    requirements.c.year,
    requirements.c.parsed,
    requirements.c.set_by,
    requirements.c.set_at,
    requirements.c.ended_at,
)
_SELECT = select(*_COLUMNS)
_ONE = _SELECT.where(requirements.c.id == bindparam("which"))
_ADD = requirements.insert().returning(requirements.c.id)
_END = (
    update(requirements)
    .where(requirements.c.id == bindparam("which"), requirements.c.ended_at.is_(None))
    .values(ended_at=bindparam("at"))
)
_copy = commitments.alias("copy")
_taken = commitments.alias("taken")
_next_number = (
    select(func.coalesce(func.max(_taken.c.number), 0) + 1)
    .where(_taken.c.unit_id == units.c.id, _taken.c.year == bindparam("in_year"))
    .correlate(units)
    .scalar_subquery()
)
_has_it = (
    select(_copy.c.id)
    .where(_copy.c.unit_id == units.c.id, _copy.c.requirement_id == bindparam("which"))
    .correlate(units)
    .exists()
)
# One statement for all units: who lacks the requirement gets it under the next number of its own list.
_COPIES = (
    select(
        units.c.id,
        bindparam("in_year", type_=commitments.c.year.type),
        _next_number,
        bindparam("which", type_=commitments.c.requirement_id.type),
        *(
            bindparam(f"new_{name}", type_=commitments.c[name].type)
            for name in ("category", "words", "kind", "target", "measure", "parts", "due", "state")
        ),
        bindparam("by", type_=commitments.c.proposed_by.type),
        *(bindparam(f"at_{step}", type_=Moment()) for step in ("proposed", "examined", "published")),
    )
    .join(unit_ancestors, unit_ancestors.c.unit_id == units.c.id)
    .where(
        unit_ancestors.c.ancestor_id == bindparam("root"),
        units.c.kind.in_(bindparam("kinds", expanding=True)),
        units.c.ended_at.is_(None),
        ~_has_it,
    )
)
_COPY_COLUMNS = (
    *("unit_id", "year", "number", "requirement_id"),
    *("category", "words", "kind", "target", "measure", "parts", "due", "state"),
    *("proposed_by", "proposed_at", "examined_at", "published_at"),
)
_above = unit_ancestors.alias("above")
_REQUIRED_AND_MISSING = (
    _SELECT.join(_above, _above.c.ancestor_id == requirements.c.unit_id)
    .join(units, units.c.id == _above.c.unit_id)
    .where(
        units.c.id == bindparam("of_unit"),
        units.c.kind.in_(CONTESTING),
        requirements.c.year == bindparam("in_year"),
        requirements.c.ended_at.is_(None),
        or_(requirements.c.unit_kind.is_(None), requirements.c.unit_kind == units.c.kind),
        ~select(_copy.c.id)
        .where(_copy.c.unit_id == units.c.id, _copy.c.requirement_id == requirements.c.id)
        .correlate(units, requirements)
        .exists(),
    )
    .order_by(requirements.c.id)
)
_IN_FORCE = _SELECT.where(
    requirements.c.year == bindparam("in_year"),
    requirements.c.ended_at.is_(None),
    or_(
        # Required by one of these units, of something above them, or of something below.
        requirements.c.unit_id.in_(
            select(unit_ancestors.c.ancestor_id).where(
                unit_ancestors.c.unit_id.in_(bindparam("roots", expanding=True))
            )
        ),
        requirements.c.unit_id.in_(
            select(unit_ancestors.c.unit_id).where(
                unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
            )
        ),
    ),
).order_by(requirements.c.id)
_below = select(unit_ancestors.c.unit_id).where(
    unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
)
_STANDING = (
    select(commitments.c.requirement_id, commitments.c.state, func.count())
    .join(units, units.c.id == commitments.c.unit_id)
    .where(
        commitments.c.requirement_id.in_(bindparam("which", expanding=True)),
        commitments.c.unit_id.in_(_below),
        commitments.c.state != State.WITHDRAWN.value,
        units.c.ended_at.is_(None),
    )
    .group_by(commitments.c.requirement_id, commitments.c.state)
)
_UNTOUCHED = and_(commitments.c.state == State.PUBLISHED.value, commitments.c.reported_at.is_(None))
_COUNT_TOUCHED = select(func.count()).where(
    commitments.c.requirement_id == bindparam("which"),
    commitments.c.state != State.WITHDRAWN.value,
    ~_UNTOUCHED,
)
_WITHDRAW = (
    update(commitments)
    .where(commitments.c.requirement_id == bindparam("which"), _UNTOUCHED)
    .values(state=State.WITHDRAWN.value)
)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What all units of a kind (`unit_kind` None: of any kind) at or below `unit_id` have to promise."""

    id: int
    unit_id: int
    unit_kind: str | None
    year: int
    terms: Terms
    set_by: int
    set_at: datetime
    ended_at: datetime | None


def get(tx: Tx, requirement_id: int) -> Requirement:
    """The requirement; raises LookupError."""
    row = tx.first(_ONE, {"which": requirement_id})
    if row is None:
        raise LookupError(requirement_id)
    return _requirement(row)


def add(
    tx: Tx, *, unit_id: int, unit_kind: str | None, year: int, terms: Terms, by: int, now: datetime
) -> Requirement:
    """Set a requirement. `hand_out` puts it into the units' lists."""
    values = {
        "unit_id": unit_id,
        "unit_kind": unit_kind,
        "year": year,
        "words": terms.words,
        "parsed": to_wire(terms),
        "set_by": by,
        "set_at": now,
    }
    return get(tx, tx.scalar(_ADD, values))


def hand_out(tx: Tx, requirement: Requirement, *, now: datetime) -> int:
    """Put the requirement, published, into the list of every unit that lacks it; returns how many did.

    A unit that takes the same number in the same moment is passed over; `ensure_required` makes up for it.
    """
    terms = requirement.terms
    adding = insert(commitments, tx).from_select(_COPY_COLUMNS, _COPIES).on_conflict_do_nothing()
    counted = adding.execution_options(preserve_rowcount=True)
    values = {
        "which": requirement.id,
        "root": requirement.unit_id,
        "kinds": list(CONTESTING) if requirement.unit_kind is None else [requirement.unit_kind],
        "in_year": requirement.year,
        "new_category": Category.REQUIRED.value,
        "new_words": terms.words,
        "new_kind": terms.kind.value,
        "new_target": terms.target,
        "new_measure": terms.measure,
        "new_parts": parts_to_wire(terms.parts),
        "new_due": terms.due,
        "new_state": State.PUBLISHED.value,
        "by": requirement.set_by,
        "at_proposed": now,
        "at_examined": now,
        "at_published": now,
    }
    return tx.execute(counted, values).rowcount


def ensure_required(tx: Tx, unit_id: int, year: int, now: datetime) -> int:
    """Give a unit, such as one added later, what is required of it and missing from its list; how many."""
    missing = tx.all(_REQUIRED_AND_MISSING, {"of_unit": unit_id, "in_year": year})
    for row in missing:
        required = _requirement(row)
        terms = required.terms
        promises.add(
            tx,
            unit_id=unit_id,
            year=year,
            category=Category.REQUIRED,
            words=terms.words,
            kind=terms.kind,
            target=terms.target,
            measure=terms.measure,
            parts=terms.parts,
            due=terms.due,
            state=State.PUBLISHED,
            proposed_by=required.set_by,
            proposed_at=now,
            requirement_id=required.id,
            published_at=now,
        )
    return len(missing)


def in_force(tx: Tx, roots: Sequence[int], *, year: int) -> list[Requirement]:
    """What is required this year of units at or below the roots, oldest first."""
    if not roots:
        return []
    return [_requirement(row) for row in tx.all(_IN_FORCE, {"roots": list(roots), "in_year": year})]


def standing(tx: Tx, requirement_ids: Sequence[int], roots: Sequence[int]) -> dict[int, dict[State, int]]:
    """For each requirement, how many units at or below the roots are in which state with it."""
    found: dict[int, dict[State, int]] = {requirement_id: {} for requirement_id in requirement_ids}
    values = {"which": list(requirement_ids), "roots": list(roots)}
    for requirement_id, state, count in tx.all(_STANDING, values):
        found[requirement_id][State(state)] = count
    return found


def touched(tx: Tx, requirement_id: int) -> int:
    """How many units have reported on the requirement or gone further with it."""
    count: int = tx.scalar(_COUNT_TOUCHED, {"which": requirement_id})
    return count


def end(tx: Tx, requirement_id: int, *, now: datetime) -> bool:
    """Require it no longer: it leaves the lists where nothing was reported on it. False when it was ended."""
    if tx.execute(_END, {"which": requirement_id, "at": now}).rowcount != 1:
        return False
    tx.execute(_WITHDRAW, {"which": requirement_id})
    return True


def _requirement(row: Any) -> Requirement:
    return Requirement(
        row.id,
        row.unit_id,
        row.unit_kind,
        row.year,
        from_wire(row.parsed),
        row.set_by,
        row.set_at,
        row.ended_at,
    )
