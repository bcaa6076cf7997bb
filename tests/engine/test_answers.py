"""Answers: claimed along with the message that they answer, so that nobody waits for a look at the outbox."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

import bot.delivery
from bot.chat.errors import DeliveryError, Unfinished
from bot.chat.messages import ChatKind, ChatRef, Outgoing
from bot.chat.ports import Limits, Rate
from bot.delivery import LEASE, Delivery
from bot.worker import CHECKPOINT, Worker
from storage import accounts, answers, leaderships
from storage.answers import Leave
from storage.database import Database, Tx
from tests.engine.test_delivery import Office, office, until

__all__ = ["office"]


async def answered(one: Office, chat: str, words: str) -> Leave:
    """Put an answer as the program does with a message; whether it could be claimed is in what is returned."""
    reserved = one.delivery.reserve("post")
    moment = one.clock.now()

    def work(tx: Tx) -> Leave:
        leave = one.delivery.leave(moment)
        there = accounts.chat_for(tx, ChatRef("post", chat, ChatKind.PRIVATE), now=moment)
        content = {"body": [["line", words, "plain"]]}
        if not answers.put_claimed(tx, leave, there, content=content, replaces=None, now=moment):
            one.put_in(tx, there.id, words, urgent=True)
        return leave

    try:
        return await asyncio.wrap_future(one.worker.submit(work))
    finally:
        if reserved:
            one.delivery.unreserve("post")


def can_send(one: Office) -> bool:
    """Whether an answer would go at once."""
    if not one.delivery.reserve("post"):
        return False
    one.delivery.unreserve("post")
    return True


async def test_an_answer_goes_without_a_look_at_the_outbox(office: Office) -> None:
    await office.delivery.deliver_due()
    leave = await answered(office, "王芳", "收到")
    assert leave.row is not None
    assert office.states() == ["sending"]
    office.delivery.send_answer(leave.row, more=False)
    await until(lambda: office.states() == ["sent"])
    assert office.post.taken == [("王芳", "收到")]


async def test_what_waits_in_the_chat_goes_first(office: Office) -> None:
    office.put("王芳", "早上的", urgent=True, kind=ChatKind.PRIVATE)
    assert (await answered(office, "王芳", "收到")).row is None
    await office.delivery.drain()
    assert [words for _chat, words in office.post.taken] == ["早上的", "收到"]


async def test_what_is_for_later_or_for_no_hurry_is_not_waited_for(office: Office) -> None:
    office.put("王芳", "通知", kind=ChatKind.PRIVATE)
    office.put("王芳", "明天的", urgent=True, kind=ChatKind.PRIVATE, at=office.clock.now() + timedelta(days=1))
    await office.delivery._open_routes()
    leave = await answered(office, "王芳", "收到")
    assert leave.row is not None
    office.delivery.send_answer(leave.row, more=False)
    await until(lambda: "sent" in office.states())
    await office.delivery.drain()
    assert [words for _chat, words in office.post.taken] == ["收到", "通知"]


async def test_an_answer_does_not_overtake_one_that_is_tried_again(office: Office) -> None:
    office.post.refuse["王芳"] = [DeliveryError("not now", retry_after=30)]
    office.put("王芳", "第一条", urgent=True, kind=ChatKind.PRIVATE)
    await office.delivery.drain()
    assert (await answered(office, "王芳", "第二条")).row is None
    office.clock.moment += timedelta(seconds=31)
    await office.delivery.drain()
    assert [words for _chat, words in office.post.taken] == ["第一条", "第二条"]


async def test_an_answer_waits_for_the_one_on_its_way(office: Office) -> None:
    office.post.hangs["王芳"] = asyncio.Event()
    running = asyncio.create_task(office.delivery.run())
    await until(lambda: can_send(office))
    first = await answered(office, "王芳", "第一条")
    assert first.row is not None
    office.delivery.send_answer(first.row, more=False)
    assert (await answered(office, "王芳", "第二条")).row is None
    office.delivery.wake()
    await asyncio.sleep(0.1)
    office.post.hangs["王芳"].set()
    await until(lambda: office.states() == ["sent", "sent"])
    assert [words for _chat, words in office.post.taken] == ["第一条", "第二条"]
    office.delivery.stop()
    await running


async def test_of_two_answers_in_one_chat_both_go(office: Office) -> None:
    running = asyncio.create_task(office.delivery.run())
    await until(lambda: can_send(office))
    first = await answered(office, "王芳", "第一条")
    assert first.row is not None
    office.put("王芳", "第二条", urgent=True, kind=ChatKind.PRIVATE)
    # Nobody calls: that something else waits is known from the answer alone.
    office.delivery.send_answer(first.row, more=True)
    await until(lambda: office.states() == ["sent", "sent"])
    assert [words for _chat, words in office.post.taken] == ["第一条", "第二条"]
    office.delivery.stop()
    await running


async def test_an_answer_that_may_not_go_yet_is_given_back(office: Office) -> None:
    office.post.limits = Limits(private=(Rate(1, 60),))
    office.restart()
    await office.delivery.deliver_due()
    first = await answered(office, "王芳", "第一条")
    assert first.row is not None
    office.delivery.send_answer(first.row, more=False)
    await until(lambda: office.states() == ["sent"])
    second = await answered(office, "王芳", "第二条")
    assert second.row is not None
    office.delivery.send_answer(second.row, more=False)
    await until(lambda: office.states() == ["sent", "waiting"])
    assert len(office.post.taken) == 1
    office.clock.moment += timedelta(seconds=61)
    await office.delivery.drain()
    assert [words for _chat, words in office.post.taken] == ["第一条", "第二条"]


async def test_no_more_answers_are_promised_a_place_than_the_account_may_send(office: Office) -> None:
    office.post.limits = Limits(account=(Rate(2, 60),))
    office.restart()
    await office.delivery.deliver_due()
    assert [office.delivery.reserve("post") for _ in range(3)] == [True, True, False]
    office.delivery.unreserve("post")
    assert office.delivery.reserve("post")


async def test_nobody_is_promised_a_place_before_those_who_wait(office: Office) -> None:
    office.post.limits = Limits(account=(Rate(1, 60),))
    office.restart()
    await office.delivery.deliver_due()
    for name in ("王芳", "李强"):
        office.put(name, "您好", urgent=True, kind=ChatKind.PRIVATE)
    await office.delivery.deliver_due()
    assert not office.delivery.reserve("post")
    office.clock.moment += timedelta(seconds=61)
    assert not office.delivery.reserve("post")
    await office.delivery.drain()
    office.clock.moment += timedelta(seconds=61)
    assert office.delivery.reserve("post")


async def test_nothing_is_claimed_for_a_leadership_that_is_over(office: Office) -> None:
    office.delivery = Delivery(office.worker, {"post": office.post}, office.clock, leader=1)

    def begin(tx: Tx) -> list[int]:
        return [leaderships.begin(tx), leaderships.begin(tx)]

    assert await asyncio.wrap_future(office.worker.submit(begin)) == [1, 2]
    assert (await answered(office, "王芳", "收到")).row is None
    office.delivery = Delivery(office.worker, {"post": office.post}, office.clock, leader=2)
    assert (await answered(office, "李强", "收到")).row is not None


async def test_nothing_is_begun_when_the_program_ends(office: Office) -> None:
    await office.delivery.deliver_due()
    leave = await answered(office, "王芳", "收到")
    assert leave.row is not None
    office.delivery.stop()
    assert not can_send(office)
    office.delivery.send_answer(leave.row, more=False)
    await until(lambda: office.states() == ["waiting"])
    assert office.post.taken == []


async def test_an_answer_of_whose_commit_nobody_hears_goes_when_the_promise_ends_and_once(office: Office) -> None:
    await office.delivery.deliver_due()
    # The line was cut after the commit: the message is known to be taken when it comes again, and whoever should
    # have sent the answer does not know that there is one.
    assert (await answered(office, "王芳", "收到")).row is not None
    office.put("王芳", "通知", kind=ChatKind.PRIVATE)
    office.clock.moment += LEASE - timedelta(seconds=30)
    await office.delivery.drain()
    assert (office.post.taken, office.states()) == ([], ["sending", "waiting"])
    office.clock.moment += timedelta(seconds=31)
    await office.delivery.drain()
    assert office.post.taken == [("王芳", "收到"), ("王芳", "通知")]
    assert office.states() == ["sent", "sent"]


@pytest.mark.parametrize("commits", [CHECKPOINT - 1, CHECKPOINT])
async def test_the_log_is_moved_into_the_file_when_nobody_waits(sqlite_database: Database, commits: int) -> None:
    worker = Worker(sqlite_database)
    worker.start()
    for _ in range(commits):
        job = worker.submit(lambda tx: tx.connection.exec_driver_sql("PRAGMA user_version=7"))
        await asyncio.wrap_future(job)
    worker.stop()
    # That number stands at this place of the file itself, once it is no longer in the log alone.
    kept = Path(sqlite_database.url.database or "").read_bytes()[60:64]
    assert (kept == b"\0\0\0\7") == (commits == CHECKPOINT)


class OneAtATime:
    """Notes how many are on their way at the same time."""

    def __init__(self, one: Office) -> None:
        self.now = self.most = 0
        self._send = one.post.send
        one.post.limits = Limits(at_once=1)
        one.post.send = self.send  # type: ignore[method-assign]
        one.restart()

    async def send(self, message: Outgoing) -> str:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.02)
        self.now -= 1
        return await self._send(message)


async def test_with_one_at_once_an_answer_waits_for_another_chats_and_goes_right_after_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Who is not called would have to wait for so long.
    monkeypatch.setattr(bot.delivery, "POLL", 600.0)
    line = OneAtATime(office)
    office.post.hangs["书记0"] = asyncio.Event()
    running = asyncio.create_task(office.delivery.run())
    await until(lambda: can_send(office))
    first = await answered(office, "书记0", "收到")
    assert first.row is not None
    office.delivery.send_answer(first.row, more=False)
    for number in range(1, 8):
        assert not can_send(office)
        office.put(f"书记{number}", "收到", urgent=True, kind=ChatKind.PRIVATE)
        office.delivery.wake()
    await asyncio.sleep(0.2)
    assert office.post.taken == []
    office.post.hangs["书记0"].set()
    await until(lambda: office.states() == ["sent"] * 8)
    assert line.most == 1
    office.delivery.stop()
    await running


async def test_with_one_at_once_bulk_goes_too_and_each_part_of_a_long_message_is_noted(office: Office) -> None:
    line = OneAtATime(office)
    office.post.parts = 3
    sent: list[int | None] = []
    send = office.post.send

    async def in_parts(message: Outgoing) -> str:
        sent.append(message.most)
        await send(message)
        if message.taken + (message.most or 3) < 3:
            raise Unfinished(message.taken + 1)
        return "id"

    office.post.send = in_parts  # type: ignore[method-assign]
    for chat in ("王芳", "李强"):
        office.put(chat, "很长的", kind=ChatKind.PRIVATE)
    await office.delivery.drain()
    assert office.states() == ["sent", "sent"]
    assert sent == [1, 1, None] * 2
    assert line.most == 1


async def test_a_place_that_is_kept_for_an_answer_is_nobody_elses(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.delivery, "POLL", 600.0)
    OneAtATime(office)
    running = asyncio.create_task(office.delivery.run())
    await until(lambda: can_send(office))
    assert office.delivery.reserve("post")
    office.put("王芳", "通知", urgent=True, kind=ChatKind.PRIVATE)
    office.delivery.wake()
    await asyncio.sleep(0.2)
    assert office.states() == ["waiting"]
    # No answer comes after all.
    office.delivery.unreserve("post")
    await until(lambda: office.states() == ["sent"])
    office.delivery.stop()
    await running
