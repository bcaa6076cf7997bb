"""Composite standings: worked examples, and what must hold for any parts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.standings.asked import Asked, read
from handlers.standings.composing import Placed, Rule, Unit, placed
from handlers.standings.fulfilment import fulfilment, progress
from storage.verdicts import Both, Given, Level, Verdict
from tests.world import MORNING

D = Decimal
RULE = Rule((("observation", D(50)), ("forum", D(50))), missing="left_out", ties=("observation",))
parts = st.dictionaries(
    st.sampled_from(["observation", "forum"]), st.fractions(0, 100, max_denominator=50), max_size=2
)


def unit(number: int, klass: str = "village", **figures: str) -> Unit:
    return Unit(number, f"{number}村", klass, {name: Fraction(figure) for name, figure in figures.items()})


def shown(places: list[Placed]) -> list[tuple[int, int | None, str | None, tuple[str, ...]]]:
    return [(p.unit.id, p.rank, None if p.score is None else str(p.score), p.split) for p in places]


def test_parts_are_weighted_and_rounded_once() -> None:
    found = [unit(1, observation="91.5", forum="88"), unit(2, observation="90.005", forum="90")]
    assert shown(placed(found, RULE)) == [(2, 1, "90.00", ()), (1, 2, "89.75", ())]
    heavy = replace(RULE, weights=(("observation", D(60)), ("forum", D(20))), decimals=1)
    assert shown(placed(found, heavy)) == [(1, 1, "90.6", ()), (2, 2, "90.0", ())]


def test_equal_standings_are_told_apart_in_the_stated_order_else_they_share_the_rank() -> None:
    found = [
        unit(1, observation="88", forum="92"),
        unit(2, observation="90", forum="90"),
        unit(3, observation="88", forum="92"),
        unit(4, observation="80", forum="80"),
    ]
    assert shown(placed(found, RULE)) == [
        (2, 1, "90.00", ("observation",)),
        (1, 2, "90.00", ("observation",)),
        (3, 2, "90.00", ("observation",)),
        (4, 4, "80.00", ()),
    ]
    assert [rank for _unit, rank, _score, _split in shown(placed(found, replace(RULE, ties=())))] == [1, 1, 1, 4]


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ("left_out", [(2, 1, "90.00", ()), (1, 2, "80.00", ())]),
        ("zero", [(1, 1, "80.00", ()), (2, 2, "45.00", ())]),
        ("unranked", [(1, 1, "80.00", ()), (2, None, None, ())]),
    ],
)
def test_a_unit_that_lacks_a_part(missing: str, expected: list[object]) -> None:
    found = [unit(1, observation="80", forum="80"), unit(2, forum="90")]
    assert shown(placed(found, replace(RULE, missing=missing))) == expected


def test_classes_apart() -> None:
    found = [unit(1, "village", forum="80"), unit(2, "community", forum="90"), unit(3, "village", forum="70")]
    assert [(p.unit.id, p.rank) for p in placed(found, replace(RULE, apart=True))] == [(2, 1), (1, 1), (3, 2)]


@given(st.lists(parts, max_size=8), st.randoms(), st.sampled_from(["left_out", "zero", "unranked"]))
def test_order_bounds_and_places(found: list[dict[str, Fraction]], chance: object, missing: str) -> None:
    rule = replace(RULE, missing=missing)
    units = [Unit(number, "", "", own) for number, own in enumerate(found)]
    places = placed(units, rule)
    chance.shuffle(units)  # type: ignore[attr-defined]
    assert placed(units, rule) == places
    for place in places:
        if place.exact is not None and missing == "left_out":
            assert min(place.unit.parts.values()) <= place.exact <= max(place.unit.parts.values())
    ranked = [place for place in places if place.rank is not None]
    for place in ranked:
        better = [
            p
            for p in ranked
            if (p.score or 0, p.unit.parts.get("observation", -1))
            > (place.score or 0, place.unit.parts.get("observation", -1))
        ]
        assert place.rank == len(better) + 1


@given(st.lists(parts, max_size=6), st.integers(1, 40))
def test_only_the_proportion_of_weights_matters(found: list[dict[str, Fraction]], times: int) -> None:
    units = [Unit(number, "", "", own) for number, own in enumerate(found)]
    scaled = replace(RULE, weights=tuple((name, weight * times) for name, weight in RULE.weights))
    assert placed(units, scaled) == placed(units, RULE)


@given(parts, st.sampled_from(["observation", "forum"]), st.fractions(0, 50, max_denominator=20))
def test_a_better_part_never_lowers_the_standing(own: dict[str, Fraction], name: str, more: Fraction) -> None:
    if name not in own:
        return
    [before] = placed([Unit(1, "", "", own)], RULE)
    [after] = placed([Unit(1, "", "", own | {name: own[name] + more})], RULE)
    assert before.exact is not None
    assert after.exact is not None
    assert after.exact >= before.exact


def said(*levels: tuple[Level, Verdict]) -> Both:
    given_ = {level: Given(1, 1, level, verdict, None, "陈立", MORNING) for level, verdict in levels}
    return Both(given_.get(Level.OFFICE), given_.get(Level.DISTRICT))


def test_the_share_fulfilled_counts_the_districts_word_before_the_offices() -> None:
    found = fulfilment(
        [
            said((Level.OFFICE, Verdict.UNFULFILLED), (Level.DISTRICT, Verdict.FULFILLED)),
            said((Level.OFFICE, Verdict.PARTLY)),
            said((Level.DISTRICT, Verdict.UNFULFILLED)),
            said(),
        ],
        partly=50,
    )
    assert (found.fulfilled, found.partly, found.unfulfilled, found.open, found.first_only) == (1, 1, 1, 1, 1)
    assert found.share == 50
    assert fulfilment([said()], 50).share is None


def test_progress_is_the_mean_share_capped_and_what_was_never_reported_is_nothing() -> None:
    assert progress([(D("1.2"), None), (D("0.5"), None), None, (None, "done"), (None, "slow")]) == Fraction(250, 4)
    assert progress([]) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Asked(None, None, False, "")),
        ("大里村", Asked(None, None, False, "大里村")),
        ("2020年二季度 大里村", Asked(2020, 2, False, "大里村")),
        ("第3季度", Asked(None, 3, False, "")),
        ("去年全年的大里村", Asked(2020, 0, False, "大里村")),
        ("公布 q4 二季度的表录错", Asked(None, 4, True, "二季度的表录错")),
        ("publish 2021 year", Asked(2021, 0, True, "")),
        ("公布", Asked(None, None, True, "")),
    ],
)
def test_what_is_asked_for(text: str, expected: Asked) -> None:
    assert read(text, 2021) == expected


@given(st.text(max_size=40))
def test_any_words_are_read(text: str) -> None:
    assert read(text, 2021).rest in text
