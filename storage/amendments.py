"""Amendments: what a unit asks to change about a published commitment, and what became of it.

Both wordings are kept whole, so that the old one stays visible whatever follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select, update

from storage.database import Tx
from storage.tables import amendments, commitments, people, unit_ancestors, units
from storage.terms import Terms, from_wire, to_wire


class Consent(StrEnum):
    """What has become of an amendment."""

    ASKED = "asked"
    CONSENTED = "consented"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Amendment:
    """One wish for a change, with the wordings before and after, and who asked and decided."""

    id: int
    commitment_id: int
    asked_by: int
    asked_at: datetime
    reason: str
    old: Terms
    new: Terms
    state: Consent
    decided_by: int | None
    decided_at: datetime | None
    decision_reason: str | None
    unit_id: int
    unit_name: str
    number: int
    asker: str
    requirement_id: int | None


_SELECT = (
    select(
        amendments.c.id,
        amendments.c.commitment_id,
        amendments.c.asked_by,
        amendments.c.asked_at,
        amendments.c.reason,
        amendments.c.old,
        amendments.c.new,
        amendments.c.state,
        amendments.c.decided_by,
        amendments.c.decided_at,
        amendments.c.decision_reason,
        commitments.c.unit_id,
        units.c.name.label("unit_name"),
        commitments.c.number,
        people.c.name.label("asker"),
        commitments.c.requirement_id,
    )
    .join(commitments, commitments.c.id == amendments.c.commitment_id)
    .join(units, units.c.id == commitments.c.unit_id)
    .join(people, people.c.id == amendments.c.asked_by)
)
_ONE = _SELECT.where(amendments.c.id == bindparam("which"))
_OF_COMMITMENT = _SELECT.where(amendments.c.commitment_id == bindparam("about")).order_by(amendments.c.id)
_below = select(unit_ancestors.c.unit_id).where(
    unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
)
# What the district requires is the district's to change: it waits for the organizer alone.
_waits = (
    amendments.c.state == Consent.ASKED.value,
    units.c.ended_at.is_(None),
    or_(
        and_(commitments.c.unit_id.in_(_below), commitments.c.requirement_id.is_(None)),
        commitments.c.unit_id.in_(
            select(unit_ancestors.c.unit_id).where(
                unit_ancestors.c.ancestor_id.in_(bindparam("organized", expanding=True))
            )
        ),
    ),
)
_WAITING = (
    _SELECT.where(*_waits, amendments.c.id > bindparam("after")).order_by(amendments.c.id).limit(bindparam("most"))
)
_COUNT_WAITING = (
    select(func.count())
    .select_from(amendments)
    .join(commitments, commitments.c.id == amendments.c.commitment_id)
    .join(units, units.c.id == commitments.c.unit_id)
    .where(*_waits)
)
_CONSENTED = _SELECT.where(
    commitments.c.unit_id.in_(_below),
    commitments.c.year == bindparam("in_year"),
    amendments.c.state == Consent.CONSENTED.value,
).order_by(amendments.c.id)
_ADD = amendments.insert().returning(amendments.c.id)
_DECIDE = (
    update(amendments)
    .where(amendments.c.id == bindparam("which"), amendments.c.state == bindparam("before"))
    .values(
        state=bindparam("becomes"),
        decided_by=bindparam("by"),
        decided_at=bindparam("at"),
        decision_reason=bindparam("why"),
    )
)


def get(tx: Tx, amendment_id: int) -> Amendment:
    """The amendment; raises LookupError."""
    row = tx.first(_ONE, {"which": amendment_id})
    if row is None:
        raise LookupError(amendment_id)
    return _amendment(row)


def of_commitment(tx: Tx, commitment_id: int) -> list[Amendment]:
    """All amendments ever asked for, oldest first."""
    return [_amendment(row) for row in tx.all(_OF_COMMITMENT, {"about": commitment_id})]


def consented(tx: Tx, roots: Sequence[int], *, year: int) -> dict[int, list[Amendment]]:
    """What was amended about commitments of a year at or below the roots, by commitment, oldest first."""
    found: dict[int, list[Amendment]] = {}
    if roots:
        for row in tx.all(_CONSENTED, {"roots": list(roots), "in_year": year}):
            found.setdefault(row.commitment_id, []).append(_amendment(row))
    return found


def pending(tx: Tx, commitment_id: int) -> Amendment | None:
    """The amendment of this commitment that waits for consent; there is never more than one."""
    return next((a for a in of_commitment(tx, commitment_id) if a.state is Consent.ASKED), None)


def waiting(
    tx: Tx, roots: Sequence[int], *, organized: Sequence[int] = (), after: int = 0, most: int = 1
) -> list[Amendment]:
    """Amendments at or below the roots that wait for consent, oldest first, with an id above `after`.

    Those of required commitments wait only for who organizes: they are found at or below `organized`.
    """
    values = {"roots": list(roots), "organized": list(organized), "after": after, "most": most}
    return [_amendment(row) for row in tx.all(_WAITING, values)]


def count_waiting(tx: Tx, roots: Sequence[int], *, organized: Sequence[int] = ()) -> int:
    """How many wait, as `waiting` counts them."""
    count: int = tx.scalar(_COUNT_WAITING, {"roots": list(roots), "organized": list(organized)})
    return count


def ask(tx: Tx, *, commitment_id: int, reason: str, old: Terms, new: Terms, by: int, now: datetime) -> int:
    """Ask for a change, and return the amendment's id."""
    values = {
        "commitment_id": commitment_id,
        "asked_by": by,
        "asked_at": now,
        "reason": reason,
        "old": to_wire(old),
        "new": to_wire(new),
        "state": Consent.ASKED.value,
    }
    made: int = tx.scalar(_ADD, values)
    return made


def decide(
    tx: Tx,
    amendment_id: int,
    *,
    before: Consent = Consent.ASKED,
    becomes: Consent,
    by: int | None = None,
    at: datetime | None = None,
    why: str | None = None,
) -> bool:
    """Move an amendment on from the state `before`; False when it is in another. Does not touch the commitment."""
    values = {
        "which": amendment_id,
        "before": before.value,
        "becomes": becomes.value,
        "by": by,
        "at": at,
        "why": why,
    }
    return tx.execute(_DECIDE, values).rowcount == 1


def _amendment(row: Any) -> Amendment:
    values = row._asdict()
    values["old"] = from_wire(row.old)
    values["new"] = from_wire(row.new)
    values["state"] = Consent(row.state)
    return Amendment(**values)
