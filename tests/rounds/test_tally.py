"""The arithmetic of a round: worked examples from published rules, and what must hold for any scores."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.rounds.rulings import UNTRIMMED, Rules
from handlers.rounds.tally import Entry, Given, Result, rank, rounded
from handlers.rounds.tally import tally as tally_entry

D = Decimal
RULES = Rules()
scores = st.lists(st.decimals(min_value=0, max_value=100, places=2), min_size=1, max_size=31)


def tally(contestant: int, given: list[Decimal], rules: Rules, klass: str = "", points: str = "0") -> Result:
    """The result of scores of one panel."""
    each = tuple(Given(judge, "", score) for judge, score in enumerate(given))
    return tally_entry(Entry(contestant, klass, each, D(points)), rules)


def panelled(contestant: int, scores: dict[str, list[str]], rules: Rules) -> Result:
    """The result of scores of several panels."""
    each = [Given(i, panel, D(s)) for panel, given in scores.items() for i, s in enumerate(given)]
    return tally_entry(Entry(contestant, "", tuple(each)), rules)


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
    assert rounded(Fraction(1, 200), 2) == D("0.01")
    assert rounded(Fraction(180005, 2000), 2) == D("90.00")
    assert rounded(Fraction(-1, 200), 2) == D("-0.01")
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
    assert tally(1, shuffled, RULES).exact == tally(1, given_scores, RULES).exact


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


@given(scores, st.integers(0, 5), st.integers(3, 9))
def test_exactly_so_many_are_dropped_at_each_end_however_many_are_equal(
    given_scores: list[Decimal], ends: int, least: int
) -> None:
    result = tally(1, given_scores, Rules(trim_from=least, trim_each_end=ends))
    [panel] = result.panels
    drop = min(ends, (len(given_scores) - 1) // 2) if len(given_scores) >= least else 0
    ordered = sorted(given_scores)
    assert [given.score for given in panel.dropped] == ordered[:drop] + ordered[len(ordered) - drop :]
    assert len({given.judge for given in panel.given}) == len(given_scores)


@given(st.lists(st.lists(st.integers(80, 83), min_size=1, max_size=6), min_size=1, max_size=9))
def test_a_rank_is_one_more_than_the_number_of_those_who_are_better(sheets: list[list[int]]) -> None:
    """Few different scores, so that there are many ties; the key is computed slowly here."""
    ranked = rank([tally(c, [D(s) for s in own], RULES) for c, own in enumerate(sheets)], RULES)
    keys = {c: slow_key(own) for c, own in enumerate(sheets)}
    for one in ranked:
        c = one.result.contestant
        assert one.rank == 1 + sum(key > keys[c] for key in keys.values())


def slow_key(scores: list[int]) -> tuple[Fraction, Fraction, Fraction]:
    """Result, one more decimal, the mean before dropping."""
    left = sorted(scores)
    kept = left[1:-1] if len(left) >= 5 else left
    mean = Fraction(sum(kept), len(kept))
    rough, fine = (Fraction(int(mean * 10**d * 2 + 1) // 2, 10**d) for d in (2, 3))
    return rough, fine, Fraction(sum(left), len(left))


@given(scores, st.integers(min_value=0, max_value=30), st.decimals(min_value=0, max_value=50, places=2))
def test_a_higher_score_never_lowers_the_result(given_scores: list[Decimal], at: int, more: Decimal) -> None:
    raised = list(given_scores)
    raised[at % len(raised)] += more
    before, after = tally(1, given_scores, RULES).score, tally(1, raised, RULES).score
    assert before is not None
    assert after is not None
    assert after >= before


@given(st.lists(scores, min_size=1, max_size=15), st.randoms())
def test_places_agree_with_the_scores(sheets: list[list[Decimal]], chance: object) -> None:
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
        if better.rank == worse.rank:
            assert better.shown == worse.shown
            assert better.result.untrimmed == worse.result.untrimmed
    chance.shuffle(results)  # type: ignore[attr-defined]
    assert {r.result.contestant: r.rank for r in rank(results, RULES)} == {
        r.result.contestant: r.rank for r in ranked
    }


def test_equal_results_are_told_apart_by_the_mean_before_trimming() -> None:
    first = tally(1, decimals("100", "90", "90", "90", "80"), RULES)
    second = tally(2, decimals("95", "90", "90", "90", "60"), RULES)
    ranked = rank([second, first], RULES)
    assert [(r.rank, r.result.contestant, str(r.shown), r.split) for r in ranked] == [
        (1, 1, "90.00", (UNTRIMMED,)),
        (2, 2, "90.00", (UNTRIMMED,)),
    ]


def parted(contestant: int, *sheets: tuple[str, str]) -> Result:
    """The result of whole sheets of two criteria, by the rules of BY_CRITERION."""
    each = tuple(
        Given(judge, "", D(one) + D(two), (("党建", D(one)), ("服务", D(two))))
        for judge, (one, two) in enumerate(sheets)
    )
    return tally_entry(Entry(contestant, "", each), BY_CRITERION)


BY_CRITERION = Rules(ties=("服务", UNTRIMMED))


def test_equal_results_are_told_apart_by_a_criterion_that_the_rules_name() -> None:
    first, second = parted(1, ("50", "40"), ("50", "40")), parted(2, ("48", "42"), ("49", "41"))
    ranked = rank([first, second], BY_CRITERION)
    assert [(r.rank, r.result.contestant, r.split) for r in ranked] == [(1, 2, ("服务",)), (2, 1, ("服务",))]
    assert second.ties[0] == Fraction(83, 2)
    assert [r.rank for r in rank([first, parted(2, ("50", "40"))], BY_CRITERION)] == [1, 1]


def test_a_whole_score_loses_a_tie_by_criterion() -> None:
    whole = tally_entry(Entry(2, "", (Given(0, "", D(90)),)), BY_CRITERION)
    assert [r.result.contestant for r in rank([whole, parted(1, ("90", "0"))], BY_CRITERION)] == [1, 2]


def test_without_ties_equal_scores_share_the_rank_however_close() -> None:
    rules = Rules(ties=())
    close = [tally(1, decimals("90.01", "90.00", "90.00"), rules), tally(2, decimals("90", "90", "90"), rules)]
    assert [(r.rank, str(r.shown)) for r in rank(close, rules)] == [(1, "90.00"), (1, "90.00")]


PANELS = Rules(panels=(("领导", D(60)), ("组长", D(20)), ("群众", D(20))))


def test_panels_are_averaged_each_for_itself_and_weighted() -> None:
    result = panelled(1, {"领导": ["90", "92"], "组长": ["80"], "群众": ["70", "90", "80"]}, PANELS)
    assert result.score == D("86.60")  # 91 × 0.6 + 80 × 0.2 + 80 × 0.2


def test_each_panel_is_trimmed_for_itself() -> None:
    result = panelled(1, {"领导": ["90", "90", "90", "100", "20"], "组长": ["80", "0"]}, PANELS)
    assert [(p.panel, len(p.kept), len(p.dropped)) for p in result.panels] == [("领导", 3, 2), ("组长", 2, 0)]


def test_the_weights_of_panels_without_a_score_go_to_the_others() -> None:
    result = panelled(1, {"领导": ["90"], "群众": ["70"]}, PANELS)
    assert result.score == D("85.00")  # (90 × 60 + 70 × 20) / 80


@given(scores, scores, st.integers(min_value=1, max_value=50))
def test_only_the_proportion_of_weights_matters(one: list[Decimal], two: list[Decimal], times: int) -> None:
    given_scores = {"a": [str(s) for s in one], "b": [str(s) for s in two]}
    results = {
        panelled(1, given_scores, Rules(panels=(("a", D(3) * k), ("b", D(2) * k)))).exact for k in (1, times)
    }
    assert len(results) == 1


def test_adjustments_come_after_averaging_and_before_rounding() -> None:
    assert tally(1, decimals("90.005", "90.006"), RULES, points="-0.2").score == D("89.81")


def test_classes_are_ranked_apart_where_the_rules_say_so() -> None:
    results = [tally(c, [D(s)], RULES, k) for c, s, k in ((1, "90", "村"), (2, "95", "社区"), (3, "80", "村"))]
    assert [(r.rank, r.result.contestant) for r in rank(results, Rules(apart=True))] == [(1, 1), (2, 3), (1, 2)]
    assert [(r.rank, r.result.contestant) for r in rank(results, RULES)] == [(1, 2), (2, 1), (3, 3)]
