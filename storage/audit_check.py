"""Checking the audit trail: the chain of seals itself, and every sealed row against its seal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, select

from storage import contents
from storage.audit import LATER, MADE, REACHED, SLACK, Head, digest_of, head, is_settled, link
from storage.audited import AUDITED, Audited
from storage.database import Tx
from storage.tables import audit


class Kind(StrEnum):
    """What is wrong with a seal or a row."""

    SEAL_MISSING = "seal missing"
    SEAL_ALTERED = "seal altered"
    OTHER_HISTORY = "not the history of the head that was kept"
    ALTERED = "altered"
    REMOVED = "removed"
    INSERTED = "inserted"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `number`: of the seal, where there is one; `row_id`: of the row it is about."""

    kind: Kind
    table: str
    row_id: int | None
    number: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`waiting`: rows so new that they are not sealed yet. Nothing was tampered with when `findings` is empty."""

    head: Head
    waiting: int
    findings: tuple[Finding, ...]


def verify(tx: Tx, kept: Head | None = None) -> Verdict:
    """Check everything, and that the head that was kept elsewhere belongs to this trail."""
    findings = list(_chain(tx, kept))
    last = tx.first(select(audit.c.sealed_at).order_by(audit.c.number.desc()).limit(1))
    waiting = 0
    for one in AUDITED:
        findings += _removed(tx, one)
        if last is None:
            waiting += contents.count(tx, one.table)
            continue
        reached = tx.scalar(REACHED, {"called": one.table.name, "of_part": MADE})
        for row in _rows(tx, one):
            found = _about(one, row, reached or 0, last.sealed_at - SLACK)
            if isinstance(found, Finding):
                findings.append(found)
            waiting += found is True
    return Verdict(head(tx), waiting, tuple(findings))


def _chain(tx: Tx, kept: Head | None) -> Iterator[Finding]:
    before: str | None = Head().hash
    number = 0
    met = kept is None or kept == Head()
    for row in contents.rows(tx, audit):
        if row.number != number + 1:
            yield Finding(Kind.SEAL_MISSING, audit.name, None, number + 1)
            before = None
        values = (row.number, row.table_name, row.part, row.row_id, row.digest, row.sealed_at)
        if before is not None and row.hash != link(before, *values):
            yield Finding(Kind.SEAL_ALTERED, row.table_name, row.row_id, row.number)
        met = met or (kept is not None and (row.number, row.hash) == (kept.number, kept.hash))
        number, before = row.number, row.hash
    if not met and kept is not None:
        yield Finding(Kind.OTHER_HISTORY, audit.name, None, kept.number)


def _seals_of(one: Audited, part: str) -> Select[Any]:
    return select(audit).where(audit.c.table_name == one.table.name, audit.c.part == part)


def _removed(tx: Tx, one: Audited) -> list[Finding]:
    gone = _seals_of(one, MADE).where(~select(one.table.c.id).where(one.table.c.id == audit.c.row_id).exists())
    return [
        Finding(Kind.REMOVED, one.table.name, row.row_id, row.number)
        for row in tx.all(gone.order_by(audit.c.row_id))
    ]


_made, _later = audit.alias("made"), audit.alias("later")


def _rows(tx: Tx, one: Audited) -> Iterator[Any]:
    """Every row of a table with its two seals, where it has them."""

    def sealed(alias: Any, part: str) -> Any:
        return and_(alias.c.table_name == one.table.name, alias.c.part == part, alias.c.row_id == one.table.c.id)

    joined = one.table.outerjoin(_made, sealed(_made, MADE)).outerjoin(_later, sealed(_later, LATER))
    statement = (
        select(one.table, _made.c.number, _made.c.digest, _later.c.number, _later.c.digest)
        .select_from(joined)
        .order_by(one.table.c.id)
    )
    for page in tx.connection.execute(statement, execution_options={"yield_per": contents.PAGE}).partitions():
        yield from page


def _about(one: Audited, row: Any, reached: int, settled_before: Any) -> Finding | bool:
    """What is wrong with the row; else whether something of it waits to be sealed."""
    seal = row._mapping
    if seal[_made.c.number] is None:
        if row.id <= reached:
            return Finding(Kind.INSERTED, one.table.name, row.id, None)
        return True
    if seal[_made.c.digest] != digest_of(one, MADE, row):
        return Finding(Kind.ALTERED, one.table.name, row.id, seal[_made.c.number])
    if seal[_later.c.number] is None:
        if not is_settled(one, row):
            return False
        if seal[one.moment] < settled_before:
            return Finding(Kind.ALTERED, one.table.name, row.id, seal[_made.c.number])
        return True
    if seal[_later.c.digest] != digest_of(one, LATER, row):
        return Finding(Kind.ALTERED, one.table.name, row.id, seal[_later.c.number])
    return False
