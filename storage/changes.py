"""The record of changes: who did what when, from which message, and what is needed to take it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from bot.chat.context import Change
from bot.chat.texts import Text, from_wire, to_wire
from storage.database import Tx
from storage.tables import changes, people

_RECORD = insert(changes)
_COLUMNS = (
    changes.c.id,
    changes.c.at,
    changes.c.person_id,
    changes.c.kind,
    changes.c.unit_id,
    changes.c.subject_id,
    changes.c.summary,
    changes.c.data,
    changes.c.undone_at,
)
_LAST = (
    select(*_COLUMNS)
    .where(
        changes.c.person_id == bindparam("who"),
        changes.c.undone_at.is_(None),
        changes.c.at >= bindparam("since"),
    )
    .order_by(changes.c.id.desc())
    .limit(1)
)
_OF_MESSAGE = (
    select(*_COLUMNS)
    .where(changes.c.inbox_id == bindparam("message"), changes.c.undone_at.is_(None))
    .order_by(changes.c.id)
)
_ACTED = select(
    select(changes.c.id)
    .where(
        changes.c.person_id == bindparam("who"),
        changes.c.id > bindparam("after"),
        changes.c.unit_id == bindparam("for_unit"),
        changes.c.undone_at.is_(None),
    )
    .exists()
)
_UNDONE = (
    update(changes)
    .where(changes.c.id == bindparam("which"), changes.c.undone_at.is_(None))
    .values(undone_at=bindparam("now"))
)
_HISTORY = (
    select(*_COLUMNS, people.c.name.label("person"))
    .outerjoin(people, people.c.id == changes.c.person_id)
    .where(changes.c.kind.in_(bindparam("kinds", expanding=True)), changes.c.subject_id == bindparam("which"))
    .order_by(changes.c.id)
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A change as it stands on the record."""

    id: int
    at: datetime
    person_id: int | None
    kind: str
    unit_id: int | None
    subject_id: int | None
    summary: Text
    data: dict[str, Any]
    undone_at: datetime | None
    person: str | None = None


def record(
    tx: Tx,
    made: list[Change],
    *,
    now: datetime,
    person_id: int | None,
    account_id: int | None,
    inbox_id: int | None,
) -> None:
    """Put changes on the record."""
    rows = [
        {
            "at": now,
            "person_id": person_id,
            "account_id": account_id,
            "inbox_id": inbox_id,
            "unit_id": change.unit_id,
            "kind": change.kind,
            "subject_id": change.subject_id,
            "summary": to_wire(change.summary),
            "data": change.data,
        }
        for change in made
    ]
    tx.many(_RECORD, rows)


def last_of(tx: Tx, *, person_id: int, since: datetime) -> Recorded | None:
    """The person's newest change since then that has not been taken back."""
    row = tx.first(_LAST, {"who": person_id, "since": since})
    return _recorded(row) if row else None


def of_message(tx: Tx, inbox_id: int) -> list[Recorded]:
    """What a message changed and what has not been taken back, oldest first."""
    return [_recorded(row) for row in tx.all(_OF_MESSAGE, {"message": inbox_id})]


def acted(tx: Tx, person_id: int, *, unit_id: int, after: int) -> bool:
    """Whether the person has changed something of the unit's after that change, and it still stands."""
    return bool(tx.scalar(_ACTED, {"who": person_id, "after": after, "for_unit": unit_id}))


def mark_undone(tx: Tx, change_id: int, *, now: datetime) -> bool:
    """Note that a change was taken back; False when it already was."""
    return tx.execute(_UNDONE, {"which": change_id, "now": now}).rowcount == 1


def history(tx: Tx, subject_id: int, *, kinds: list[str]) -> list[Recorded]:
    """All changes of these kinds to one thing, oldest first, with the names of who made them."""
    return [_recorded(row) for row in tx.all(_HISTORY, {"kinds": kinds, "which": subject_id})]


def _recorded(row: Any) -> Recorded:
    values = row._asdict()
    values["summary"] = from_wire(values["summary"])
    return Recorded(**values)
