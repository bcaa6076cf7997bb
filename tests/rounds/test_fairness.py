"""Severity and agreement, against textbooks and against SciPy and NumPy; what a checkup says."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from handlers.rounds import health, severity, verify
from handlers.rounds.agreement import icc, kendalls_w
from handlers.rounds.rulings import Rules
from handlers.rounds.tally import Entry, Given, rank, tally
from tests.rounds.forum import opened, quiet
from tests.world import World

D = Decimal
blocks = st.integers(3, 6).flatmap(
    lambda judges: st.lists(
        st.lists(st.integers(60, 100), min_size=judges, max_size=judges), min_size=3, max_size=9
    )
)

#: Six targets, four judges: Shrout and Fleiss (1979), table 2.
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def test_icc_of_the_textbook() -> None:
    found = icc(SHROUT_FLEISS)
    assert round(found.single, 2) == 0.29
    assert round(found.average, 2) == 0.62


@given(blocks)
def test_kendalls_w_agrees_with_friedmans_test(block: list[list[int]]) -> None:
    columns = list(zip(*block, strict=True))
    if all(len(set(column)) == 1 for column in columns):
        with pytest.raises(ValueError, match="no judge"):
            kendalls_w(block)
        return
    # Friedman's statistic, corrected for ties, is m (n − 1) W: judges are the blocks, contestants the treatments.
    statistic = stats.friedmanchisquare(*block).statistic
    assert kendalls_w(block) == pytest.approx(statistic / (len(columns) * (len(block) - 1)))


def test_perfect_agreement_is_one() -> None:
    assert kendalls_w([[1, 11, 5], [2, 12, 6], [3, 13, 7]]) == pytest.approx(1)


totals = st.dictionaries(
    st.integers(1, 8), st.dictionaries(st.integers(1, 6), st.decimals(50, 100, places=1), max_size=6), max_size=8
)


@settings(max_examples=60)
@given(totals)
def test_severity_is_the_least_squares_solution(given_totals: dict[int, dict[int, Decimal]]) -> None:
    found = severity.effects(given_totals)
    judges, contestants = sorted(found), sorted(given_totals)
    rows, right = [], []
    for contestant, row in given_totals.items():
        for judge, score in row.items():
            line = np.zeros(len(contestants) + len(judges))
            line[contestants.index(contestant)] = line[len(contestants) + judges.index(judge)] = 1
            rows.append(line)
            right.append(float(score))
    if not rows:
        assert found == {}
        return
    solved = np.linalg.lstsq(np.array(rows), np.array(right), rcond=None)[0][len(contestants) :]
    for together in severity.linked(given_totals):
        middle = np.mean([solved[judges.index(judge)] for judge in together])
        for judge in together:
            assert float(found[judge]) == pytest.approx(solved[judges.index(judge)] - middle, abs=2e-6)


@settings(max_examples=60)
@given(totals)
def test_the_script_finds_the_same_severity(given_totals: dict[int, dict[int, Decimal]]) -> None:
    theirs, ours = verify.effects(given_totals), severity.effects(given_totals)
    assert theirs.keys() == ours.keys()
    assert all(abs(theirs[judge] - ours[judge]) <= D("0.000001") for judge in ours)


def test_a_severe_judge_who_is_missing_for_one_contestant_no_longer_decides() -> None:
    """Judge 9 is 20 points severe and recused for contestant 1: plain means put 1 first, though 2 is better."""
    quality = {1: 88, 2: 90, 3: 70}
    entries = [
        Entry(
            c,
            "",
            tuple(Given(j, "", D(q - (20 if j == 9 else 0))) for j in (7, 8, 9) if (j, c) != (9, 1)),
        )
        for c, q in quality.items()
    ]
    rules = Rules()
    assert [r.result.contestant for r in rank([tally(e, rules) for e in entries], rules)] == [1, 2, 3]
    ranked = rank([tally(e, rules) for e in severity.fair(entries)], rules)
    assert [r.result.contestant for r in ranked] == [2, 1, 3]
    assert [better.result.exact - worse.result.exact for better, worse in pairwise(ranked)] == [2, 18]  # type: ignore[operator]


def scene(rows: dict[int, dict[int, int]], offices: dict[int, str] | None = None) -> health.Scene:
    entries = tuple(
        Entry(c, "", tuple(Given(j, "", D(score)) for j, score in row.items())) for c, row in rows.items()
    )
    judges = {j: f"评委{j}" for row in rows.values() for j in row}
    return health.Scene(
        entries, Rules(), D(100), judges, {c: f"{c}村" for c in rows}, offices or dict.fromkeys(rows, "甲")
    )


def said(what: health.Scene) -> list[str]:
    return [line.msgid for line in health.findings(what)]


EVEN = {c: {j: 95 - 5 * c + (c * j) % 2 for j in range(1, 6)} for c in range(1, 6)}


def test_a_healthy_round() -> None:
    lines = said(scene(EVEN))
    assert "各位评委的松紧差不多。" in lines
    assert "前三名很稳：少任何一位评委、不去最高最低分、换个办法修正松紧，都不变。" in lines
    assert len(lines) == 4


def test_a_severe_and_a_mild_judge_are_named() -> None:
    rows = {c: row | {1: row[1] - 8, 2: row[2] + 8} for c, row in EVEN.items()}
    lines = health.findings(scene(rows))
    assert any("偏严" in line.msgid and line.values["judge"] == "评委1" for line in lines)
    assert any("偏松" in line.msgid and line.values["judge"] == "评委2" for line in lines)


def test_sheets_that_are_all_alike_and_an_outlier() -> None:
    rows = {c: row | {3: 80} for c, row in EVEN.items()}
    assert any("几乎一样" in line for line in said(scene(rows)))
    rows = EVEN | {2: EVEN[2] | {4: 40}}
    assert any("较远" in line for line in said(scene(rows)))


def test_favouring_ones_own_is_seen() -> None:
    offices = {1: "甲", 2: "甲", 3: "乙", 4: "乙", 5: "乙"}
    rows = {c: row | {5: row[5] + (8 if offices[c] == "甲" else 0)} for c, row in EVEN.items()}
    lines = [line for line in health.findings(scene(rows, offices)) if "{office}" in line.msgid]
    assert [(line.values["judge"], line.values["office"]) for line in lines] == [("评委5", "甲")]


def test_an_unstable_podium_is_said() -> None:
    rows = {1: {1: 90, 2: 90, 3: 90}, 2: {1: 89, 2: 89, 3: 99}, 3: {1: 80, 2: 80, 3: 80}, 4: {1: 70, 2: 70, 3: 70}}
    assert "少了{judge}的分，前三名会变。" in said(scene(rows))


@given(totals)
def test_any_round_can_be_checked(given_totals: dict[int, dict[int, Decimal]]) -> None:
    rows = {c: {j: int(s) for j, s in row.items()} for c, row in given_totals.items()}
    assert health.findings(scene(rows))


def test_the_checkup_and_the_correction_by_chat(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("活动 观摩 一季度观摩 大里村、公园道社区、欢河村")
    assert "松紧修正：按全部评分修正每位评委的松紧" in zhou.presses("改松紧修正")[0]
    zhou.presses("创建并开评")
    for at, judge in enumerate(("郑评", "冯评", "褚评", "卫评", "吴评")):
        for unit, score in (("大里村", 88), ("公园道社区", 90), ("欢河村", 84)):
            if judge != "吴评" or unit == "欢河村":
                world.personas[judge].says(f"{unit} {score - (20 if judge == '吴评' else at % 2)}")
    assert zhou.says("评分体检") == ["还没有启封的场次；启封前谁也看不到分数。"]
    assert "松紧修正" in zhou.says("评分规则")[0]
    zhou.says("封评")
    zhou.presses("仍然封评")
    quiet(world)
    [table] = world.personas["何监"].says("启封")
    assert "名次  单位         得分  有效分  未修正\n" in table
    [checked] = world.personas["何监"].presses("评分体检")
    assert checked.startswith("一季度观摩　评分体检\n评委排名次的看法")
    assert "吴评打分偏严" in checked


def test_whoever_does_not_run_the_round_sees_no_checkup(world: World) -> None:
    opened(world, all_on=True)
    assert "您目前没有这个身份" in world.personas["郑评"].says("评分体检")[0]


def test_whoever_may_not_score_their_own_but_marks_down_their_rivals_is_seen() -> None:
    """评委5 is of 甲's office: the best of 乙 get 8 less from them, everybody else the same as from the others."""
    offices = {1: "乙", 2: "乙", 3: "甲", 4: "乙", 5: "乙"}
    rows = {c: dict(row) for c, row in EVEN.items()}
    del rows[3][5]
    for rival in (1, 2):
        rows[rival][5] -= 8
    looked = replace(scene(rows, offices), own={5: frozenset({"甲"})})
    lines = [line for line in health.findings(looked) if "自己的办事处" in line.msgid]
    assert [line.values["judge"] for line in lines] == ["评委5"]
    assert not any("自己的办事处" in line.msgid for line in health.findings(replace(looked, own={})))


