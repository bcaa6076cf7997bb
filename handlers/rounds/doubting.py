"""A courteous question instead of a silent correction: a score that looks like a slip is asked about, privately.

Only the judge's own sheets are looked at, so the question tells nothing about what others gave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from bot.chat.texts import T, Text
from handlers import Ctx
from handlers.rounds.seats import Seat
from storage.rounds import Contestant

#: With fewer sheets of one's own there is no pattern to be far from.
_ENOUGH = 3
#: Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993): a modified z-score above 3.5 is an outlier.
_LIMIT = Decimal("3.5")
_CONSISTENCY = Decimal("0.6745")
#: Judges who give nearly the same to all have a spread of almost nothing: so much of the maximum is no slip.
_LEAST_SPREAD = Decimal("0.025")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A contestant whose score looks like a slip, and how to ask about it."""

    contestant: Contestant
    words: Text


def doubts(ctx: Ctx, seat: Seat, fresh: Sequence[Contestant]) -> list[Doubt]:
    """Those of the new scores that are far from the judge's own pattern."""
    given = {c: sheet.total for c, sheet in seat.given(ctx).items() if sheet.total is not None}
    maximum = sum((c.maximum for c in seat.round.criteria), Decimal(0))
    found = []
    for contestant in fresh:
        others = [total for c, total in given.items() if c != contestant.id]
        if contestant.id in given and is_far(given[contestant.id], others, maximum):
            found.append(Doubt(contestant, _words(contestant, given[contestant.id], others)))
    return found


def is_far(score: Decimal, others: Sequence[Decimal], maximum: Decimal) -> bool:
    """Whether the modified z-score of a score among the judge's others is above 3.5."""
    if len(others) < _ENOUGH:
        return False
    middle = median(others)
    spread = max(median([abs(other - middle) for other in others]), maximum * _LEAST_SPREAD)
    return _CONSISTENCY * abs(score - middle) / spread > _LIMIT


def _words(contestant: Contestant, score: Decimal, others: Sequence[Decimal]) -> Text:
    low, high = min(others), max(others)
    return T(
        "请您看一眼：{unit}打了{score}分，您给其他单位打的是{low}到{high}分。没错就不用管。",
        unit=contestant.unit_name,
        score=score,
        low=low,
        high=high,
    )
