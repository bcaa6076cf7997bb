"""Page by page, the same units owe something as when everybody is looked at."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import select, update

from storage import commitments, deadlines, fulfilments, lacking, owing, roster, tables, units
from storage.commitments import Category, Kind, State
from storage.database import Tx
from storage.lacking import START, Page, Spot
from storage.owing import Standing
from storage.units import CONTESTING
from tests.deadlines.asking import own_deadline
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


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_all_that_have_not_done_it_are_found_however_few_are_listed_at_a_time(
    world: World, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(fulfilments.list_some, "__kwdefaults__", {"most": step})
    for root, names in (("高新区", "大里村 公园道社区 欢河村 南流村"), ("石佛办事处", "欢河村 南流村")):
        with world.database.transaction() as tx:
            deadline = own_deadline(tx, world, root)

            def page(at: Spot, root: str = root, deadline: int = deadline) -> Page:
                at_root = world.units[root]
                return lacking.own(tx, at, root=at_root, deadline_id=deadline, kinds=CONTESTING, most=2)

            assert paged(page) == {(world.units[name], 1, 0) for name in names.split()}
            for name in names.split():
                fulfilments.fulfil(tx, deadline, unit_id=world.units[name], by=1, now=world.now)
                owed = told(owing.own(tx, [world.units[root]], deadline_id=deadline, kinds=CONTESTING))
                assert paged(page) == owed
            assert paged(page) == set()


def happens(world: World, tx: Tx, chance: random.Random, deadline_ids: Sequence[int], names: list[str]) -> None:
    """A unit does it, takes that back, or is added, or the listing goes on."""
    one, unit_id = chance.choice(deadline_ids), world.units[chance.choice(names)]
    match chance.randrange(5):
        case 0 | 1:
            fulfilments.fulfil(tx, one, unit_id=unit_id, by=1, now=world.now)
        case 2 if fulfilments.fulfilled(tx, [one], [unit_id]):
            fulfilments.unfulfil(tx, one, unit_id=unit_id)
        case 3:
            fulfilments.list_some(tx, most=chance.randint(1, 3))
        case 4 if len(names) < 12:
            name = f"新村{len(names)}"
            above = world.units[chance.choice(("石佛办事处", "枫杨办事处"))]
            row = {"name": name, "kind": "village", "parent_id": above, "position": 0}
            [world.units[name]] = roster.add_units(
                tx, [row | {"organization": None, "class_name": None}], now=world.now
            )
            names.append(name)
            fulfilments.ask_also(tx, [world.units[name]])
        case _:
            pass


@pytest.mark.parametrize("seed", range(12))
def test_who_owes_it_is_known_whatever_becomes_of_the_units(world: World, seed: int) -> None:
    """The list says the same as a look at everybody, whatever happens to the units meanwhile."""
    chance = random.Random(seed)
    names = ["大里村", "公园道社区", "欢河村", "南流村"]
    moved = ended = 0
    with world.database.transaction() as tx:
        roots = ["高新区", "石佛办事处", "欢河村"]
        ids = [own_deadline(tx, world, root) for root in roots]
        for _turn in range(60):
            happens(world, tx, chance, ids, names)
            which = world.units[chance.choice(names)]
            if chance.random() < 0.15:
                above = chance.choice(("石佛办事处", "枫杨办事处"))
                units.move(tx, which, parent_id=world.units[above])
                fulfilments.ask_also(tx, [which])
                moved += 1
            if chance.random() < 0.1:
                tx.execute(update(tables.units).where(tables.units.c.id == which).values(ended_at=world.now))
                if chance.random() < 0.7:
                    tx.execute(update(tables.units).where(tables.units.c.id == which).values(ended_at=None))
                    fulfilments.ask_also(tx, [which])
                ended += 1
            for root, one in zip(roots, ids, strict=True):
                if chance.random() < 0.3:
                    owed = told(owing.own(tx, [world.units[root]], deadline_id=one, kinds=CONTESTING))
                    assert (
                        paged(
                            lambda at, root=root, one=one: lacking.own(  # type: ignore[misc]
                                tx, at, root=world.units[root], deadline_id=one, kinds=CONTESTING, most=2
                            )
                        )
                        == owed
                    )
    assert moved + ended


def test_an_office_that_moves_brings_its_units_along(world: World) -> None:
    with world.database.transaction() as tx:
        one = own_deadline(tx, world, "枫杨办事处", listed=True)
        before = units_listed(tx, one)
        units.move(tx, world.units["石佛办事处"], parent_id=world.units["枫杨办事处"])
        fulfilments.ask_also(tx, [world.units["石佛办事处"]])
        assert units_listed(tx, one) - before == {world.units[name] for name in ("欢河村", "南流村")}


def units_listed(tx: Tx, deadline_id: int) -> set[int]:
    listed = tables.unfulfilled
    return {row.unit_id for row in tx.all(select(listed).where(listed.c.deadline_id == deadline_id))}


def test_what_nobody_asks_for_any_more_is_dropped_in_small_steps(world: World) -> None:
    with world.database.transaction() as tx:
        kept, withdrawn, old = (own_deadline(tx, world, "高新区", listed=True) for _ in range(3))
        tx.execute(update(tables.deadlines).where(tables.deadlines.c.id == old).values(year=2019))
        deadlines.withdraw(tx, withdrawn, now=world.now)
        steps = 0
        while fulfilments.forget(tx, before=2020, most=3):
            steps += 1
        # Of each two steps with rows, and one that finds none.
        assert steps == 6
        assert not fulfilments.list_some(tx)
        assert units_listed(tx, withdrawn) == units_listed(tx, old) == set()
        assert len(units_listed(tx, kept)) == 4
