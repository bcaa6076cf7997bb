"""The outbox worker: order per chat, patience with passing errors, visible surrender to lasting ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import JSON, func, literal, select

from bot.chat.clock import ShiftedClock
from bot.chat.errors import DeliveryError
from bot.chat.messages import ChatKind, ChatRef, Outgoing
from bot.chat.ports import Limits, Rate, Receive
from bot.chat.splitting import PartsSent
from bot.delivery import CHEAP, HANDOVER, LEASE, LONG_LINE, LOOKS, REST, REST_WITH_FEW, Delivery, Outlook
from bot.sending import GIVE_UP_AFTER, LONGEST_PAUSE
from bot.worker import Worker
from storage import accounts, claims, outbox, parking
from storage.database import Database, Tx
from storage.tables import chats as chat_table
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
        self.hangs: dict[str, asyncio.Event] = {}
        self.drops_repetitions = False
        self.parts = 1

    async def start(self, receive: Receive) -> None:
        raise NotImplementedError

    async def stop(self) -> None:
        raise NotImplementedError

    async def send(self, message: Outgoing) -> str:
        if message.chat.id in self.hangs:
            await self.hangs[message.chat.id].wait()
        waiting = self.refuse.get(message.chat.id)
        if waiting:
            raise waiting.pop(0)
        self.taken.append((message.chat.id, message.body[0].words))  # type: ignore[union-attr,arg-type]
        return f"id{len(self.taken)}"

    def weight(self, message: Outgoing) -> int:
        return self.parts - message.taken

    def deduplicates(self, message: Outgoing) -> bool:
        return self.drops_repetitions


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.01)


class Office:
    """A database with an outbox, a delivery and a platform."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = StandingClock()
        self.post = Post()
        self.worker = Worker(database)
        self.told: list[tuple[str, str]] = []
        self.began = time.monotonic()
        self.restart()
        self.worker.start()

    def put(
        self,
        chat: str,
        words: str,
        platform: str = "post",
        *,
        urgent: bool = False,
        at: datetime | None = None,
        kind: ChatKind = ChatKind.GROUP,
    ) -> None:
        with self.database.transaction() as tx:
            known = tx.scalar(select(chat_table.c.id).where(chat_table.c.external_id == chat))
            if known is None:
                known = accounts.chat_for(tx, ChatRef(platform, chat, kind, chat), now=MORNING).id
            self.put_in(tx, known, words, urgent=urgent, at=at)

    def put_in(self, tx: Tx, chat_id: int, words: str, *, urgent: bool, at: datetime | None = None) -> None:
        content = {"body": [["line", words, "plain"]]}
        outbox.put(tx, chat_id=chat_id, content=content, now=self.clock.now(), urgent=urgent, at=at)

    def tell(self, tx: Tx, chat_id: int, row_id: int | None, why: str, now: datetime) -> None:
        self.told.append((accounts.chat(tx, chat_id).title, why))

    def restart(self) -> None:
        """The next process: it knows what the database knows."""
        self.delivery = Delivery(
            self.worker,
            {"post": self.post},
            self.clock,
            # The monotonic clock follows the standing one, and goes on by itself a little as real ones do.
            ticks=lambda: self.clock.moment.timestamp() + time.monotonic() - self.began,
            tell=self.tell,
        )

    def next_at(self) -> datetime:
        with self.database.transaction() as tx:
            return tx.scalar(select(func.min(table.c.next_at)).where(table.c.state == "waiting"))

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


async def test_a_message_that_is_refused_for_good_is_given_up_visibly_and_the_next_goes_on(
    office: Office,
) -> None:
    office.post.refuse["甲"] = [DeliveryError("chat not found", permanent=True, unfit=True)]
    office.put("甲", "甲0")
    office.put("甲", "甲1")
    await office.delivery.drain()
    assert office.states() == ["failed", "sent"]
    with office.database.transaction() as tx:
        [failed] = outbox.failures(tx)
    assert (failed.title, failed.error) == ("甲", "chat not found")


