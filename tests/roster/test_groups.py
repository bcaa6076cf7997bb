"""Which unit a group belongs to, and who may say so."""

from __future__ import annotations

import pytest

from tests.roster.talk import new_group
from tests.world import World

BOUND = (
    "好的，本群是枫杨办事处的工作群了。\n通报和成绩会发到这里，不用回复。报进度、打分等请私聊我。\n"
    "枫杨办事处还有别的群：枫杨办事处工作群，通报会同时发去；不用了就在那边发“解群”。"
)


@pytest.fixture
def new(world: World) -> str:
    new_group(world, "新群")
    return "新群"


def test_a_group_is_bound_by_the_unit_that_it_belongs_to(world: World, new: str) -> None:
    chen = world.personas["陈立"]
    assert chen.says("绑群 枫杨", group=new) == [BOUND]
    assert chen.says("绑群 枫杨办事处", group=new) == ["本群已经是枫杨办事处的工作群。"]
    assert chen.says("撤销", group=new) == ["已撤销：本群绑定为枫杨办事处的工作群"]
    assert chen.says("解群", group=new) == ["本群还没有绑定单位。"]


def test_an_office_binds_no_group_to_another_office(world: World, new: str) -> None:
    sun = world.personas["孙洁"]
    assert sun.says("绑群 枫杨办事处", group=new)[0].startswith("您管理的范围里没有“枫杨办事处”。")
    number = world.units["枫杨办事处"]
    assert sun.says(f"bindgroup u{number}", group=new) == [f"您管理的范围里没有“u{number}”。"]
    assert sun.says("绑群 石佛办事处", group="枫杨办事处") == ["本群已经归别的单位，请那边的管理员先发“解群”。"]
    assert sun.says("解群", group="枫杨办事处") == ["本群归别的单位管理，您不能解除。"]


def test_only_keepers_bind_groups(world: World, new: str) -> None:
    refusal = "由办事处管理员、组织者使用，您目前没有这个身份。发“帮助”看看您能做的事。"
    assert world.personas["王芳"].says("绑群 枫杨办事处", group=new) == [f"“绑群”{refusal}"]
    assert world.personas["王芳"].says("解群", group="枫杨办事处") == [f"“解群”{refusal}"]


def test_a_group_that_belongs_elsewhere_is_asked_about(world: World) -> None:
    zhou = world.personas["周敏"]
    assert zhou.says("绑群 石佛办事处", group="枫杨办事处") == [
        "本群现在是枫杨办事处的工作群，改为石佛办事处吗？\n[改为石佛办事处] [取消]"
    ]
    assert "本群是石佛办事处的工作群了。" in zhou.presses("改为石佛办事处", group="枫杨办事处")[0]
    assert zhou.says("撤销", group="枫杨办事处") == ["已撤销：本群绑定为石佛办事处的工作群"]
    assert zhou.says("绑群 枫杨办事处", group="枫杨办事处") == ["本群已经是枫杨办事处的工作群。"]


def test_what_was_asked_must_still_be_so(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("绑群 石佛办事处", group="枫杨办事处")
    assert world.personas["陈立"].says("解群", group="枫杨办事处") == ["好的，本群不再是枫杨办事处的工作群。"]
    assert zhou.presses("改为石佛办事处", group="枫杨办事处") == ["情况有变，没有改。需要的话，请重新发“绑群”。"]


def test_an_undo_does_not_undo_what_others_did_since(world: World) -> None:
    chen = world.personas["陈立"]
    chen.says("解群", group="枫杨办事处")
    world.personas["周敏"].says("绑群 石佛办事处", group="枫杨办事处")
    assert chen.says("撤销") == ["这之后群又改过了，不能撤销。"]


def test_the_units_are_offered(world: World, new: str) -> None:
    assert world.personas["陈立"].says("绑群", group=new) == [
        "本群归哪个单位？请点一下，或者发：绑群 单位名称\n[枫杨办事处]"
    ]
    assert world.personas["陈立"].presses("枫杨办事处", group=new) == [BOUND]
    [offer] = world.personas["周敏"].says("绑群", group=new)
    assert offer.endswith("[高新区]\n[枫杨办事处]\n[石佛办事处]")


def test_long_names_can_be_bound_too(world: World, new: str) -> None:
    name = "高新技术产业开发区枫杨西路第二街道综合服务办事处"
    world.unit(name, "office", "高新区")
    assert world.personas["周敏"].says(f"绑群 {name}", group=new)[0].startswith(f"好的，本群是{name}的工作群了。")
    [question] = world.personas["周敏"].says(f"绑群 {name}", group="枫杨办事处")
    assert question.endswith(f"[改为{name}] [取消]")


def test_groups_are_bound_in_the_group(world: World) -> None:
    assert world.personas["陈立"].says("绑群 枫杨办事处") == ["请到那个工作群里发这句话。"]
    assert world.personas["陈立"].says("解群") == ["请到那个工作群里发这句话。"]
