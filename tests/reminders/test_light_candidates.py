"""On which day a light may be another: no day too late, hardly one too early; and what sets the day back."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select

from bot.chat.messages import Light
from handlers.commitments.pace import NEVER, judge, next_look
from storage import commitments, reminders
from storage.commitments import Commitment, Kind, State, Status
from storage.database import Tx
from storage.tables import LOOK_AT_ONCE
from storage.tables import commitments as table
from tests.progress.promises import ROAD, publish
from tests.world import World

TODAY = date(2021, 7, 2)
SHARES = (None, "0", "0.1", "0.3", "0.33333333", "0.5", "0.79999999", "0.8", "0.99999999", "1", "1.2")
KINDS = ("quantity", "threshold", "milestone", "qualitative", "compound")
STATUSES = (None, "slow", "suspended", "done", "under_way")
DAYS = (-200, -1, 0, 1, 6, 7, 8, 30, 182, 400)


def cases(pattern: Commitment) -> list[Commitment]:
    chance = random.Random(5)
    found = []
    for share, kind, status, days in itertools.product(SHARES, KINDS, STATUSES, (None, *DAYS)):
        published = datetime(2021, 7, 2, tzinfo=UTC) - timedelta(hours=chance.randrange(-30, 24 * 150))
        found.append(
            replace(
                pattern,
                kind=Kind(kind),
                share=share and Decimal(share),
                status=Status(status) if status else None,
                due=None if days is None else TODAY + timedelta(days=days),
                state=State.PUBLISHED,
                published_at=published,
                reported_at=chance.choice([None, published]),
            )
        )
    return found


def test_before_the_day_of_the_next_look_no_light_changes(world: World) -> None:
    publish(world, "大里村", ROAD)
    with world.database.transaction() as tx:
        [pattern] = commitments.of_unit(tx, world.units["大里村"], year=2021)

    def light(one: Commitment, day: date) -> Light | None:
        return judge(one, day, world.policy).light

    early = turning = 0
    for one in cases(pattern):
        day = next_look(one, TODAY, world.policy)
        assert day > TODAY
        last = min(day, TODAY + timedelta(days=420))
        before = [TODAY + timedelta(days=n) for n in range(1, (last - TODAY).days)]
        assert {light(one, at) for at in before} <= {light(one, TODAY)}, one
        if day != NEVER:
            turning += 1
            early += light(one, day) is light(one, TODAY)
    # The day on which the time gone overtakes the share is given a day or two too early, and then looked at again.
    assert turning > 300
    assert early < turning / 2


def _look_on(tx: Tx, commitment_id: int) -> date:
    found: date = tx.scalar(select(table.c.look_on).where(table.c.id == commitment_id))
    return found


def test_what_is_said_sets_the_day_back_unless_the_light_stays_the_known_one(world: World) -> None:
    publish(world, "大里村", ROAD)
    day = date(2021, 9, 1)
    with world.database.transaction() as tx:
        [one] = commitments.of_unit(tx, world.units["大里村"], year=2021)
        assert _look_on(tx, one.id) == LOOK_AT_ONCE

        def report(light: Light | None) -> date:
            commitments.set_progress(
                tx,
                one.id,
                share=Decimal("0.9"),
                value=None,
                status=None,
                reported_at=world.now,
                quarter="2021Q1",
                light=light,
                look_on=day,
            )
            return _look_on(tx, one.id)

        # Nobody knows of a light: it is green.
        assert report(Light.GREEN) == day
        assert [lit.placed.commitment.id for lit in _due(tx, day - timedelta(days=1))] == []
        assert [lit.placed.commitment.id for lit in _due(tx, day)] == [one.id]
        assert report(Light.YELLOW) == LOOK_AT_ONCE
        assert report(None) == LOOK_AT_ONCE
        reminders.know(tx, {one.id: (Light.YELLOW, day)}, now=world.now)
        assert _look_on(tx, one.id) == day
        assert report(Light.GREEN) == LOOK_AT_ONCE
        assert report(Light.YELLOW) == day
        commitments.set_state(tx, one.id, state=State.DONE, expected=[State.PUBLISHED])
        assert _look_on(tx, one.id) == LOOK_AT_ONCE
        # Other rules: all that may yet change is looked at.
        commitments.set_state(tx, one.id, state=State.PUBLISHED, expected=[State.DONE])
        assert report(Light.YELLOW) == day
        assert reminders.look_at_all(tx, never=NEVER, most=10) == 1
        assert _look_on(tx, one.id) == LOOK_AT_ONCE


def _due(tx: Tx, today: date) -> list[reminders.Lit]:
    return reminders.lit(tx, today=today, after=(date.min, 0), most=10)
