"""Secretaries on Telegram who can report for ever: each has a commitment of very many lamps."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from bot.chat.messages import ChatKind, ChatRef, Sender
from storage import accounts, commitments
from storage.commitments import Category, State
from storage.database import Tx
from storage.tables import accounts as account_table
from storage.terms import Kind
from tests.servers.telegram.people import Town


def settle(tx: Tx, town: Town, name: str, person: int, unit: int, now: datetime) -> None:
    """Bind the person's account, and give the unit the commitment."""
    room = town.private(name)
    room.parted = ""
    chat = accounts.chat_for(tx, ChatRef("telegram", str(room.id), ChatKind.PRIVATE), now=now)
    actor = accounts.identify(tx, "telegram", Sender(str(room.id), name), private_chat=chat.id, now=now)
    mine = account_table.c.id == actor.account_id
    tx.execute(account_table.update().where(mine).values(person_id=person, bound_at=now))
    # In the first days of January reports still count for the old year's last quarter.
    for year in (now.year - 1, now.year):
        commitments.add(
            tx,
            unit_id=unit,
            year=year,
            category=Category.ELECTIVE,
            words="安装路灯100000盏",
            kind=Kind.QUANTITY,
            target=Decimal(100_000),
            measure="盏",
            parts=(),
            due=date(now.year + 1, 1, 31),
            state=State.PUBLISHED,
            proposed_at=now,
            published_at=now,
        )
