"""For each kind of deadline: what a look at the clock does follows those who owe it, not those who exist."""

from __future__ import annotations

import itertools
import math
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from bot.chat.messages import Inbound
from bot.chat.ports import Outcome
from scripts.evening import MORNING, NOW, Evening
from scripts.province import IN_OFFICE, LATE, address
from storage import deadlines, fulfilments, reminders
from storage.database import Tx
from storage.deadlines import Kind
from storage.reminders import Marks
from storage.tables import outbox
from storage.tables import reminders as table
from tests.reminders.test_growth import evening_of
from tests.test_scale import counted, trying

FEW, MANY = 2 * LATE, 40 * LATE
#: That morning is three days before it, and nobody's day for a reminder of the other one.
NEAR, FAR = date(2021, 7, 5), date(2021, 8, 20)


def unregistered(tx: Tx, first: int) -> None:
    where = f"BETWEEN {first} AND {first + LATE - 1}"
    tx.execute(text(f"UPDATE commitments SET state = 'withdrawn' WHERE unit_id {where}"))
    tx.execute(text(f"UPDATE units SET promised_year = 0 WHERE id {where}"))


def unexamined(tx: Tx, first: int) -> None:
    where = f"BETWEEN {first} AND {first + LATE - 1} AND number = 1"
    tx.execute(text(f"UPDATE commitments SET state = 'proposed' WHERE unit_id {where}"))


def unverified(tx: Tx, first: int) -> None:
    where = f"unit_id BETWEEN {first} AND {first + LATE - 1} AND number = 1"
    chosen = f"(SELECT id FROM commitments WHERE {where})"
    tx.execute(text(f"UPDATE reports SET state = 'reported' WHERE commitment_id IN {chosen}"))


def undone(tx: Tx, first: int) -> None:
    [deadline] = tx.all(text("SELECT max(id) AS id FROM deadlines"))
    while fulfilments.list_some(tx):
        pass
    villages = text(f"SELECT id FROM units WHERE kind = 'village' AND id >= {first + LATE}")
    for village in tx.all(villages):
        fulfilments.fulfil(tx, deadline.id, unit_id=village.id, by=1, now=NOW)


#: How so many units come to owe it, of all others none. Reports are owed by as many in any case.
OWED: dict[Kind, Callable[[Tx, int], None]] = {
    Kind.REGISTRATION: unregistered,
    Kind.EXAMINATION: unexamined,
    Kind.VERIFICATION: unverified,
    Kind.OWN: undone,
}


def owe(tx: Tx, evening: Evening, kind: Kind, due: date) -> None:
    name = "台账" if kind is Kind.OWN else None
    quarter = 2 if kind is Kind.VERIFICATION else 0
    deadlines.add(tx, kind=kind, year=2021, quarter=quarter, unit_id=1, due=due, name=name, by=1, now=NOW)
    OWED[kind](tx, evening.shape.first_village)


def look(tx: Tx, evening: Evening) -> list[int]:
    """Of each step of the morning, the instructions of SQLite's machine."""
    before = MORNING - timedelta(minutes=1)
    reminders.mark(tx, Marks(before, before))
    return list(_steps(tx, evening))


def _steps(tx: Tx, evening: Evening) -> Iterator[int]:
    more = True
    while more:
        with worked(tx) as done:
            more = evening.app.ticks["reminders"](tx, MORNING)
            yield done()


@contextmanager
def worked(tx: Tx) -> Iterator[Callable[[], int]]:
    """How many instructions SQLite's machine has carried out inside; of PostgreSQL 0."""
    line = tx.connection.connection.driver_connection
    if not isinstance(line, sqlite3.Connection):
        yield lambda: 0
        return
    count = itertools.count()
    line.set_progress_handler(lambda: next(count) and 0, 1)
    try:
        yield lambda: next(count)
    finally:
        line.set_progress_handler(None, 1)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Evening, Evening]]:
    folder: Path = tmp_path_factory.mktemp("provinces")
    with (
        evening_of(folder / "few", FEW, past=True) as few,
        evening_of(folder / "many", MANY, past=True) as many,
    ):
        for evening in (few, many):
            with trying(evening.database) as tx:
                look(tx, evening)
        yield few, many


