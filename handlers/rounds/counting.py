"""From what is kept of a round to its results: the only place that gives sheets to the tally."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from handlers.rounds import tally
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
    """A contestant with the result, the place, and what was added after averaging."""

    ranked: Ranked
    contestant: Contestant
    adjustments: tuple[Adjustment, ...]


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
    given = valid(found, kept)
    entries = [
        Entry(c.id, c.klass, tuple(given[c.id]), sum((i.points for i in items.get(c.id, [])), Decimal(0)))
        for c in found.contestants
    ]
    ranked = tally.rank([tally.tally(entry, rules) for entry in entries], rules)
    by_id = {c.id: c for c in found.contestants}
    places = tuple(
        Place(one, by_id[one.result.contestant], tuple(items.get(one.result.contestant, []))) for one in ranked
    )
    return Outcome(found, rules, places, kept)


def valid(found: Round, kept: tuple[Sheet, ...]) -> dict[int, list[Given]]:
    """The scores that count, by contestant: given, and not by somebody who is recused."""
    judges = {j.id: j for j in found.judges}
    contestants = {c.id: c for c in found.contestants}
    given: dict[int, list[Given]] = {c: [] for c in contestants}
    for sheet in kept:
        judge = judges[sheet.judge_id]
        if sheet.status is Status.GIVEN and not found.recused(judge, contestants[sheet.contestant_id]):
            assert sheet.total is not None
            given[sheet.contestant_id].append(Given(judge.id, judge.panel, sheet.total))
    return given


def of_round(tx: Tx, round_id: int) -> Outcome:
    """The results of the round of that number. Raises LookupError, ValueError."""
    return outcome(tx, rounds.get(tx, round_id))
