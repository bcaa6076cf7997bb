"""A platform that hangs, breaks, answers garbage, or takes a message and does not say so: over a real socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import select

from bot.chat.errors import DeliveryError
from bot.chat.messages import ChatKind, ChatRef, Outgoing
from bot.chat.ports import Limits, Receive
from bot.chat.rendering import plain_text
from bot.delivery import Delivery
from bot.worker import Worker
from storage import accounts, outbox
from storage.database import Database
from storage.tables import outbox as table
from tests.servers.flaky import FlakyServer
from tests.world import MORNING

#: The clock on the wall runs so many times faster than it does, so that pauses pass quickly.
FASTER = 40


class FastClock:
    def __init__(self) -> None:
        self._began = time.monotonic()

    def now(self) -> datetime:
        return MORNING + timedelta(seconds=self.ticks())

    def ticks(self) -> float:
        return (time.monotonic() - self._began) * FASTER


class Http:
    """A small adapter to the flaky server, as careful as the real ones."""

    name = "flaky"
    limits = Limits()

    def __init__(self, server: FlakyServer, *, drops: bool) -> None:
        self._client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=0.5)
        self._drops = drops

    async def start(self, receive: Receive) -> None: ...

    async def stop(self) -> None:
        await self._client.aclose()

    def deduplicates(self, message: Outgoing) -> bool:
        return self._drops

    async def send(self, message: Outgoing) -> str:
        body = {"id": message.id, "chat": message.chat.id, "text": plain_text(message.body)}
        try:
            answer = await self._client.post("/send", json=body)
        except httpx.ConnectError as error:
            raise DeliveryError("cannot connect") from error
        except httpx.TransportError as error:
            raise DeliveryError(f"no answer: {type(error).__name__}", ambiguous=True) from error
        if answer.status_code == 429:
            raise DeliveryError("too many", retry_after=answer.json()["retry_after"])
        if answer.status_code != 200:
            raise DeliveryError(f"status {answer.status_code}")
        try:
            return str(answer.json()["taken"])
        except ValueError as error:
            raise DeliveryError("garbage", ambiguous=True) from error


@pytest.fixture
def worker(sqlite_database: Database) -> Iterator[Worker]:
    made = Worker(sqlite_database)
    made.start()
    yield made
    made.stop()


def put(database: Database, chats: int, each: int, kind: ChatKind) -> None:
    with database.transaction() as tx:
        for chat in range(chats):
            known = accounts.chat_for(tx, ChatRef("flaky", f"{kind}{chat}", kind), now=MORNING)
            for number in range(each):
                outbox.put(tx, chat_id=known.id, content={"body": [["line", str(number), "plain"]]}, now=MORNING)


def states(database: Database) -> list[str]:
    with database.transaction() as tx:
        return [row.state for row in tx.all(select(table.c.state))]


async def deliver(database: Database, worker: Worker, server: FlakyServer, *, drops: bool) -> None:
    clock, platform = FastClock(), Http(server, drops=drops)
    delivery = Delivery(worker, {"flaky": platform}, clock, ticks=clock.ticks)
    running = asyncio.create_task(delivery.run())
    deadline = time.monotonic() + 120
    while {"waiting", "sending"} & set(states(database)):
        assert time.monotonic() < deadline, states(database)
        await asyncio.sleep(0.1)
    delivery.stop()
    await running
    await platform.stop()


async def test_everything_arrives_once_and_in_order_where_the_platform_drops_repetitions(
    sqlite_database: Database, worker: Worker
) -> None:
    put(sqlite_database, 12, 3, ChatKind.GROUP)
    async with FlakyServer() as server:
        await deliver(sqlite_database, worker, server, drops=True)
    assert server.taken == {f"group{n}": ["0", "1", "2"] for n in range(12)}
    assert server.repeated > 0
    assert set(states(sqlite_database)) == {"sent"}


async def test_a_group_never_sees_a_message_twice_and_what_is_uncertain_is_shown(
    sqlite_database: Database, worker: Worker
) -> None:
    put(sqlite_database, 12, 2, ChatKind.GROUP)
    async with FlakyServer(drops=False) as server:
        await deliver(sqlite_database, worker, server, drops=False)
    assert server.repeated == 0
    assert all(said == sorted(set(said)) for said in server.taken.values())
    ended = states(sqlite_database)
    assert set(ended) == {"sent", "unknown"}
    assert ended.count("sent") <= sum(len(said) for said in server.taken.values())


async def test_a_person_gets_everything_perhaps_twice_never_not_at_all(
    sqlite_database: Database, worker: Worker
) -> None:
    put(sqlite_database, 12, 2, ChatKind.PRIVATE)
    async with FlakyServer(drops=False) as server:
        await deliver(sqlite_database, worker, server, drops=False)
    assert {chat: sorted(set(said)) for chat, said in server.taken.items()} == {
        f"private{n}": ["0", "1"] for n in range(12)
    }
    assert set(states(sqlite_database)) == {"sent"}
