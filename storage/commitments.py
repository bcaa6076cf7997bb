"""Commitments: what each unit promises for a year, and where every promise stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, bindparam, case, func, select, update

from bot.chat.messages import Light
from storage.database import Tx, insert
from storage.tables import LOOK_AT_ONCE, commitments, lights, unit_ancestors, units
from storage.terms import Kind as Kind
from storage.terms import Part as Part
from storage.terms import Terms, parts_from_wire, parts_to_wire
from storage.units import OFFICE


class Category(StrEnum):
    """Set by the district, or the unit's own."""

    REQUIRED = "required"
    ELECTIVE = "elective"


class State(StrEnum):
    """How far a commitment has come: proposed → published → done → closed, or returned, or withdrawn.

    Published without `published_at` is approved, and its group has not been told yet.
    """

    PROPOSED = "proposed"
    RETURNED = "returned"
    PUBLISHED = "published"
    DONE = "done"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Status(StrEnum):
    """What a report says without a figure."""

    NOT_STARTED = "not_started"
    PREPARING = "preparing"
    UNDER_WAY = "under_way"
    SLOW = "slow"
    FINISHING = "finishing"
    DONE = "done"
    SUSPENDED = "suspended"


#: Before the eyes of everybody: approved, whether or not fulfilled.
PUBLIC = (State.PUBLISHED, State.DONE, State.CLOSED)
#: Everything that counts; what was withdrawn is history.
STANDING = (State.PROPOSED, State.RETURNED, *PUBLIC)


@dataclass(frozen=True, slots=True)
class Commitment:
    """One promise of one unit for one year, with its newest reported progress.

    `number` counts from 1 within the unit's year. `target` is in `measure`; `share` is of the target, 0 to 1
    and more, None when no figure is known. `reported_quarter` is such as "2021Q1".
    """

    id: int
    unit_id: int
    year: int
    number: int
    category: Category
    requirement_id: int | None
    words: str
    kind: Kind
    target: Decimal | None
    measure: str | None
    parts: tuple[Part, ...]
    due: date | None
    state: State
    proposed_by: int | None
    proposed_at: datetime
    examined_by: int | None
    examined_at: datetime | None
    return_reason: str | None
    published_at: datetime | None
    done_at: datetime | None
    closed_at: datetime | None
    closed_by: int | None
    share: Decimal | None
    value: Decimal | None
    status: Status | None
    reported_at: datetime | None
    reported_quarter: str | None

    @property
    def terms(self) -> Terms:
        """What is promised, without its course."""
        return Terms(self.words, self.kind, self.target, self.measure, self.parts, self.due)


@dataclass(frozen=True, slots=True)
class Placed:
    """A commitment with the names of its unit and of the office above it (none: directly under the district)."""

    commitment: Commitment
    unit_name: str
    office_id: int | None
    office_name: str | None


#: What `from_row` reads; to be selected first.
commitment_columns = tuple(commitments.c[name] for name in Commitment.__dataclass_fields__)
_WIDTH = len(commitment_columns)
_CATEGORY, _KIND, _STATE, _STATUS, _PARTS = (
    list(Commitment.__dataclass_fields__).index(name) for name in ("category", "kind", "state", "status", "parts")
)
_CATEGORIES = {each.value: each for each in Category}
_KINDS = {each.value: each for each in Kind}
_STATES = {each.value: each for each in State}
_STATUSES: dict[str | None, Status | None] = {None: None} | {each.value: each for each in Status}
_SELECT = select(*commitment_columns)
_ONE = _SELECT.where(commitments.c.id == bindparam("which"))
_MANY = _SELECT.where(commitments.c.id.in_(bindparam("which", expanding=True)))
_OF_UNIT = _SELECT.where(
    commitments.c.unit_id == bindparam("of_unit"),
    commitments.c.year == bindparam("in_year"),
    commitments.c.state.in_(bindparam("states", expanding=True)),
).order_by(commitments.c.number)
_CARRIED_OVER = _SELECT.where(
    commitments.c.unit_id == bindparam("of_unit"),
    commitments.c.year < bindparam("in_year"),
    commitments.c.state.in_((State.PUBLISHED, State.DONE)),
).order_by(commitments.c.year, commitments.c.number)
_BY_NUMBER = _SELECT.where(
    commitments.c.unit_id == bindparam("of_unit"),
    commitments.c.year == bindparam("in_year"),
    commitments.c.number == bindparam("numbered"),
)

