"""Two programs that look at the clock at the same moment send everything once."""

from __future__ import annotations

import threading
from datetime import UTC, date

from storage.database import Database
from tests.progress.promises import ROAD, VISITS, publish
from tests.reminders.district import begin_watching, messages, noted
from tests.reminders.slow_model import local
from tests.world import World, small_district


def test_two_ticks_at_the_same_moment(postgresql_database: Database, tmp_path: object) -> None:
    world = small_district(World(postgresql_database, tmp_path))  # type: ignore[arg-type]
    for unit, words in (("大里村", ROAD), ("公园道社区", VISITS), ("欢河村", ROAD), ("南流村", ROAD)):
        publish(world, unit, words)
    begin_watching(world, local(date(2021, 4, 6), 8))
    now = local(date(2021, 4, 6), 9).astimezone(UTC)
    together = threading.Barrier(2, timeout=60)
    failed: list[BaseException] = []

    def tick() -> None:
        try:
            together.wait()
            more = True
            while more:
                with postgresql_database.transaction() as tx:
                    more = world.ticks["reminders"](tx, now)
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=tick) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    sent = messages(world)
    assert len(sent) == len(set(sent)) == 6  # four secretaries, and the weekly chart in two groups
    assert len(noted(world)) == len(set(noted(world)))
