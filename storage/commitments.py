"""Commitments: what each unit promises for a year, and where every promise stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, func, literal, select, true, update

from storage.database import Tx, insert
from storage.tables import commitments, unit_ancestors, units


class Kind(StrEnum):
    """What a promise is measured by."""

    QUANTITY = "quantity"
    THRESHOLD = "threshold"
    MILESTONE = "milestone"
    QUALITATIVE = "qualitative"
    COMPOUND = "compound"


class Category(StrEnum):
    """Set by the district, or the unit's own."""

    REQUIRED = "required"
    ELECTIVE = "elective"


class State(StrEnum):
    """How far a commitment has come: proposed → published → done → closed, or returned, or withdrawn."""

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
class Part:
    """One item of a compound commitment. `is_input`: money or labour put in, no target to be reached."""

    words: str
    target: Decimal | None = None
    measure: str | None = None
    is_input: bool = False


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


@dataclass(frozen=True, slots=True)
class Placed:
    """A commitment with the names of its unit and of the office above it (none: directly under the district)."""

    commitment: Commitment
    unit_name: str
    office_id: int | None
    office_name: str | None


_COLUMNS = tuple(commitments.c[name] for name in Commitment.__dataclass_fields__)
_WIDTH = len(_COLUMNS)
_SELECT = select(*_COLUMNS)
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
_above = unit_ancestors.alias("above")
_nearest_office = (
    select(_above.c.ancestor_id)
    .join(units.alias("candidate"), text_free_on := true())
)
