"""When a round is to be closed by the clock, where somebody has set that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update

from storage.database import Tx, insert
from storage.rounds import State
from storage.tables import round_closings, rounds


@dataclass(frozen=True, slots=True)
class Closing:
    """A round's closing time and who set it; `told_at`: since when it is known that it cannot be kept."""

    round_id: int
    at: datetime
    set_by: int
    told_at: datetime | None


_COLUMNS = (round_closings.c.round_id, round_closings.c.at, round_closings.c.set_by, round_closings.c.told_at)
_ONE = select(*_COLUMNS).where(round_closings.c.round_id == bindparam("which"))
_DUE = (
    select(*_COLUMNS)
    .join(rounds, rounds.c.id == round_closings.c.round_id)
    .where(
        rounds.c.state == State.OPEN.value,
        round_closings.c.at <= bindparam("now"),
        round_closings.c.told_at.is_(None),
    )
    .order_by(round_closings.c.at, round_closings.c.round_id)
)
_TELL = (
    update(round_closings).where(round_closings.c.round_id == bindparam("which")).values(told_at=bindparam("now"))
)
_CLEAR = delete(round_closings).where(round_closings.c.round_id == bindparam("which"))


def of_round(tx: Tx, round_id: int) -> Closing | None:
    """The round's closing time; None when it has none."""
    row = tx.first(_ONE, {"which": round_id})
    return Closing(*row) if row else None


def put(tx: Tx, round_id: int, *, at: datetime, by: int) -> None:
    """Close the round at that moment."""
    statement = insert(round_closings, tx).values(round_id=round_id, at=at, set_by=by)
    new = {"at": at, "set_by": by, "told_at": None}
    tx.execute(statement.on_conflict_do_update(index_elements=["round_id"], set_=new))


def clear(tx: Tx, round_id: int) -> None:
    """Leave the closing to people again."""
    tx.execute(_CLEAR, {"which": round_id})


def due(tx: Tx, now: datetime) -> list[Closing]:
    """The open rounds whose time has come, unless it was told already that it cannot be kept."""
    return [Closing(*row) for row in tx.all(_DUE, {"now": now})]


def told(tx: Tx, round_id: int, *, now: datetime) -> None:
    """It was told that the time cannot be kept; nobody hears of it again."""
    tx.execute(_TELL, {"which": round_id, "now": now})
