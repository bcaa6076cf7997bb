"""What a morning costs: as much as is due, however many units there are, in steps that are all short."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from scripts.evening import MORNING, NOW, Evening
from scripts.province import LATE, build
from storage import reminders
from storage.database import Database
from storage.reminders import Marks
from storage.tables import metadata


@contextmanager
def evening_of(folder: Path, units: int, *, past: bool) -> Iterator[Evening]:
    folder.mkdir()
    database = Database(f"sqlite:///{folder / 'province.db'}")
    try:
        yield Evening(database, build(database, units, now=NOW, past=past), folder)
    finally:
        database.close()


def steps_of(evening: Evening) -> list[int]:
    """Of each step of the morning, the instructions of SQLite's machine."""
    before = MORNING - timedelta(minutes=1)
    with evening.database.transaction() as tx:
        reminders.mark(tx, Marks(before, before))
    found, more = [], True
    while more:
        with evening.database.transaction() as tx:
            count = itertools.count()
            line = tx.connection.connection.driver_connection
            assert isinstance(line, sqlite3.Connection)
            line.set_progress_handler(lambda count=count: next(count) and 0, 1)  # type: ignore[misc]
            more = evening.app.ticks["reminders"](tx, MORNING)
            line.set_progress_handler(None, 1)
            found.append(next(count))
    return found


def test_a_morning_does_the_same_work_with_twenty_times_the_units(tmp_path: Path) -> None:
    work = {}
    for units in (2 * LATE, 40 * LATE):
        with evening_of(tmp_path / str(units), units, past=True) as evening:
            steps_of(evening)
            with evening.database.transaction() as tx:
                for table in ("reminders", "outbox"):
                    tx.execute(metadata.tables[table].delete().where(metadata.tables[table].c.id > units))
            work[units] = steps_of(evening)
    few, many = work.values()
    assert len(many) == len(few)
    # As the numbers of units have more digits, and trees one level more.
    assert sum(many) < 1.05 * sum(few)


def test_where_much_is_due_there_are_more_steps_and_no_longer_ones(tmp_path: Path) -> None:
    """Nobody has reported anything, and every light is another."""
    work = {}
    for units in (600, 1_800):
        with evening_of(tmp_path / str(units), units, past=False) as evening:
            work[units] = steps_of(evening)
    few, many = work.values()
    assert len(many) > 2 * len(few) > 20
    assert max(many) < 1.1 * max(few)
