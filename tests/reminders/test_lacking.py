"""Page by page, the same units owe something as when everybody is looked at."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date

import pytest

from storage import commitments, deadlines, lacking, owing, units
from storage.commitments import Category, Kind, State
from storage.database import Tx
from storage.lacking import START, Page, Spot
from storage.owing import Standing
from storage.units import CONTESTING
from tests.world import World

YEARS = (2021, 2022)
#: From which states something leads to which.
STEPS = {
    State.WITHDRAWN: (State.PROPOSED, State.RETURNED),
    State.RETURNED: (State.PROPOSED,),
    State.PUBLISHED: (State.PROPOSED,),
    State.DONE: (State.PUBLISHED,),
    State.PROPOSED: (State.WITHDRAWN, State.PUBLISHED),
}


def paged(page: Callable[[Spot], Page]) -> set[tuple[int, int, int]]:
    """What all pages say together."""
    found: set[tuple[int, int, int]] = set()
    spot: Spot | None = START
    while spot is not None:
        rows, spot = page(spot)
        assert len(rows) <= 2
        found |= told(rows)
    return found


def told(rows: list[Standing]) -> set[tuple[int, int, int]]:
    return {(row.unit_id, row.owed, row.returned) for row in rows if row.owed}


def act(world: World, tx: Tx, chance: random.Random) -> None:
    """Something happens to a commitment, or one is added."""
    unit_id = world.units[chance.choice(("大里村", "公园道社区", "欢河村", "南流村"))]
    year, category = chance.choice(YEARS), chance.choice(list(Category))
    there = commitments.of_unit(tx, unit_id, year=year)
    if not there or chance.random() < 0.2:
        commitments.add(
            tx,
            unit_id=unit_id,
            year=year,
            category=category,
            words="走访",
            kind=Kind.QUALITATIVE,
            proposed_at=world.now,
        )
        return
    one = chance.choice(there)
    if one.state is State.RETURNED:
        commitments.set_category(tx, one.id, category)
        commitments.set_state(tx, one.id, state=State.PROPOSED, expected=[State.RETURNED])
        return
    state = chance.choice((State.WITHDRAWN, State.WITHDRAWN, *STEPS))
    commitments.set_state(tx, one.id, state=state, expected=STEPS[state])


def test_whoever_has_promised_nothing_and_what_waits_is_found_whatever_happened_before(world: World) -> None:
    chance = random.Random(7)
    seen: set[tuple[int, int, int]] = set()
    with world.database.transaction() as tx:
        root = [world.units["高新区"]]
        for turn in range(250):
            act(world, tx, chance)
            if turn == 200:
                units.end(tx, world.units["南流村"], now=world.now)
            for year in YEARS:
                owed = told(owing.registration(tx, root, year=year, kinds=CONTESTING))
                assert (
                    paged(
                        lambda at, year=year: lacking.registration(  # type: ignore[misc]
                            tx, at, year=year, kinds=CONTESTING, most=2
                        )
                    )
                    == owed
                )
                waiting = told(owing.proposed(tx, root, year=year))
                assert paged(lambda at, year=year: lacking.proposed(tx, at, year=year, most=2)) == waiting  # type: ignore[misc]
                seen |= owed | waiting
    # Nothing promised, something returned, and several that wait were all among it.
    assert {(1, 0), (1, 1), (2, 0), (3, 0)} <= {(owed, returned) for _unit, owed, returned in seen}


@pytest.mark.parametrize("walk", [1, 3, 1000])
def test_a_walk_through_the_units_finds_all_that_have_not_done_it(
    world: World, monkeypatch: pytest.MonkeyPatch, walk: int
) -> None:
    monkeypatch.setattr(lacking, "WALK", walk)
    for root, names in (("高新区", "大里村 公园道社区 欢河村 南流村"), ("石佛办事处", "欢河村 南流村")):
        with world.database.transaction() as tx:
            deadline = deadlines.add(
                tx,
                kind=deadlines.Kind.OWN,
                year=2021,
                unit_id=world.units[root],
                name="台账",
                due=date(2021, 6, 1),
                by=1,
                now=world.now,
            )

            def page(at: Spot, root: str = root, deadline: int = deadline) -> Page:
                at_root = world.units[root]
                return lacking.own(tx, at, root=at_root, deadline_id=deadline, kinds=CONTESTING, most=2)

            assert paged(page) == {(world.units[name], 1, 0) for name in names.split()}
            for name in names.split():
                deadlines.fulfil(tx, deadline, unit_id=world.units[name], by=1, now=world.now)
                owed = told(owing.own(tx, [world.units[root]], deadline_id=deadline, kinds=CONTESTING))
                assert paged(page) == owed
            assert paged(page) == set()
