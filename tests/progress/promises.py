"""Published commitments for the tests: one of each kind, with plainly invented figures."""

from __future__ import annotations

from datetime import date, timedelta

from handlers.commitments.wording import read
from storage import commitments
from storage.commitments import Category, Commitment, State
from tests.world import World

ROAD, LAMPS, WATER, POWER, VISITS = (
    "硬化村内道路2公里",
    "安装路灯120盏",
    "自来水通达率97%以上",
    "新上一台变压器",
    "开展党员大走访",
)
ALL = (ROAD, LAMPS, WATER, POWER, VISITS)


def publish(
    world: World, unit: str, *words: str, due: date | None = date(2021, 12, 31), days_ago: int = 21
) -> list[Commitment]:
    """Commitments of the unit that were published some days ago."""
    made = []
    published = world.now - timedelta(days=days_ago)
    with world.database.transaction() as tx:
        for wording in words:
            parsed = read(wording, published.date())
            made.append(
                commitments.add(
                    tx,
                    unit_id=world.units[unit],
                    year=2021,
                    category=Category.ELECTIVE,
                    words=parsed.words,
                    kind=parsed.kind,
                    target=parsed.target,
                    measure=parsed.measure,
                    parts=parsed.parts,
                    due=parsed.due or due,
                    state=State.PUBLISHED,
                    proposed_at=published,
                    published_at=published,
                )
            )
    return made
