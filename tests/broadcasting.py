"""A broadcast to many groups and people, with people asking meanwhile, against a server that enforces limits."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import JSON, Integer, event, literal, select

from bot.chat.clock import Clock
from bot.chat.ports import Limits, Rate
from bot.delivery import Delivery
from bot.worker import Worker
from storage import outbox
from storage.database import Database
from storage.tables import chats
from storage.tables import outbox as table
from tests.simulated import LimitedServer, SimulatedClock, SimulatedLoop, SimulatedWorker

MORNING = datetime(2021, 3, 22, 1, 0, tzinfo=UTC)
#: As published by Telegram.
TELEGRAM = Limits(account=(Rate(30, 1),), private=(Rate(1, 1),), group=(Rate(20, 60),))
_BODY = {"body": [["line", "通报：请核对承诺进度", "plain"]]}


@dataclass(frozen=True)
class Outcome:
    """`seconds` until the last message was taken; `least` is what the limits allow; `waits` of the answers."""

    messages: int
    taken: int
    seconds: float
    least: float
    violations: list[str]
    waits: list[float]

    @property
    def ratio(self) -> float:
        return self.seconds / self.least

    @property
    def p95(self) -> float:
        return sorted(self.waits)[int(len(self.waits) * 0.95)]


#: So many people who ask something get no broadcast themselves.
OTHERS = 100


def prepare(database: Database, *, groups: int, people: int) -> None:
    """Chats with one waiting message in each, and the chats of others."""
    with database.transaction() as tx:
        rows = [
            {"platform": "limited", "external_id": f"c{n}", "is_group": n < groups, "created_at": MORNING}
            for n in range(groups + people + OTHERS)
        ]
        tx.many(chats.insert(), rows)
        moment = literal(MORNING, table.c.created_at.type)
        waiting = (
            select(chats.c.id, literal(_BODY, JSON()), moment.label("a"), moment.label("b"), literal(0, Integer()))
            .order_by(chats.c.id)
            .limit(groups + people)
        )
        columns = ["chat_id", "content", "created_at", "next_at", "attempts"]
        tx.execute(table.insert().from_select(columns, waiting))


async def broadcast(
    worker: Worker, clock: Clock, now: Callable[[], float], server: LimitedServer, *, messages: int, every: float
) -> Outcome:
    """Deliver everything, while somebody is answered every so many seconds."""
    delivery = Delivery(worker, {"limited": server}, clock, ticks=now)
    running = asyncio.create_task(delivery.run())
    chance, asked, began = random.Random(3), {}, now()
    others = await asyncio.wrap_future(worker.submit(_others))
    while len(server.taken) - len(asked) < messages:
        chat = others[len(asked) % OTHERS]
        row = await asyncio.wrap_future(worker.submit(lambda tx, chat=chat: _answer(tx, chat, clock.now())))
        asked[row] = now()
        delivery.wake()
        await asyncio.sleep(chance.uniform(0.5, 1.5) * every)
        assert now() - began < 10 * messages, "it does not come to an end"
    while not asked.keys() <= server.taken.keys():
        await asyncio.sleep(0.05)
    delivery.stop()
    await running
    waits = [server.taken[row] - at for row, at in asked.items()]
    last = max(server.taken.values()) - began
    everything = messages + len(asked)
    [account] = server.limits.account
    least = ((everything - 1) // account.count) * account.seconds
    return Outcome(everything, len(server.taken), last, least, server.violations, waits)


def _others(tx) -> list[int]:  # type: ignore[no-untyped-def]
    return [row.id for row in tx.all(select(chats.c.id).order_by(chats.c.id.desc()).limit(OTHERS))]


def _answer(tx, chat: int, now: datetime) -> int:  # type: ignore[no-untyped-def]
    outbox.put(tx, chat_id=chat, content=_BODY, now=now, urgent=True)
    row: int = tx.scalar(select(table.c.id).order_by(table.c.id.desc()).limit(1))
    return row


def simulate(database: Database, *, groups: int, people: int, way: float = 0.015) -> Outcome:
    """The broadcast in simulated time."""

    @event.listens_for(database.engine, "connect")
    def _connected(connection, record) -> None:  # type: ignore[no-untyped-def]
        # Nothing here is about power cuts, and the disk's time is not simulated.
        connection.execute("PRAGMA synchronous=OFF")

    database.engine.dispose()
    prepare(database, groups=groups, people=people)
    loop = SimulatedLoop()
    worker = SimulatedWorker(database, loop)
    worker.start()
    try:
        server = LimitedServer(TELEGRAM, way=way, time=loop.time)
        clock = SimulatedClock(loop, MORNING)
        work = broadcast(worker, clock, loop.time, server, messages=groups + people, every=2.0)
        return loop.run_until_complete(work)
    finally:
        worker.stop()
        loop.close()


def in_real_time(database: Database, *, people: int, way: float = 0.015) -> Outcome:
    """A smaller one by the real clock: what somebody who asks really waits."""
    from bot.chat.clock import SystemClock

    prepare(database, groups=0, people=people)

    async def run() -> Outcome:
        worker = Worker(database)
        worker.start()
        try:
            server = LimitedServer(TELEGRAM, way=way, time=time.monotonic)
            return await broadcast(worker, SystemClock(), time.monotonic, server, messages=people, every=0.1)
        finally:
            await asyncio.to_thread(worker.stop)

    return asyncio.run(run())
