"""Notes of what was sent: together where they come together, and none lost when the database takes none."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import event, select, text

from bot import notes
from bot.chat.messages import ChatKind, ChatRef
from bot.notes import Notes
from bot.worker import Worker
from storage import accounts, outbox
from storage.database import Database
from storage.tables import outbox as table
from tests.world import MORNING


class Desk:
    """A database with a message in each of so many chats, and whoever notes that they were sent."""

    def __init__(self, database: Database, messages: int) -> None:
        self.database = database
        self.worker = Worker(database)
        self.worker.start()
        self.notes = Notes(self.worker)
        with database.transaction() as tx:
            for number in range(messages):
                chat = accounts.chat_for(tx, chat_called(str(number)), now=MORNING)
                outbox.put(tx, chat_id=chat.id, content={"body": []}, now=MORNING)
            self.rows = [row.id for row in tx.all(select(table.c.id).order_by(table.c.id))]

    async def sent(self, row_id: int) -> None:
        await self.notes.sent(row_id, platform_message_id=f"id{row_id}", now=MORNING, weight=2)

    def kept(self) -> list[tuple[Any, ...]]:
        with self.database.transaction() as tx:
            columns = table.c.state, table.c.platform_message_id, table.c.sent_at, table.c.weight
            return [tuple(row) for row in tx.all(select(*columns).order_by(table.c.id))]


def chat_called(name: str) -> ChatRef:
    return ChatRef("post", name, ChatKind.PRIVATE)


async def test_what_is_sent_in_one_moment_is_one_statement(database: Database) -> None:
    desk, statements = Desk(database, 20), []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    busy = desk.worker.submit(lambda tx: tx.execute(text("SELECT 1")))
    await asyncio.gather(*map(desk.sent, desk.rows))
    await asyncio.wrap_future(busy)
    desk.worker.stop()
    assert desk.kept() == [("sent", f"id{row}", MORNING, 2) for row in desk.rows]
    assert len([said for said in statements if said.startswith("UPDATE outbox")]) <= 2


async def test_what_is_added_while_others_are_written_is_written_next(database: Database) -> None:
    desk = Desk(database, 60)

    async def one(number: int) -> None:
        await asyncio.sleep(number % 7 / 1000)
        await desk.sent(desk.rows[number])

    async with asyncio.timeout(60):
        await asyncio.gather(*map(one, range(60)))
    desk.worker.stop()
    assert {state for state, *_rest in desk.kept()} == {"sent"}


async def test_a_database_that_takes_none_for_a_while_gets_them_all(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes, "DATABASE_REST", 0.01)
    desk, refused = Desk(database, 5), []

    def refuse(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("UPDATE outbox") and len(refused) < 3:
            refused.append(statement)
            raise RuntimeError("the disk is full")

    event.listen(database.engine, "before_cursor_execute", refuse)
    async with asyncio.timeout(60):
        await asyncio.gather(*map(desk.sent, desk.rows))
    event.remove(database.engine, "before_cursor_execute", refuse)
    desk.worker.stop()
    assert len(refused) == 3
    assert desk.kept() == [("sent", f"id{row}", MORNING, 2) for row in desk.rows]
