"""Commitments that are there before a conversation begins."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from handlers.commitments.wording import read
from storage import commitments
from storage.commitments import Category, Commitment, State
from tests.world import MORNING, World


def promised(
    world: World, unit: str, words: str, *, state: State = State.PUBLISHED, year: int = 2021
) -> Commitment:
    """A commitment of the unit in some state, proposed and published on the morning the world begins with."""
    found = read(words, date(year, 3, 22))
    public = state not in (State.PROPOSED, State.RETURNED, State.WITHDRAWN)
    with world.database.transaction() as tx:
        made = commitments.add(
            tx,
            unit_id=world.units[unit],
            year=year,
            category=Category.ELECTIVE,
            words=found.words,
            kind=found.kind,
            target=found.target,
            measure=found.measure,
            parts=found.parts,
            due=found.due or date(year, 12, 31),
            state=state,
            proposed_at=MORNING,
            published_at=MORNING if public else None,
        )
        if state is State.DONE:
            commitments.set_state(tx, made.id, state=state, expected=[state], done_at=MORNING)
        return commitments.get(tx, made.id)


def stands(world: World, commitment: Commitment) -> Commitment:
    """The commitment as it is now."""
    with world.database.transaction() as tx:
        return commitments.get(tx, commitment.id)


def reported(world: World, commitment: Commitment, value: str) -> None:
    """The newest progress, in the commitment's measure."""
    assert commitment.target is not None
    with world.database.transaction() as tx:
        commitments.set_progress(
            tx,
            commitment.id,
            share=Decimal(value) / commitment.target,
            value=Decimal(value),
            status=None,
            reported_at=world.now,
            quarter="2021Q1",
        )