async def test_passing_errors_are_tried_again_with_growing_pauses_for_a_day(office: Office) -> None:
    office.post.refuse["甲"] = [DeliveryError("bad gateway") for _ in range(1000)]
    office.put("甲", "甲0")
    began, pauses = office.clock.moment, []
    while True:
        assert await office.delivery.deliver_due()
        if office.states() == ["failed"]:
            break
        pause = office.next_at() - office.clock.moment
        assert not await office.delivery.deliver_due()
        pauses.append(pause.total_seconds())
        office.clock.moment += pause + timedelta(milliseconds=1)
    assert pauses[1] < pauses[3] < pauses[6] < pauses[8]
    assert max(pauses) <= 1.25 * LONGEST_PAUSE
    assert GIVE_UP_AFTER <= office.clock.moment - began < GIVE_UP_AFTER + timedelta(minutes=10)


async def test_answers_go_before_bulk_and_each_in_its_order(office: Office) -> None:
    office.put("甲", "群发0")
    office.put("甲", "群发1")
    office.put("甲", "答0", urgent=True)
    office.put("甲", "答1", urgent=True)
    await office.delivery.drain()
    assert [words for _chat, words in office.post.taken] == ["答0", "答1", "群发0", "群发1"]


async def test_what_is_to_go_later_is_in_nobodys_way(office: Office) -> None:
    office.put("甲", "明天的", at=office.clock.now() + timedelta(days=1))
    office.put("甲", "今天的")
    await office.delivery.drain()
    assert office.post.taken == [("甲", "今天的")]
    office.clock.moment += timedelta(days=1)
    await office.delivery.drain()
    assert office.post.taken == [("甲", "今天的"), ("甲", "明天的")]


async def test_a_pause_asked_for_by_a_chat_holds_its_answers_too_and_survives_a_restart(office: Office) -> None:
    office.post.refuse["甲"] = [DeliveryError("too many", retry_after=30)]
    office.put("甲", "群发")
    office.put("甲", "群发二")
    await office.delivery.drain()
    office.put("甲", "答", urgent=True)
    await office.delivery.drain()
    assert office.post.taken == []
    office.restart()
    office.clock.moment += timedelta(seconds=31)
    await office.delivery.drain()
    assert office.post.taken == [("甲", "答"), ("甲", "群发"), ("甲", "群发二")]


async def test_a_pause_asked_of_the_account_holds_everybody_for_exactly_so_long(office: Office) -> None:
    office.post.refuse["甲"] = [DeliveryError("flood", retry_after=30, account=True)]
    office.put("甲", "甲0")
    await office.delivery.drain()
    office.put("乙", "乙0")
    office.clock.moment += timedelta(seconds=29)
    await office.delivery.drain()
    assert office.post.taken == []
    office.clock.moment += timedelta(seconds=1, milliseconds=1)
    await office.delivery.drain()
    assert sorted(office.post.taken) == [("乙", "乙0"), ("甲", "甲0")]


async def test_a_restart_does_not_end_a_pause_that_was_asked_of_the_account(office: Office) -> None:
    office.post.refuse["甲"] = [DeliveryError("flood", retry_after=30, account=True)]
    office.put("甲", "甲0")
    await office.delivery.drain()
    office.restart()
    office.put("乙", "乙0")
    office.clock.moment += timedelta(seconds=29)
    await office.delivery.drain()
    assert office.post.taken == []
    office.clock.moment += timedelta(seconds=1, milliseconds=1)
    await office.delivery.drain()
    assert sorted(office.post.taken) == [("乙", "乙0"), ("甲", "甲0")]


async def test_a_restart_tries_at_once_what_an_operator_had_to_mend(office: Office) -> None:
    office.post.refuse["甲"] = [DeliveryError("wrong token", retry_after=60, account=True, mendable=True)]
    office.put("甲", "甲0")
    await office.delivery.drain()
    office.restart()
    office.put("乙", "乙0")
    await office.delivery.drain()
    assert office.post.taken == [("乙", "乙0")]


async def test_a_chat_that_is_gone_is_parked_once_and_goes_on_when_it_is_heard_of_again(office: Office) -> None:
    office.post.refuse["甲"] = [DeliveryError("Forbidden: bot was kicked", permanent=True)] * 2
    for number in range(3):
        office.put("甲", f"甲{number}")
    office.put("乙", "乙0")
    await office.delivery.drain()
    assert office.post.taken == [("乙", "乙0")]
    assert office.told == [("甲", "Forbidden: bot was kicked")]
    assert office.states() == ["waiting", "waiting", "waiting", "sent"]
    office.post.refuse.clear()
    with office.database.transaction() as tx:
        chat = accounts.chat_for(tx, ChatRef("post", "甲", ChatKind.GROUP, "甲"), now=office.clock.now())
        parking.resume(tx, chat.id, now=office.clock.now())
    await office.delivery.drain()
    assert office.post.taken[1:] == [("甲", "甲0"), ("甲", "甲1"), ("甲", "甲2")]


