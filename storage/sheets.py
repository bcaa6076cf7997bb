"""Score sheets: every version of every judge's scores, of which the highest version counts.

Scores are read by the round's tally only once it is closed; before that, a judge reads their own and everybody
else learns at most which sheets are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, func, insert, select

from storage.database import Tx
from storage.tables import judges, people, score_sheets


class Status(StrEnum):
    """What a version of a sheet says: scores, that the judge abstains, or that the one before is taken back."""

    GIVEN = "given"
    ABSTAINED = "abstained"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One version of one judge's scores for one contestant. `total` is None unless scores were given.

    `keyed_by`: who keyed it in from paper on the judge's behalf. `salt`: random, as hexadecimal digits.
    """

    judge_id: int
    contestant_id: int
    version: int
    scores: tuple[Decimal, ...]
    total: Decimal | None
    status: Status
    salt: str
    entered_at: datetime
    keyed_by: str | None


_writer = people.alias("writer")
_newer = score_sheets.alias("newer")
_ALL = (
    select(
        score_sheets.c.judge_id,
        score_sheets.c.contestant_id,
        score_sheets.c.version,
        score_sheets.c.scores,
        score_sheets.c.total,
        score_sheets.c.status,
        score_sheets.c.salt,
        score_sheets.c.entered_at,
        (score_sheets.c.entered_by != judges.c.person_id).label("keyed"),
        _writer.c.name,
    )
    .join(judges, judges.c.id == score_sheets.c.judge_id)
    .join(_writer, _writer.c.id == score_sheets.c.entered_by)
    .where(judges.c.round_id == bindparam("which"))
    .order_by(score_sheets.c.judge_id, score_sheets.c.contestant_id, score_sheets.c.version)
)
_NEWEST = _ALL.where(
    ~select(_newer.c.id)
    .where(
        _newer.c.judge_id == score_sheets.c.judge_id,
        _newer.c.contestant_id == score_sheets.c.contestant_id,
        _newer.c.version > score_sheets.c.version,
    )
    .exists()
)
_NEWEST_OF_JUDGE = _NEWEST.where(judges.c.id == bindparam("by_judge"))
_LAST_VERSION = select(func.coalesce(func.max(score_sheets.c.version), 0)).where(
    score_sheets.c.judge_id == bindparam("by_judge"), score_sheets.c.contestant_id == bindparam("about")
)
_ADD = insert(score_sheets)


def add(
    tx: Tx,
    *,
    judge_id: int,
    contestant_id: int,
    scores: Sequence[Decimal],
    total: Decimal | None,
    status: Status,
    salt: str,
    entered_by: int,
    now: datetime,
) -> int:
    """Keep a new version of a sheet and return its number, from 1."""
    last: int = tx.scalar(_LAST_VERSION, {"by_judge": judge_id, "about": contestant_id})
    values = {
        "judge_id": judge_id,
        "contestant_id": contestant_id,
        "version": last + 1,
        "scores": [str(score) for score in scores],
        "total": total,
        "status": status.value,
        "salt": salt,
        "entered_by": entered_by,
        "entered_at": now,
    }
    tx.execute(_ADD, values)
    return last + 1


def standing(tx: Tx, round_id: int) -> list[Sheet]:
    """The newest version of every sheet that says something: scores, or that the judge abstains."""
    return [s for s in _read(tx.all(_NEWEST, {"which": round_id})) if s.status is not Status.WITHDRAWN]


def of_judge(tx: Tx, round_id: int, judge_id: int) -> dict[int, Sheet]:
    """The same of one judge, by contestant."""
    rows = tx.all(_NEWEST_OF_JUDGE, {"which": round_id, "by_judge": judge_id})
    return {s.contestant_id: s for s in _read(rows) if s.status is not Status.WITHDRAWN}


def history(tx: Tx, round_id: int) -> list[Sheet]:
    """Every version of every sheet."""
    return _read(tx.all(_ALL, {"which": round_id}))


def _read(rows: Sequence[Any]) -> list[Sheet]:
    return [
        Sheet(
            r.judge_id,
            r.contestant_id,
            r.version,
            tuple(Decimal(s) for s in r.scores),
            r.total,
            Status(r.status),
            r.salt,
            r.entered_at,
            r.name if r.keyed else None,
        )
        for r in rows
    ]
