"""Who owes an own deadline stays known when the roster changes after it was set."""

from __future__ import annotations

from storage import fulfilments, lacking
from storage.lacking import START
from storage.units import CONTESTING
from tests.deadlines.asking import own_deadline
from tests.roster.book import imported, roster_of
from tests.world import World


def ask(world: World) -> int:
    with world.database.transaction() as tx:
        return own_deadline(tx, world, "石佛办事处", listed=True)


def owing_it(world: World, deadline_id: int) -> set[str]:
    with world.database.transaction() as tx:
        rows, following = lacking.own(
            tx,
            START,
            root=world.units["石佛办事处"],
            deadline_id=deadline_id,
            kinds=CONTESTING,
            most=100,
        )
    assert following is None
    return {row.unit_name for row in rows}


def test_a_unit_that_is_added_owes_it_too(world: World) -> None:
    made = ask(world)
    assert owing_it(world, made) == {"欢河村", "南流村"}
    imported(world, roster_of(units=[("新河村", "村", "石佛办事处"), ("新里村", "村", "枫杨办事处")]))
    assert owing_it(world, made) == {"欢河村", "南流村", "新河村"}


def test_a_unit_that_moves_there_owes_it_and_one_that_moves_away_does_not(world: World) -> None:
    made = ask(world)
    imported(world, roster_of(units=[("大里村", "村", "石佛办事处"), ("欢河村", "村", "枫杨办事处")]))
    assert owing_it(world, made) == {"南流村", "大里村"}
    imported(world, roster_of(units=[("欢河村", "村", "石佛办事处")]))
    assert owing_it(world, made) == {"南流村", "大里村", "欢河村"}


def test_a_unit_that_stands_again_owes_it_again(world: World) -> None:
    imported(world, roster_of(units=[("欢河村", "", "", "", "", "", "撤销")]))
    made = ask(world)
    assert owing_it(world, made) == {"南流村"}
    imported(world, roster_of(units=[("欢河村", "村", "石佛办事处")]))
    assert owing_it(world, made) == {"南流村", "欢河村"}


def test_whoever_has_done_it_does_not_owe_it_again_by_moving(world: World) -> None:
    made = ask(world)
    with world.database.transaction() as tx:
        fulfilments.fulfil(tx, made, unit_id=world.units["欢河村"], by=1, now=world.now)
    imported(world, roster_of(units=[("欢河村", "村", "枫杨办事处")]))
    imported(world, roster_of(units=[("欢河村", "村", "石佛办事处")]))
    assert owing_it(world, made) == {"南流村"}
