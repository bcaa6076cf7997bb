"""A morning that takes several transactions: worked out once, everybody told once, whatever is rolled back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from handlers.reminders import due, gathering, lights, reminding, scene
from storage import reminders
from storage.tables import outbox
from storage.tables import reminders as reminders_table
from tests.progress.promises import ROAD, publish
from tests.reminders.district import begin_watching, messages
from tests.reminders.slow_model import local
from tests.test_scale import counted, trying
from tests.world import World

UNITS = ("大里村", "公园道社区", "欢河村", "南流村")


def test_a_step_goes_on_where_the_last_committed_one_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminding, "CHUNK", 2)
    for unit in UNITS:
        publish(world, unit, ROAD)
    begin_watching(world, local(date(2021, 4, 1), 8))
    now = local(date(2021, 4, 2), 9).astimezone(UTC)
    tick = world.ticks["reminders"]

    # What a step did is lost with its transaction; the next one does it again, and nothing twice.
    with counted(world.database) as worked_out, trying(world.database) as tx:
        assert tick(tx, now) is True
    with counted(world.database) as gone_on, world.database.transaction() as tx:
        assert tick(tx, now) is True
    assert len(gone_on) < len(worked_out) / 2
    assert len(messages(world)) == 2
    with trying(world.database) as tx:
        assert tick(tx, now) is False
    with world.database.transaction() as tx:
        assert tick(tx, now) is False
    sent = messages(world)
    assert len(sent) == len(set(sent)) == len(UNITS)

    with world.database.transaction() as tx:
        assert tick(tx, now) is False
    assert messages(world) == sent


@pytest.mark.parametrize("kept", range(0, 24, 3))
def test_a_program_that_ends_between_two_steps_tells_everybody_once(
    world: World, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    """After so many steps the program ends; half a minute later another one begins."""
    monkeypatch.setattr(reminding, "CHUNK", 1)
    monkeypatch.setattr(reminding, "KNOWN", 1)
    for module in (scene, due, lights, gathering):
        monkeypatch.setattr(module, "PAGE", 1)
    for unit in UNITS:
        publish(world, unit, ROAD)
    begin_watching(world, local(date(2021, 4, 1), 8))
    now = local(date(2021, 4, 2), 9).astimezone(UTC)
    more = all(_step(world, now) for _turn in range(kept))
    # What is kept in memory belongs to one moment; at another one it is gone, as when the program has ended.
    while _step(world, now + timedelta(seconds=30)):
        more = True
    assert more
    chats = [chat for chat, _at in messages(world)]
    assert len(chats) == len(set(chats)) == len(UNITS)
    with world.database.transaction() as tx:
        assert reminders.marks(tx) is not None
        told = tx.all(select(reminders_table.c.recipient, reminders_table.c.about, reminders_table.c.step))
    assert len(told) == len(set(told))


def test_a_step_draws_one_picture_whoever_else_hears_of_the_week(world: World) -> None:
    for unit in UNITS:
        publish(world, unit, ROAD)
    begin_watching(world, local(date(2021, 4, 11), 20))
    # Monday: the group of each of the two offices sees its week.
    now = local(date(2021, 4, 12), 9).astimezone(UTC)
    drawn = []
    more = True
    while more:
        more = _step(world, now)
        with world.database.transaction() as tx:
            sent = tx.all(select(outbox.c.content).where(outbox.c.created_at == now))
        drawn.append(sum(".png" in str(row.content) for row in sent) - sum(drawn))
    assert sum(drawn) == 2
    assert max(drawn) == 1


def _step(world: World, now: datetime) -> bool:
    with world.database.transaction() as tx:
        return world.ticks["reminders"](tx, now)