@given(totals)
def test_every_judge_has_figures_that_numpy_finds_as_well(given_totals: dict[int, dict[int, Decimal]]) -> None:
    rows = {c: {j: int(s) for j, s in row.items()} for c, row in given_totals.items()}
    for one in health.judges(scene(rows)):
        own = np.array([row[j] for row in rows.values() for j in row if f"评委{j}" == one.name])
        assert (one.given, int(one.spread)) == (len(own), int(np.ptp(own)))


@given(st.lists(st.integers(40, 100), min_size=4, max_size=9))
def test_outliers_are_those_of_the_median_absolute_deviation(scores: list[int]) -> None:
    """Iglewicz and Hoaglin's rule with SciPy's deviation; a deviation below one point counts as one."""
    looked = scene({1: dict(enumerate(scores)), 2: dict.fromkeys(range(len(scores)), 70)})
    said_ = [line for line in health.findings(looked) if "{middle}" in line.msgid and line.values["unit"] == "1村"]
    spread = max(float(stats.median_abs_deviation(scores)), 1.0)
    expected = [s for s in scores if 0.6745 * abs(s - float(np.median(scores))) / spread > 3.5]
    assert sorted(line.values["score"] for line in said_) == sorted(expected)


@given(blocks)
def test_icc_agrees_with_an_analysis_of_variance(block: list[list[int]]) -> None:
    """The mean squares by brute force, as in Shrout and Fleiss, table 3."""
    data = np.array(block, float)
    n, k = data.shape
    rows, columns = data.mean(1, keepdims=True), data.mean(0, keepdims=True)
    bms = k * ((rows - data.mean()) ** 2).sum() / (n - 1)
    jms = n * ((columns - data.mean()) ** 2).sum() / (k - 1)
    ems = ((data - rows - columns + data.mean()) ** 2).sum() / ((n - 1) * (k - 1))
    single, average = bms + (k - 1) * ems + k * (jms - ems) / n, bms + (jms - ems) / n
    if abs(single) < 1e-9 or abs(average) < 1e-9:
        return
    found = icc(block)
    assert found.single == pytest.approx((bms - ems) / single, abs=1e-9)
    assert found.average == pytest.approx((bms - ems) / average, abs=1e-9)


