"""The statements that a message costs do not grow with the number of units: every example at 10 and at 1,000."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select

from bot import auditing
from bot.chat.messages import ChatKind, ChatRef, Inbound, Sender
from bot.chat.people import Role
from bot.chat.ports import Outcome
from bot.scheduler import tidy
from bot.ticking import Tick
from storage import commitments, people, reports, units
from storage.commitments import Category, Kind, State
from storage.database import Database, Tx
from storage.tables import accounts, chats
from tests.test_commands import EXAMPLES, somebody_for
from tests.world import World, small_district

FEW, MANY = 10, 1000
#: A statement more may read what there is now something to say about; more than these means that one loops.
LEEWAY = 6


def grown(database: Database, files: Path, villages: int) -> World:
    """The small district with so many more villages in one office; each has something that waits for somebody."""
    world = small_district(World(database, files))
    office = world.units["枫杨办事处"]
    with database.transaction() as tx:
        for n in range(villages):
            unit = units.add(
                tx, name=f"第{n}村", kind=units.VILLAGE, parent_id=office, now=world.now, organization="committee"
            )
            person = people.add(tx, name=f"书记{n}", now=world.now)
            people.appoint(tx, person_id=person, unit_id=unit, role=Role.SECRETARY, now=world.now)
            chat = tx.scalar(
                insert(chats).returning(chats.c.id),
                {"platform": "test", "external_id": f"private:v{n}", "is_group": False, "created_at": world.now},
            )
            account = {"platform": "test", "external_id": f"v{n}", "display_name": f"书记{n}", "person_id": person}
            tx.execute(insert(accounts), account | {"private_chat_id": chat, "created_at": world.now})
            for state in (State.PUBLISHED, State.PROPOSED, State.DONE):
                commitment = commitments.add(
                    tx,
                    unit_id=unit,
                    year=2021,
                    category=Category.ELECTIVE,
                    words="安装路灯60盏",
                    kind=Kind.QUANTITY,
                    target=Decimal(60),
                    measure="盏",
                    parts=(),
                    due=date(2021, 3, 31),
                    state=state,
                    proposed_by=person,
                    proposed_at=world.now,
                    published_at=None if state is State.PROPOSED else world.now,
                )
                if state is State.DONE or n % 2:
                    reports.add(
                        tx,
                        commitment_id=commitment.id,
                        quarter="2021Q1",
                        person_id=person,
                        words="装了20盏",
                        value=Decimal(20),
                        share=Decimal("0.33"),
                        status=None,
                        now=world.now,
                        evidence_since=world.now,
                    )
    return world


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that are executed inside; many sets of values for one statement are one."""
    said: list[str] = []

    def executed(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        said.append(statement)

    event.listen(database.engine, "before_cursor_execute", executed)
    try:
        yield said
    finally:
        event.remove(database.engine, "before_cursor_execute", executed)


@contextmanager
def trying(database: Database) -> Iterator[Tx]:
    """A transaction of which nothing is kept."""
    with database.engine.connect() as connection, connection.begin() as transaction:
        yield Tx(connection)
        transaction.rollback()


def cost(world: World, work: Callable[[World], None]) -> list[str]:
    with counted(world.database) as said:
        work(world)
    return said


def trial(line: str, who: str, group: str | None) -> Callable[[World], None]:
    """Say it, and take it back."""

    def say(world: World) -> None:
        persona = world.personas[who]
        ref = ChatRef("test", f"private:{persona.account}", ChatKind.PRIVATE)
        if group:
            ref = ChatRef("test", f"group:{group}", ChatKind.GROUP)
        inbound = Inbound(world.next_id(), ref, Sender(persona.account, who), line, world.now, addressed=True)
        with trying(world.database) as tx:
            done = world.dispatcher.process(tx, inbound, world.now)
        assert done.outcome in (Outcome.ANSWERED, Outcome.REFUSED, Outcome.NOTED), line

    return say


@pytest.fixture(scope="module")
def both(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    worlds = []
    for villages in (FEW, MANY):
        folder = tmp_path_factory.mktemp(f"units{villages}")
        shutil.copy(sqlite_template, folder / "test.db")
        worlds.append(grown(Database(f"sqlite:///{folder / 'test.db'}"), folder / "files", villages))
    yield worlds[0], worlds[1]
    for world in worlds:
        world.database.close()


def test_no_example_costs_more_statements_with_a_hundred_times_the_units(both: tuple[World, World]) -> None:
    few, many = both
    with many.database.transaction() as tx:
        assert len(tx.all(select(accounts.c.id))) > MANY
    dear = {}
    for command, example in EXAMPLES:
        group = "枫杨办事处" if command.place.value == "group" else None
        for who in dict.fromkeys((somebody_for(command), "周敏")):
            say = trial(example, who, group)
            small, large = len(cost(few, say)), len(cost(many, say))
            if large > small + LEEWAY:
                dear[f"{who}: {example}"] = (small, large)
    assert dear == {}


def test_one_step_of_a_tick_costs_no_more_statements_either(both: tuple[World, World]) -> None:
    dear = {}
    for name in both[0].ticks:
        small, large = (len(cost(world, one_step(name))) for world in both)
        if large > small + LEEWAY:
            dear[name] = (small, large)
    assert dear == {}


def test_a_quiet_tick_does_the_same_work_with_a_hundred_times_the_units(both: tuple[World, World]) -> None:
    few, many = (quiet_work(world) for world in both)
    assert set(few) > {"tidy", "reminders", "audit"}
    # Instructions of SQLite's machine: not one row more is read.
    assert many == few


def quiet_work(world: World) -> dict[str, int]:
    """By tick, the work of a look at the clock when nothing is due any more. Nothing of it is kept."""
    ticks = {"tidy": tidy} | world.ticks | {"audit": auditing.seal}
    with trying(world.database) as tx:
        for minute, tick in itertools.product(range(3), ticks.values()):
            while tick(tx, world.now + timedelta(minutes=minute)):
                continue
        return {name: instructions(tx, tick, world.now + timedelta(minutes=5)) for name, tick in ticks.items()}


def instructions(tx: Tx, tick: Tick, now: datetime) -> int:
    count = itertools.count()
    line = tx.connection.connection.driver_connection
    assert isinstance(line, sqlite3.Connection)
    line.set_progress_handler(lambda: next(count) and 0, 1)
    tick(tx, now)
    line.set_progress_handler(None, 1)
    return next(count)


def one_step(name: str) -> Callable[[World], None]:
    def step(world: World) -> None:
        with trying(world.database) as tx:
            world.ticks[name](tx, world.now)

    return step


def test_a_loop_would_be_seen(both: tuple[World, World]) -> None:
    def loop(world: World) -> None:
        with world.database.transaction() as tx:
            for row in tx.all(select(accounts.c.id)):
                tx.scalar(select(accounts.c.id).where(accounts.c.id == row.id))

    small, large = (len(cost(world, loop)) for world in both)
    assert large > small + LEEWAY
