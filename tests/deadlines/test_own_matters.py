"""Own matters in the words that people use: who has not done it, and that it is done."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storage import deadlines
from tests.progress.promises import LAMPS, ROAD, publish
from tests.world import World

SEPTEMBER = datetime(2021, 9, 22, 1, 0, tzinfo=UTC)
STATE = (
    "报消防台账\n应办4、已办1、没办3\n枫杨办事处（1）：公园道社区\n石佛办事处（2）：欢河村、南流村\n"
    "截止：2021年9月30日（还有8天）\n[催办]"
)
DONE = "记下了：大里村的“报消防台账”已办好，不再提醒。\n[撤销]"


@pytest.fixture
def asked(world: World) -> World:
    """The district asks everybody for something, and for something else that is called nearly the same."""
    world.now = SEPTEMBER
    for unit in ("大里村", "公园道社区"):
        publish(world, unit, ROAD, LAMPS)
    for name, day in (("报消防台账", "9月30日"), ("安全隐患排查表", "10月20日")):
        world.personas["周敏"].says(f"截止 {name} {day}")
        world.personas["周敏"].presses("确定")
    return world


@pytest.mark.parametrize(
    "words",
    [
        "消防台账办好了",
        "消防台账已经报了",
        "消防台账交了",
        "我们村的消防台账报上去了。",
        "报消防台账，完成",
        "大里村消防台账已上报",
        "办好 消防台账",
        "办好了消防台账",
        "台账交了",
        "咱村的消防台账今天已经交了",
        "排查表还没弄，消防台账交了",
    ],
)
def test_a_secretary_says_that_it_is_done_in_passing(asked: World, words: str) -> None:
    said = asked.personas["王芳"].says(words)
    if "没" in words:
        assert "记下了" not in said[0]
        return
    assert said == [DONE]
    assert asked.personas["王芳"].says("消防台账报好了") == ["“报消防台账”已经记为办好了，不用再报。"]
    assert asked.personas["王芳"].says("撤销") == ["已撤销：报消防台账办好了"]
    assert asked.personas["王芳"].says(words) == [DONE]


@pytest.mark.parametrize(
    "words",
    [
        "第1项完成了",
        "道路硬化完成了",
        "消防台账怎么报",
        "消防台账还没办好",
        "消防台账明天交了再说",
        "路灯装好了80%",
    ],
)
def test_what_is_about_something_else_is_not_taken_for_it(asked: World, words: str) -> None:
    assert "不再提醒" not in asked.personas["王芳"].says(words)[0]


def test_words_in_a_matters_name_are_part_of_its_name(asked: World) -> None:
    name = "重要人员2021年不动产登记表"
    asked.personas["周敏"].says(f"截止 {name} 10月20日")
    assert asked.personas["周敏"].presses("确定")[0].startswith(f"定了：{name}2021年10月20日截止。")
    wang = asked.personas["王芳"]
    assert "不再提醒" not in wang.says(f"{name}没交")[0]
    assert wang.says(f"{name}交了") == [DONE.replace("报消防台账", name)]


def test_what_is_not_asked_of_a_unit_is_not_noted_for_it(asked: World) -> None:
    asked.personas["周敏"].says("截止 河道巡查记录 石佛 10月20日")
    asked.personas["周敏"].presses("确定")
    said = asked.personas["王芳"].says("河道巡查记录交了")[0]
    assert "不再提醒" not in said
    assert "不用再报" not in said
    assert asked.personas["赵强"].says("河道巡查记录交了")[0].startswith("记下了：欢河村的“河道巡查记录”已办好")


def test_where_a_commitment_may_be_meant_as_well_one_is_chosen(asked: World) -> None:
    wang = asked.personas["王芳"]
    asked.personas["周敏"].says("截止 报村内道路照片 10月20日")
    asked.personas["周敏"].presses("确定")
    both = "哪一件办好了？\n[报村内道路照片（大里村）]\n[第1项 硬化村内道路2公里]"
    assert wang.says("村内道路弄好了") == [both]
    assert wang.presses("第1项 硬化村内道路2公里")[0].startswith("第1项的目标是2公里")
    wang.says("取消")
    assert wang.says("村内道路弄好了") == [both]
    assert wang.presses("报村内道路照片（大里村）") == [DONE.replace("报消防台账", "报村内道路照片")]
    assert wang.says("村内道路照片报了") == ["“报村内道路照片”已经记为办好了，不用再报。"]


def test_of_two_that_may_be_meant_one_is_chosen(asked: World) -> None:
    wang = asked.personas["王芳"]
    asked.personas["周敏"].says("截止 食品安全台账 10月20日")
    asked.personas["周敏"].presses("确定")
    assert wang.says("台账报了") == ["哪一件办好了？\n[报消防台账（大里村）]\n[食品安全台账（大里村）]"]
    assert wang.presses("食品安全台账（大里村）") == ["记下了：大里村的“食品安全台账”已办好，不再提醒。\n[撤销]"]
    # Of that name one is open: no question is needed any more.
    assert wang.says("消防台账、食品安全台账都报了") == [DONE]


@pytest.mark.parametrize(
    "words",
    [
        "谁没办消防台账",
        "消防台账谁没交",
        "哪些村还没报消防台账？",
        "消防台账办得怎么样",
        "消防台账",
        "未报 消防台账",
        "谁没报消防台账",
        "截止 消防台账",
        "截止 报消防台账",
        "消防台账还有几个没办",
    ],
)
def test_an_organizer_asks_who_has_not_done_it(asked: World, words: str) -> None:
    asked.personas["王芳"].says("消防台账交了")
    assert asked.personas["周敏"].says(words) == [STATE]


def test_an_office_sees_its_own_and_an_organizer_one_office(asked: World) -> None:
    asked.personas["王芳"].says("消防台账交了")
    mine = "报消防台账\n应办2、已办1、没办1\n枫杨办事处（1）：公园道社区\n截止：2021年9月30日（还有8天）\n[催办]"
    assert asked.personas["陈立"].says("消防台账谁没办") == [mine]
    assert asked.personas["周敏"].says("枫杨办事处消防台账谁没办") == [mine]
    assert asked.personas["周敏"].says("消防台账 枫杨办事处没办的") == [mine]
    asked.personas["李建国"].says("消防台账交了")
    assert asked.personas["陈立"].says("消防台账谁没办") == [
        "报消防台账\n应办2、已办2、没办0\n都办好了。\n截止：2021年9月30日（还有8天）"
    ]


def test_who_has_not_done_it_is_reminded_by_a_part_of_its_name(asked: World) -> None:
    asked.personas["王芳"].says("消防台账交了")
    zhou = asked.personas["周敏"]
    zhou.says("消防台账谁没交")
    shown = zhou.presses("催办")[0]
    assert shown.startswith("现在提醒3人\n报消防台账还有8天截止：")
    assert "王芳" not in shown
    zhou.says("取消")
    zhou.says("枫杨办事处消防台账谁没交")
    assert zhou.presses("催办")[0].startswith("现在提醒1人\n报消防台账还有8天截止：公园道社区李建国\n")
    assert zhou.says("催办 消防台账 枫杨")[0].startswith("现在提醒1人\n报消防台账还有8天截止：公园道社区李建国\n")


def test_a_question_without_a_matter_goes_on_to_others(asked: World) -> None:
    zhou = asked.personas["周敏"]
    assert "消防" not in zhou.says("谁没报")[0]
    assert "应办" not in zhou.says("今天天气怎么样")[0]
    # More than a name and a question is not for this answer.
    assert "应办" not in zhou.says("消防台账的模板发给大家了")[0]
    with asked.database.transaction() as tx:
        assert len(deadlines.current(tx, since=2021)) == 2


def test_whoever_only_judges_or_reports_is_not_told(asked: World) -> None:
    assert "应办" not in asked.personas["王芳"].says("消防台账谁没交")[0]
