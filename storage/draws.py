"""The verifiable draw: a secret seed whose hash is announced first, and words from the offices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from storage.database import Tx
from storage.tables import draw_words, draws, people, units


@dataclass(frozen=True, slots=True)
class Draw:
    """`seed` is secret until `revealed_at`; `commitment` is its hash with the round's name and contestants."""

    id: int
    round_id: int
    seed: str
    commitment: str
    announced_at: datetime
    revealed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Word:
    """What an office has put in."""

    unit_id: int
    unit_name: str
    words: str
    person: str


_NEWEST = (
    select(
        draws.c.id, draws.c.round_id, draws.c.seed, draws.c.commitment, draws.c.announced_at, draws.c.revealed_at
    )
    .where(draws.c.round_id == bindparam("which"))
    .order_by(draws.c.id.desc())
    .limit(1)
)
_ADD = insert(draws).returning(draws.c.id)
_REVEAL = (
    update(draws)
    .where(draws.c.id == bindparam("which"), draws.c.revealed_at.is_(None))
    .values(revealed_at=bindparam("now"))
)
_FORGET = delete(draw_words).where(
    draw_words.c.draw_id == bindparam("of_draw"), draw_words.c.unit_id == bindparam("of_unit")
)
_SAY = insert(draw_words)
_WORDS = (
    select(draw_words.c.unit_id, units.c.name, draw_words.c.words, people.c.name)
    .join(units, units.c.id == draw_words.c.unit_id)
    .join(people, people.c.id == draw_words.c.person_id)
    .where(draw_words.c.draw_id == bindparam("which"))
    .order_by(units.c.position, units.c.id)
)


def announce(tx: Tx, round_id: int, *, seed: str, commitment: str, now: datetime) -> int:
    """Keep a seed and the commitment to it; returns the draw's number."""
    values = {"round_id": round_id, "seed": seed, "commitment": commitment, "announced_at": now}
    made: int = tx.scalar(_ADD, values)
    return made


def newest(tx: Tx, round_id: int) -> Draw | None:
    """The round's last draw."""
    row = tx.first(_NEWEST, {"which": round_id})
    return Draw(*row) if row else None


def say(tx: Tx, draw_id: int, unit_id: int, *, words: str, by: int, now: datetime) -> None:
    """Take an office's words; newer ones take the place of older ones."""
    tx.execute(_FORGET, {"of_draw": draw_id, "of_unit": unit_id})
    tx.execute(_SAY, {"draw_id": draw_id, "unit_id": unit_id, "words": words, "person_id": by, "at": now})


def words(tx: Tx, draw_id: int) -> list[Word]:
    """What the offices have put in, in the offices' order."""
    return [Word(*row) for row in tx.all(_WORDS, {"which": draw_id})]


def reveal(tx: Tx, draw_id: int, *, now: datetime) -> bool:
    """The draw is over; False when it was already."""
    return tx.execute(_REVEAL, {"which": draw_id, "now": now}).rowcount == 1
