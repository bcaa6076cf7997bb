"""Scores that a judge types while nothing is being scored: the answer says why, and nothing is kept."""

from __future__ import annotations

import pytest

from bot.chat.people import Role
from storage import sheets
from tests.rounds.forum import drafted, published, quiet, scored
from tests.world import World

NOT_YET = "现在没有需要您评分的场次。开评时会通知您。"
SEALED = "“一季度比学”已经封评，分数不能再改。"


@pytest.mark.parametrize(
    "words", ["36 27 27", "大里村 36 27 27", "大里 ３６、２７、２７", "1号 36 27 27", "大里村 90.5", "90.5"]
)
def test_before_a_round_is_open(world: World, words: str) -> None:
    drafted(world)
    assert world.personas["郑评"].says(words) == [NOT_YET]


@pytest.mark.parametrize("words", ["36 27 28", "大里村 36 27 28\n公园道社区 36 27 27"])
def test_a_sealed_round_is_named_and_a_published_one_is_over(world: World, words: str) -> None:
    scored(world)
    world.personas["周敏"].says("封评")
    quiet(world)
    assert world.personas["郑评"].says(words) == [SEALED]
    with world.database.transaction() as tx:
        assert {s.version for s in sheets.history(tx, 1)} == {1}


def test_after_it_is_published(world: World) -> None:
    scored(world)
    published(world)
    quiet(world)
    assert world.personas["郑评"].says("大里村 36 27 28") == [NOT_YET]


@pytest.mark.parametrize(
    "words",
    [
        "28 26 19 20",
        "大里村 28 26 19 20",
        "大里村：28、26、19、20",
        "２８，２６，１９",
        "火星 36 27 27",
        "92.5",
        "９２分",
        "大里村 92.5",
    ],
)
def test_before_there_was_any_round_at_all(world: World, words: str) -> None:
    assert world.personas["郑评"].says(words) == [NOT_YET]


def test_what_is_no_score_is_not_taken_for_one(world: World) -> None:
    drafted(world)
    zheng = world.personas["郑评"]
    for words in ("大里村的路修好了2公里", "下午3点", "36 27"):
        assert NOT_YET not in zheng.says(words)


def test_one_figure_is_a_score_only_from_whoever_does_nothing_but_judge(world: World) -> None:
    world.person("郑评", (Role.OFFICE_ADMINISTRATOR, "枫杨办事处"))
    assert NOT_YET not in world.personas["郑评"].says("大里村 92.5")


def test_a_secretary_who_also_judges_reports_as_before(world: World) -> None:
    drafted(world)
    world.person("郑评", (Role.SECRETARY, "大里村"))
    assert NOT_YET not in world.personas["郑评"].says("60%")
