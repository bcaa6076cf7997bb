"""The frequent statements find their rows by an index, at a size at which a scan would be seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from scripts import explain
from scripts.evening import NOW, Evening
from scripts.province import IN_OFFICE, build
from storage import commitments, examination, owing
from storage.commitments import State
from storage.database import Database
from storage.tables import metadata
from tests.reminders.test_due_only import NEAR, OWED, owe, worked

UNITS = 10_000
#: What a step touches for 250 units or reports.
PAGES = 2_500
PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "operating.md"


@pytest.fixture
def evening(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Evening]:
    made = Evening(database, build(database, getattr(request, "param", UNITS), now=NOW), tmp_path)
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


# So many that PostgreSQL does not look up 250 people by reading all of them.
@pytest.mark.parametrize("evening", [3 * UNITS], indirect=True, ids=["thirty thousand"])
def test_no_step_of_a_morning_on_which_everything_is_due_reads_a_large_table(evening: Evening) -> None:
    with evening.database.transaction() as tx:
        for kind in OWED:
            owe(tx, evening, kind, NEAR)
        tx.execute(text("ANALYZE"))
    with explain.listening(evening.database) as said:
        evening.morning()
    for table in ("fulfilments", "promised_year", "in_state", "published_at"):
        assert [one for one in said.times if table in one] or evening.database.is_sqlite, table
    asked = [one for one in said.times if one.startswith("SELECT")]
    assert len(asked) > 3 * explain.TEN
    plans = explain.explain(evening.database, said, asked, pages=PAGES)
    assert [plan for plan in plans if plan.faults] == []
    assert {"fulfilments", "commitments", "units", "reports"} <= explain.large_tables(evening.database).keys()


def test_an_office_reads_its_own_rows_though_the_database_has_not_seen_that_everybodys_wait(
    evening: Evening,
) -> None:
    database, office = evening.database, [evening.shape.first_office]
    with database.transaction() as tx:
        if not database.is_sqlite:
            tx.execute(text("ALTER TABLE commitments SET (autovacuum_enabled = false)"))
        tx.execute(text("UPDATE commitments SET state = 'proposed' WHERE number <= 2"))
    with explain.listening(database) as said, database.transaction() as tx, worked(tx) as done:
        assert len(examination.waiting(tx, office, state=State.PROPOSED, most=100)) == 2 * IN_OFFICE
        assert len(examination.count_waiting(tx, office, state=State.PROPOSED)) == IN_OFFICE
        assert len(owing.proposed(tx, office, year=2021)) == IN_OFFICE
        assert commitments.count(tx, office, year=2021)[State.PROPOSED] == 2 * IN_OFFICE
    asked = [one for one in said.times if "commitments" in one]
    assert [plan for plan in explain.explain(database, said, asked) if plan.faults] == []
    assert len(asked) == 4
    # Of 50,000 commitments 70 are the office's.
    assert done() < 10_000


def test_every_index_is_explained() -> None:
    told = re.findall(r"^\| `(ix_\w+)` \| \S", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(told) == sorted(str(index.name) for table in metadata.tables.values() for index in table.indexes)