def test_the_podium_without_one_judge_is_found_by_brute_force_too() -> None:
    chance = np.random.default_rng(7)
    for _round in range(20):
        rows = {c: {j: int(chance.integers(80, 95)) for j in range(1, 6)} for c in range(1, 6)}
        named = {
            line.values["judge"]
            for line in health.findings(scene(rows))
            if line.msgid == "少了{judge}的分，前三名会变。"
        }
        assert named == {f"评委{j}" for j in range(1, 6) if first_three(rows, j) != first_three(rows, None)}


def first_three(rows: dict[int, dict[int, int]], without: int | None) -> list[tuple[int, int]]:
    """Places of the first three by a slow computation: rounded, one more decimal, the mean before dropping."""
    keys = {}
    for c, row in rows.items():
        scores = sorted(D(s) for j, s in row.items() if j != without)
        kept = scores[1:-1] if len(scores) >= 5 else scores
        mean = sum(kept, D(0)) / len(kept)
        whole = sum(scores, D(0)) / len(scores)
        keys[c] = (mean.quantize(D("0.01"), "ROUND_HALF_UP"), mean.quantize(D("0.001"), "ROUND_HALF_UP"), whole)
    places = {c: 1 + sum(other > key for other in keys.values()) for c, key in keys.items()}
    return sorted((rank, c) for c, rank in places.items() if rank <= 3)
