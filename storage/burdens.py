"""How much reaches each person unasked in a month: the meter that is looked at before more is sent.

Answers to what somebody wrote do not count. There is no order by these numbers anywhere: they measure what the
program does to people, not what people do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Tx
from storage.tables import burdens


@dataclass(frozen=True, slots=True)
class Told:
    """One message to a person; `asks`: it has a button, so there is something to do."""

    person_id: int
    asks: bool


@dataclass(frozen=True, slots=True)
class Burden:
    """What reached one person in a month: messages in all, and those of them that asked something."""

    person_id: int
    sent: int
    asked: int


def _counting(insert: sqlite.Insert | postgresql.Insert) -> sqlite.Insert | postgresql.Insert:
    return insert.on_conflict_do_update(
        index_elements=["person_id", "month"],
        set_={
            "sent": burdens.c.sent + insert.excluded.sent,
            "asked": burdens.c.asked + insert.excluded.asked,
        },
    )


_COUNT = {
    "sqlite": _counting(sqlite.insert(burdens)),
    "postgresql": _counting(postgresql.insert(burdens)),
}
_OF = select(burdens.c.person_id, burdens.c.sent, burdens.c.asked).where(
    burdens.c.month == bindparam("in_month"), burdens.c.person_id.in_(bindparam("who", expanding=True))
)


def month_of(now: datetime, zone: ZoneInfo) -> str:
    """The local month, such as 2021-03."""
    return f"{now.astimezone(zone):%Y-%m}"


def count(tx: Tx, told: Sequence[Told], *, month: str) -> None:
    """Add messages to the month of those who get them."""
    if not told:
        return
    sent = Counter(one.person_id for one in told)
    asked = Counter(one.person_id for one in told if one.asks)
    # In a fixed order, so that two transactions that count for the same people do not wait for each other.
    values = [{"person_id": p, "month": month, "sent": sent[p], "asked": asked[p]} for p in sorted(sent)]
    tx.many(_COUNT[tx.connection.dialect.name], values)


def of_people(tx: Tx, person_ids: Iterable[int], *, month: str) -> dict[int, Burden]:
    """The month's burden of each of the people; who got nothing is left out."""
    rows = tx.among(_OF, "who", person_ids, {"in_month": month})
    return {row.person_id: Burden(*row) for row in rows}
