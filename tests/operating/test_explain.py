"""The frequent statements find their rows by an index, at a size at which a scan would be seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from scripts import explain
from scripts.evening import NOW, Evening
from scripts.province import build
from storage.database import Database
from storage.tables import metadata

UNITS = 10_000
PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "operating.md"


@pytest.fixture
def evening(database: Database, tmp_path: Path) -> Iterator[Evening]:
    made = Evening(database, build(database, UNITS, now=NOW), tmp_path)
    made.app.worker.start()
    yield made
    made.app.worker.stop()


def test_no_frequent_statement_and_no_idle_look_at_the_clock_reads_a_large_table(evening: Evening) -> None:
    said, frequent, looked = explain.check(evening, messages=300)
    assert len(frequent) == explain.TEN
    assert len(looked) > explain.TEN
    assert [plan for plan in (*frequent, *looked) if plan.faults] == []
    assert {"commitments", "outbox", "units", "reports"} <= explain.large_tables(evening.database).keys()

    # Without the index by which people's posts are found, the check would say so.
    with evening.database.transaction() as tx:
        tx.execute(text("DROP INDEX ix_posts_person_id"))
    evening.database.engine.dispose()  # a statement that is prepared shows its old plan
    plans = explain.explain(evening.database, said, said.frequent(explain.TEN))
    assert [plan for plan in plans if "posts" in plan.statement and plan.faults]


def test_every_index_is_explained() -> None:
    told = re.findall(r"^\| `(ix_\w+)` \| \S", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(str(index.name) for table in metadata.tables.values() for index in table.indexes)
