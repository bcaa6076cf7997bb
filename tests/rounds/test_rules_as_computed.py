"""The rule sheet cannot differ from what is computed: whatever is set changes both."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest

from handlers.rounds import reading
from handlers.rounds.counting import anchors_of, entries
from handlers.rounds.ranking import ranked
from handlers.rounds.rulings import DOWN, DRAWN, Rules, Timing, rule_sheet, rules_of, to_wire
from storage.rounds import Contestant, Criterion, Head, Judge, Kind, Round, State
from storage.sheets import Sheet, Status
from tests.world import MORNING, World

D = Decimal
CRITERIA = (Criterion("党建", D(60)), Criterion("服务", D(40)))
#: By judge (1 to 6), for the contestants 1 to 4.
SCORES = {
    1: ((50, 30), (52, 31), (55, 38), (40, 20)),
    2: ((51, 35), (50, 30), (52, 36), (41, 22)),
    3: ((49, 33), (58, 39), (50, 33), (42, 21)),
    4: ((55, 32), (51, 35), (54, 34), (45, 28)),
    5: ((54, 39), (53, 33), (58, 31), (39, 21)),
    6: ((58, 30), (50, 38), (57, 32), (40, 25)),
}
BASE = Rules(panels=(("甲", D(60)), ("乙", D(40))), timing=Timing(0, 480, 30, D("0.5"), D(2)), trim_from=3)
HALVES = (("甲", (11, 12, 13)), ("乙", (13, 14)))


def found(rules: Rules = BASE, criteria: tuple[Criterion, ...] = CRITERIA) -> Round:
    """An unsealed round of four, 3 of three judges in each of two panels; judge 6 does not score contestant 1."""
    contestants = tuple(
        Contestant(c, 10 + c, f"{c}村", c, "村" if c % 2 else "社区", 90, "办事处") for c in range(1, 5)
    )
    judges = tuple(Judge(j, j, f"评委{j}", "甲" if j < 4 else "乙", None, None, frozenset()) for j in SCORES)
    head = Head(1, 1, 2021, 1, Kind.OTHER, "一场", State.COMPUTED, to_wire(rules))
    return Round(head, criteria, contestants, judges, {(6, 1): "亲属"}, {})


def sheets(of: Round) -> tuple[Sheet, ...]:
    made = []
    for judge, given in SCORES.items():
        for contestant, scores in enumerate(given, 1):
            parts = tuple(map(D, scores))
            total = of.total(parts)
            made.append(Sheet(judge, contestant, 1, parts, total, Status.GIVEN, "", MORNING, None, 0))
    return tuple(made)


def computed(of: Round) -> list[tuple[int, int | None, str]]:
    """What is announced, with a speech of 9 minutes by contestant 2."""
    rules = rules_of(of)
    penalty = rules.timing.penalty(540) if rules.timing else D(0)
    given = entries(of, sheets(of), {2: -penalty})
    return [(r.result.contestant, r.rank, str(r.shown)) for r in ranked(given, rules, anchors_of(of, rules))]


def text(world: World, of: Round) -> str:
    return "\n".join(world.renderer.words(line, "zh_CN") for line in rule_sheet(of))


def refused(of: Round) -> Any:
    """Whether 50.3 may be given."""
    return reading.read("1村 50.3 30", of.contestants, of.criteria, rules=rules_of(of))[0].problem is not None


def tied(of: Round) -> list[tuple[int, int | None, str]]:
    """Two contestants with the same trimmed mean and different highest scores."""
    scores = {1: ((60, 30), (60, 35)), 2: ((50, 30), (50, 30)), 3: ((40, 30), (40, 30))}
    made = tuple(
        Sheet(j, c, 1, tuple(map(D, own)), D(sum(own)), Status.GIVEN, "", MORNING, None, 0)
        for j, given in scores.items()
        for c, own in enumerate(given, 1)
    )
    return [(r.result.contestant, r.rank, str(r.shown)) for r in ranked(entries(of, made, {}), rules_of(of))]


CASES: dict[str, tuple[Rules, Callable[[Round], Any]]] = {
    "trim_from": (replace(BASE, trim_from=4), computed),
    "trim_each_end": (replace(BASE, trim_each_end=0), computed),
    "decimals": (replace(BASE, decimals=3), computed),
    "step": (replace(BASE, step=D("0.5")), refused),
    "panels": (replace(BASE, panels=(("甲", D(50)), ("乙", D(50)))), computed),
    "apart": (replace(BASE, apart=True), computed),
    "timing": (replace(BASE, timing=Timing(0, 420, 30, D("0.5"), D(9))), computed),
    "corrected": (replace(BASE, corrected=True), computed),
    "groups": (replace(BASE, groups=HALVES), computed),
    "levelled": (replace(BASE, groups=HALVES, levelled=True), computed),
    "rounding": (replace(BASE, decimals=0, rounding=DOWN), computed),
    "order": (replace(BASE, order=DRAWN), lambda of: rules_of(of).order),
    "ties": (replace(BASE, ties=()), tied),
}


#: What a rule is compared with, where that is not BASE.
BEFORE = {"levelled": replace(BASE, groups=HALVES), "rounding": replace(BASE, decimals=0)}


def test_every_rule_is_tried() -> None:
    assert set(CASES) == {field.name for field in fields(Rules)}


@pytest.fixture
def quick(sqlite_database: Any, tmp_path: Any) -> World:
    """Only to put words into Chinese."""
    return World(sqlite_database, tmp_path / "files")


@pytest.mark.parametrize("name", CASES)
def test_whatever_is_set_changes_the_text_and_the_result(quick: World, name: str) -> None:
    other, compute = CASES[name]
    base = BEFORE.get(name, BASE)
    one, two = found(base), found(other)
    assert compute(one) != compute(two)
    assert text(quick, one) != text(quick, two)


@pytest.mark.parametrize(
    "criteria",
    [(Criterion("党建", D(60)), Criterion("服务", D(40), D("0.5"))), (Criterion("党务", D(60)), CRITERIA[1])],
)
def test_criteria_are_in_the_text_with_maximum_and_weight(quick: World, criteria: tuple[Criterion, ...]) -> None:
    assert text(quick, found(criteria=criteria)) != text(quick, found())
    weighted = criteria[1].weight != 1
    assert (computed(found(criteria=criteria)) != computed(found())) is weighted


def test_a_hundred_judges_two_hundred_contestants_and_six_criteria_take_less_than_a_second() -> None:
    """Sheets to ranking. Under 0.5 s on a quiet machine of two cores; the best of three on a busy one."""
    criteria = tuple(Criterion(f"项{at}", D(20)) for at in range(6))
    contestants = tuple(Contestant(c, c, f"{c}村", c, "村", 0, "") for c in range(1, 201))
    judges = tuple(Judge(j, j, f"评委{j}", "", None, None, frozenset()) for j in range(1, 101))
    head = Head(1, 1, 2021, 1, Kind.OTHER, "一场", State.COMPUTED, to_wire(Rules()))
    of = Round(head, criteria, contestants, judges, {}, {})
    parts = [tuple(D((7 * c + 13 * at) % 40) / 2 for at in range(6)) for c in range(50)]
    kept = tuple(
        Sheet(j, c, 1, parts[(c * j) % 50], of.total(parts[(c * j) % 50]), Status.GIVEN, "", MORNING, None, 0)
        for j in range(1, 101)
        for c in range(1, 201)
    )
    seconds = []
    for _try in range(3):
        began = time.perf_counter()
        result = ranked(entries(of, kept, {}), Rules())
        seconds.append(time.perf_counter() - began)
    assert len(result) == 200
    assert min(seconds) < 1
