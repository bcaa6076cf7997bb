"""The database leaves out only commitments whose light has surely not changed, compared with judging each."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import insert

from bot.chat.messages import Light
from handlers.commitments.pace import judge
from storage import commitments, reminders
from storage.tables import commitments as table
from storage.tables import lights
from tests.world import World

TODAY = date(2021, 7, 2)
SHARES = (None, "0", "0.1", "0.3", "0.33333333", "0.5", "0.79999999", "0.8", "0.99999999", "1", "1.2")
KINDS = ("quantity", "threshold", "milestone", "qualitative", "compound")
STATUSES = (None, "slow", "suspended", "done", "under_way")
KNOWN = (None, Light.GREEN, Light.YELLOW, Light.RED)


def test_every_light_that_has_changed_is_found_and_hardly_any_other(world: World) -> None:
    chance = random.Random(5)
    unit, person = world.units["大里村"], world.personas["王芳"].id
    known: dict[int, Light | None] = {}
    cases = list(itertools.product(SHARES, KINDS, STATUSES, KNOWN))
    with world.database.transaction() as tx:
        for number, (share, kind, status, light) in enumerate(cases, 1):
            due = chance.choice(
                [None, *(TODAY + timedelta(days=d) for d in (-200, -1, 0, 1, 6, 7, 8, 30, 182, 400))]
            )
            published = datetime(2021, 7, 2, tzinfo=UTC) - timedelta(hours=chance.randrange(-30, 24 * 150))
            values = {
                "id": 1_000 + number,
                "unit_id": unit,
                "year": 2021,
                "number": 1_000 + number,
                "category": "elective",
                "words": "x",
                "kind": kind,
                "parts": [],
                "due": due,
                "state": "published",
                "proposed_by": person,
                "proposed_at": published,
                "published_at": published,
                "share": share and Decimal(share),
                "status": status,
                "reported_at": chance.choice([None, published]),
            }
            tx.execute(insert(table), values)
            known[1_000 + number] = light
            if light:
                tx.execute(
                    insert(lights), {"commitment_id": 1_000 + number, "light": light.value, "since": published}
                )
        activity = world.policy.activity
        found = {
            lit.placed.commitment.id
            for lit in reminders.lit(
                tx,
                [world.units["高新区"]],
                since=2020,
                today=TODAY,
                due_soon_days=activity.due_soon_days,
                behind_pace=activity.behind_pace,
            )
        }
        every = commitments.get_many(tx, known)
    changed = {
        number
        for number, one in every.items()
        if judge(one, TODAY, world.policy).light is not (known[number] or Light.GREEN)
    }
    assert 200 < len(changed) < len(known) - 200
    assert changed - found == set()
    assert len(found - changed) < len(known) / 20