async def test_what_waited_too_long_for_a_parked_chat_stays_visible_and_is_not_sent(office: Office) -> None:
    office.post.refuse["甲"] = [DeliveryError("blocked", permanent=True)]
    office.put("甲", "旧的")
    await office.delivery.drain()
    office.clock.moment += timedelta(days=4)
    office.put("甲", "新的")
    with office.database.transaction() as tx:
        chat = accounts.chat_for(tx, ChatRef("post", "甲", ChatKind.GROUP, "甲"), now=office.clock.now())
        parking.resume(tx, chat.id, now=office.clock.now())
    await office.delivery.drain()
    assert office.post.taken == [("甲", "新的")]
    assert office.states() == ["failed", "sent"]


async def test_a_send_that_may_have_arrived_is_not_repeated_in_front_of_a_group(office: Office) -> None:
    office.post.refuse["甲"] = [DeliveryError("timed out", ambiguous=True)]
    office.put("甲", "甲0")
    office.put("甲", "甲1")
    await office.delivery.drain()
    assert office.post.taken == [("甲", "甲1")]
    assert office.states() == ["unknown", "sent"]
    assert office.told == [("甲", "timed out")]


async def test_a_send_that_may_have_arrived_is_repeated_where_the_platform_drops_the_repetition(
    office: Office,
) -> None:
    office.post.drops_repetitions = True
    office.post.refuse["甲"] = [DeliveryError("timed out", ambiguous=True)]
    office.put("甲", "甲0")
    await office.delivery.drain()
    office.clock.moment += timedelta(seconds=2)
    await office.delivery.drain()
    assert office.post.taken == [("甲", "甲0")]


async def test_a_send_that_may_have_arrived_is_repeated_to_a_person(office: Office) -> None:
    office.post.refuse["王芳"] = [DeliveryError("timed out", ambiguous=True)]
    office.put("王芳", "您好", kind=ChatKind.PRIVATE)
    await office.delivery.drain()
    office.clock.moment += timedelta(seconds=2)
    await office.delivery.drain()
    assert office.post.taken == [("王芳", "您好")]


async def test_a_slow_chat_does_not_hold_up_the_others(office: Office) -> None:
    office.post.hangs = {"甲": asyncio.Event()}
    office.put("甲", "甲0")
    office.put("乙", "乙0")
    running = asyncio.create_task(office.delivery.run())
    await until(lambda: ("乙", "乙0") in office.post.taken)
    office.put("乙", "乙1")
    office.delivery.wake()
    await until(lambda: ("乙", "乙1") in office.post.taken)
    assert len(office.post.taken) == 2
    office.post.hangs["甲"].set()
    office.delivery.stop()
    await running
    assert office.states() == ["sent"] * 3


async def test_a_platform_that_answers_nothing_but_errors_is_given_a_rest(office: Office) -> None:
    chats = [f"群{n}" for n in range(40)]
    for chat in chats:
        office.post.refuse[chat] = [DeliveryError("bad gateway")] * 3
        office.put(chat, "早")
    tried = 0
    for _ in range(4):
        await office.delivery.deliver_due()
        tried = 120 - sum(len(waiting) for waiting in office.post.refuse.values())
    assert tried <= 48
    assert office.delivery.troubled() == {"post": tried}
    office.post.refuse.clear()
    for _ in range(40):
        office.clock.moment += timedelta(seconds=2)
        await office.delivery.deliver_due()
    assert len(office.post.taken) == 40
    assert office.delivery.troubled() == {"post": 0}


