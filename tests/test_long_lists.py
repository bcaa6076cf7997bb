"""More people and units than one statement can name: everybody is told and reminded all the same.

SQLite binds 32,766 values at most, PostgreSQL 65,535. Here SQLite is told to take fewer, and lists are parted
accordingly, which is quicker.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event, func, insert, select
from sqlalchemy.exc import OperationalError

from bot.chat.people import Role
from bot.chat.settings import Policy, Reminders
from storage import accounts, burdens, commitments, owing, people, reminders, units
from storage.commitments import Category, Kind, State
from storage.database import MOST_AT_ONCE, Database
from storage.tables import accounts as account_table
from storage.tables import chats, outbox, posts, unit_ancestors
from storage.tables import commitments as commitment_table
from storage.tables import people as people_table
from storage.tables import units as unit_table
from tests.reminders.district import begin_watching
from tests.reminders.slow_model import local
from tests.world import World, small_district

#: So many values a list may have in one execution, and a statement in all; so many people there are.
PART, LIMIT, MANY = 4_000, 4_100, 4_500
QUIET = Policy(reminders=Reminders(lights=False, weekly_digest=False, opening=False))


@pytest.fixture(scope="module")
def crowded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One office with very many villages, each with a bound secretary and a commitment without a report."""
    patch = pytest.MonkeyPatch()
    patch.setattr("storage.database.MOST_AT_ONCE", PART)
    folder = tmp_path_factory.mktemp("crowded")
    (folder / "test.db").write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{folder / 'test.db'}")

    @event.listens_for(database.engine, "connect")
    def _connected(connection, record) -> None:  # type: ignore[no-untyped-def]
        connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, LIMIT)

    world = small_district(World(database, folder / "files", policy=QUIET))
    office, district = world.units["枫杨办事处"], world.units["高新区"]
    first = 1000
    numbers = range(first, first + MANY)
    now = world.now
    with database.transaction() as tx:
        village = {"kind": units.VILLAGE, "parent_id": office, "position": 99, "created_at": now}
        tx.many(insert(unit_table), [{"id": n, "name": f"第{n}村", **village} for n in numbers])
        line = [(n, above, depth) for n in numbers for depth, above in enumerate((n, office, district))]
        tx.many(insert(unit_ancestors), [{"unit_id": u, "ancestor_id": a, "depth": d} for u, a, d in line])
        tx.many(insert(people_table), [{"id": n, "name": f"书记{n}", "created_at": now} for n in numbers])
        post = {"role": Role.SECRETARY.value, "since": now}
        tx.many(insert(posts), [{"person_id": n, "unit_id": n, **post} for n in numbers])
        chat = {"platform": "test", "is_group": False, "created_at": now}
        tx.many(insert(chats), [{"id": n, "external_id": f"private:v{n}", **chat} for n in numbers])
        account = {"platform": "test", "created_at": now, "bound_at": now}
        tx.many(
            insert(account_table),
            [
                {"external_id": f"v{n}", "display_name": "x", "person_id": n, "private_chat_id": n, **account}
                for n in numbers
            ],
        )
        made = commitments.add(
            tx,
            unit_id=first,
            year=2021,
            category=Category.ELECTIVE,
            words="走访",
            kind=Kind.QUALITATIVE,
            target=None,
            measure=None,
            due=date(2021, 12, 31),
            state=State.PUBLISHED,
            proposed_at=now,
            published_at=now,
        )
        [row] = tx.all(select(commitment_table).where(commitment_table.c.id == made.id))
        like = {name: value for name, value in row._mapping.items() if name != "id"}
        tx.many(insert(commitment_table), [{**like, "unit_id": n} for n in numbers if n != first])
    yield world
    database.close()
    patch.undo()


def test_parts_leave_room_for_a_statements_other_values_on_both_databases() -> None:
    assert MOST_AT_ONCE <= 32_766 - 1_000


def test_one_statement_cannot_name_them_all(crowded: World) -> None:
    everybody = select(people_table.c.id).where(people_table.c.id.in_(range(MANY)))
    with crowded.database.transaction() as tx, pytest.raises(OperationalError, match="too many SQL variables"):
        tx.all(everybody)


def test_lists_of_any_length_find_everything(crowded: World) -> None:
    numbers = range(1000, 1000 + MANY)
    with crowded.database.transaction() as tx:
        assert len(accounts.reach_people(tx, numbers, now=crowded.now)) == MANY
        assert len(accounts.bound_people(tx, numbers)) == MANY
        assert accounts.reach_groups(tx, numbers) == {}
        assert len(accounts.samples(tx, numbers)) == 1
        assert len(people.get_many(tx, numbers)) == MANY
        assert len(people.holders(tx, numbers, [Role.SECRETARY])) == MANY
        assert len(units.get_many(tx, numbers)) == MANY
        assert units.lines(tx, numbers)[1000] == (1000, crowded.units["枫杨办事处"], crowded.units["高新区"])
        assert len(units.offices_of(tx, numbers)) == MANY
        assert burdens.of_people(tx, numbers, month="2021-03") == {}
        abouts = [f"report:2021Q1:u{n}:2021-04-06" for n in numbers]
        assert reminders.last_sent(tx, abouts) == {}
        assert reminders.nudged(tx, abouts, since=crowded.now) == set()
        found = owing.unreported(tx, numbers, year=2021, quarter="2021Q1", before=local(date(2021, 4, 1), 0))
        assert len(found) == MANY


def test_an_announcement_reaches_everybody(crowded: World) -> None:
    zhou = crowded.personas["周敏"]
    zhou.says("通报 各支部：请于周五前核对承诺进度。")
    zhou.presses("选对象")
    zhou.presses("书记")
    zhou.presses("选好了")
    [told] = zhou.presses("发送")
    # The secretaries of the small district are among them, and two offices' groups.
    assert f"共{MANY + 4 + 2}条" in told
    with crowded.database.transaction() as tx:
        count = tx.scalar(select(func.count()).where(outbox.c.announcement_id == 1))
    assert count == MANY + 4 + 2


def test_everybody_who_owes_is_reminded_a_few_at_a_time(crowded: World) -> None:
    begin_watching(crowded, local(date(2021, 4, 6), 8))
    now = local(date(2021, 4, 6), 9)
    sent = 0
    while not sent:
        with crowded.database.transaction() as tx:
            assert crowded.ticks["reminders"](tx, now) is True
            sent = tx.scalar(select(func.count()).where(outbox.c.created_at == now))
    # A step sends to fifty at most, whoever else owes.
    assert sent == 50
