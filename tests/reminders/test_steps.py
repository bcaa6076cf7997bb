"""A morning that takes several transactions: worked out once, everybody told once, whatever is rolled back."""

from __future__ import annotations

from datetime import UTC, date

import pytest

from handlers.reminders import reminding
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