_below = select(unit_ancestors.c.unit_id).where(
    unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
)
_office = units.alias("office")
_candidate = units.alias("candidate")
_above = unit_ancestors.alias("above")
# The nearest office above a unit: a tree may have more levels than one.
_nearest_office = (
    select(_above.c.ancestor_id)
    .join(_candidate, _candidate.c.id == _above.c.ancestor_id)
    .where(_above.c.unit_id == units.c.id, _candidate.c.kind == OFFICE)
    .order_by(_above.c.depth)
    .limit(1)
    .correlate(units)
    .scalar_subquery()
)
_IN_SUBTREE = (
    select(*commitment_columns, units.c.name, _office.c.id.label("office_id"), _office.c.name.label("office_name"))
    .join(units, units.c.id == commitments.c.unit_id)
    .outerjoin(_office, _office.c.id == _nearest_office)
    .where(
        commitments.c.unit_id.in_(_below),
        commitments.c.year == bindparam("in_year"),
        commitments.c.state.in_(bindparam("states", expanding=True)),
        units.c.ended_at.is_(None),
    )
    .order_by(_office.c.position, _office.c.id, units.c.position, units.c.id, commitments.c.number)
)
_COUNT = (
    select(commitments.c.state, func.count())
    .join(units, units.c.id == commitments.c.unit_id)
    .where(
        commitments.c.unit_id.in_(_below),
        commitments.c.year == bindparam("in_year"),
        commitments.c.state.in_(bindparam("states", expanding=True)),
        units.c.ended_at.is_(None),
    )
    .group_by(commitments.c.state)
)
_LAST_NUMBER = select(func.coalesce(func.max(commitments.c.number), 0)).where(
    commitments.c.unit_id == bindparam("of_unit"), commitments.c.year == bindparam("in_year")
)
_SET_TERMS = (
    update(commitments)
    .where(
        commitments.c.id == bindparam("which"),
        commitments.c.state.in_(bindparam("states", expanding=True)),
    )
    .values(
        words=bindparam("new_words"),
        kind=bindparam("new_kind"),
        target=bindparam("new_target"),
        measure=bindparam("new_measure"),
        parts=bindparam("new_parts"),
        due=bindparam("new_due"),
        share=bindparam("new_share"),
        look_on=LOOK_AT_ONCE,
    )
)
_SET_CATEGORY = (
    update(commitments).where(commitments.c.id == bindparam("which")).values(category=bindparam("new_category"))
)
_PROMISED = update(units).where(units.c.id == bindparam("which")).values(promised_year=bindparam("for_year"))
_its_unit = select(commitments.c.unit_id).where(commitments.c.id == bindparam("which")).scalar_subquery()
_its_year = select(commitments.c.year).where(commitments.c.id == bindparam("which")).scalar_subquery()
_PROMISED_AGAIN = update(units).where(units.c.id == _its_unit).values(promised_year=_its_year)
# It may have promised something else besides: who looks for those that have not counts then.
_UNCERTAIN = update(units).where(units.c.id == _its_unit).values(promised_year=0)
_noted_light = select(lights.c.light).where(lights.c.commitment_id == bindparam("which")).scalar_subquery()
_known_light = func.coalesce(_noted_light, Light.GREEN.value)
_SET_PROGRESS = (
    update(commitments)
    .where(commitments.c.id == bindparam("which"))
    .values(
        share=bindparam("new_share"),
        value=bindparam("new_value"),
        status=bindparam("new_status"),
        reported_at=bindparam("at"),
        reported_quarter=bindparam("in_quarter"),
        # Where the light stays the one that is known, nobody has to look before it may be another.
        look_on=case(
            (_known_light == bindparam("new_light"), bindparam("next_look", type_=Date)),
            else_=LOOK_AT_ONCE,
        ),
    )
)


