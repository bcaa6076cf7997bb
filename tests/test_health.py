"""/healthz, /metrics, and the organizers' alert."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import select, update

from bot.app import App
from bot.chat.messages import ChatKind, ChatRef
from bot.chat.people import Role
from bot.config import Config, General, HealthSection, LocalSection
from storage import accounts, outbox, people, units
from storage.database import Database
from storage.tables import outbox as table
from tests.test_app import Production
from tests.world import MORNING


class Clock:
    def __init__(self) -> None:
        self.moment = MORNING

    def now(self):  # type: ignore[no-untyped-def]
        return self.moment


class Troubled(Production):
    """A platform that says how it is."""

    wrong: str | None = None

    def trouble(self) -> str | None:
        return self.wrong


@pytest.fixture
def app(database: Database, tmp_path: Path) -> App:
    config = msgspec.structs.replace(
        Config(),
        general=General(data=str(tmp_path)),
        local=LocalSection(enabled=False),
        health=HealthSection(port=0),
    )
    made = App(config, database, clock=Clock())
    made.add(Troubled())
    return made


async def test_health_and_metrics_say_how_everything_is(app: App) -> None:
    server = app.open_health()
    async with app.running(), httpx.AsyncClient(base_url=server.address, timeout=30) as client:
        await app.scheduler.tick()
        answer = await client.get("/healthz")
        assert answer.status_code == 200
        assert answer.json() == {
            "ok": True,
            "problems": {},
            "database": "ok",
            "scheduler_last_tick_seconds": 0.0,
            "outbox_waiting": 0,
            "outbox_oldest_seconds": 0.0,
            "platforms": {"production": "ok"},
        }
        app.platforms["production"].wrong = "the line is down"  # type: ignore[attr-defined]
        app.clock.moment += timedelta(minutes=5)  # type: ignore[attr-defined]
        answer = await client.get("/healthz")
        assert answer.status_code == 503
        assert answer.json()["problems"] == {
            "platform production": "the line is down",
            "scheduler": "no look at the clock for 300 s",
        }
        app.metrics.took("production", "sent", 0.2)
        shown = (await client.get("/metrics")).text
        for line in (
            'liangsaibi_sends_total{outcome="sent",platform="production"} 1.0',
            'liangsaibi_platform_up{platform="production"} 0.0',
            "liangsaibi_scheduler_last_tick_seconds 300.0",
            "liangsaibi_database_up 1.0",
            "liangsaibi_outbox_waiting 0.0",
        ):
            assert line in shown


async def test_a_port_that_is_taken_does_not_keep_the_bot_from_running(app: App, tmp_path: Path) -> None:
    first = app.open_health()
    async with app.running():
        port = int(first.address.rstrip("/").rsplit(":", 1)[1])
        other = App(
            msgspec.structs.replace(app.config, health=HealthSection(port=port)), app.database, clock=Clock()
        )
        other.add(Troubled())
        other.open_health()
        async with other.running():
            assert other.platforms


async def test_the_organizers_are_told_once_when_messages_wait_for_too_long(app: App) -> None:
    with app.database.transaction() as tx:
        root = units.add(tx, name="高新区", kind="district", parent_id=None, now=MORNING)
        zhou = people.add(tx, name="周敏", now=MORNING)
        people.appoint(tx, person_id=zhou, unit_id=root, role=Role.ORGANIZER, now=MORNING)
        chat = accounts.chat_for(tx, ChatRef("absent", "z", ChatKind.PRIVATE), now=MORNING)
        from bot.chat.messages import Sender
        from storage.tables import accounts as account_table

        actor = accounts.identify(tx, "absent", Sender("z", "周敏"), private_chat=chat.id, now=MORNING)
        tx.execute(update(account_table).where(account_table.c.id == actor.account_id).values(person_id=zhou))
        outbox.put(tx, chat_id=chat.id, content={"body": []}, now=MORNING)

    def told(minutes: int) -> int:
        with app.database.transaction() as tx:
            app._late(tx, MORNING + timedelta(minutes=minutes))
            return len(tx.all(select(table.c.id).where(table.c.dedupe_key.like("late:%"))))

    assert [told(9), told(11), told(30)] == [0, 1, 1]
    with app.database.transaction() as tx:
        tx.execute(update(table).values(state="sent"))
    assert told(31) == 1
    with app.database.transaction() as tx:
        outbox.put(tx, chat_id=chat.id, content={"body": []}, now=MORNING + timedelta(minutes=40))
    assert [told(45), told(60)] == [1, 2]
