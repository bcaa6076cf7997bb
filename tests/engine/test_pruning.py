"""What nobody needs any more is dropped in small steps, whose cost does not grow with what is kept."""

from __future__ import annotations

import itertools
import sqlite3
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select, text, update

from bot.scheduler import KEEP, STEP, tidy
from storage.database import Database, Tx
from storage.tables import accounts, chats, dialogues, inbox, outbox
from tests.world import MORNING

LONG_AGO = MORNING - KEEP - timedelta(days=1)
BODY = {"body": [["line", "通报", "plain"]]}


@pytest.fixture
def chat(database: Database) -> int:
    with database.transaction() as tx:
        given = {"platform": "test", "external_id": "group:1", "is_group": True, "created_at": LONG_AGO}
        number: int = tx.scalar(insert(chats).returning(chats.c.id), given)
    return number


def sent(
    chat: int, count: int, *, at: datetime = LONG_AGO, key: str = "", state: str = "sent"
) -> list[dict[str, Any]]:
    """Rows of the outbox; with a `key` they guard one each, so that they stay."""
    row = {"chat_id": chat, "content": BODY, "state": state, "created_at": at, "next_at": at, "sent_at": at}
    return [row | ({"dedupe_key": f"{key}{n}"} if key else {}) for n in range(count)]


def taken(count: int, *, at: datetime = LONG_AGO) -> list[dict[str, Any]]:
    return [{"platform": "test", "message_id": f"{at}{n}", "received_at": at} for n in range(count)]


def asked(tx: Tx, chat: int, count: int) -> list[dict[str, Any]]:
    """Questions that nobody answered, each to somebody else."""
    people = [{"platform": "test", "external_id": f"u{n}", "created_at": LONG_AGO} for n in range(count)]
    tx.many(insert(accounts), people)
    times = {"opened_at": LONG_AGO, "expires_at": LONG_AGO}
    asked = {"chat_id": chat, "kind": "x", "token": "x", "data": {}} | times
    return [asked | {"account_id": row.id} for row in tx.all(select(accounts.c.id))]


def left(database: Database, table: Table) -> int:
    with database.transaction() as tx:
        count: int = tx.scalar(select(func.count()).select_from(table))
    return count


def step(database: Database) -> None:
    with database.transaction() as tx:
        assert tidy(tx, MORNING) is False


def test_each_step_drops_so_many_at_most_and_in_the_end_all_is_gone(database: Database, chat: int) -> None:
    many = 2 * STEP + 300
    with database.transaction() as tx:
        tx.many(insert(outbox), [*sent(chat, many), *sent(chat, 3, at=MORNING)])
        tx.many(insert(inbox), [*taken(many), *taken(3, at=MORNING)])
        tx.many(insert(dialogues), asked(tx, chat, many))
    found = []
    for _ in range(4):
        found.append(tuple(left(database, table) for table in (outbox, inbox, dialogues)))
        step(database)
    # What is new stays; nothing is dropped in a bigger step, and none is left out.
    rest = [many - STEP * n for n in range(3)]
    assert found == [*((n + 3, n + 3, n) for n in rest), (3, 3, 0)]


def test_what_is_not_sent_or_guards_a_key_stays(database: Database, chat: int) -> None:
    with database.transaction() as tx:
        kept = [sent(chat, 1, state=state) for state in ("waiting", "sending", "failed", "unknown")]
        tx.many(insert(outbox), [*itertools.chain(*kept), *sent(chat, 1, state="cancelled")])
        tx.many(insert(outbox), sent(chat, 2, key="remind:"))
    step(database)
    with database.transaction() as tx:
        rows = tx.all(select(outbox.c.state, outbox.c.dedupe_key).order_by(outbox.c.id))
    assert [row.state for row in rows] == ["waiting", "sending", "failed", "unknown", "sent", "sent"]
    assert [row.dedupe_key for row in rows[-2:]] == ["remind:0", "remind:1"]


#: How many rows this connection has read.
READ = text("SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables")


def work(database: Database) -> int:
    """What one step costs: rows read, or on SQLite instructions of its machine."""
    if not database.is_sqlite:
        with database.transaction() as tx:
            before = tx.scalar(READ)
            tidy(tx, MORNING)
            return int(tx.scalar(READ) - before)
    count = itertools.count()
    with database.transaction() as tx:
        line = tx.connection.connection.driver_connection
        assert isinstance(line, sqlite3.Connection)
        line.set_progress_handler(lambda: next(count) and 0, 1)
        tidy(tx, MORNING)
        line.set_progress_handler(None, 1)
    return next(count)


def test_a_step_costs_the_same_however_much_is_kept(database: Database, chat: int) -> None:
    with database.transaction() as tx:
        tx.many(insert(outbox), sent(chat, STEP // 10, key="few:"))
    if not database.is_sqlite:
        analyze(database)
    for _ in range(2):
        step(database)
    few = work(database)
    with database.transaction() as tx:
        tx.many(insert(outbox), sent(chat, 20 * STEP, key="many:"))
        tx.many(insert(inbox), taken(20 * STEP))
    if not database.is_sqlite:
        analyze(database)
    spent = []
    while left(database, inbox) > 1:
        spent.append(work(database))
    for _ in range(2):
        step(database)
    # While there is something to drop a step reads at most what it looks at; then nothing but where it stands.
    assert len(spent) <= 21
    if not database.is_sqlite:
        assert max(spent) < 6 * STEP
    assert work(database) <= few + 50


def analyze(database: Database) -> None:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def test_pruning_waits_for_nobody(postgresql_database: Database) -> None:
    database = postgresql_database
    with database.transaction() as tx:
        given = {"platform": "test", "external_id": "group:1", "is_group": True, "created_at": LONG_AGO}
        chat = tx.scalar(insert(chats).returning(chats.c.id), given)
        tx.many(insert(outbox), sent(chat, 10))
        tx.many(insert(dialogues), asked(tx, chat, 10))
    done = threading.Event()

    def prune() -> None:
        with database.transaction() as tx:
            tx.execute(text("SET LOCAL lock_timeout = '5s'"))
            tidy(tx, MORNING)
        done.set()

    with database.transaction() as tx:
        tx.execute(update(outbox).where(outbox.c.id <= 3).values(error="being looked at"))
        tx.execute(update(dialogues).where(dialogues.c.id <= 4).values(kind="being answered"))
        pruning = threading.Thread(target=prune)
        pruning.start()
        assert done.wait(60)
        pruning.join()
    assert (left(database, outbox), left(database, dialogues)) == (3, 4)