def get(tx: Tx, commitment_id: int) -> Commitment:
    """The commitment; raises LookupError."""
    row = tx.first(_ONE, {"which": commitment_id})
    if row is None:
        raise LookupError(commitment_id)
    return from_row(row)


def get_many(tx: Tx, commitment_ids: Iterable[int]) -> dict[int, Commitment]:
    """Several commitments by their id; unknown ones are left out."""
    return {row.id: from_row(row) for row in tx.among(_MANY, "which", commitment_ids)}


def by_number(tx: Tx, unit_id: int, number: int, *, year: int) -> Commitment | None:
    """The unit's commitment of that number in that year, in whatever state; None when there is none."""
    row = tx.first(_BY_NUMBER, {"of_unit": unit_id, "in_year": year, "numbered": number})
    return from_row(row) if row else None


def of_unit(tx: Tx, unit_id: int, *, year: int, states: Sequence[State] | None = None) -> list[Commitment]:
    """A unit's commitments of a year, by number; by default all that were not withdrawn."""
    values = {"of_unit": unit_id, "in_year": year, "states": _values(states)}
    return [from_row(row) for row in tx.all(_OF_UNIT, values)]


def carried_over(tx: Tx, unit_id: int, *, before: int) -> list[Commitment]:
    """What earlier years left open: published or claimed done, not closed. Oldest first."""
    rows = tx.all(_CARRIED_OVER, {"of_unit": unit_id, "in_year": before})
    return [from_row(row) for row in rows]


def in_subtree(tx: Tx, roots: Sequence[int], *, year: int, states: Sequence[State] | None = None) -> list[Placed]:
    """The commitments of all units at or below the roots, office by office and unit by unit, by number."""
    if not roots:
        return []
    values = {"roots": list(roots), "in_year": year, "states": _values(states)}
    return [Placed(from_row(row), row.name, row.office_id, row.office_name) for row in tx.all(_IN_SUBTREE, values)]


def count(tx: Tx, roots: Sequence[int], *, year: int, states: Sequence[State] | None = None) -> dict[State, int]:
    """How many commitments at or below the roots are in each state; a state without any is left out."""
    if not roots:
        return {}
    values = {"roots": list(roots), "in_year": year, "states": _values(states)}
    return {State(state): number for state, number in tx.all(_COUNT, values)}


def add(
    tx: Tx,
    *,
    unit_id: int,
    year: int,
    category: Category,
    words: str,
    kind: Kind,
    proposed_at: datetime,
    target: Decimal | None = None,
    measure: str | None = None,
    parts: Sequence[Part] = (),
    due: date | None = None,
    state: State = State.PROPOSED,
    proposed_by: int | None = None,
    requirement_id: int | None = None,
    published_at: datetime | None = None,
) -> Commitment:
    """Add a commitment under the unit's next number of the year."""
    values = {
        "unit_id": unit_id,
        "year": year,
        "category": category.value,
        "requirement_id": requirement_id,
        "words": words,
        "kind": kind.value,
        "target": target,
        "measure": measure,
        "parts": parts_to_wire(parts),
        "due": due,
        "state": state.value,
        "proposed_by": proposed_by,
        "proposed_at": proposed_at,
        "published_at": published_at,
    }
    adding = insert(commitments, tx).on_conflict_do_nothing().returning(commitments.c.id)
    made: int | None = None
    while made is None:
        # Somebody else of the unit may take the same number at the same moment: then it is the next one.
        last = tx.scalar(_LAST_NUMBER, {"of_unit": unit_id, "in_year": year})
        made = tx.scalar(adding, values | {"number": last + 1})
    if category is Category.ELECTIVE:
        tx.execute(_PROMISED, {"which": unit_id, "for_year": year})
    return get(tx, made)


