"""When the scheduler last looked at the clock: its silence must be noticed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage import facts
from storage.database import Tx

_FACT = "scheduler.last_tick"


@dataclass(frozen=True, slots=True)
class LastTick:
    """The last look: when it was, which of the ticks failed in it, and when last none did (None: never yet)."""

    at: datetime
    failed: tuple[str, ...]
    well_at: datetime | None


def note(tx: Tx, *, at: datetime, failed: Sequence[str]) -> None:
    """Record a look at the clock."""
    before = last(tx)
    well = before.well_at if failed and before else None if failed else at
    value = {"at": at.isoformat(), "failed": list(failed), "well_at": well.isoformat() if well else None}
    facts.put(tx, _FACT, value)


def last(tx: Tx) -> LastTick | None:
    """The last look at the clock; None when there was none yet."""
    kept = facts.get(tx, _FACT)
    if kept is None:
        return None
    well = kept["well_at"]
    return LastTick(
        datetime.fromisoformat(kept["at"]), tuple(kept["failed"]), datetime.fromisoformat(well) if well else None
    )
