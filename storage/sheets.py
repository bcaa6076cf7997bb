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

    `keyed_by`: the name of who keyed it in from paper on the judge's behalf, `entered_by`: the number of who wrote
    it. `salt`: random, as hexadecimal digits.
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
    entered_by: int


@dataclass(frozen=True, slots=True)
class New:
    """A version to be kept. `scores` are empty and `total` is None unless scores are given."""

    contestant_id: int
    scores: tuple[Decimal, ...]
    total: Decimal | None
    status: Status
    salt: str
    entered_by: int


_writer = people.alias("writer")
_newer = score_sheets.alias("newer")
_SHEETS = (
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
        score_sheets.c.entered_by,
    )
    .join(judges, judges.c.id == score_sheets.c.judge_id)
    .join(_writer, _writer.c.id == score_sheets.c.entered_by)
    .order_by(score_sheets.c.judge_id, score_sheets.c.contestant_id, score_sheets.c.version)
)
_ALL = _SHEETS.where(judges.c.round_id == bindparam("which"))
_ALL_OF_JUDGE = _SHEETS.where(judges.c.id == bindparam("by_judge"))
_is_newest = (
    ~select(_newer.c.id)
    .where(
        _newer.c.judge_id == score_sheets.c.judge_id,
        _newer.c.contestant_id == score_sheets.c.contestant_id,
        _newer.c.version > score_sheets.c.version,
    )
    .exists()
)
_NEWEST = _ALL.where(_is_newest)
_NEWEST_OF_JUDGE = _NEWEST.where(judges.c.id == bindparam("by_judge"))
_LAST_VERSIONS = (
    select(score_sheets.c.contestant_id, func.max(score_sheets.c.version))
    .where(score_sheets.c.judge_id == bindparam("by_judge"))
    .group_by(score_sheets.c.contestant_id)
)
_TOTALS_ABOUT = select(score_sheets.c.contestant_id, score_sheets.c.judge_id, score_sheets.c.total).where(
    score_sheets.c.contestant_id.in_(bindparam("which", expanding=True)),
    score_sheets.c.status == Status.GIVEN.value,
    _is_newest,
)
_ADD = insert(score_sheets)


def add(tx: Tx, judge_id: int, new: Sequence[New], *, now: datetime) -> dict[int, int]:
    """Keep new versions of a judge's sheets and return their numbers, from 1, by contestant."""
    last = {row[0]: row[1] for row in tx.all(_LAST_VERSIONS, {"by_judge": judge_id})}
    made = {one.contestant_id: last.get(one.contestant_id, 0) + 1 for one in new}
    tx.many(
        _ADD,
        [
            {
                "judge_id": judge_id,
                "contestant_id": one.contestant_id,
                "version": made[one.contestant_id],
                "scores": [str(score) for score in one.scores],
                "total": one.total,
                "status": one.status.value,
                "salt": one.salt,
                "entered_by": one.entered_by,
                "entered_at": now,
            }
            for one in new
        ],
    )
    return made


def totals_about(tx: Tx, contestant_ids: Sequence[int]) -> dict[int, dict[int, Decimal]]:
    """The scores that stand for these contestants: by contestant, then by judge."""
    found: dict[int, dict[int, Decimal]] = {contestant: {} for contestant in contestant_ids}
    for contestant, judge, total in tx.all(_TOTALS_ABOUT, {"which": list(contestant_ids)}):
        found[contestant][judge] = total
    return found


def standing(tx: Tx, round_id: int) -> list[Sheet]:
    """The newest version of every sheet that says something: scores, or that the judge abstains."""
    return [s for s in _read(tx.all(_NEWEST, {"which": round_id})) if s.status is not Status.WITHDRAWN]


def of_judge(tx: Tx, round_id: int, judge_id: int) -> dict[int, Sheet]:
    """The same of one judge, by contestant."""
    rows = tx.all(_NEWEST_OF_JUDGE, {"which": round_id, "by_judge": judge_id})
    return {s.contestant_id: s for s in _read(rows) if s.status is not Status.WITHDRAWN}


def history_of(tx: Tx, judge_id: int) -> list[Sheet]:
    """Every version of every sheet of one judge."""
    return _read(tx.all(_ALL_OF_JUDGE, {"by_judge": judge_id}))


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
            r.entered_by,
        )
        for r in rows
    ]
