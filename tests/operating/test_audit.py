"""The audit trail: what a tick seals, and what `audit verify` finds where somebody tampered with rows or seals."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.chat.context import Change
from bot.chat.texts import T
from storage import audit, audit_check, audited, changes
from storage.audit_check import Finding, Kind
from storage.database import Database
from tests.operating.conftest import run
from tests.world import MORNING

TABLES = [one.table.name for one in audited.AUDITED]


def look(database: Database, *, at: int = 0) -> None:
    """What the scheduler does in one look, minutes after the morning."""
    more = True
    while more:
        with database.transaction() as tx:
            more = audit.seal(tx, MORNING + timedelta(minutes=at))


def looks(database: Database, *, at: int = 0) -> None:
    """Two looks: on PostgreSQL the first notes how far the second may seal."""
    look(database, at=at)
    look(database, at=at)


def verdict(database: Database, kept: audit.Head | None = None) -> audit_check.Verdict:
    with database.reading() as tx:
        return audit_check.verify(tx, kept)


def tamper(database: Database, statement: str) -> None:
    with database.transaction() as tx:
        tx.execute(text(statement))


def record(database: Database, *kinds: str) -> None:
    with database.transaction() as tx:
        made = [Change(kind, T("做了{what}", what=kind), unit_id=None, subject_id=None, data={}) for kind in kinds]
        changes.record(tx, made, now=MORNING, person_id=None, account_id=None, inbox_id=None)


@pytest.fixture
def sealed(database: Database) -> Database:
    """Five changes, of which the second was taken back, all sealed."""
    record(database, "a", "b", "c")
    looks(database)
    with database.transaction() as tx:
        assert changes.mark_undone(tx, 2, now=MORNING + timedelta(minutes=5))
    looks(database, at=6)
    record(database, "d", "e")
    looks(database, at=7)
    assert verdict(database).findings == ()
    return database


def test_every_deed_of_the_quarter_is_sealed_and_stays_so_when_moved(here: Path, fresh_postgresql: object) -> None:
    database = Database(f"sqlite:///{here / 'data' / 'liangsaibi.db'}")
    looks(database)
    found = verdict(database)
    with database.transaction() as tx:
        rows = {name: tx.scalar(text(f"SELECT count(*) FROM {name}")) for name in TABLES}
        seals = tx.scalar(text("SELECT count(*) FROM audit WHERE part = 'made'"))
    database.close()
    assert found.findings == ()
    assert found.waiting == 0
    assert seals == sum(rows.values())
    assert min(rows[name] for name in ("changes", "round_steps", "score_sheets", "reports", "publications")) > 0
    url = fresh_postgresql()  # type: ignore[operator]
    assert run("db", "move", url=url).exit_code == 0
    there = run("audit", "verify", "--kept", str(found.head), url=url)
    assert there.exit_code == 0, there.output
    assert "nothing was altered, removed or inserted" in there.output


def test_every_column_of_a_sealed_table_has_its_place() -> None:
    for one in audited.AUDITED:
        names = [*one.made, *one.later, *one.free]
        assert sorted(names) == sorted(column.key for column in one.table.columns), one.table.name


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE changes SET kind = 'x' WHERE id = 4", Finding(Kind.ALTERED, "changes", 4, 5)),
        ("DELETE FROM changes WHERE id = 3", Finding(Kind.REMOVED, "changes", 3, 3)),
        ("UPDATE changes SET undone_at = NULL WHERE id = 2", Finding(Kind.ALTERED, "changes", 2, 4)),
        (
            "UPDATE changes SET undone_at = '2021-03-01 00:00:00' WHERE id = 1",
            Finding(Kind.ALTERED, "changes", 1, 1),
        ),
        ("DELETE FROM audit WHERE number = 3", Finding(Kind.SEAL_MISSING, "audit", None, 3)),
        (
            "UPDATE audit SET sealed_at = '2021-03-01 00:00:00' WHERE number = 2",
            Finding(Kind.SEAL_ALTERED, "changes", 2, 2),
        ),
    ],
    ids=["altered", "removed", "restored", "taken back long ago", "seal removed", "seal altered"],
)
def test_what_was_tampered_with_is_named(sealed: Database, statement: str, finding: Finding) -> None:
    tamper(sealed, statement)
    found = verdict(sealed).findings
    assert found[0] == finding
    # A row whose seal was removed counts as inserted, too.
    assert [f.kind for f in found[1:]] == ([Kind.INSERTED] if finding.kind is Kind.SEAL_MISSING else [])
    looks(sealed, at=9)
    assert finding in verdict(sealed).findings


def test_a_row_inserted_among_sealed_ones_is_named(sealed: Database) -> None:
    tamper(sealed, "UPDATE changes SET id = 9 WHERE id = 5")
    looks(sealed, at=9)
    columns = "at, kind, summary, data"
    tamper(sealed, f"INSERT INTO changes (id, {columns}) SELECT 7, {columns} FROM changes WHERE id = 1")
    assert verdict(sealed).findings == (
        Finding(Kind.REMOVED, "changes", 5, 6),
        Finding(Kind.INSERTED, "changes", 7, None),
    )


def test_a_trail_made_anew_does_not_agree_with_a_head_that_was_kept(sealed: Database) -> None:
    with sealed.reading() as tx:
        kept = audit.head(tx)
    assert verdict(sealed, kept).findings == ()
    tamper(sealed, "UPDATE changes SET kind = 'x' WHERE id = 4")
    tamper(sealed, "DELETE FROM audit")
    looks(sealed, at=6)
    assert verdict(sealed).findings == ()
    assert verdict(sealed, kept).findings == (Finding(Kind.OTHER_HISTORY, "audit", None, kept.number),)
    tamper(sealed, "DELETE FROM audit WHERE number > 2")
    assert Finding(Kind.OTHER_HISTORY, "audit", None, kept.number) in verdict(sealed, kept).findings


def test_what_commits_late_is_sealed_all_the_same(postgresql_database: Database) -> None:
    """A writer has taken number 1 and has not committed; another has committed number 2."""
    begun, go_on = threading.Event(), threading.Event()

    def late() -> None:
        with postgresql_database.transaction() as tx:
            made = [Change("late", T("迟到"), unit_id=None, subject_id=None, data={})]
            changes.record(tx, made, now=MORNING, person_id=None, account_id=None, inbox_id=None)
            begun.set()
            assert go_on.wait(30)

    writer = threading.Thread(target=late)
    writer.start()
    assert begun.wait(30)
    record(postgresql_database, "prompt")
    for _ in range(3):
        looks(postgresql_database)
    early = verdict(postgresql_database)
    go_on.set()
    writer.join()
    assert early.head.number == 0
    assert early.waiting == 1
    looks(postgresql_database)
    done = verdict(postgresql_database)
    assert (done.head.number, done.waiting, done.findings) == (2, 0, ())


def test_several_sealers_and_writers_at_once_make_one_chain(database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        busy = [pool.submit(record, database, f"k{n}") for n in range(40)]
        busy += [pool.submit(looks, database) for _ in range(10)]
        for one in busy:
            one.result(60)
    looks(database)
    done = verdict(database)
    assert (done.head.number, done.waiting, done.findings) == (40, 0, ())


def test_the_command_names_what_is_wrong_and_ends_with_an_error(here: Path) -> None:
    path = here / "data" / "liangsaibi.db"
    database = Database(f"sqlite:///{path}")
    looks(database)
    kept = run("audit", "head").output.strip()
    well = run("audit", "verify", "--kept", kept)
    assert well.exit_code == 0, well.output
    tamper(database, "UPDATE score_sheets SET total = '99' WHERE id = 5")
    database.close()
    found = run("audit", "verify", "--kept", kept)
    assert found.exit_code == 1
    assert "✗ 被改 / altered: score_sheets 5 (seal " in found.output
    nonsense = run("audit", "verify", "--kept", "12")
    assert nonsense.exit_code == 2
    assert "as `audit head` writes it" in nonsense.output
