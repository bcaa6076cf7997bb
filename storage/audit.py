"""The audit trail: seals rows in the order in which they came, each seal holding the hash of the one before.

Messages do nothing for it. Every half minute the tick seals what has come since, in steps, one sealer at a time.
What this can and cannot prove is in `docs/security.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select, text

from storage import contents, facts
from storage.audited import AUDITED, Audited
from storage.database import Tx
from storage.schemas import LOCK_OF_SCHEMA
from storage.tables import audit

MADE, LATER = "made", "later"
#: The hash before the first seal.
BEGINNING = "0" * 64
#: Rows that are sealed in one transaction at most, of each table.
STEP = 500
#: How long before the last seal something may have been added to a row: messages wait, and clocks differ.
SLACK = timedelta(days=1)
_HORIZON = "audit.horizon"
#: Higher than any row's number; and a horizon that ends nowhere.
_ALL = 2**62
_WHOLE: dict[str, int] = {}
#: The number under which sealers of one PostgreSQL take turns.
_TURN = 7_261_001

_LAST = select(audit.c.number, audit.c.hash, audit.c.sealed_at).order_by(audit.c.number.desc()).limit(1)
_ADD = insert(audit)
REACHED = select(func.max(audit.c.row_id)).where(
    audit.c.table_name == bindparam("called"), audit.c.part == bindparam("of_part")
)


@dataclass(frozen=True, slots=True)
class Head:
    """The newest seal: its number (0: none yet) and hash. Kept elsewhere, it vouches for all seals up to it."""

    number: int = 0
    hash: str = BEGINNING

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


def link(before: str, *values: object) -> str:
    """A seal's hash: over the hash before, its number, table, part, row, digest and time."""
    return contents.of_row([before, *values])


def head(tx: Tx) -> Head:
    """The newest seal."""
    row = tx.first(_LAST)
    return Head(row.number, row.hash) if row else Head()


def seal(tx: Tx, now: datetime) -> bool:
    """Seal what has come; True when there may be more."""
    horizon = _WHOLE if tx.connection.dialect.name == "sqlite" else _horizon(tx)
    if horizon is None:
        return False
    row = tx.first(_LAST)
    since = row.sealed_at - SLACK if row else None
    chain = _Chain(tx, Head(row.number, row.hash) if row else Head(), now)
    full = False
    for one in AUDITED:
        new = _new_rows(tx, one, horizon.get(one.table.name, _ALL))
        for found in new:
            chain.add(one, MADE, found)
        # In the order of the rows, so that what was added to a row never comes before the row.
        settled = _settled_rows(tx, one, since)
        for found in [*(r for r in new if is_settled(one, r)), *settled]:
            chain.add(one, LATER, found)
        full = full or len(new) == STEP or len(settled) == STEP
    chain.write()
    if horizon is not _WHOLE and not full:
        _look_ahead(tx)
    return full


class _Chain:
    def __init__(self, tx: Tx, head: Head, now: datetime) -> None:
        self._tx, self._head, self._now = tx, head, now
        self._rows: list[dict[str, Any]] = []

    def add(self, one: Audited, part: str, row: Row[*tuple[Any, ...]]) -> None:
        number, digest = self._head.number + 1, digest_of(one, part, row)
        values = (number, one.table.name, part, row.id, digest, self._now)
        self._head = Head(number, link(self._head.hash, *values))
        names = ("number", "table_name", "part", "row_id", "digest", "sealed_at")
        self._rows.append(dict(zip(names, values, strict=True)) | {"hash": self._head.hash})

    def write(self) -> None:
        self._tx.many(_ADD, self._rows)


def digest_of(one: Audited, part: str, row: Row[*tuple[Any, ...]]) -> str:
    """The digest of that part of a row."""
    names = one.made if part == MADE else one.later
    return contents.of_row(row._mapping[one.table.c[name]] for name in names)


def is_settled(one: Audited, row: Row[*tuple[Any, ...]]) -> bool:
    """Whether something was added to the row."""
    return one.moment is not None and row._mapping[one.moment] is not None


def _new_rows(tx: Tx, one: Audited, upto: int) -> Sequence[Row[*tuple[Any, ...]]]:
    reached = tx.scalar(REACHED, {"called": one.table.name, "of_part": MADE}) or 0
    return tx.all(_NEW[one.table.name], {"after": reached, "upto": upto})


def _settled_rows(tx: Tx, one: Audited, since: datetime | None) -> Sequence[Row[*tuple[Any, ...]]]:
    """Rows sealed before, to which something has been added since."""
    if one.moment is None or since is None:
        return ()
    return tx.all(_SETTLED[one.table.name], {"since": since})


def _new(one: Audited) -> Any:
    number = one.table.c.id
    wanted = (number > bindparam("after")) & (number <= bindparam("upto"))
    return select(one.table).where(wanted).order_by(number).limit(STEP)


def _settled(one: Audited) -> Any:
    def sealed(part: str) -> Any:
        found = select(audit.c.number).where(
            audit.c.table_name == one.table.name, audit.c.part == part, audit.c.row_id == one.table.c.id
        )
        # Looked up for each of the few rows. A join would be turned round by a planner whose statistics are old:
        # it would walk through all seals.
        return found.correlate(one.table).scalar_subquery()

    return (
        select(one.table)
        .where(one.moment >= bindparam("since"), sealed(MADE).is_not(None), sealed(LATER).is_(None))
        # Not by the number itself: walking through all rows in their order would look cheaper than it is.
        .order_by(one.table.c.id + 0)
        .limit(STEP)
    )


_NEW = {one.table.name: _new(one) for one in AUDITED}
_SETTLED = {one.table.name: _settled(one) for one in AUDITED if one.later}


# --- several writers --------------------------------------------------------------------------------------
#
# PostgreSQL gives out row numbers before the commit, so a lower number may appear after a higher one. Therefore a
# look notes how far each table's numbers reach and which transactions there have been; the next look seals up to
# there, once all of those have ended. SQLite has one writer: whatever is there is complete.


def _horizon(tx: Tx) -> dict[str, int] | None:
    """How far each table may be sealed; None: some transaction from before the noted look has not ended yet."""
    tx.execute(_TAKE_TURN, {"turn": _TURN})
    noted = facts.get(tx, _HORIZON) or {"transactions": 0, "upto": {}}
    if tx.scalar(_OLDEST) < int(noted["transactions"]):
        return None
    return {one.table.name: noted["upto"].get(one.table.name, 0) for one in AUDITED}


def _look_ahead(tx: Tx) -> None:
    upto = {one.table.name: tx.scalar(_HIGHEST[one.table.name]) or 0 for one in AUDITED}
    facts.put(tx, _HORIZON, {"transactions": str(tx.scalar(_NEXT)), "upto": upto})


_TAKE_TURN = text(f"SELECT pg_advisory_xact_lock(:turn + {LOCK_OF_SCHEMA})")
_OLDEST = text("SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)")
_NEXT = text("SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)")
_HIGHEST = {one.table.name: select(func.max(one.table.c.id)) for one in AUDITED}
