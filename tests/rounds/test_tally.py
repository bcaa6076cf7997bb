"""The arithmetic of a round: worked examples from published rules, and what must hold for any scores."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.rounds.tally import Result, Rules, rank, rounded, tally

D = Decimal
RULES = Rules()
scores = st.lists(st.decimals(min_value=0, max_value=100, places=2), min_size=1, max_size=31)


def decimals(*values: str) -> list[Decimal]:
    return [D(value) for value in values]


def test_seven_judges_one_highest_and_one_lowest_dropped() -> None:
    result = tally(1, decimals("92.5", "88", "91.25", "95", "90", "89.5", "93"), RULES)
    assert result.dropped == (D("88"), D("95"))
    assert result.valid == 7
    assert result.score == D("91.25")


def test_of_several_equal_ones_only_one_is_dropped() -> None:
    result = tally(1, decimals("95", "95", "95", "80", "80"), RULES)
    assert result.dropped == (D("80"), D("95"))
    assert result.kept == (D("80"), D("95"), D("95"))
    assert result.score == D("90.00")


def test_below_five_valid_scores_nothing_is_dropped() -> None:
    result = tally(1, decimals("90", "80", "70", "60"), RULES)
    assert result.dropped == ()
    assert result.score == D("75.00")


def test_rounding_is_half_up_and_happens_once() -> None:
    assert rounded((D("0.01"), 2), 2) == D("0.01")
    assert rounded((D("180.005"), 2), 2) == D("90.00")
    assert tally(1, decimals("90.01", "90.00"), RULES).score == D("90.01")


def test_no_score_no_place() -> None:
    ranked = rank([tally(1, [], RULES), tally(2, [D(90)], RULES)], RULES)
    assert [(r.rank, r.result.contestant) for r in ranked] == [(1, 2), (None, 1)]


def test_a_tie_is_split_by_a_further_decimal_which_is_then_shown() -> None:
    close = [tally(1, decimals("90.01", "90.00", "90.00"), RULES), tally(2, decimals("90", "90", "90"), RULES)]
    assert [(r.rank, r.result.contestant, r.shown) for r in rank(close, RULES)] == [
        (1, 1, D("90.003")),
        (2, 2, D("90.000")),
    ]


def test_a_true_tie_shares_the_place_and_skips_the_next() -> None:
    results = [tally(c, [D(s)], RULES) for c, s in ((1, "90"), (2, "95"), (3, "90"), (4, "80"))]
    ranked = rank(results, RULES)
    assert [(r.rank, r.result.contestant) for r in ranked] == [(1, 2), (2, 1), (2, 3), (4, 4)]
    assert [str(r.shown) for r in ranked] == ["95.00", "90.00", "90.00", "80.00"]


@pytest.mark.parametrize("ends", [2, 5])
def test_trimming_never_takes_everything(ends: int) -> None:
    assert tally(1, decimals("1", "2", "3", "4", "5"), Rules(trim_each_end=ends)).kept != ()


@given(scores, st.randoms())
def test_the_order_of_the_judges_does_not_matter(given_scores: list[Decimal], chance: object) -> None:
    shuffled = list(given_scores)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert tally(1, shuffled, RULES) == tally(1, given_scores, RULES)


@given(scores)
def test_the_result_lies_within_the_scores_that_count(given_scores: list[Decimal]) -> None:
    result = tally(1, given_scores, RULES)
    assert result.score is not None
    assert min(result.kept) <= result.score <= max(result.kept)
    assert sorted(result.kept + result.dropped) == sorted(given_scores)


@given(scores)
def test_it_equals_a_slow_computation_in_fractions(given_scores: list[Decimal]) -> None:
    left = [Fraction(s) for s in given_scores]
    if len(left) >= 5:
        left.remove(max(left))
        left.remove(min(left))
    mean = sum(left) / len(left)
    hundredths = mean * 100
    whole = hundredths.numerator // hundredths.denominator
    if hundredths - whole >= Fraction(1, 2):
        whole += 1
    assert tally(1, given_scores, RULES).score == D(whole) / 100


@given(scores, st.integers(min_value=0, max_value=30), st.decimals(min_value=0, max_value=50, places=2))
def test_a_higher_score_never_lowers_the_result(given_scores: list[Decimal], at: int, more: Decimal) -> None:
    raised = list(given_scores)
    raised[at % len(raised)] += more
    before, after = tally(1, given_scores, RULES).score, tally(1, raised, RULES).score
    assert before is not None
    assert after is not None
    assert after >= before


@given(st.lists(scores, min_size=1, max_size=15))
def test_places_agree_with_the_scores(sheets: list[list[Decimal]]) -> None:
    results: list[Result] = [tally(c, s, RULES) for c, s in enumerate(sheets)]
    ranked = rank(results, RULES)
    assert sorted(r.result.contestant for r in ranked) == list(range(len(sheets)))
    for better, worse in pairwise(ranked):
        assert better.rank is not None
        assert worse.rank is not None
        assert better.shown is not None
        assert worse.shown is not None
        assert better.rank <= worse.rank
        assert better.shown >= worse.shown
        assert better.rank == 1 + sum(other.shown > better.shown for other in ranked if other.shown is not None)
