"""Answers: claimed along with the message that they answer, so that nobody waits for a look at the outbox."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.chat.errors import DeliveryError
from bot.chat.messages import ChatKind, ChatRef
from bot.chat.ports import Limits, Rate
from bot.delivery import Answer
from bot.worker import CHECKPOINT, Worker
from storage import accounts
from storage.database import Database, Tx
from tests.engine.test_delivery import Office, office, until

__all__ = ["office"]


async def answered(one: Office, chat: str, words: str) -> Answer | None:
    """Put an answer and claim it in the same transaction, as the program does with a message."""

    def work(tx: Tx) -> Answer | None:
        known = accounts.chat_for(tx, ChatRef("post", chat, ChatKind.PRIVATE), now=one.clock.now())
        one.put_in(tx, known.id, words, urgent=True)
        return one.delivery.claim_answer(tx, known, one.clock.now())

    return await asyncio.wrap_future(one.worker.submit(work))


async def test_an_answer_goes_without_a_look_at_the_outbox(office: Office) -> None:
    await office.delivery.deliver_due()
    assert office.delivery.is_free("post")
    answer = await answered(office, "王芳", "收到")
    assert answer is not None
    assert not answer.more
    assert office.states() == ["sending"]
    office.delivery.send_answer(answer)
    await until(lambda: office.states() == ["sent"])
    assert office.post.taken == [("王芳", "收到")]


async def test_what_waited_in_the_chat_goes_first(office: Office) -> None:
    office.put("王芳", "早上的", urgent=True, kind=ChatKind.PRIVATE)
    answer = await answered(office, "王芳", "收到")
    assert answer is not None
    assert answer.more
    running = asyncio.create_task(office.delivery.run())
    await until(lambda: office.delivery.is_free("post"))
    office.delivery.send_answer(answer)
    await until(lambda: office.states() == ["sent", "sent"])
    assert [words for _chat, words in office.post.taken] == ["早上的", "收到"]
    office.delivery.stop()
    await running


async def test_an_answer_does_not_overtake_one_that_is_tried_again(office: Office) -> None:
    office.post.refuse["王芳"] = [DeliveryError("not now", retry_after=30)]
    office.put("王芳", "第一条", urgent=True, kind=ChatKind.PRIVATE)
    await office.delivery.drain()
    assert await answered(office, "王芳", "第二条") is None
    office.clock.moment += timedelta(seconds=31)
    await office.delivery.drain()
    assert [words for _chat, words in office.post.taken] == ["第一条", "第二条"]


async def test_an_answer_waits_for_the_one_on_its_way(office: Office) -> None:
    office.post.hangs["王芳"] = asyncio.Event()
    running = asyncio.create_task(office.delivery.run())
    await until(lambda: office.delivery.is_free("post"))
    first = await answered(office, "王芳", "第一条")
    assert first is not None
    office.delivery.send_answer(first)
    assert await answered(office, "王芳", "第二条") is None
    office.delivery.wake()
    await asyncio.sleep(0.1)
    office.post.hangs["王芳"].set()
    await until(lambda: office.states() == ["sent", "sent"])
    assert [words for _chat, words in office.post.taken] == ["第一条", "第二条"]
    office.delivery.stop()
    await running


async def test_an_answer_that_may_not_go_yet_is_given_back(office: Office) -> None:
    office.post.limits = Limits(private=(Rate(1, 60),))
    office.restart()
    await office.delivery.deliver_due()
    first, second = await answered(office, "王芳", "第一条"), None
    assert first is not None
    office.delivery.send_answer(first)
    await until(lambda: office.states() == ["sent"])
    second = await answered(office, "王芳", "第二条")
    assert second is not None
    office.delivery.send_answer(second)
    await until(lambda: office.states() == ["sent", "waiting"])
    assert len(office.post.taken) == 1
    office.clock.moment += timedelta(seconds=61)
    await office.delivery.drain()
    assert [words for _chat, words in office.post.taken] == ["第一条", "第二条"]


async def test_nothing_is_begun_when_the_program_ends(office: Office) -> None:
    await office.delivery.deliver_due()
    answer = await answered(office, "王芳", "收到")
    assert answer is not None
    office.delivery.stop()
    assert not office.delivery.is_free("post")
    office.delivery.send_answer(answer)
    await until(lambda: office.states() == ["waiting"])
    assert office.post.taken == []


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
