"""From score sheets to results and ranks. Exact fractions; rounded half up, once, at the end.

Source of the arithmetic: published rules for scoring on the spot: drop one highest and one lowest score, only
one of them when several are equal, take the mean of those left, round half up to the stated decimals; time
penalties, bonus and penalty items come after averaging. Judges who gave no score are left out, and the number
of valid scores is printed. Ties are split by what the rules name, in their order; whoever is equal still shares
the place, and the next one is skipped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from handlers.rounds.rulings import DECIMAL, DOWN, HALF_EVEN, HALF_UP, UNTRIMMED, Rules

#: What a contestant has in a tie for whom the figure to compare is not known: less than anybody who has one.
_UNKNOWN = Fraction(-(10**9))


@dataclass(frozen=True, slots=True)
class Given:
    """One valid score: by which judge, of which panel. `parts`: by criterion's name, empty for a whole score."""

    judge: int
    panel: str
    score: Decimal
    parts: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one contestant. `points` are the adjustments, added after averaging."""

    contestant: int
    klass: str
    given: tuple[Given, ...]
    points: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class PanelMean:
    """One panel's scores of one contestant: those that count and those dropped, each lowest first.

    `level`: by what the panel's means are multiplied before they are weighted; 1 where panels are not levelled.
    """

    panel: str
    weight: Decimal
    kept: tuple[Given, ...]
    dropped: tuple[Given, ...]
    mean: Fraction
    untrimmed: Fraction
    level: Fraction = Fraction(1)

    @property
    def given(self) -> tuple[Given, ...]:
        return (*self.kept, *self.dropped)


@dataclass(frozen=True, slots=True)
class Result:
    """One contestant's result: `score` as rounded, `exact` before; both None without any valid score.

    `ties`: what it has to show in a tie, for each of the rules' ties; more is better.
    """

    contestant: int
    klass: str
    panels: tuple[PanelMean, ...]
    points: Decimal
    exact: Fraction | None
    untrimmed: Fraction | None
    score: Decimal | None
    ties: tuple[Fraction, ...] = ()

    @property
    def valid(self) -> int:
        """How many scores there were, dropped ones included."""
        return sum(len(panel.kept) + len(panel.dropped) for panel in self.panels)

    @property
    def kept(self) -> tuple[Decimal, ...]:
        return tuple(sorted(g.score for panel in self.panels for g in panel.kept))

    @property
    def dropped(self) -> tuple[Decimal, ...]:
        return tuple(sorted(g.score for panel in self.panels for g in panel.dropped))


@dataclass(frozen=True, slots=True)
class Ranked:
    """A result with its place. Equal results share the place, and the next one is skipped.

    `shown` is the score as announced: with one more decimal than usual where only that splits a tie.
    `split`: by which of the rules' ties, beside the further decimal, it was told apart from an equal score.
    """

    rank: int | None
    result: Result
    shown: Decimal | None
    split: tuple[str, ...] = ()


def tally(entry: Entry, rules: Rules, levels: Mapping[str, Fraction] | None = None) -> Result:
    """One contestant's result: trimmed means per panel, levelled, weighted; then the adjustments; one rounding."""
    weights = dict(rules.panels) or {given.panel: Decimal(1) for given in entry.given}
    panels = tuple(
        _panel(name, weight, scores, rules, (levels or {}).get(name, Fraction(1)))
        for name, weight in weights.items()
        if (scores := [g for g in entry.given if g.panel == name])
    )
    if not panels:
        return Result(entry.contestant, entry.klass, (), entry.points, None, None, None)
    points = Fraction(entry.points)
    exact = _weighted([(panel.weight, panel.mean * panel.level) for panel in panels]) + points
    untrimmed = _weighted([(panel.weight, panel.untrimmed * panel.level) for panel in panels]) + points
    score = rounded(exact, rules.decimals, rules.rounding)
    ties = tuple(_tie(tie, exact, untrimmed, panels, rules) for tie in rules.ties)
    return Result(entry.contestant, entry.klass, panels, entry.points, exact, untrimmed, score, ties)


def _tie(tie: str, exact: Fraction, untrimmed: Fraction, panels: Sequence[PanelMean], rules: Rules) -> Fraction:
    if tie == DECIMAL:
        return Fraction(rounded(exact, rules.decimals + 1, rules.rounding))
    if tie == UNTRIMMED:
        return untrimmed
    return criterion_mean(tie, panels)


