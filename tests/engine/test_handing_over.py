"""What one leader has claimed when another takes over: sent within seconds, by one of the two only."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from bot.delivery import HANDOVER, LEASE, Delivery
from bot.worker import Worker
from storage import claims, leaderships, outbox
from storage.database import Database
from storage.tables import outbox as table
from tests.engine.test_delivery import Office, until


class Program:
    """A program that leads until told otherwise."""

    def __init__(self, office: Office) -> None:
        self.leads = True
        with office.database.transaction() as tx:
            self.number = leaderships.begin(tx)
        self.delivery = Delivery(
            office.worker,
            {"post": office.post},
            office.clock,
            ticks=lambda: office.clock.moment.timestamp(),
            leader=self.number,
            leading=lambda: self.leads,
        )


@pytest.fixture
def office(database: Database) -> Iterator[Office]:
    made = Office(database)
    yield made
    made.worker.stop()


def claimed(office: Office, program: Program) -> list[claims.Waiting]:
    """The program claims all that waits, as it does before it sends."""
    now = office.clock.now()
    with office.database.transaction() as tx:
        heads = [head.id for head in outbox.heads(tx, urgent=False, now=now)]
        return claims.claim(tx, heads, now=now, until=now + LEASE, leader=program.number)


async def test_what_a_dead_leader_had_claimed_goes_within_seconds(office: Office) -> None:
    office.put("甲", "甲0")
    office.put("甲", "甲1")
    assert [row.external_id for row in claimed(office, Program(office))] == ["甲"]
    heir = Program(office)
    await heir.delivery.drain()
    # Perhaps it is only slow: what it has sent it is still noting.
    assert office.post.taken == []
    office.clock.moment += timedelta(seconds=HANDOVER)
    await heir.delivery.drain()
    assert office.post.taken == [("甲", "甲0"), ("甲", "甲1")]
    assert office.states() == ["sent", "sent"]


async def test_what_a_slow_leader_has_sent_and_notes_meanwhile_is_not_sent_again(office: Office) -> None:
    office.put("甲", "甲0")
    slow = Program(office)
    office.post.hangs["甲"] = asyncio.Event()
    sending = asyncio.create_task(slow.delivery.deliver_due())
    await until(lambda: office.states() == ["sending"])
    heir = Program(office)
    office.post.hangs["甲"].set()
    await sending
    office.clock.moment += timedelta(seconds=HANDOVER)
    await heir.delivery.drain()
    assert office.post.taken == [("甲", "甲0")]
    assert office.states() == ["sent"]


async def test_a_paused_leader_that_wakes_up_claims_nothing_and_sends_nothing(office: Office) -> None:
    office.put("甲", "甲0")
    paused = Program(office)
    # It stopped between claiming and sending; meanwhile somebody else has sent it, and leads.
    worker = _Late(office.worker)
    paused.delivery = Delivery(
        worker,  # type: ignore[arg-type]
        {"post": office.post},
        office.clock,
        leader=paused.number,
        leading=lambda: paused.leads,
    )
    sending = asyncio.create_task(paused.delivery.deliver_due())
    await until(lambda: office.states() == ["sending"])
    heir = Program(office)
    office.clock.moment += timedelta(seconds=HANDOVER)
    await heir.delivery.drain()
    paused.leads = False
    worker.wakes.set()
    await sending
    assert office.post.taken == [("甲", "甲0")]
    assert office.states() == ["sent"]
    # And even if it believed that it leads, the database would not.
    paused.leads = True
    office.put("甲", "甲1")
    assert claimed(office, paused) == []
    assert [row.external_id for row in claimed(office, heir)] == ["甲"]


class _Late:
    """A worker whose answers about claims are heard late, as by a program that was paused meanwhile."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.wakes = threading.Event()

    def submit(self, job: Any, *, key: str = "", first: bool = False) -> Future[Any]:
        known, heard = self._worker.submit(job, key=key, first=first), Future[Any]()

        def hear() -> None:
            answer = known.result()
            if isinstance(answer, list) and answer and isinstance(answer[0], claims.Waiting):
                self.wakes.wait(60)
            heard.set_result(answer)

        threading.Thread(target=hear).start()
        return heard


async def test_a_claim_whose_answer_was_lost_with_the_line_is_taken_up_at_once(office: Office) -> None:
    office.put("甲", "甲0")
    program = Program(office)
    # Committed, but the program never heard of it.
    assert len(claimed(office, program)) == 1
    await program.delivery.drain()
    assert office.post.taken == [("甲", "甲0")]


def test_numbers_of_leaderships_rise_whoever_asks_at_once(database: Database) -> None:
    worker = Worker(database)
    worker.start()
    asked = [worker.submit(leaderships.begin, key=str(n)) for n in range(40)]
    assert sorted(future.result() for future in asked) == list(range(1, 41))
    worker.stop()


def test_two_claimers_at_once_never_take_the_same_row_and_never_wait(postgresql_database: Database) -> None:
    office = Office(postgresql_database)
    for chat in range(20):
        office.put(f"群{chat}", "通报")
    now = office.clock.now()
    with office.database.transaction() as tx:
        heads = [head.id for head in outbox.heads(tx, urgent=False, now=now)]
    with office.database.transaction() as first:
        mine = {row.id for row in claims.claim(first, heads[:12], now=now, until=now + LEASE)}
        with office.database.transaction() as second:
            # Whoever waited for the first one's rows would be ended by this, and the test with it.
            second.execute(text("SET LOCAL lock_timeout = '100ms'"))
            theirs = {row.id for row in claims.claim(second, heads, now=now, until=now + LEASE)}
    assert mine == set(heads[:12])
    assert theirs == set(heads[12:])
    office.worker.stop()


def test_many_claimers_share_all_rows_among_them(database: Database) -> None:
    office = Office(database)
    for chat in range(60):
        office.put(f"群{chat}", "通报")
    now = office.clock.now()
    with database.transaction() as tx:
        heads = [head.id for head in outbox.heads(tx, urgent=False, now=now)]
    taken: list[int] = []

    def take() -> None:
        for start in range(0, len(heads), 5):
            with database.transaction() as tx:
                taken.extend(
                    row.id for row in claims.claim(tx, heads[start : start + 5], now=now, until=now + LEASE)
                )

    claimers = [threading.Thread(target=take) for _ in range(4)]
    for claimer in claimers:
        claimer.start()
    for claimer in claimers:
        claimer.join()
    assert sorted(taken) == sorted(heads)
    with database.transaction() as tx:
        assert {row.attempts for row in tx.all(select(table.c.attempts))} == {1}
    office.worker.stop()
