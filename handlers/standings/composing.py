"""From several parts to one standing: weights, units that lack a part, ties, places. Pure and exact.

Every part is a figure from 0 to 100. The standing is their mean by weight, rounded half up once. What a unit lacks
is dealt with by one of three rules, and the rule is printed with the standing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from handlers.rounds.tally import rounded


@dataclass(frozen=True, slots=True)
class Rule:
    """How parts make a standing. `weights` by part, above 0, in the order in which they are shown.

    `missing`: `unranked`, `left_out` (the other weights are made up to a whole), or `zero` points. `ties`: the
    parts by which equal standings are told apart, in this order; who lacks one comes after those that have it.
    """

    weights: tuple[tuple[str, Decimal], ...]
    missing: str = "unranked"
    decimals: int = 2
    apart: bool = False
    ties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """What is known of a unit: `parts` by name, those that it lacks left out. May have more than the weighted."""

    id: int
    name: str
    klass: str
    parts: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class Placed:
    """A unit with its standing. `score` and `rank` are None for a unit without any part, or that is not ranked.

    `split`: the parts by which it was told apart from somebody with the same score.
    """

    unit: Unit
    exact: Fraction | None
    score: Decimal | None
    rank: int | None
    split: tuple[str, ...] = ()


def composite(unit: Unit, rule: Rule) -> Fraction | None:
    """The mean of the parts by weight; None where the rule gives none."""
    has = [(Fraction(weight), unit.parts[name]) for name, weight in rule.weights if name in unit.parts]
    if not has or (rule.missing == "unranked" and len(has) < len(rule.weights)):
        return None
    counted = rule.weights if rule.missing == "zero" else [pair for pair in rule.weights if pair[0] in unit.parts]
    whole = sum((Fraction(weight) for _name, weight in counted), Fraction(0))
    return sum((weight * part for weight, part in has), Fraction(0)) / whole


def placed(found: Sequence[Unit], rule: Rule) -> list[Placed]:
    """All units, the best first, in each class apart where the rule says so; who has no standing comes last."""
    classes = sorted({unit.klass for unit in found}) if rule.apart else [None]
    return [place for klass in classes for place in _placed([u for u in found if klass in (None, u.klass)], rule)]


def _placed(found: Sequence[Unit], rule: Rule) -> list[Placed]:
    scored = []
    without = []
    for unit in found:
        exact = composite(unit, rule)
        if exact is None:
            without.append(Placed(unit, None, None, None))
        else:
            scored.append((rounded(exact, rule.decimals), _ties(unit, rule), exact, unit))
    scored.sort(key=lambda one: (-one[0], [-tie for tie in one[1]], one[3].id))
    places: list[Placed] = []
    for at, (score, ties, exact, unit) in enumerate(scored):
        same = at > 0 and scored[at - 1][:2] == (score, ties)
        rank = places[-1].rank if same else at + 1
        split = _split(ties, [other[1] for other in scored if other[0] == score], rule)
        places.append(Placed(unit, exact, score, rank, split))
    return places + sorted(without, key=lambda place: place.unit.id)


def _ties(unit: Unit, rule: Rule) -> tuple[Fraction, ...]:
    return tuple(unit.parts.get(name, Fraction(-1)) for name in rule.ties)


def _split(ties: tuple[Fraction, ...], equals: Sequence[tuple[Fraction, ...]], rule: Rule) -> tuple[str, ...]:
    """For each equal, the first part in which they differ; in the order of the rule."""
    first = {
        next((name for name, a, b in zip(rule.ties, ties, other, strict=True) if a != b), None) for other in equals
    }
    return tuple(name for name in rule.ties if name in first)