def criterion_mean(criterion: str, panels: Sequence[PanelMean]) -> Fraction:
    """What a contestant was given under one criterion: means per panel of all valid scores, weighted."""
    means = []
    for panel in panels:
        own = [Fraction(part) for given in panel.given for name, part in given.parts if name == criterion]
        if own:
            means.append((panel.weight, sum(own, Fraction(0)) / len(own)))
    return _weighted(means) if means else _UNKNOWN


def _panel(name: str, weight: Decimal, scores: Sequence[Given], rules: Rules, level: Fraction) -> PanelMean:
    ordered = sorted(scores, key=lambda given: (given.score, given.judge))
    drop = rules.trim_each_end if len(ordered) >= rules.trim_from else 0
    while 2 * drop >= len(ordered):
        drop -= 1
    kept = tuple(ordered[drop : len(ordered) - drop])
    dropped = tuple(ordered[:drop] + ordered[len(ordered) - drop :])
    return PanelMean(name, weight, kept, dropped, _mean(kept), _mean(ordered), level)


def _mean(scores: Sequence[Given]) -> Fraction:
    return Fraction(sum((given.score for given in scores), Decimal(0))) / len(scores)


def _weighted(means: Sequence[tuple[Decimal, Fraction]]) -> Fraction:
    """Panels without a valid score are left out, and the weights of the others made up to a whole."""
    whole = sum((Fraction(weight) for weight, _mean in means), Fraction(0))
    return sum((Fraction(weight) * mean for weight, mean in means), Fraction(0)) / whole


def rounded(value: Fraction, decimals: int, how: str = HALF_UP) -> Decimal:
    """The value to so many decimals: half up (away from zero), half to even, or down (towards zero)."""
    scaled = abs(value) * 10**decimals
    whole = round(scaled) if how == HALF_EVEN else int(scaled if how == DOWN else scaled + Fraction(1, 2))
    return Decimal(whole if value >= 0 else -whole).scaleb(-decimals)


def rank(results: Sequence[Result], rules: Rules) -> list[Ranked]:
    """Places by score, in each class apart where the rules say so. Who has no score has no place."""
    classes = sorted({r.klass for r in results}) if rules.apart else [None]
    ranked: list[Ranked] = []
    for klass in classes:
        ranked += _rank([r for r in results if klass is None or r.klass == klass], rules)
    return ranked


def _rank(results: Sequence[Result], rules: Rules) -> list[Ranked]:
    scored = sorted((r for r in results if r.score is not None), key=_key, reverse=True)
    finer = _split_scores(scored, rules)
    equals: dict[Decimal | None, list[Result]] = {}
    for result in scored:
        equals.setdefault(result.score, []).append(result)
    ranked: list[Ranked] = []
    for index, result in enumerate(scored):
        before = ranked[-1] if ranked else None
        same = before is not None and _key(before.result) == _key(result)
        place = before.rank if before is not None and same else index + 1
        split = _split_by(result, equals[result.score], rules)
        ranked.append(Ranked(place, result, _shown(result, rules, finer=result.score in finer), split))
    return ranked + [Ranked(None, r, None) for r in results if r.score is None]


def _key(result: Result) -> tuple[Decimal, tuple[Fraction, ...]]:
    assert result.score is not None
    return result.score, result.ties


def _split_by(result: Result, equals: Sequence[Result], rules: Rules) -> tuple[str, ...]:
    """The ties that told it apart from somebody with the same score: for each, the first in which they differ."""
    first = set()
    for other in equals:
        differing = (tie for tie, a, b in zip(rules.ties, result.ties, other.ties, strict=True) if a != b)
        first.add(next(differing, DECIMAL))
    return tuple(tie for tie in rules.ties if tie in first and tie != DECIMAL)


def _split_scores(scored: Sequence[Result], rules: Rules) -> set[Decimal | None]:
    """The scores at which a further decimal makes a difference."""
    if DECIMAL not in rules.ties:
        return set()
    finer: dict[Decimal | None, set[Fraction]] = {}
    for result in scored:
        finer.setdefault(result.score, set()).add(result.ties[rules.ties.index(DECIMAL)])
    return {score for score, keys in finer.items() if len(keys) > 1}


def _shown(result: Result, rules: Rules, *, finer: bool) -> Decimal | None:
    if not finer or result.exact is None:
        return result.score
    return rounded(result.exact, rules.decimals + 1, rules.rounding)
