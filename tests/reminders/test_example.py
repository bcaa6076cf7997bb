"""The example district in simulated time: whom the program writes to on which day, and that it is no flood."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import select

from bot.app import App
from bot.chat.clock import ShiftedClock, StoppedClock
from bot.chat.rendering import body_from_wire, plain_text
from bot.config import Config, General
from bot.demo import facts, load
from storage import reminders
from storage.database import Database
from storage.reminders import Marks
from storage.tables import chats, outbox
from tests.reminders.slow_model import local

FIRST, LAST = date(2021, 3, 22), date(2021, 4, 23)
#: Messages to groups and to people on each day on which there are any, from 22 March to 23 April 2021.
EXPECTED = {
    "03-22": (5, 0),  # the quarter opens, and the weekly chart: one message in each of the five offices' groups
    "03-24": (1, 0),  # registration ends in a week; one village has nothing of its own yet
    "03-26": (0, 1),  # three days before, which is a Sunday: that village
    "03-29": (5, 0),  # the weekly chart
    "03-30": (5, 0),  # the report is due in a week
    "03-31": (0, 1),  # registration's last day
    "04-01": (0, 3),  # overdue, and two lights that turned yellow
    "04-02": (0, 6),  # six villages have not reported; the holiday comes before the day
    "04-06": (5, 7),  # the day; the week's first working day
    "04-07": (0, 6),
    "04-08": (0, 6),
    "04-09": (0, 11),  # verification is due in three working days: five offices
    "04-12": (5, 12),  # lights of six more
    "04-13": (0, 11),  # the fifth chaser, and verification's day
    "04-14": (0, 24),  # five offices hear of the six villages, with their own delay; nineteen lights
    "04-15": (0, 6),  # the organizer hears; then it is silent
    "04-16": (0, 5),
    "04-19": (5, 7),
    "04-20": (0, 5),
    "04-22": (0, 1),
}


def heard(database: Database) -> dict[date, dict[str, list[str]]]:
    """What arrived on each day, by chat."""
    with database.transaction() as tx:
        rows = tx.all(
            select(chats.c.external_id, outbox.c.created_at, outbox.c.content)
            .join(chats, chats.c.id == outbox.c.chat_id)
            .order_by(outbox.c.id)
        )
    found: dict[date, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        text = plain_text(body_from_wire(row.content["body"]))
        found[(row.created_at + timedelta(hours=8)).date()][row.external_id].append(text)
    return found


def test_the_example_quarter_day_by_day(sqlite_database: Database, tmp_path: Path) -> None:
    quarter = facts.read()
    config = msgspec.structs.replace(Config(), general=General(data=str(tmp_path)))
    app = App(config, sqlite_database, clock=ShiftedClock(base=StoppedClock(quarter.clock)))
    with sqlite_database.transaction() as tx:
        load.load(tx, quarter)
        dawn = local(FIRST, 8)
        reminders.mark(tx, Marks(dawn, dawn))
    day = FIRST
    while day <= LAST:
        for hour in (8, 9, 10):
            more = True
            while more:
                with sqlite_database.transaction() as tx:
                    more = app.ticks["reminders"](tx, local(day, hour))
        day += timedelta(days=1)
    days = heard(sqlite_database)
    assert max(len(texts) for by_chat in days.values() for texts in by_chat.values()) == 1
    counts = {on: Counter(chat.split(":")[0] for chat in by_chat) for on, by_chat in days.items()}
    assert {f"{on:%m-%d}": (c["group"], c["private"]) for on, c in sorted(counts.items())} == EXPECTED
    first = days[date(2021, 4, 2)]
    [wang] = first[next(chat for chat, texts in first.items() if "大里村" in texts[0])]
    assert wang.splitlines()[0] == "2件事"
