"""兑现率: the share of a unit's commitments that were fulfilled. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from storage.commitments import Commitment, State, Status
from storage.verdicts import Both, Verdict


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """Counts of a unit's year. `first_only`: those of which only the office has spoken; `open`: nobody has.

    `share`: what is fulfilled of what was evaluated, 0 to 100; None where nothing was.
    """

    fulfilled: int
    partly: int
    unfulfilled: int
    first_only: int
    open: int
    share: Fraction | None

    @property
    def total(self) -> int:
        return self.fulfilled + self.partly + self.unfulfilled + self.open

    @property
    def evaluated(self) -> int:
        return self.total - self.open


def fulfilment(given: Sequence[Both], partly: int) -> Fulfilment:
    """Sum up one `Both` for each commitment; a partly fulfilled one counts `partly` per cent."""
    finals = [both.final.verdict for both in given if both.final]
    count = {verdict: finals.count(verdict) for verdict in Verdict}
    points = 100 * count[Verdict.FULFILLED] + partly * count[Verdict.PARTLY]
    return Fulfilment(
        count[Verdict.FULFILLED],
        count[Verdict.PARTLY],
        count[Verdict.UNFULFILLED],
        sum(both.office is not None and both.district is None for both in given),
        len(given) - len(finals),
        Fraction(points, len(finals)) if finals else None,
    )


def suggestion(commitment: Commitment) -> Verdict:
    """What the record says by itself: closed or reached is fulfilled, something done is partly fulfilled."""
    if commitment.state is State.CLOSED or (commitment.share is not None and commitment.share >= 1):
        return Verdict.FULFILLED
    if commitment.share is None and commitment.status is Status.DONE:
        return Verdict.FULFILLED
    under_way = commitment.status in (Status.UNDER_WAY, Status.FINISHING, Status.SLOW, Status.DONE)
    return Verdict.PARTLY if (commitment.share or 0) > 0 or under_way else Verdict.UNFULFILLED


def progress(reported: Collection[tuple[Decimal | None, str | None] | None]) -> Fraction | None:
    """承诺进度: the mean share of a unit's commitments as last reported, 0 to 100; None where it has none.

    More than the target counts as 100 %, what was never reported as 0. Where only a status was said, done counts
    as 100 %, and anything else is left out.
    """
    shares = []
    for one in reported:
        if one is None:
            shares.append(Fraction(0))
        elif one[0] is not None:
            shares.append(min(Fraction(1), max(Fraction(0), Fraction(one[0]))))
        elif one[1] == Status.DONE.value:
            shares.append(Fraction(1))
    return 100 * sum(shares, Fraction(0)) / len(shares) if shares else None
