"""Many jobs, one commit: order, isolation of a spoilt job, nothing answered before it is durable."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import event

from bot.app import App
from bot.chat.messages import ChatKind, ChatRef, Inbound, Sender
from bot.config import Config, General, HealthSection, LocalSection
from bot.scheduler import Scheduler
from bot.worker import Worker
from scripts.evening import Drawer
from storage import facts
from storage.database import Database, Tx


@pytest.fixture
def worker(database: Database) -> Worker:
    return Worker(database)


def put(name: str) -> object:
    def job(tx: Tx) -> str:
        facts.put(tx, name, name)
        return name

    return job


def bad(tx: Tx) -> None:
    facts.put(tx, "bad", True)
    raise RuntimeError("spoilt")


def test_a_spoilt_job_takes_nothing_with_it(database: Database, worker: Worker) -> None:
    futures: list[Future[object]] = [worker.submit(put(f"n{i}"), key="one") for i in range(10)]  # type: ignore[arg-type]
    spoilt = worker.submit(bad, key="one")
    futures += [worker.submit(put(f"m{i}"), key="one") for i in range(10)]  # type: ignore[arg-type]
    worker.start()
    assert [f.result(10) for f in futures] == [f"n{i}" for i in range(10)] + [f"m{i}" for i in range(10)]
    with pytest.raises(RuntimeError, match="spoilt"):
        spoilt.result(10)
    worker.stop()
    with database.transaction() as tx:
        assert facts.get(tx, "n9") == "n9"
        assert facts.get(tx, "m9") == "m9"
        assert facts.get(tx, "bad") is None


def test_jobs_that_wait_share_a_commit(sqlite_database: Database) -> None:
    worker = Worker(sqlite_database, batch=16)
    commits = []
    event.listen(sqlite_database.engine, "commit", lambda connection: commits.append(1))
    futures = [worker.submit(put(f"n{i}")) for i in range(40)]  # type: ignore[arg-type]
    worker.start()
    for future in futures:
        future.result(10)
    worker.stop()
    assert len(commits) == 3


def test_a_future_is_done_only_after_the_commit(database: Database, worker: Worker, tmp_path: Path) -> None:
    worker.start()
    seen: list[object] = []
    done = threading.Event()

    def look(_future: Future[object]) -> None:
        with database.transaction() as tx:
            seen.append(facts.get(tx, "here"))
        done.set()

    future = worker.submit(put("here"))  # type: ignore[arg-type]
    future.result(10)
    look(future)
    worker.stop()
    assert seen == ["here"]


def test_stopping_finishes_what_was_handed_in(database: Database, worker: Worker) -> None:
    futures = [worker.submit(put(f"n{i}"), key=str(i)) for i in range(50)]  # type: ignore[arg-type]
    worker.start()
    worker.stop()
    assert all(f.done() for f in futures)


def test_a_job_that_nobody_waits_for_any_more_is_left_out_and_costs_no_thread(
    database: Database, worker: Worker
) -> None:
    given_up = worker.submit(put("given up"), key="one")
    assert given_up.cancel()
    worker.start()
    assert worker.submit(put("next"), key="one").result(10) == "next"
    begun = threading.Event()
    going_on = threading.Event()

    def slow(tx: Tx) -> str:
        begun.set()
        assert going_on.wait(10)
        return "done"

    running = worker.submit(slow, key="one")
    assert begun.wait(10)
    assert not running.cancel()
    going_on.set()
    assert running.result(10) == "done"
    assert worker.submit(put("last"), key="one").result(10) == "last"
    worker.stop()
    with database.transaction() as tx:
        assert [facts.get(tx, name) for name in ("given up", "next", "last")] == [None, "next", "last"]


def test_what_goes_first_does_not_wait_in_a_long_line(sqlite_database: Database) -> None:
    worker = Worker(sqlite_database, batch=16)
    done: list[str] = []

    def note(name: str) -> Callable[[Tx], None]:
        return lambda _tx: done.append(name)

    futures = [worker.submit(note(f"n{i}")) for i in range(40)]
    futures += [worker.submit(note(f"first{i}"), first=True) for i in range(2)]
    worker.start()
    worker.stop()
    assert all(future.done() for future in futures)
    assert done == ["first0", "first1", *(f"n{i}" for i in range(40))]


async def test_while_the_clock_takes_long_everybody_is_answered_and_the_answers_are_sent(
    postgresql_database: Database, tmp_path: Path
) -> None:
    """On PostgreSQL; on SQLite, with its one writer, what is due is cut into short steps instead."""
    config = msgspec.structs.replace(
        Config(),
        general=General(data=str(tmp_path)),
        local=LocalSection(enabled=False),
        health=HealthSection(enabled=False),
    )
    app = App(config, postgresql_database)
    drawer = Drawer("post")
    app.add(drawer)
    begun, going_on = threading.Event(), threading.Event()

    def slow(_tx: Tx, _now: datetime) -> bool:
        begun.set()
        assert going_on.wait(120)
        return False

    async with app.running():
        looking = asyncio.create_task(Scheduler(app.worker, app.clock, {"slow": slow}).tick())
        try:
            assert await asyncio.to_thread(begun.wait, 60)
            # More people than there are threads, so that each thread is somebody's.
            for number in range(12):
                chat = ChatRef("post", f"c{number}", ChatKind.PRIVATE)
                said = Inbound(
                    f"m{number}", chat, Sender(f"s{number}", "王芳"), "你好", app.clock.now(), addressed=True
                )
                await asyncio.wait_for(app.receive(said), 60)
            async with asyncio.timeout(60):
                while drawer.sent < 12:
                    await asyncio.sleep(0.01)
            assert not looking.done()
        finally:
            going_on.set()
        await looking
