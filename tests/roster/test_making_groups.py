"""建群: who would be in the groups that are missing, asking for them, and hearing what came of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from storage import accounts, facts, group_wishes, joining
from storage.group_wishes import Result
from tests.world import World

LOOK = (
    "用企业微信建2个工作群\n"
    "高新区工作群：4人，周敏、陈立、王芳、李建国\n"
    "没有企业微信账号、进不了群的3人：孙洁、赵强、钱红\n"
    "枫杨办事处工作群：3人，陈立、王芳、李建国\n"
    "绑定了企业微信的不到2人，先不建：石佛办事处\n"
    "群里只发通报、成绩和提醒；以后成员随名册增减。\n"
    "[建群] [取消]"
)


def join(world: World, *names: str) -> None:
    """They are known in WeCom."""
    with world.database.transaction() as tx:
        for name in names:
            person = world.personas[name].id
            assert joining.join(tx, "wecom", person, f"user{person}", f"user:user{person}", now=world.now)


@pytest.fixture
def district(world: World) -> World:
    """WeCom's app is in use; one office's people and the organizer are known there."""
    with world.database.transaction() as tx:
        facts.put(tx, "wecom.makes_groups", True)
    join(world, "周敏", "陈立", "王芳", "李建国")
    return world


def made(world: World, names: Sequence[str]) -> None:
    """The platform made these groups."""
    with world.database.transaction() as tx:
        for name in names:
            unit = world.units[name]
            joining.tie_group(tx, "wecom", unit, f"app:lsb{unit}", f"{name}工作群", now=world.now)


def wished(world: World) -> dict[str, int]:
    with world.database.transaction() as tx:
        return dict(facts.get(tx, "wecom.group_wishes") or {})


def told(world: World) -> list[str]:
    """What the organizer heard unasked: in WeCom, where she was bound last."""
    with world.database.transaction() as tx:
        chat = accounts.chat_called(tx, "wecom", f"user:user{world.personas['周敏'].id}")
    assert chat is not None
    return [heard.text for heard in world.take(chat.id)]


def new_group(world: World, name: str) -> list[str]:
    with world.database.transaction() as tx:
        chat = accounts.chat_called(tx, "wecom", f"app:lsb{world.units[name]}")
    assert chat is not None
    return [heard.text for heard in world.take(chat.id)]


def test_where_no_platform_makes_groups_it_is_said(world: World) -> None:
    assert world.personas["周敏"].says("建群") == [
        "只有企业微信的自建应用能建群，这里没有启用。已有的群，在群里发“绑群”就行。"
    ]


def test_first_a_look_then_the_groups_then_the_news(district: World) -> None:
    zhou = district.personas["周敏"]
    assert zhou.says("建群") == [LOOK]
    assert wished(district) == {}
    assert zhou.presses("建群") == ["好的，正在建2个群，建好了告诉您。"]
    units = {name: district.units[name] for name in ("高新区", "枫杨办事处")}
    assert wished(district) == {str(unit): zhou.id for unit in units.values()}
    district.tick("office groups")
    assert told(district) == []
    made(district, list(units))
    district.tick("office groups")
    assert told(district) == ["工作群建好了：高新区、枫杨办事处。"]
    for name in units:
        assert new_group(district, name) == [
            f"这里是{name}的工作群，通报、成绩和提醒会发到这里，不用回复。报进度、打分等请私聊我。"
        ]
    district.tick("office groups")
    assert told(district) == []
    assert wished(district) == {}
    # Only what is missing is offered, and nothing is offered when nothing is missing.
    assert zhou.says("创建群") == ["绑定了企业微信的不到2人，先不建：石佛办事处"]
    join(district, "孙洁", "赵强")
    assert zhou.says("/create_groups")[0].splitlines()[:3] == [
        "用企业微信建1个工作群",
        "石佛办事处工作群：2人，孙洁、赵强",
        "没有企业微信账号、进不了群的1人：钱红",
    ]
    zhou.says("取消")
    made(district, ["石佛办事处"])
    assert zhou.says("建群") == ["区和办事处都有工作群了，不用再建。"]


def test_what_was_made_meanwhile_is_not_asked_for_again(district: World) -> None:
    zhou = district.personas["周敏"]
    zhou.says("建群")
    made(district, ["高新区"])
    assert zhou.says("好") == ["好的，正在建1个群，建好了告诉您。"]
    assert wished(district) == {str(district.units["枫杨办事处"]): zhou.id}
    zhou.says("建群")
    made(district, ["枫杨办事处"])
    assert zhou.presses("建群") == ["区和办事处都有工作群了，不用再建。"]


def test_why_a_group_could_not_be_made_is_told_once_and_not_tried_for_ever(district: World) -> None:
    zhou = district.personas["周敏"]
    zhou.says("建群")
    zhou.presses("建群")
    unit = district.units["枫杨办事处"]
    made(district, ["高新区"])
    with district.database.transaction() as tx:
        facts.put(tx, "wecom.group_trouble", {str(unit): "应用没有调用这个接口的权限（错误码 48002）"})
    district.tick("office groups")
    assert told(district) == [
        "工作群建好了：高新区。\n枫杨办事处的群没有建成：应用没有调用这个接口的权限（错误码 48002）\n"
        "改好以后再发“建群”。"
    ]
    assert wished(district) == {}
    zhou.says("建群")
    zhou.presses("建群")
    district.tick("office groups")
    assert told(district) == [], "what went wrong before says nothing of this time"


def test_somebody_elses_words_make_no_group(district: World) -> None:
    zhou = district.personas["周敏"]
    zhou.says("建群")
    assert zhou.says("再看看") == ["要建就点“建群”，不建就发“取消”。"]
    assert zhou.says("取消")[0].startswith("好的")
    assert "您目前没有这个身份" in district.personas["陈立"].says("建群")[0]
    assert wished(district) == {}


def test_each_result_is_told_to_whoever_asked(district: World) -> None:
    units = [district.units[name] for name in ("高新区", "枫杨办事处")]
    with district.database.transaction() as tx:
        group_wishes.wish(tx, units[:1], 1)
        group_wishes.wish(tx, units[1:], 2)
    made(district, ["枫杨办事处"])
    with district.database.transaction() as tx:
        assert group_wishes.results(tx) == [Result(units[1], 2, f"app:lsb{units[1]}")]
        assert group_wishes.results(tx) == []
