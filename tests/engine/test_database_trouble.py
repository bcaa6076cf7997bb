"""A full disk, a locked database, a line that is cut: nothing is lost, nothing is done by half, nothing twice."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import OperationalError

from bot.chat.messages import ChatKind, ChatRef, Inbound, Outgoing, Sender
from bot.chat.ports import Limits, Outcome, Receive
from bot.delivery import Delivery
from bot.dispatch import Processed
from bot.worker import Worker
from storage.database import Database, Tx, is_failing
from storage.tables import highlights, incidents, outbox
from tests.world import MORNING, World, small_district


class Post:
    """A platform that takes everything."""

    name = "test"
    limits = Limits()

    def __init__(self) -> None:
        self.taken: list[int] = []

    async def start(self, receive: Receive) -> None: ...

    async def stop(self) -> None: ...

    async def send(self, message: Outgoing) -> str:
        self.taken.append(message.id)
        return str(message.id)


class Standing:
    def now(self):  # type: ignore[no-untyped-def]
        return MORNING


def tells(world: World, number: int) -> Callable[[Tx], Processed]:
    """王芳 tells of a highlight; the same message every time."""
    wang = world.personas["王芳"]
    inbound = Inbound(
        id=f"h{number}",
        chat=ChatRef("test", f"private:{wang.account}", ChatKind.PRIVATE),
        sender=Sender(wang.account, wang.name),
        text=f"亮点 第{number}个做法{'好' * 400}",
        sent_at=world.now,
        addressed=True,
    )
    return lambda tx: world.dispatcher.process(tx, inbound, world.now)


def counted(database: Database) -> tuple[int, int, int]:
    """Highlights, answers, incidents."""
    with database.transaction() as tx:
        tables = (highlights, outbox, incidents)
        return tuple(tx.scalar(select(func.count()).select_from(table)) for table in tables)  # type: ignore[return-value]


def test_a_full_disk_refuses_whole_messages_which_succeed_when_there_is_room(
    sqlite_database: Database, tmp_path: Path
) -> None:
    world = small_district(World(sqlite_database, tmp_path / "files"))
    room = {"pages": 0}

    @event.listens_for(sqlite_database.engine, "begin")
    def _full(connection) -> None:  # type: ignore[no-untyped-def]
        if room["pages"]:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {room['pages']}")

    with sqlite_database.transaction() as tx:
        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar()
    room["pages"] = int(pages) + 6
    worker = Worker(sqlite_database)
    worker.start()
    try:
        refused = []
        futures = [(n, worker.submit(tells(world, n))) for n in range(60)]
        for number, future in futures:
            error = future.exception(timeout=60)
            if error is not None:
                assert is_failing(error), error
                refused.append(number)
        assert refused
        assert counted(sqlite_database) == (60 - len(refused), 60 - len(refused), 0)
        room["pages"] = 1_000_000
        again = [worker.submit(tells(world, n)) for n in range(60)]
        outcomes = [future.result(timeout=60).outcome for future in again]
        assert outcomes.count(Outcome.ANSWERED) == len(refused)
        assert outcomes.count(Outcome.DUPLICATE) == 60 - len(refused)
        assert counted(sqlite_database) == (60, 60, 0)
    finally:
        worker.stop()


async def test_what_was_sent_while_the_disk_was_full_is_not_sent_again(
    sqlite_database: Database, tmp_path: Path
) -> None:
    world = small_district(World(sqlite_database, tmp_path / "files"))
    world.personas["王芳"].says("帮助")
    failing = {"times": 3}

    @event.listens_for(sqlite_database.engine, "before_cursor_execute")
    def _trouble(connection, cursor, statement, *rest) -> None:  # type: ignore[no-untyped-def]
        if failing["times"] and "sent_at" in statement and statement.startswith("UPDATE outbox"):
            failing["times"] -= 1
            connection.exec_driver_sql("PRAGMA max_page_count = 1")
            raise OperationalError("UPDATE outbox", {}, RuntimeError("database or disk is full"))

    post, worker = Post(), Worker(sqlite_database)
    worker.start()
    delivery = Delivery(worker, {"test": post}, Standing())  # type: ignore[arg-type]
    await delivery.drain()
    await asyncio.to_thread(worker.stop)
    assert failing["times"] == 0
    assert len(post.taken) == len(set(post.taken)) == 1
    with sqlite_database.transaction() as tx:
        assert [row.state for row in tx.all(select(outbox.c.state))] == ["sent"]


def test_a_locked_database_is_waited_for(sqlite_database: Database, tmp_path: Path) -> None:
    world = small_district(World(sqlite_database, tmp_path / "files"))
    worker = Worker(sqlite_database)
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with sqlite_database.transaction():
            held.set()
            let_go.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(20)
    worker.start()
    try:
        future = worker.submit(tells(world, 1))
        time.sleep(0.3)
        assert not future.done()
        let_go.set()
        assert future.result(timeout=40).outcome is Outcome.ANSWERED
        assert counted(sqlite_database) == (1, 1, 0)
    finally:
        let_go.set()
        holder.join()
        worker.stop()


def test_a_database_that_stays_locked_refuses_the_message_and_takes_it_later(
    sqlite_database: Database, tmp_path: Path
) -> None:
    world = small_district(World(sqlite_database, tmp_path / "files"))
    impatient = Database(str(sqlite_database.url))

    @event.listens_for(impatient.engine, "connect")
    def _connected(connection, record) -> None:  # type: ignore[no-untyped-def]
        connection.execute("PRAGMA busy_timeout = 100")

    worker = Worker(impatient)
    worker.start()
    try:
        with sqlite_database.transaction():
            error = worker.submit(tells(world, 1)).exception(timeout=40)
        assert error is not None
        assert is_failing(error)
        assert counted(sqlite_database) == (0, 0, 0)
        assert worker.submit(tells(world, 1)).result(timeout=40).outcome is Outcome.ANSWERED
        assert counted(sqlite_database) == (1, 1, 0)
    finally:
        worker.stop()
        impatient.close()


@pytest.mark.parametrize("times", [1, 2])
def test_a_line_that_is_cut_in_the_middle_of_a_message_is_opened_again(
    postgresql_database: Database, tmp_path: Path, times: int
) -> None:
    world = small_district(World(postgresql_database, tmp_path / "files"))
    worker = Worker(postgresql_database)
    worker.start()
    cuts = {"left": times}

    def cut(tx: Tx) -> Processed:
        done = tells(world, 1)(tx)
        if cuts["left"]:
            cuts["left"] -= 1
            tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return done

    try:
        assert worker.submit(cut).result(timeout=60).outcome is Outcome.ANSWERED
        assert cuts["left"] == 0
        assert counted(postgresql_database) == (1, 1, 0)
        assert worker.submit(tells(world, 1)).result(timeout=60).outcome is Outcome.DUPLICATE
    finally:
        worker.stop()


def test_a_line_cut_by_somebody_else_while_a_handler_works_is_no_incident(
    postgresql_database: Database, tmp_path: Path
) -> None:
    world = small_district(World(postgresql_database, tmp_path / "files"))
    worker = Worker(postgresql_database)
    worker.start()
    cuts = {"left": 1}
    handler = world.registry.commands["亮点"].handler

    def cut(ctx, **given):  # type: ignore[no-untyped-def]
        said = handler(ctx, **given)
        if cuts["left"]:
            cuts["left"] -= 1
            with postgresql_database.engine.connect() as other:
                pid = ctx.tx.scalar(text("SELECT pg_backend_pid()"))
                other.execute(text(f"SELECT pg_terminate_backend({pid})"))
            ctx.tx.scalar(text("SELECT 1"))
        return said

    object.__setattr__(world.registry.commands["亮点"], "handler", cut)
    try:
        assert worker.submit(tells(world, 1)).result(timeout=60).outcome is Outcome.ANSWERED
        assert counted(postgresql_database) == (1, 1, 0)
    finally:
        object.__setattr__(world.registry.commands["亮点"], "handler", handler)
        worker.stop()