def work(evening: Evening, kind: Kind, due: date) -> tuple[list[int], list[str], list[str]]:
    """Of the morning: its steps, whom it told of this kind, and what it said to the database."""
    with trying(evening.database) as tx:
        owe(tx, evening, kind, due)
        with counted(evening.database) as said:
            steps = look(tx, evening)
        about_it = (table.c.about.like(f"{kind.value}:%"), table.c.at == MORNING)
        told = tx.all(select(table.c.recipient).where(*about_it))
        return steps, sorted(row.recipient for row in told), said


@pytest.mark.parametrize("kind", OWED)
def test_a_morning_does_the_same_work_with_twenty_times_the_units_that_owe_nothing(
    both: tuple[Evening, Evening], kind: Kind
) -> None:
    (few, told, said), (many, told_of_many, said_of_many) = (work(evening, kind, NEAR) for evening in both)
    # The secretaries of those units, or the administrators of their offices.
    assert len(told) == (LATE if kind in (Kind.REGISTRATION, Kind.OWN) else LATE / 14)
    assert len(told_of_many) == len(told)
    assert len(many) == len(few)
    assert len(said_of_many) == len(said)
    assert sum(many) < 1.05 * sum(few)


def test_an_own_deadline_is_listed_in_steps_that_are_all_short(both: tuple[Evening, Evening]) -> None:
    for evening, units in zip(both, (FEW, MANY), strict=True):
        with trying(evening.database) as tx:
            deadlines.add(tx, kind=Kind.OWN, year=2021, unit_id=1, due=NEAR, name="台账", by=1, now=NOW)
            steps, more = [], True
            while more:
                with worked(tx) as done:
                    more = evening.app.ticks["own deadlines"](tx, NOW)
                    steps.append(done())
            listed = tx.scalar(text("SELECT count(*) FROM unfulfilled"))
            assert listed == units
            # Offices are gone through with their villages; the last but one finds no more, the last nothing to do.
            assert len(steps) == math.ceil((units + units / IN_OFFICE + 2) / fulfilments.STEP) + 2
            assert max(steps) < 100 * fulfilments.STEP
            assert steps[-1] < 500


@pytest.mark.parametrize("kind", OWED)
def test_on_a_day_without_a_reminder_of_it_nobody_looks_who_owes_it(
    both: tuple[Evening, Evening], kind: Kind
) -> None:
    (few, told, said), (many, told_of_many, said_of_many) = (work(evening, kind, FAR) for evening in both)
    assert told == told_of_many == []
    assert len(many) == len(few)
    assert len(said_of_many) == len(said)
    assert sum(many) < 1.05 * sum(few)
    sought = "ix_reports_waiting fulfilments promised_year promises returned proposed"
    assert not [one for one in said if any(word in one for word in sought.split())]


def test_an_office_that_reminds_its_villages_by_hand_reads_its_own(both: tuple[Evening, Evening]) -> None:
    """Everybody is late; the office hears of its fourteen villages."""
    costs = []
    for evening in both:
        chat, sender = address(evening.shape.first_administrator)
        inbound = Inbound("urge", chat, sender, "催办", MORNING, addressed=True)
        with trying(evening.database) as tx:
            tx.execute(text("UPDATE commitments SET reported_quarter = NULL"))
            with worked(tx) as done:
                assert evening.app.dispatcher.process(tx, inbound, MORNING).outcome is Outcome.ANSWERED
                costs.append(done())
            [answer] = tx.all(select(outbox.c.content).where(outbox.c.created_at == MORNING))
            assert f"{IN_OFFICE}人" in str(answer.content)
    few, many = costs
    assert many < 1.05 * few
