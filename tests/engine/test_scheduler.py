"""The scheduler's look at the clock: every tick has its turn, silence is noticed, failures are told apart."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from bot.chat.clock import ShiftedClock, StoppedClock
from bot.scheduler import Scheduler
from bot.ticking import Tick
from bot.worker import Worker
from storage import facts, ticks
from storage.database import Database, Tx
from storage.ticks import LastTick
from tests.world import MORNING

LATER = MORNING + timedelta(minutes=1)


@asynccontextmanager
async def scheduler(
    database: Database, due: dict[str, Tick], *, ping_url: str = ""
) -> AsyncIterator[tuple[Scheduler, ShiftedClock]]:
    clock = ShiftedClock(base=StoppedClock(MORNING))
    worker = Worker(database)
    worker.start()
    try:
        yield Scheduler(worker, clock, due, ping_url=ping_url), clock
    finally:
        await asyncio.to_thread(worker.stop)


def last(database: Database) -> LastTick | None:
    with database.transaction() as tx:
        return ticks.last(tx)


def broken(tx: Tx, now: datetime) -> bool:
    facts.put(tx, "half done", True)
    raise RuntimeError("broken")


async def test_a_tick_with_more_to_do_is_called_again_in_a_transaction_of_its_own(database: Database) -> None:
    transactions = []

    def three(tx: Tx, now: datetime) -> bool:
        transactions.append(tx)
        return len(transactions) < 3

    assert last(database) is None
    async with scheduler(database, {"three": three}) as (timer, _clock):
        await timer.tick()
    assert len({id(tx) for tx in transactions}) == 3
    assert last(database) == LastTick(MORNING, (), MORNING)


async def test_one_failure_stops_nothing_else_and_is_noted(database: Database) -> None:
    seen = []

    def fine(tx: Tx, now: datetime) -> bool:
        seen.append(now)
        return False

    due = {"fine": fine}
    async with scheduler(database, due) as (timer, _clock):
        await timer.tick()
    async with scheduler(database, {"broken": broken} | due) as (timer, clock):
        clock.shift = timedelta(minutes=1)
        await timer.tick()
    assert seen == [MORNING, LATER]
    assert last(database) == LastTick(LATER, ("broken",), MORNING)
    with database.transaction() as tx:
        assert facts.get(tx, "half done") is None


async def test_a_tick_without_an_end_is_given_up(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.scheduler.MOST_STEPS", 5)
    async with scheduler(sqlite_database, {"endless": lambda tx, now: True}) as (timer, _clock):
        await timer.tick()
    assert last(sqlite_database) == LastTick(MORNING, ("endless",), None)


class Watch(BaseHTTPRequestHandler):
    """The watching address: it counts how often it is asked for."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def watch() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Watch)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


async def test_the_watching_address_hears_of_every_look_that_went_well(
    sqlite_database: Database, watch: HTTPServer
) -> None:
    url = f"http://127.0.0.1:{watch.server_port}/ping/liangsaibi"

    async def asked(count: int) -> None:
        async with asyncio.timeout(20):
            while len(watch.asked) < count:  # type: ignore[attr-defined]
                await asyncio.sleep(0.02)

    async with scheduler(sqlite_database, {}, ping_url=url) as (timer, _clock):
        await timer.tick()
        await asked(1)
    async with scheduler(sqlite_database, {"broken": broken}, ping_url=url) as (timer, _clock):
        await timer.tick()
    async with scheduler(sqlite_database, {}, ping_url=url) as (timer, _clock):
        await timer.tick()
        await asked(2)
    assert watch.asked == ["/ping/liangsaibi"] * 2  # type: ignore[attr-defined]


async def test_an_address_that_does_not_answer_stops_nothing(sqlite_database: Database) -> None:
    async with scheduler(sqlite_database, {}, ping_url="http://127.0.0.1:9/") as (timer, clock):
        await timer.tick()
        clock.shift = timedelta(minutes=1)
        await timer.tick()
    assert last(sqlite_database) == LastTick(LATER, (), LATER)
