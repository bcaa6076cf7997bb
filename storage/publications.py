"""What was published of a round, version by version, and the objections against it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from storage.database import Tx
from storage.tables import objections, people, publications, units


@dataclass(frozen=True, slots=True)
class Publication:
    """One version. `ranking` is JSON as announced; `bundle` the file with which anybody can check."""

    version: int
    ranking: list[dict[str, Any]]
    reason: str | None
    bundle: str
    published_by: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Objection:
    """`unit_name` is None for a judge's objection to a sheet that was keyed in for them."""

    id: int
    round_id: int
    unit_name: str | None
    person_id: int
    person: str
    words: str
    made_at: datetime
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None


_ADD = insert(publications)
_COUNT = select(func.count()).where(publications.c.round_id == bindparam("which"))
_VERSIONS = (
    select(
        publications.c.version,
        publications.c.ranking,
        publications.c.reason,
        publications.c.bundle,
        people.c.name,
        publications.c.published_at,
    )
    .join(people, people.c.id == publications.c.published_by)
    .where(publications.c.round_id == bindparam("which"))
    .order_by(publications.c.version)
)
_answerer = people.alias("answerer")
_OBJECTIONS = (
    select(
        objections.c.id,
        objections.c.round_id,
        units.c.name,
        objections.c.person_id,
        people.c.name,
        objections.c.words,
        objections.c.made_at,
        objections.c.answer,
        _answerer.c.name,
        objections.c.answered_at,
    )
    .join(people, people.c.id == objections.c.person_id)
    .outerjoin(units, units.c.id == objections.c.unit_id)
    .outerjoin(_answerer, _answerer.c.id == objections.c.answered_by)
    .order_by(objections.c.id)
)
_OF_ROUND = _OBJECTIONS.where(objections.c.round_id == bindparam("which"))
_ONE = _OBJECTIONS.where(objections.c.id == bindparam("which"))
_OBJECT = insert(objections).returning(objections.c.id)
_ANSWER = (
    update(objections)
    .where(objections.c.id == bindparam("which"), objections.c.answered_at.is_(None))
    .values(answer=bindparam("words_back"), answered_by=bindparam("by"), answered_at=bindparam("now"))
)


def add(
    tx: Tx,
    round_id: int,
    *,
    ranking: list[dict[str, Any]],
    bundle: str,
    reason: str | None,
    by: int,
    now: datetime,
) -> int:
    """Keep what is published and return its version, from 1."""
    version: int = tx.scalar(_COUNT, {"which": round_id}) + 1
    values = {
        "round_id": round_id,
        "version": version,
        "ranking": ranking,
        "bundle": bundle,
        "reason": reason,
        "published_by": by,
        "published_at": now,
    }
    tx.execute(_ADD, values)
    return version


def versions(tx: Tx, round_id: int) -> list[Publication]:
    """All that was published of a round, oldest first."""
    return [Publication(*row) for row in tx.all(_VERSIONS, {"which": round_id})]


def object_to(tx: Tx, round_id: int, *, unit_id: int | None, words: str, by: int, now: datetime) -> int:
    """Put an objection on the record and return its number."""
    values = {"round_id": round_id, "unit_id": unit_id, "words": words, "person_id": by, "made_at": now}
    made: int = tx.scalar(_OBJECT, values)
    return made


def objections_to(tx: Tx, round_id: int) -> list[Objection]:
    """All objections of a round, oldest first."""
    return [Objection(*row) for row in tx.all(_OF_ROUND, {"which": round_id})]


def objection(tx: Tx, objection_id: int) -> Objection | None:
    """One objection; None when there is none of that number."""
    row = tx.first(_ONE, {"which": objection_id})
    return Objection(*row) if row else None


def answer(tx: Tx, objection_id: int, *, words: str, by: int, now: datetime) -> bool:
    """Answer an objection; False when it was answered already."""
    return tx.execute(_ANSWER, {"which": objection_id, "words_back": words, "by": by, "now": now}).rowcount == 1
