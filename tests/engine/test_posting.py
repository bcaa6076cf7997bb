"""What a tick posts, and that what reaches people unasked is counted."""

from __future__ import annotations

from bot.chat.commands import Registry
from bot.chat.context import TickContext
from bot.chat.messages import Button, ToGroup, ToPerson, say
from bot.chat.texts import T
from storage import burdens
from storage.burdens import Burden
from storage.database import Database, Tx
from tests.world import World, small_district


def test_a_tick_posts_once_in_each_readers_language_and_is_counted(database: Database, tmp_path: object) -> None:
    registry = Registry()
    world = small_district(World(database, tmp_path, registry=registry))  # type: ignore[arg-type]
    wang, li = world.personas["王芳"], world.personas["李建国"]

    @registry.tick("greet")
    def greet(tick: TickContext[Tx]) -> None:
        assert tick.reach([wang.id, 999]) == {wang.id}
        tick.post(say(T("帮助"), to=ToPerson(wang.id), key="greeting"))
        tick.post(say(T("帮助"), to=ToPerson(li.id), key="ask", buttons=((Button("ok", "help"),),)))
        tick.post(say(T("帮助"), to=ToGroup(world.units["枫杨办事处"]), key="group"))

    again = World(database, tmp_path, registry=registry)  # type: ignore[arg-type]
    again.personas, again.groups, again.units = world.personas, world.groups, world.units
    with database.transaction() as tx:
        tx.connection.exec_driver_sql(f"UPDATE people SET language = 'en' WHERE id = {li.id}")
    again.tick()
    again.tick("greet")
    assert [h.text for h in again.take(wang.chat_id)] == ["帮助"]
    assert [h.text for h in again.take(li.chat_id)] == ["Help\n[ok]"]
    assert again.heard("枫杨办事处") == ["帮助"]
    with database.transaction() as tx:
        assert burdens.of_people(tx, [wang.id, li.id, 7], month="2021-03") == {
            wang.id: Burden(wang.id, 1, 0),
            li.id: Burden(li.id, 1, 1),
        }
        burdens.count(tx, [burdens.Told(wang.id, asks=True)] * 2, month="2021-03")
        burdens.count(tx, [], month="2021-03")
        assert burdens.of_people(tx, [wang.id], month="2021-03") == {wang.id: Burden(wang.id, 3, 2)}