def set_state(tx: Tx, commitment_id: int, *, state: State, expected: Sequence[State], **columns: Any) -> bool:
    """Move a commitment on, provided that it is in one of the `expected` states; False when it is not.

    `columns` are what the step writes beside the state: `examined_by`, `examined_at`, `return_reason`,
    `published_at`, `done_at`, `closed_at`, `closed_by`.
    """
    statement = (
        update(commitments)
        .where(
            commitments.c.id == bindparam("which"),
            commitments.c.state.in_(bindparam("states", expanding=True)),
        )
        .values({name: bindparam(f"new_{name}") for name in ("state", *sorted(columns))})
        .values(look_on=LOOK_AT_ONCE)
    )
    values = {"which": commitment_id, "states": _values(expected), "new_state": state.value}
    values |= {f"new_{name}": value for name, value in columns.items()}
    moved = tx.execute(statement, values).rowcount == 1
    if moved and state is State.WITHDRAWN:
        tx.execute(_UNCERTAIN, {"which": commitment_id})
    return moved


def set_terms(
    tx: Tx, commitment_id: int, terms: Terms, *, share: Decimal | None, expected: Sequence[State]
) -> bool:
    """Promise something else under the same number; False when it is in none of the `expected` states.

    `share` is the progress that was reported, of the new target.
    """
    values = {
        "which": commitment_id,
        "states": _values(expected),
        "new_words": terms.words,
        "new_kind": terms.kind.value,
        "new_target": terms.target,
        "new_measure": terms.measure,
        "new_parts": parts_to_wire(terms.parts),
        "new_due": terms.due,
        "new_share": share,
    }
    return tx.execute(_SET_TERMS, values).rowcount == 1


def set_category(tx: Tx, commitment_id: int, category: Category) -> None:
    """Count it, which stands, as required or elective."""
    tx.execute(_SET_CATEGORY, {"which": commitment_id, "new_category": category.value})
    tx.execute(_PROMISED_AGAIN if category is Category.ELECTIVE else _UNCERTAIN, {"which": commitment_id})


def set_progress(
    tx: Tx,
    commitment_id: int,
    *,
    share: Decimal | None,
    value: Decimal | None,
    status: Status | None,
    reported_at: datetime | None,
    quarter: str | None,
    light: Light | None = None,
    look_on: date = LOOK_AT_ONCE,
) -> None:
    """Note the newest reported progress; all None when the only report was taken back.

    `light` is the one that the commitment has now, which will be no other before the day `look_on`; None: unknown.
    """
    values = {
        "which": commitment_id,
        "new_share": share,
        "new_value": value,
        "new_status": status.value if status else None,
        "at": reported_at,
        "in_quarter": quarter,
        "new_light": light.value if light else "",
        "next_look": look_on,
    }
    tx.execute(_SET_PROGRESS, values)


def _values(states: Sequence[State] | None) -> list[str]:
    return [state.value for state in (STANDING if states is None else states)]


def from_row(row: Any) -> Commitment:
    """The commitment in a row that begins with `commitment_columns`."""
    # Every report reads its unit's commitments: by position, and the enumerations by look-up, this takes half.
    values = list(row[:_WIDTH])
    values[_CATEGORY] = _CATEGORIES[values[_CATEGORY]]
    values[_KIND] = _KINDS[values[_KIND]]
    values[_STATE] = _STATES[values[_STATE]]
    values[_STATUS] = _STATUSES[values[_STATUS]]
    values[_PARTS] = parts_from_wire(values[_PARTS]) if values[_PARTS] else ()
    return Commitment(*values)
