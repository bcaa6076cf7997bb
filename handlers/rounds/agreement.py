"""How far judges agree: figures from the literature, in plain floating point; they inform and change nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

#: Scores by contestant (rows) and judge (columns), without gaps.
Block = Sequence[Sequence[float]]


def kendalls_w(block: Block) -> float:
    """Kendall's coefficient of concordance, 0 (none) to 1 (the same order), corrected for ties.

    W = 12 S / (m² (n³ − n) − m Σ T) with m judges, n contestants, S the squared deviations of the rank sums and
    T = Σ (t³ − t) over each judge's groups of t equal scores. Source: Kendall and Gibbons, Rank Correlation
    Methods (1990), chapter 6. Raises ValueError when every judge gives everybody the same.
    """
    n, m = len(block), len(block[0])
    columns = [_ranks([row[judge] for row in block]) for judge in range(m)]
    sums = [sum(column[at] for column in columns) for at in range(n)]
    spread = sum((each - fmean(sums)) ** 2 for each in sums)
    ties = sum(t**3 - t for judge in range(m) for t in Counter(row[judge] for row in block).values())
    whole = m**2 * (n**3 - n) - m * ties
    if whole <= 0:
        raise ValueError("no judge tells any two contestants apart")
    return 12 * spread / whole


def _ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; equal values share the mean of their ranks."""
    ordered = sorted(values)
    first = {value: at for at, value in reversed(list(enumerate(ordered, 1)))}
    count = Counter(values)
    return [first[value] + (count[value] - 1) / 2 for value in values]


@dataclass(frozen=True, slots=True)
class Icc:
    """Intraclass correlations: of a `single` judge, and of the mean of all (`average`); at most 1."""

    single: float
    average: float


def icc(block: Block) -> Icc:
    """ICC(2,1) and ICC(2,k): judges as a random sample, absolute agreement.

    Source: Shrout and Fleiss, Intraclass Correlations: Uses in Assessing Rater Reliability, Psychological Bulletin
    86 (1979). Raises ValueError when there is no variation at all.
    """
    n, k = len(block), len(block[0])
    whole = fmean(score for row in block for score in row)
    rows = [fmean(row) for row in block]
    columns = [fmean(row[judge] for row in block) for judge in range(k)]
    between = k * sum((mean - whole) ** 2 for mean in rows) / (n - 1)
    judges = n * sum((mean - whole) ** 2 for mean in columns) / (k - 1)
    total = sum((score - whole) ** 2 for row in block for score in row)
    rest = max(0.0, total - between * (n - 1) - judges * (k - 1)) / ((n - 1) * (k - 1))
    single = between + (k - 1) * rest + k * (judges - rest) / n
    average = between + (judges - rest) / n
    if not single or not average:
        raise ValueError("all scores are the same")
    return Icc((between - rest) / single, (between - rest) / average)