async def test_the_limits_hold_across_a_restart(office: Office) -> None:
    office.post.limits = Limits(group=(Rate(2, 60),))
    office.restart()
    for number in range(5):
        office.put("甲", f"甲{number}")
    await office.delivery.drain()
    assert len(office.post.taken) == 2
    office.clock.moment += timedelta(seconds=30)
    office.restart()
    await office.delivery.drain()
    assert len(office.post.taken) == 2
    office.clock.moment += timedelta(seconds=30, milliseconds=1)
    await office.delivery.drain()
    assert len(office.post.taken) == 4


async def test_what_was_being_sent_when_a_program_died_counts_as_sent(office: Office) -> None:
    office.post.limits = Limits(group=(Rate(1, 60),))
    office.restart()
    office.put("甲", "甲0")
    now = office.clock.now()
    with office.database.transaction() as tx:
        [head] = outbox.heads(tx, urgent=False, now=now)
        claims.claim(tx, [head.id], now=now, until=now)
    await office.delivery.drain()
    assert office.post.taken == []
    office.clock.moment += timedelta(seconds=61)
    await office.delivery.drain()
    assert office.post.taken == [("甲", "甲0")]


async def test_a_message_in_parts_takes_as_many_places(office: Office) -> None:
    office.post.limits = Limits(account=(Rate(3, 60),))
    office.post.parts = 3
    office.restart()
    office.put("甲", "长文", kind=ChatKind.PRIVATE)
    office.put("乙", "长文二", kind=ChatKind.PRIVATE)
    running = asyncio.create_task(office.delivery.run())
    await until(lambda: len(office.post.taken) == 1)
    office.clock.moment += timedelta(seconds=59)
    await asyncio.sleep(0.2)
    assert len(office.post.taken) == 1
    office.clock.moment += timedelta(seconds=2)
    await until(lambda: len(office.post.taken) == 2)
    office.put("丙", "长文三", kind=ChatKind.PRIVATE)
    office.delivery.wake()
    await asyncio.sleep(0.2)
    office.delivery.stop()
    await running
    assert sorted(office.states()) == ["sent", "sent", "waiting"]


