"""What was set about due dates beyond the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from storage.database import Tx
from storage.tables import deadlines


class Kind(StrEnum):
    """What is due: two things every year, two every quarter, and what the organizers think of."""

    REGISTRATION = "registration"
    REPORT = "report"
    EXAMINATION = "examination"
    VERIFICATION = "verification"
    OWN = "own"


#: Due once a year; the others once a quarter, and own ones once.
YEARLY = (Kind.REGISTRATION, Kind.EXAMINATION)


@dataclass(frozen=True, slots=True)
class Setting:
    """One statement about a due date: for the unit and all below it, for a period and, if `standing`, later ones.

    Exactly one of `due` and `rule` says when. `quarter` is 0 for yearly and own ones. `of_id` is the own deadline
    that is moved; the first statement of an own one has none, and its `name`.
    """

    id: int
    kind: Kind
    of_id: int | None
    year: int
    quarter: int
    standing: bool
    unit_id: int
    name: str | None
    due: date | None
    rule: str | None
    reason: str | None
    set_by: int
    set_at: datetime


_FIELDS = tuple(deadlines.c[name] for name in Setting.__dataclass_fields__)
_ADD = insert(deadlines).returning(deadlines.c.id)
_STANDING = select(*_FIELDS).where(deadlines.c.withdrawn_at.is_(None)).order_by(deadlines.c.id)
# Standing rules hold from their period on, whatever its year.
_CURRENT = _STANDING.where((deadlines.c.year >= bindparam("since")) | deadlines.c.standing)
_REPORTS = _STANDING.where(
    deadlines.c.kind == Kind.REPORT.value,
    deadlines.c.standing
    | ((deadlines.c.year == bindparam("in_year")) & (deadlines.c.quarter == bindparam("in_quarter"))),
)
_ONE = select(*_FIELDS).where(deadlines.c.id == bindparam("which"))
_WITHDRAW = (
    update(deadlines)
    .where(
        (deadlines.c.id == bindparam("which")) | (deadlines.c.of_id == bindparam("which")),
        deadlines.c.withdrawn_at.is_(None),
    )
    .values(withdrawn_at=bindparam("now"))
)


def add(
    tx: Tx,
    *,
    kind: Kind,
    year: int,
    quarter: int = 0,
    unit_id: int,
    by: int,
    now: datetime,
    due: date | None = None,
    rule: str | None = None,
    standing: bool = False,
    name: str | None = None,
    of_id: int | None = None,
    reason: str | None = None,
) -> int:
    """State when something is due; what was said before about the same stays on the record."""
    values = {
        "kind": kind.value,
        "of_id": of_id,
        "year": year,
        "quarter": quarter,
        "standing": standing,
        "unit_id": unit_id,
        "name": name,
        "due": due,
        "rule": rule,
        "reason": reason,
        "set_by": by,
        "set_at": now,
    }
    made: int = tx.scalar(_ADD, values)
    return made


def current(tx: Tx, *, since: int) -> list[Setting]:
    """Everything that holds for periods from that year on, oldest first."""
    return [_setting(row) for row in tx.all(_CURRENT, {"since": since})]


def about_report(tx: Tx, *, year: int, quarter: int) -> list[Setting]:
    """What was said about the quarterly report of one quarter, standing rules included, oldest first."""
    return [_setting(row) for row in tx.all(_REPORTS, {"in_year": year, "in_quarter": quarter})]


def get(tx: Tx, setting_id: int) -> Setting:
    """One statement; raises LookupError."""
    row = tx.first(_ONE, {"which": setting_id})
    if row is None:
        raise LookupError(setting_id)
    return _setting(row)


def withdraw(tx: Tx, setting_id: int, *, now: datetime) -> None:
    """Take a statement back: what was said before it holds again. An own deadline goes with all that moved it."""
    tx.execute(_WITHDRAW, {"which": setting_id, "now": now})


def newest(settings: Sequence[Setting]) -> Setting | None:
    """Of statements about the same, the one that holds."""
    return max(settings, key=lambda one: one.id, default=None)


def _setting(row: Any) -> Setting:
    values = dict(row._mapping)
    values["kind"] = Kind(values["kind"])
    return Setting(**values)
