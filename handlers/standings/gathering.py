"""What a quarter's or a year's standing is made of: published scores, progress, fulfilment, with their sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from bot.chat import settings
from bot.chat.settings import Policy
from handlers.standings.composing import Placed, Rule, Unit, placed
from handlers.standings.fulfilment import Fulfilment, fulfilment, progress
from storage import commitments, standings, units, verdicts
from storage.commitments import PUBLIC
from storage.database import Tx
from storage.rounds import Kind
from storage.standings import Scored
from storage.verdicts import Both

#: The whole year, where a quarter is named.
YEAR = 0
_PART = {Kind.OBSERVATION: "observation", Kind.FORUM: "forum", Kind.OTHER: "other", Kind.EVALUATION: "evaluation"}
_QUARTERLY = ("observation", "forum", "other", "progress")
_YEARLY = ("quarters", "evaluation", "fulfilment")


@dataclass(frozen=True, slots=True)
class Period:
    """A quarter of a year, or (`quarter` 0) the whole of it."""

    year: int
    quarter: int


@dataclass(frozen=True, slots=True)
class Composite:
    """A standing with everything that it came from.

    `rule` has the weights of the parts that anybody has; `absent` are the others: such a round was not held.
    `quarters`: for a year, the standings of its quarters.
    """

    period: Period
    rule: Rule
    absent: tuple[str, ...]
    places: tuple[Placed, ...]
    scores: Mapping[int, Sequence[Scored]]
    fulfilled: Mapping[int, Fulfilment]
    quarters: Mapping[int, Mapping[int, Placed]]

    def place_of(self, unit_id: int) -> Placed | None:
        """The place of a unit, if it has any part of this standing."""
        return next((place for place in self.places if place.unit.id == unit_id), None)

    @property
    def waiting(self) -> int:
        """How many commitments still wait for the district's word, of a year whose standing counts them."""
        if "fulfilment" not in (*dict(self.rule.weights), *self.absent):
            return 0
        return sum(one.open + one.first_only for one in self.fulfilled.values())


def rule_of(policy: settings.Standings, quarter: int) -> Rule:
    """The rule for a quarter, or for the year."""
    names = _YEARLY if quarter == YEAR else _QUARTERLY
    weights = tuple((name, Decimal(getattr(policy, name))) for name in names if getattr(policy, name))
    known = (*_YEARLY, "observation", "forum", "other") if quarter == YEAR else _QUARTERLY
    ties = tuple(tie for tie in policy.ties if tie in known)
    return Rule(weights, policy.missing, policy.decimals, policy.apart, ties)


def newest(scored: Sequence[Scored]) -> int | None:
    """The newest quarter with a published round; None without any."""
    return max((one.quarter for one in scored), default=None)


def composite(tx: Tx, root: int, period: Period, policy: Policy) -> Composite:
    """The standing as the published scores make it now."""
    scored = standings.scored(tx, [root], year=period.year)
    promised: dict[int, list[int]] = defaultdict(list)
    for one in commitments.in_subtree(tx, [root], year=period.year, states=PUBLIC):
        promised[one.commitment.unit_id].append(one.commitment.id)
    contesting = units.subtree(tx, [root], kinds=units.CONTESTING)
    classes = {unit.id: (unit.name, unit.kind) for unit in contesting}
    classes |= {one.unit_id: (one.unit_name, _kind(classes, one)) for one in scored}
    if period.quarter != YEAR:
        return _quarter(tx, root, period, policy, scored, promised, classes)
    return _year(tx, root, period, policy, scored, promised, classes)


def _kind(classes: Mapping[int, tuple[str, str]], one: Scored) -> str:
    return classes[one.unit_id][1] if one.unit_id in classes else one.klass


_Classes = Mapping[int, tuple[str, str]]
_Promised = Mapping[int, Sequence[int]]


def _quarter(
    tx: Tx,
    root: int,
    period: Period,
    policy: Policy,
    scored: Sequence[Scored],
    promised: _Promised,
    classes: _Classes,
) -> Composite:
    rule = rule_of(policy.standings, period.quarter)
    own = [one for one in scored if one.quarter == period.quarter]
    parts = _rounds(own)
    if "progress" in (*dict(rule.weights), *rule.ties):
        until = f"{period.year}Q{period.quarter}"
        said = standings.progress(tx, [root], year=period.year, until=until)
        for unit_id, ids in promised.items():
            share = progress([said.get(each) for each in ids])
            if share is not None:
                parts[unit_id]["progress"] = share
    return _placed(period, rule, parts, classes, own)


def _year(
    tx: Tx,
    root: int,
    period: Period,
    policy: Policy,
    scored: Sequence[Scored],
    promised: _Promised,
    classes: _Classes,
) -> Composite:
    rule = rule_of(policy.standings, YEAR)
    quarters = {
        number: {
            place.unit.id: place
            for place in _quarter(tx, root, Period(period.year, number), policy, scored, promised, classes).places
        }
        for number in sorted({one.quarter for one in scored if one.kind is not Kind.EVALUATION})
    }
    parts = _rounds(scored)
    for unit_id, (_name, _klass) in classes.items():
        had = [place.exact for q in quarters.values() if (place := q.get(unit_id)) and place.exact is not None]
        if had:
            parts[unit_id]["quarters"] = sum(had, Fraction(0)) / len(had)
    given = verdicts.standing(tx, [root], year=period.year)
    fulfilled = {
        unit_id: fulfilment([given.get(each, Both()) for each in ids], policy.standings.partly)
        for unit_id, ids in promised.items()
    }
    for unit_id, one in fulfilled.items():
        if one.share is not None:
            parts[unit_id]["fulfilment"] = one.share
    found = _placed(period, rule, parts, classes, scored)
    return replace(found, fulfilled=fulfilled, quarters=quarters)


def _rounds(scored: Sequence[Scored]) -> dict[int, dict[str, Fraction]]:
    """For each unit and kind of round the mean of its published scores on a hundred-point scale."""
    found: dict[int, dict[str, list[Fraction]]] = defaultdict(lambda: defaultdict(list))
    for one in scored:
        if one.score is not None:
            found[one.unit_id][_PART[one.kind]].append(hundred(one))
    means: dict[int, dict[str, Fraction]] = defaultdict(dict)
    for unit_id, kinds in found.items():
        means[unit_id] = {name: sum(each, Fraction(0)) / len(each) for name, each in kinds.items()}
    return means


def hundred(one: Scored) -> Fraction:
    """A published score on a hundred-point scale."""
    assert one.score is not None
    return Fraction(one.score) * 100 / Fraction(one.maximum)


def _by_unit(scored: Sequence[Scored]) -> dict[int, list[Scored]]:
    found: dict[int, list[Scored]] = defaultdict(list)
    for one in scored:
        found[one.unit_id].append(one)
    return found


def _placed(
    period: Period,
    rule: Rule,
    parts: Mapping[int, Mapping[str, Fraction]],
    classes: _Classes,
    scored: Sequence[Scored],
) -> Composite:
    """The standing of all units that were scored at least once: commitments alone are no competition."""
    found = [
        Unit(unit_id, *classes[unit_id], parts[unit_id])
        for unit_id in dict.fromkeys(one.unit_id for one in scored if one.score is not None)
    ]
    known = {name for unit in found for name in unit.parts}
    absent = tuple(name for name, _weight in rule.weights if name not in known)
    rule = replace(rule, weights=tuple(pair for pair in rule.weights if pair[0] in known))
    return Composite(period, rule, absent, tuple(placed(found, rule)), _by_unit(scored), {}, {})
