"""Rounds as they are set up: a draft with its criteria, contestants and judges, which may still be changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert

from storage.database import Tx
from storage.rounds import Criterion, Kind, State, get, set_state
from storage.tables import contestants, criteria, judges, rounds


@dataclass(frozen=True, slots=True)
class Draft:
    """What a round is set up with.

    `entered`: units in order, each with its class. `panels`: persons who judge, each with their panel.
    `in_turn`: one contestant after the other instead of all at once.
    """

    kind: Kind
    name: str
    rules: dict[str, Any]
    criteria: Sequence[Criterion]
    entered: Sequence[tuple[int, str]]
    panels: Sequence[tuple[int, str]]
    in_turn: bool


_ADD_ROUND = insert(rounds).returning(rounds.c.id)
_CLEAR_CRITERIA = delete(criteria).where(criteria.c.round_id == bindparam("which"))
_CLEAR_CONTESTANTS = delete(contestants).where(contestants.c.round_id == bindparam("which"))
_CLEAR_JUDGES = delete(judges).where(judges.c.round_id == bindparam("which"))
_ADD_CRITERION, _ADD_CONTESTANT, _ADD_JUDGE = insert(criteria), insert(contestants), insert(judges)


def create(tx: Tx, draft: Draft, *, unit_id: int, year: int, quarter: int, created_by: int, now: datetime) -> int:
    """Create a draft and return its number."""
    values = {
        "unit_id": unit_id,
        "year": year,
        "quarter": quarter,
        "kind": draft.kind.value,
        "name": draft.name,
        "state": State.DRAFT.value,
        "rules": draft.rules,
        "created_by": created_by,
        "created_at": now,
        "reached": 0 if draft.in_turn else None,
    }
    made: int = tx.scalar(_ADD_ROUND, values)
    _fill(tx, made, draft, contestants_too=True)
    return made


def _fill(tx: Tx, round_id: int, draft: Draft, *, contestants_too: bool) -> None:
    scored = [
        {"round_id": round_id, "position": place, "name": c.name, "maximum": c.maximum, "weight": c.weight}
        for place, c in enumerate(draft.criteria, 1)
    ]
    tx.many(_ADD_CRITERION, scored)
    if contestants_too:
        entered = [
            {"round_id": round_id, "position": place, "unit_id": unit, "klass": klass}
            for place, (unit, klass) in enumerate(draft.entered, 1)
        ]
        tx.many(_ADD_CONTESTANT, entered)
    judging = [{"round_id": round_id, "person_id": person, "panel": panel} for person, panel in draft.panels]
    tx.many(_ADD_JUDGE, judging)


def revise(tx: Tx, round_id: int, draft: Draft) -> bool:
    """Set a draft up anew, under its number; False when it is no draft any more."""
    columns: dict[str, Any] = {"kind": draft.kind.value, "name": draft.name, "rules": draft.rules}
    columns["reached"] = 0 if draft.in_turn else None
    if not set_state(tx, round_id, state=State.DRAFT, expected=State.DRAFT, **columns):
        return False
    before = [(contestant.unit_id, contestant.klass) for contestant in get(tx, round_id).contestants]
    changed = before != list(draft.entered)
    for clear in (_CLEAR_CRITERIA, _CLEAR_JUDGES, *((_CLEAR_CONTESTANTS,) if changed else ())):
        tx.execute(clear, {"which": round_id})
    _fill(tx, round_id, draft, contestants_too=changed)
    return True
