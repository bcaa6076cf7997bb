"""评星, star by star: by the rules, by the organizer with a reason, taken back, published."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from bot.chat.settings import Policy, Star, Stars
from handlers.yearend.star_rules import findings
from storage.commitments import State
from storage.database import Database
from storage.rounds import Kind
from storage.verdicts import Both, Given, Level, Verdict
from tests.commitments.seeding import promised
from tests.standings.rounds import published
from tests.world import MORNING, World, small_district
from tests.yearend.december import december, evaluated

CARD = (
    "大里村　2021年度星级\n"
    "☆☆☆☆☆ 没有星\n"
    "☆ 支部过硬：达到（相关承诺1项，兑现率100%，要求80%以上）\n"
    "☆ 产业兴旺：待定（没有相关承诺，由组织者评定）\n"
    "☆ 生态宜居：没达到（相关承诺2项，兑现率75%，要求80%以上）\n"
    "☆ 平安法治：待定（没有相关承诺，由组织者评定）\n"
    "☆ 文明幸福：没达到（相关承诺1项，兑现率50%，要求80%以上）\n"
    "待定的请写理由授予，例如：评星 大里村 产业兴旺 理由\n"
    "[授予支部过硬]"
)


def test_each_star_says_what_the_rules_say(world: World) -> None:
    evaluated(world)
    zhou = world.personas["周敏"]
    assert zhou.says("评星 大里村") == [CARD]
    assert zhou.presses("授予支部过硬")[0].startswith(
        "大里村　2021年度星级\n★☆☆☆☆ 一星\n★ 支部过硬：周敏授予，按规则：相关承诺1项，兑现率100%，要求80%以上\n"
    )
    assert zhou.says("评星 大里村 支部过硬") == ["大里村已经有“支部过硬”这颗星。"]
    assert zhou.says("撤销") == ["已撤销：授予大里村“支部过硬”"]
    assert zhou.says("评星 大里村") == [CARD]


def test_what_the_rules_refuse_is_not_awarded_and_what_they_leave_open_needs_a_reason(world: World) -> None:
    evaluated(world)
    zhou = world.personas["周敏"]
    assert zhou.says("评星 大里村 生态宜居 大家都说好") == [
        "“生态宜居”按规则没达到：相关承诺2项，兑现率75%，要求80%以上。"
    ]
    assert zhou.says("评星 大里村 产业兴旺") == [
        "“产业兴旺”由您评定，请写理由，例如：评星 大里村 产业兴旺 村集体收入翻番"
    ]
    assert "★ 产业兴旺：周敏授予，集体收入翻番\n" in zhou.says("评星 大里村 产业兴旺 集体收入翻番")[0]
    assert zhou.says("评星 大里村 幸福") == ["没有这颗星。有：支部过硬、产业兴旺、生态宜居、平安法治、文明幸福"]
    assert zhou.says("摘星 大里村 产业兴旺") == ["请写理由，例如：摘星 大里村 平安法治 发生安全事故"]
    assert "没有星\n" in zhou.says("摘星 大里村 产业兴旺 账目不清")[0]
    assert zhou.says("摘星 大里村 产业兴旺 账目不清") == ["大里村没有“产业兴旺”这颗星。"]
    assert zhou.says("撤销") == ["已撤销：收回大里村“产业兴旺”"]
    assert "★ 产业兴旺：周敏授予，集体收入翻番\n" in zhou.says("评星 大里村")[0]


def test_all_that_the_rules_give_at_once_and_the_publication(world: World) -> None:
    evaluated(world)
    zhou = world.personas["周敏"]
    assert zhou.says("评星") == [
        "2021年度星级\n没有星：3个\n按规则还可以授予2颗星。\n看一个单位请发：评星 单位\n[按规则评星]"
    ]
    assert zhou.says("评星 公布") == ["还没有授予过星。"]
    assert zhou.says("评星 规则") == ["按规则授予2个单位2颗星，每颗都写明依据。确定吗？\n[确定] [取消]"]
    assert zhou.presses("确定")[0].startswith("2021年度星级\n一星：2个\n没有星：1个\n")
    assert zhou.says("评星 规则") == ["按规则没有可以再授予的星。"]
    assert zhou.presses("公布星级") == [
        "公布预览：\n2021年度星级\n一星2个\n没有点名的单位已分别告知。\n[公布] [先不公布]"
    ]
    zhou.presses("公布")
    assert world.heard("枫杨办事处") == ["2021年度星级\n一星2个\n没有点名的单位已分别告知。"]
    assert "☆ 生态宜居：没有评上（相关承诺2项，兑现率75%，要求80%以上）\n" in world.personas["王芳"].heard()[0]
    assert zhou.says("撤销") == ["星级已经发到群里，不能撤销。有错请改正后再公布一次。"]


def test_nothing_is_published_while_commitments_wait(world: World) -> None:
    december(world)
    zhou = world.personas["周敏"]
    assert "还有6项承诺没有定评，先发“评诺”评完。\n" in zhou.says("评星")[0]
    assert zhou.says("评星 公布") == ["还有6项承诺没有定评，先发“评诺”评完。"]
    assert "没达到（相关承诺还有1项没有定评）" in zhou.says("评星 大里村")[0]
    assert zhou.says("评星 公园道社区") == ["公园道社区2021年没有亮出的承诺，不评星。"]


def test_names_and_rules_are_configuration(database: Database, tmp_path: Path) -> None:
    stars = Stars(stars=(Star(name="富裕", score=85), Star(name="和谐")), named_from=1)
    world = small_district(World(database, tmp_path / "files", policy=Policy(rating=stars)))
    evaluated(world)
    published(world, Kind.OBSERVATION, "观摩", {"大里村": "92.00", "欢河村": "70.00"})
    zhou = world.personas["周敏"]
    assert (
        "☆ 富裕：达到（年度综合成绩85.63分，要求85分以上）\n☆ 和谐：待定（由组织者评定）\n"
        in zhou.says("评星 大里村")[0]
    )
    assert "☆ 富裕：没达到（没有年度综合成绩，要求85分以上）\n" in zhou.says("评星 南流村")[0]
    zhou.says("评星 规则")
    zhou.presses("确定")
    zhou.says("评星 公布")
    zhou.presses("公布")
    assert world.heard("高新区") == ["2021年度星级\n一星1个：大里村\n没有点名的单位已分别告知。"]
    assert world.personas["王芳"].heard() == []


@pytest.mark.parametrize(("least", "score", "met"), [(80, "80", True), (80, "79.999", False), (0, "0", None)])
def test_a_demand_is_met_from_its_figure_on(least: int, score: str, met: bool | None) -> None:
    [found] = findings([Star(name="星", score=least)], [], {}, score=Fraction(score), partly=50)
    assert found.met is met


def test_only_commitments_that_concern_the_star_count(world: World) -> None:
    road = promised(world, "大里村", "硬化村内道路2公里", state=State.CLOSED)
    farm = promised(world, "大里村", "种植果树500亩", state=State.CLOSED)
    given = {
        c.id: Both(district=Given(1, c.id, Level.DISTRICT, verdict, None, "周敏", MORNING))
        for c, verdict in ((road, Verdict.FULFILLED), (farm, Verdict.UNFULFILLED))
    }
    rules = [
        Star(name="路", words=("道路",), fulfilled=100),
        Star(name="全", fulfilled=50),
        Star(name="农", words=("种植",), fulfilled=1),
    ]
    found = findings(rules, [road, farm], given, score=None, partly=50)
    assert [f.met for f in found] == [True, True, False]
