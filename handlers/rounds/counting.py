"""From what is kept of a round to its results: the only place that gives sheets to the tally."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from handlers.rounds.ranking import plain, ranked
from handlers.rounds.rulings import Rules, rules_of
from handlers.rounds.tally import Entry, Given, Ranked
from storage import adjustments, rounds, sheets
from storage.adjustments import Adjustment
from storage.database import Tx
from storage.rounds import Contestant, Round, State
from storage.sheets import Sheet, Status

#: The states in which scores may be seen at all.
OPENED = (State.COMPUTED, State.SIGNED, State.PUBLISHED)


@dataclass(frozen=True, slots=True)
class Place:
    """A contestant with the result, the place, and what was added after averaging.

    `plain`: what it would be without correction for severity and without levelling, where the rules have them.
    """

    ranked: Ranked
    contestant: Contestant
    adjustments: tuple[Adjustment, ...]
    plain: Ranked | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A round's results, best first in each class, and the sheets they come from."""

    round: Round
    rules: Rules
    places: tuple[Place, ...]
    sheets: tuple[Sheet, ...]

    def place_of(self, unit_id: int) -> Place | None:
        """The place of a unit, if it took part."""
        return next((place for place in self.places if place.contestant.unit_id == unit_id), None)


def outcome(tx: Tx, found: Round) -> Outcome:
    """The results of a round that has been unsealed. Raises ValueError while its scores are hidden."""
    if found.head.state not in OPENED:
        raise ValueError(f"the scores of round {found.id} are hidden while it is {found.head.state}")
    rules = rules_of(found)
    kept = tuple(sheets.standing(tx, found.id))
    items: dict[int, list[Adjustment]] = {}
    for item in adjustments.standing(tx, found.id):
        items.setdefault(item.contestant_id, []).append(item)
    points = {c: sum((item.points for item in each), Decimal(0)) for c, each in items.items()}
    given, anchors = entries(found, kept, points), anchors_of(found, rules)
    beside: dict[int, Ranked] = {}
    if rules.corrected or rules.levelled:
        beside = {one.result.contestant: one for one in ranked(given, plain(rules))}
    by_id = {c.id: c for c in found.contestants}
    places = tuple(
        Place(
            one,
            by_id[one.result.contestant],
            tuple(items.get(one.result.contestant, [])),
            beside.get(one.result.contestant),
        )
        for one in ranked(given, rules, anchors)
    )
    return Outcome(found, rules, places, kept)


def anchors_of(found: Round, rules: Rules) -> frozenset[int]:
    """The contestants by which panels are compared."""
    shared = rules.shared
    return frozenset(c.id for c in found.contestants if c.unit_id in shared)


def entries(found: Round, kept: tuple[Sheet, ...], points: Mapping[int, Decimal]) -> list[Entry]:
    """What the tally is given: the valid scores and the adjustments of each contestant."""
    given = valid(found, kept)
    return [Entry(c.id, c.klass, tuple(given[c.id]), points.get(c.id, Decimal(0))) for c in found.contestants]


def valid(found: Round, kept: tuple[Sheet, ...]) -> dict[int, list[Given]]:
    """The scores that count, by contestant: given, and not by somebody who is recused."""
    judges = {j.id: j for j in found.judges}
    contestants = {c.id: c for c in found.contestants}
    given: dict[int, list[Given]] = {c: [] for c in contestants}
    names = tuple(criterion.name for criterion in found.criteria)
    for sheet in kept:
        judge = judges[sheet.judge_id]
        if sheet.status is Status.GIVEN and not found.recused(judge, contestants[sheet.contestant_id]):
            assert sheet.total is not None
            parts = tuple(zip(names, sheet.scores, strict=True)) if len(sheet.scores) == len(names) else ()
            given[sheet.contestant_id].append(Given(judge.id, judge.panel, sheet.total, parts))
    return given


def of_round(tx: Tx, round_id: int) -> Outcome:
    """The results of the round of that number. Raises LookupError, ValueError."""
    return outcome(tx, rounds.get(tx, round_id))
