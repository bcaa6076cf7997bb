"""From score sheets to results and ranks. Exact decimals; rounded half up, once, at the end.

Source of the arithmetic: published rules for scoring on the spot: drop one highest and one lowest score, only
one of them when several are equal, take the mean of those left, round half up to the stated decimals. Judges
who gave no score are left out, and the number of valid scores is printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext


@dataclass(frozen=True, slots=True)
class Rules:
    """How a round is tallied.

    From `trim_from` valid scores on, `trim_each_end` are dropped at each end, but never so many that nothing
    would be left. `decimals` of the result, 0 to 4.
    """

    trim_from: int = 5
    trim_each_end: int = 1
    decimals: int = 2


@dataclass(frozen=True, slots=True)
class Result:
    """One contestant's result: `score` as rounded (None: no valid score), of `valid` scores.

    `dropped` are the scores that were trimmed, lowest first; `kept` the others, lowest first. `exact` is the
    mean before rounding as a fraction: (numerator, divisor).
    """

    contestant: int
    score: Decimal | None
    valid: int
    kept: tuple[Decimal, ...]
    dropped: tuple[Decimal, ...]
    exact: tuple[Decimal, int] | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A result with its place. Equal results share the place, and the next one is skipped.

    `shown` is the score as announced: with one more decimal than usual where only that splits a tie.
    """

    rank: int | None
    result: Result
    shown: Decimal | None


def tally(contestant: int, scores: Sequence[Decimal], rules: Rules) -> Result:
    """The trimmed mean of one contestant's valid scores."""
    ordered = sorted(scores)
    if not ordered:
        return Result(contestant, None, 0, (), ())
    drop = rules.trim_each_end if len(ordered) >= rules.trim_from else 0
    while 2 * drop >= len(ordered):
        drop -= 1
    kept = tuple(ordered[drop : len(ordered) - drop])
    dropped = tuple(ordered[:drop] + ordered[len(ordered) - drop :])
    exact = (sum(kept, Decimal(0)), len(kept))
    return Result(contestant, rounded(exact, rules.decimals), len(ordered), kept, dropped, exact)


def rounded(fraction: tuple[Decimal, int], decimals: int) -> Decimal:
    """The fraction, rounded half up to so many decimals."""
    numerator, divisor = fraction
    with localcontext() as exactly:
        # Far more digits than any sum of scores has: the only rounding is the quantize.
        exactly.prec = 60
        return (numerator / divisor).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def rank(results: Sequence[Result], rules: Rules) -> list[Ranked]:
    """Places by score; a tie is split by one more decimal, else shared. Who has no score has no place."""
    scored = sorted((r for r in results if r.score is not None), key=lambda r: _key(r, rules), reverse=True)
    split = _split_scores(scored, rules)
    ranked: list[Ranked] = []
    for index, result in enumerate(scored):
        before = ranked[-1] if ranked else None
        same = before is not None and _key(before.result, rules) == _key(result, rules)
        place = before.rank if before is not None and same else index + 1
        ranked.append(Ranked(place, result, _shown(result, rules, split=result.score in split)))
    return ranked + [Ranked(None, r, None) for r in results if r.score is None]


def _key(result: Result, rules: Rules) -> tuple[Decimal, Decimal]:
    assert result.score is not None
    assert result.exact is not None
    return result.score, rounded(result.exact, rules.decimals + 1)


def _split_scores(scored: Sequence[Result], rules: Rules) -> set[Decimal | None]:
    """The scores at which a further decimal makes a difference."""
    finer: dict[Decimal | None, set[tuple[Decimal, Decimal]]] = {}
    for result in scored:
        finer.setdefault(result.score, set()).add(_key(result, rules))
    return {score for score, keys in finer.items() if len(keys) > 1}


def _shown(result: Result, rules: Rules, *, split: bool) -> Decimal | None:
    if not split or result.exact is None:
        return result.score
    return rounded(result.exact, rules.decimals + 1)


def missing(owed: Mapping[int, Sequence[int]], given: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    """For each judge, the contestants that they owe and have not scored; judges who owe nothing left out."""
    found = {judge: [c for c in owes if c not in given.get(judge, ())] for judge, owes in owed.items()}
    return {judge: left for judge, left in found.items() if left}
