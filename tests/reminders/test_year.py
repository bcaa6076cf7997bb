"""Whole years in simulated time, compared with an independent slow model: what is right, when it is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from bot.chat.settings import Policy, Reminders
from storage import reminders
from storage.database import Database
from storage.tables import metadata
from tests.reminders.district import Year, begin_watching, messages, noted
from tests.reminders.slow_model import HOUR, ZONE, Model, between, local
from tests.world import World, small_district

#: Lights, digests and openings have tests of their own.
ONLY_DEADLINES = Policy(reminders=Reminders(lights=False, weekly_digest=False, opening=False))


@contextmanager
def in_memory(folder: Path, start: datetime, policy: Policy = ONLY_DEADLINES) -> Iterator[World]:
    """The small district on a database in memory: a year of ticks is thousands of commits."""
    database = Database("sqlite://")
    database.engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    metadata.create_all(database.engine)
    world = small_district(World(database, folder, now=start, policy=policy))
    begin_watching(world, start)
    yield world
    database.close()


def simulate(
    world: World,
    year: Year,
    ticks: Iterable[datetime],
    *,
    back: Mapping[datetime, timedelta] | None = None,
    twice: bool = False,
) -> None:
    """Let what happens happen and the scheduler tick, in the order of time.

    `back`: after the tick at that moment the clock is put back so far for one tick. `twice`: each comes twice.
    """
    happening = sorted(year.events(), key=lambda event: event[0])
    for at in sorted(ticks):
        while happening and happening[0][0] <= at:
            world.now, act = happening.pop(0)
            with world.database.transaction() as tx:
                act(tx)
        moments = [at, at] if twice else [at]
        if back and at in back:
            moments += [at - back[at], at]
        for moment in moments:
            world.now = moment.astimezone(UTC)
            world.tick()


def whole_year(year: int) -> tuple[datetime, datetime]:
    return local(date(year, 1, 2), 0), local(date(year + 1, 2, 20), 0)


def hours_of(begin: datetime, end: datetime, among: set[int] | None = None) -> list[datetime]:
    count = int((end - begin) / HOUR)
    found = [begin + n * HOUR for n in range(count)]
    return [at for at in found if among is None or at.astimezone(ZONE).hour in among]


def assert_one_message_at_a_time(world: World) -> None:
    assert max(Counter(messages(world)).values(), default=0) <= 1


# All have working days moved to weekends; 2022's third quarter is due on a Saturday; 2024 has a 29 February.
@pytest.mark.parametrize("year", [2021, 2022, 2024])
def test_a_year_of_reminders(tmp_path: Path, year: int) -> None:
    begin, end = whole_year(year)
    with in_memory(tmp_path, begin) as world:
        script, model = scripted(world, year)
        model.run(begin, end, lambda _at: True)
        simulate(world, script, hours_of(begin, end, {7, 8, 9, 11, 12, 14, 20}))
        assert noted(world) == sorted(model.sent)
        assert_one_message_at_a_time(world)
        # It is no empty year: all kinds of reminders come in it.
        steps = {step for _at, _to, _about, step in model.sent}
        overdue = {f"overdue{n}" for n in range(1, 6)}
        left_alone = Model(script.things(), peace=model.peace, group_hours=model.group_hours)
        left_alone.run(begin, end, lambda _at: True)
        # Those who were nudged by hand were spared something.
        assert set(model.sent) < set(left_alone.sent)
        assert steps == {"before3", "before0", "group7", "office1", "organizer1", *overdue}


def scripted(world: World, year: int) -> tuple[Year, Model]:
    """The year's script, in which one asks to be left in peace and one group has its own time, and its model."""
    silent, own_time = world.personas["钱红"].id, world.groups["石佛办事处"]
    script = Year(world, year, peace=(silent, local(date(year, 3, 25), 12), date(year, 4, 12)))
    model = Model(
        script.things(),
        peace={f"p{silent}": [script.peace[1:]]},
        group_hours={f"c{own_time}": 11},
        nudges=list(script.nudges()),
    )
    with world.database.transaction() as tx:
        reminders.set_time(tx, own_time, 11 * 60)
    return script, model


#: Around the second quarter's due date, which is put off for one office, and the third's, after the long holiday.
SEASONS = ((date(2021, 6, 20), date(2021, 7, 31)), (date(2021, 9, 22), date(2021, 10, 31)))


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    season=st.sampled_from(SEASONS),
    off=st.lists(st.tuples(st.integers(0, 900), st.integers(1, 260)), max_size=4),
    shakes=st.lists(st.tuples(st.integers(0, 900), st.integers(1, 90)), max_size=3),
    twice=st.booleans(),
)
# A pause that ends half an hour before the next reminder; one after which reports are no longer taken; one after
# which it is too late to tell the office.
@example(season=SEASONS[1], off=[(16 * 24 + 5, 27)], shakes=[], twice=False)
@example(season=SEASONS[1], off=[(20 * 24, 7 * 24)], shakes=[], twice=False)
@example(season=SEASONS[0], off=[(29 * 24 + 10, 255)], shakes=[], twice=False)
def test_whenever_the_program_stops_and_whenever_it_ticks(
    tmp_path_factory: pytest.TempPathFactory,
    season: tuple[date, date],
    off: list[tuple[int, int]],
    shakes: list[tuple[int, int]],
    twice: bool,
) -> None:
    """Outages of hours and days, restarts, ticks that come twice, and a clock that is put back now and then."""
    begin, end = (local(day, 0) for day in season)
    running = between((begin + a * HOUR, begin + (a + n) * HOUR) for a, n in off)
    with in_memory(tmp_path_factory.mktemp("year"), begin) as world:
        script, model = scripted(world, 2021)
        model.run(begin, end, lambda at: not running(at))
        ticks = [at for at in hours_of(begin, end) if not running(at)]
        simulate(world, script, ticks, back={begin + a * HOUR: n * HOUR for a, n in shakes}, twice=twice)
        assert noted(world) == sorted(model.sent)
        assert_one_message_at_a_time(world)
