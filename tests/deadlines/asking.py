"""An own deadline for the tests."""

from __future__ import annotations

from datetime import date

from storage import deadlines, fulfilments
from storage.database import Tx
from tests.world import World


def own_deadline(tx: Tx, world: World, root: str, *, listed: bool = False) -> int:
    """Something is due for all units of one; `listed`: and it is known who owes it."""
    made = deadlines.add(
        tx,
        kind=deadlines.Kind.OWN,
        year=2021,
        unit_id=world.units[root],
        name="台账",
        due=date(2021, 6, 1),
        by=1,
        now=world.now,
    )
    while listed and fulfilments.list_some(tx):
        pass
    return made