class LongPost(Post):
    """A platform that sends messages part by part, and notes when each part went."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        super().__init__()
        self._sent = PartsSent()
        self._ticks = ticks
        self.times: list[float] = []
        #: The process dies when it comes to this part.
        self.dies_at: int | None = None

    async def send(self, message: Outgoing) -> str:
        if waiting := self.refuse.get(message.chat.id):
            raise waiting.pop(0)
        for index in self._sent.turn(message, self.parts):
            if index == self.dies_at:
                await asyncio.Event().wait()
            self.taken.append((message.chat.id, f"第{index}部分"))
            self.times.append(self._ticks())
            self._sent.one_more(message)
        self._sent.done(message.id)
        return "id"

    def weight(self, message: Outgoing) -> int:
        return self.parts - self._sent.taken(message)


def long_post(office: Office, parts: int, *limits: Rate) -> LongPost:
    """The next process has such a platform, which remembers nothing."""
    office.post = made = LongPost(lambda: office.clock.moment.timestamp())
    made.parts, made.limits = parts, Limits(private=limits)
    office.restart()
    return made


async def test_what_outweighs_a_chats_rate_goes_part_by_part_and_the_claim_holds_as_long_as_that_takes(
    office: Office,
) -> None:
    post = long_post(office, 11, Rate(2, 30))
    office.put("王芳", "很长", kind=ChatKind.PRIVATE)
    office.put("李建国", "也长", kind=ChatKind.PRIVATE)
    running = asyncio.create_task(office.delivery.run())
    # In steps that are shorter than the window, for longer than a claim lasts.
    while office.states() != ["sent", "sent"]:
        assert office.clock.moment - MORNING < 2 * LEASE
        parts = len(post.taken)
        await asyncio.sleep(0.06)
        if len(post.taken) == parts:
            office.clock.moment += timedelta(seconds=11)
    office.delivery.stop()
    await running
    for chat in ("王芳", "李建国"):
        went = [(words, at) for (where, words), at in zip(post.taken, post.times, strict=True) if where == chat]
        assert [words for words, _at in went] == [f"第{n}部分" for n in range(11)]
        assert all(later[1] - earlier[1] >= 30 for earlier, later in zip(went, went[2:], strict=False))
    assert office.clock.moment - MORNING > LEASE


async def test_a_program_that_ends_between_two_parts_goes_on_with_the_next(office: Office) -> None:
    post = long_post(office, 5, Rate(2, 60))
    office.put("王芳", "很长", kind=ChatKind.PRIVATE)
    running = asyncio.create_task(office.delivery.run())
    await until(lambda: len(post.taken) == 2)
    office.delivery.stop()
    await running
    assert office.states() == ["waiting"]
    again = long_post(office, 5, Rate(2, 60))
    running = asyncio.create_task(office.delivery.run())
    await asyncio.sleep(0.2)
    # The two that went count in the new program's windows too.
    assert again.taken == []
    office.clock.moment += timedelta(seconds=61)
    await until(lambda: len(again.taken) == 2)
    office.clock.moment += timedelta(seconds=61)
    await until(lambda: office.states() == ["sent"])
    office.delivery.stop()
    await running
    assert [words for _chat, words in again.taken] == ["第2部分", "第3部分", "第4部分"]


async def test_after_a_crash_a_group_sees_no_part_again_that_was_noted(office: Office) -> None:
    post = long_post(office, 4)
    post.dies_at = 2
    office.put("甲", "很长")
    running = asyncio.create_task(office.delivery.run())
    await until(lambda: len(post.taken) == 2 and bool(office.delivery._tasks))
    await asyncio.sleep(0.1)
    for task in (running, *office.delivery._tasks):
        task.cancel()
    await asyncio.gather(running, *office.delivery._tasks, return_exceptions=True)
    with office.database.transaction() as tx:
        claims.release_all(tx, now=office.clock.now())
    again = long_post(office, 4)
    await office.delivery.drain()
    assert office.states() == ["sent"]
    assert [words for _chat, words in (*post.taken, *again.taken)] == [f"第{n}部分" for n in range(4)]


async def test_a_refusal_between_two_parts_is_borne_and_the_rest_goes(office: Office) -> None:
    post = long_post(office, 3, Rate(2, 10))
    office.put("王芳", "很长", kind=ChatKind.PRIVATE)
    running = asyncio.create_task(office.delivery.run())
    await until(lambda: len(post.taken) == 2)
    post.refuse["王芳"] = [DeliveryError("too many", retry_after=30)]
    office.clock.moment += timedelta(seconds=11)
    await until(lambda: not post.refuse["王芳"])
    office.clock.moment += timedelta(seconds=31)
    office.delivery.wake()
    await until(lambda: office.states() == ["sent"])
    office.delivery.stop()
    await running
    assert [words for _chat, words in post.taken] == ["第0部分", "第1部分", "第2部分"]


async def test_a_hundred_thousand_waiting_rows_are_looked_through_quickly(office: Office) -> None:
    now = office.clock.now()
    with office.database.transaction() as tx:
        rows = [
            {"platform": "post", "external_id": f"群{n}", "is_group": True, "created_at": now} for n in range(2000)
        ]
        tx.many(chat_table.insert(), rows)
        body = literal({"body": [["line", "通报" * 100, "plain"]]}, JSON())
        row = select(
            chat_table.c.id, body, literal(now, table.c.created_at.type), literal(now, table.c.next_at.type)
        )
        for _ in range(50):
            tx.execute(table.insert().from_select(["chat_id", "content", "created_at", "next_at"], row))
    with office.database.transaction() as tx:
        spent = []
        for _ in range(3):
            began = time.perf_counter()
            assert len(outbox.heads(tx, urgent=False, now=now)) == 2000
            assert outbox.heads(tx, urgent=True, now=now) == []
            spent.append(time.perf_counter() - began)
    # A twentieth of a second alone on this machine; a quadratic query takes minutes.
    assert min(spent) < 2.0
    office.put("群7", "答", urgent=True)
    running = asyncio.create_task(office.delivery.run())
    await until(lambda: ("群7", "答") in office.post.taken)
    assert next(words for chat, words in office.post.taken if chat == "群7") == "答"
    office.delivery.stop()
    await running


@pytest.mark.parametrize(("slow", "patience"), [(1, 1.0), (50, None)])
async def test_a_look_that_was_slow_by_chance_delays_nobody(
    office: Office, monkeypatch: pytest.MonkeyPatch, slow: int, patience: float | None
) -> None:
    office.clock.moment += timedelta(seconds=HANDOVER + 1)
    looks: list[float] = []
    heads = outbox.heads

    def seldom_slow(tx: Tx, *, urgent: bool, now: datetime) -> list[outbox.Head]:
        if urgent:
            looks.append(time.monotonic())
            # As where the processor was busy with something else meanwhile.
            time.sleep(0.1 if len(looks) <= slow else 0)
        return heads(tx, urgent=urgent, now=now)

    monkeypatch.setattr(outbox, "heads", seldom_slow)
    running = asyncio.create_task(office.delivery.run())
    await until(lambda: bool(looks))
    if patience is not None:
        await asyncio.sleep(0.15)
        began = time.monotonic()
        office.put("群", "答", urgent=True)
        office.delivery.wake()
        await until(lambda: ("群", "答") in office.post.taken)
        assert time.monotonic() - began < patience
    else:
        # Where every look takes so long, a pause of twice its length follows.
        while len(looks) < LOOKS + 4:
            office.delivery.wake()
            await asyncio.sleep(0.005)
        assert min(later - earlier for earlier, later in pairwise(looks[LOOKS + 1 :])) > 0.29
    office.delivery.stop()
    await running


@pytest.mark.parametrize(("found", "rest"), [(LONG_LINE, REST), (LONG_LINE - 1, REST_WITH_FEW)])
def test_a_long_line_is_looked_at_less_often(found: int, rest: int) -> None:
    outlook, cost = Outlook(), 2 * CHEAP
    for _look in range(LOOKS - 1):
        outlook.looked(10.0, cost, found=found)
        assert outlook.earliest == 10.0
    outlook.looked(10.0, 3 * cost, found=found)
    assert outlook.earliest == pytest.approx(10.0 + cost * rest)
    outlook.looked(11.0, CHEAP, found=found)
    assert outlook.earliest == 11.0


async def test_a_chat_that_moved_is_followed(office: Office) -> None:
    office.post.refuse["甲"] = [DeliveryError("upgraded", moved_to="甲二")]
    office.put("甲", "甲0")
    await office.delivery.drain()
    assert office.post.taken == [("甲二", "甲0")]


async def test_a_send_that_died_is_taken_over_when_its_lease_ends(office: Office) -> None:
    office.put("甲", "甲0")
    now = office.clock.now()
    with office.database.transaction() as tx:
        [head] = outbox.heads(tx, urgent=False, now=now)
        assert len(claims.claim(tx, [head.id], now=now, until=now + LEASE)) == 1
        assert claims.claim(tx, [head.id], now=now, until=now + LEASE) == []
    await office.delivery.drain()
    assert office.post.taken == []
    office.clock.moment += LEASE + timedelta(seconds=1)
    await office.delivery.drain()
    assert office.post.taken == [("甲", "甲0")]


@pytest.mark.parametrize("trouble", [DeliveryError("busy"), DeliveryError("gone", permanent=True, unfit=True)])
async def test_a_worker_that_slept_beyond_its_lease_does_not_bring_back_what_another_sent(
    office: Office, trouble: DeliveryError
) -> None:
    office.put("甲", "甲0")
    office.post.hangs["甲"] = asyncio.Event()
    sleeper = office.delivery
    asleep = asyncio.create_task(sleeper.deliver_due())
    await until(lambda: office.states() == ["sending"])
    awake, office.post = office.post, Post()
    office.clock.moment += LEASE + timedelta(seconds=1)
    office.restart()
    await office.delivery.drain()
    assert office.states() == ["sent"]
    awake.refuse["甲"] = [trouble]
    awake.hangs["甲"].set()
    await asleep
    assert office.states() == ["sent"]
    assert (awake.taken, office.post.taken) == ([], [("甲", "甲0")])


async def test_what_belongs_to_an_absent_platform_waits(office: Office) -> None:
    office.put("丙", "丙0", platform="absent")
    for _ in range(30):
        await office.delivery.drain()
        office.clock.moment += timedelta(hours=1)
    assert office.states() == ["waiting"]


def test_a_shifted_clock_runs_on_from_where_it_was_set() -> None:
    base = StandingClock()
    clock = ShiftedClock(base=base)
    clock.set(MORNING + timedelta(days=3))
    base.moment += timedelta(seconds=5)
    assert clock.now() == MORNING + timedelta(days=3, seconds=5)
