"""The outbox worker: order per chat, patience with passing errors, visible surrender to lasting ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.chat.clock import Clock, ShiftedClock
from bot.chat.errors import DeliveryError
from bot.chat.messages import ChatKind, ChatRef, Outgoing
from bot.chat.ports import Limits, Receive
from bot.delivery import ATTEMPTS, LEASE, Delivery
from bot.worker import Worker
from storage import accounts, outbox
from storage.database import Database
from storage.tables import outbox as table
from tests.world import MORNING


class StandingClock:
    """Time that moves only when told."""

    def __init__(self) -> None:
        self.moment = MORNING

    def now(self):  # type: ignore[no-untyped-def]
        return self.moment


class Post:
    """A platform that takes or refuses as told, and notes what it took."""

    name = "post"
    limits = Limits()

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.refuse: dict[str, list[DeliveryError]] = {}

    async def start(self, receive: Receive) -> None:
        raise NotImplementedError

    async def stop(self) -> None:
        raise NotImplementedError

    async def send(self, message: Outgoing) -> str:
        waiting = self.refuse.get(message.chat.id)
        if waiting:
            raise waiting.pop(0)
        self.taken.append((message.chat.id, message.body[0].words))  # type: ignore[union-attr,arg-type]
        return f"id{len(self.taken)}"


class Office:
    """A database with an outbox, a delivery and a platform."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = StandingClock()
        self.post = Post()
        self.worker = Worker(database, threads=2)
        clock: Clock = self.clock
        self.delivery = Delivery(self.worker, {"post": self.post}, clock)
        self.worker.start()

    def put(self, chat: str, words: str, platform: str = "post") -> None:
        with self.database.transaction() as tx:
            known = accounts.chat_for(tx, ChatRef(platform, chat, ChatKind.GROUP, chat), now=MORNING)
            outbox.put(tx, chat_id=known.id, content={"body": [["line", words, "plain"]]}, now=self.clock.now())

    def states(self) -> list[str]:
        with self.database.transaction() as tx:
            return [row.state for row in tx.all(select(table.c.state).order_by(table.c.id))]


@pytest.fixture
def office(database: Database) -> Iterator[Office]:
    made = Office(database)
    yield made
    made.worker.stop()


async def test_in_order_per_chat(office: Office) -> None:
    for number in range(3):
        office.put("甲", f"甲{number}")
        office.put("乙", f"乙{number}")
    await office.delivery.drain()
    assert [words for chat, words in office.post.taken if chat == "甲"] == ["甲0", "甲1", "甲2"]
    assert [words for chat, words in office.post.taken if chat == "乙"] == ["乙0", "乙1", "乙2"]
    assert office.states() == ["sent"] * 6


async def test_a_slow_chat_waits_alone_and_keeps_its_order(office: Office) -> None:
    office.post.refuse["甲"] = [DeliveryError("too many", retry_after=30)]
    office.put("甲", "甲0")
    office.put("甲", "甲1")
    office.put("乙", "乙0")
    await office.delivery.drain()
    assert office.post.taken == [("乙", "乙0")]
    office.clock.moment += timedelta(seconds=29)
    await office.delivery.drain()
    assert office.post.taken == [("乙", "乙0")]
    office.clock.moment += timedelta(seconds=2)
    await office.delivery.drain()
    assert office.post.taken == [("乙", "乙0"), ("甲", "甲0"), ("甲", "甲1")]


async def test_a_permanent_error_is_given_up_visibly_and_the_next_goes_on(office: Office) -> None:
    office.post.refuse["甲"] = [DeliveryError("chat not found", permanent=True)]
    office.put("甲", "甲0")
    office.put("甲", "甲1")
    await office.delivery.drain()
    assert office.states() == ["failed", "sent"]
    with office.database.transaction() as tx:
        [failed] = outbox.failures(tx)
    assert (failed.title, failed.error) == ("甲", "chat not found")


async def test_passing_errors_are_tried_again_with_growing_pauses_and_an_end(office: Office) -> None:
    office.post.refuse["甲"] = [DeliveryError("bad gateway") for _ in range(ATTEMPTS)]
    office.put("甲", "甲0")
    tries = 0
    pauses = []
    while office.states() == ["waiting"]:
        before = office.clock.moment
        while not await office.delivery.deliver_due():
            office.clock.moment += timedelta(seconds=0.5)
        pauses.append((office.clock.moment - before).total_seconds())
        tries += 1
    assert tries == ATTEMPTS
    assert pauses[1] < pauses[3] < pauses[6]
    assert office.states() == ["failed"]


async def test_a_chat_that_moved_is_followed(office: Office) -> None:
    office.post.refuse["甲"] = [DeliveryError("upgraded", moved_to="甲二")]
    office.put("甲", "甲0")
    await office.delivery.drain()
    assert office.post.taken == [("甲二", "甲0")]


async def test_a_send_that_died_is_taken_over_when_its_lease_ends(office: Office) -> None:
    office.put("甲", "甲0")
    now = office.clock.now()
    with office.database.transaction() as tx:
        assert len(outbox.claim(tx, now=now, until=now + LEASE, most=5)) == 1
        assert outbox.claim(tx, now=now, until=now + LEASE, most=5) == []
    await office.delivery.drain()
    assert office.post.taken == []
    office.clock.moment += LEASE + timedelta(seconds=1)
    await office.delivery.drain()
    assert office.post.taken == [("甲", "甲0")]


async def test_what_belongs_to_an_absent_platform_waits(office: Office) -> None:
    office.put("丙", "丙0", platform="absent")
    for _ in range(ATTEMPTS + 2):
        await office.delivery.drain()
        office.clock.moment += timedelta(hours=1)
    assert office.states() == ["waiting"]


def test_a_shifted_clock_runs_on_from_where_it_was_set() -> None:
    base = StandingClock()
    clock = ShiftedClock(base=base)
    clock.set(MORNING + timedelta(days=3))
    base.moment += timedelta(seconds=5)
    assert clock.now() == MORNING + timedelta(days=3, seconds=5)
