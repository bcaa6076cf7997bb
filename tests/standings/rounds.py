"""Published rounds of the small district, as they are on the record: what composite standings are made of."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from handlers.rounds import rulings
from handlers.rounds.rulings import Rules
from storage import drafts, publications, rounds
from storage.rounds import Criterion, Kind, State
from tests.world import World


def published(
    world: World, kind: Kind, name: str, scores: Mapping[str, str], *, maximum: int = 100, quarter: int = 1
) -> int:
    """A round with these results, published whole by 周敏; its only criterion counts half of its maximum."""
    by = world.personas["周敏"].id
    ranked = sorted(scores, key=lambda unit: -Decimal(scores[unit]))
    with world.database.transaction() as tx:
        draft = drafts.Draft(
            kind=kind,
            name=name,
            rules=rulings.to_wire(Rules()),
            criteria=[Criterion("总分", Decimal(2 * maximum), Decimal("0.5"))],
            entered=[(world.units[unit], "社区" if unit.endswith("社区") else "村") for unit in scores],
            panels=[],
            in_turn=False,
        )
        district = world.units["高新区"]
        made = drafts.create(tx, draft, unit_id=district, year=2021, quarter=quarter, created_by=by, now=world.now)
        rounds.set_state(tx, made, state=State.PUBLISHED, expected=State.DRAFT, published_at=world.now)
        ids = {c.unit_name: c.id for c in rounds.get(tx, made).contestants}
        ranking = [
            {"contestant": ids[unit], "rank": at, "score": scores[unit], "named": True}
            for at, unit in enumerate(ranked, 1)
        ]
        publications.add(tx, made, ranking=ranking, bundle="", reason=None, by=by, now=world.now)
    return made


def quarter(world: World) -> None:
    """An observation and a forum; 南流村 speaks, and nobody has seen it."""
    seen = {"大里村": "91.50", "公园道社区": "88.00", "欢河村": "90.00"}
    spoken = {"大里村": "44.00", "公园道社区": "45.00", "欢河村": "44.75", "南流村": "40.00"}
    published(world, Kind.OBSERVATION, "一季度观摩", seen)
    published(world, Kind.FORUM, "一季度比学", spoken, maximum=50)
