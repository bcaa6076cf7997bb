"""Messages on which the program failed, kept whole so that they can be done again after a fix."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from storage.database import Tx
from storage.tables import incidents

_KEEP = insert(incidents).returning(incidents.c.id)
_ALL = select(incidents).order_by(incidents.c.id.desc()).limit(bindparam("most"))
_ONE = select(incidents).where(incidents.c.id == bindparam("which"))
_REPLAYED = (
    update(incidents)
    .where(incidents.c.id == bindparam("which"))
    .values(state="replayed", replayed_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Incident:
    """One failure: `message` is the inbound message as JSON data."""

    id: int
    at: datetime
    platform: str
    message: dict[str, Any]
    error: str
    traceback: str
    state: str
    replayed_at: datetime | None


def keep(tx: Tx, *, platform: str, message: dict[str, Any], error: str, traceback: str, now: datetime) -> int:
    """Keep a failed message and return its incident number."""
    values = {
        "at": now,
        "platform": platform,
        "message": message,
        "error": error,
        "traceback": traceback,
    }
    number: int = tx.scalar(_KEEP, values)
    return number


def newest(tx: Tx, *, most: int = 50) -> list[Incident]:
    """The newest incidents first."""
    return [Incident(*row) for row in tx.all(_ALL, {"most": most})]


def find(tx: Tx, number: int) -> Incident | None:
    row = tx.first(_ONE, {"which": number})
    return Incident(*row) if row else None


def mark_replayed(tx: Tx, number: int, *, now: datetime) -> None:
    """The message has been done again, successfully."""
    tx.execute(_REPLAYED, {"which": number, "now": now})
