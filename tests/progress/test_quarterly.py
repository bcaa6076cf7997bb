"""The quarterly report: one commitment after the other, to be left and resumed."""

from __future__ import annotations

import pytest

from bot.chat.people import Role
from storage import reports
from tests.progress.promises import ALL, LAMPS, POWER, ROAD, publish
from tests.world import Persona, World

NEXT = "[跳过] [先到这里]"


@pytest.fixture
def wang(world: World) -> Persona:
    publish(world, "大里村", ROAD, LAMPS, POWER)
    return world.personas["王芳"]


def words_of(world: World, number: int) -> list[str]:
    with world.database.transaction() as tx:
        return [r.words for r in reports.history(tx, number)]


def test_the_walk_from_beginning_to_end(world: World, wang: Persona) -> None:
    assert wang.says("季报") == [
        "2021年第1季度季报：还有3项没报\n2021年4月6日截止。\n"
        "1. 硬化村内道路2公里 🟢绿灯 达进度\n"
        "第1项“硬化村内道路2公里”现在一共完成了多少？点一下，或直接说，例如：1公里\n"
        f"[0.5公里] [1公里] [1.5公里] [2公里]\n[前期准备] [正在推进]\n[推进缓慢]\n{NEXT}"
    ]
    assert wang.says("硬化了1.2公里") == [
        "已登记：第1项 1.2公里（60%）\n2021年第1季度季报：还有2项没报\n"
        "2. 安装路灯120盏 🟢绿灯 达进度\n"
        "第2项“安装路灯120盏”现在一共完成了多少？点一下，或直接说，例如：60盏\n"
        f"[30盏] [60盏] [90盏] [120盏]\n[前期准备] [正在推进]\n[推进缓慢]\n{NEXT}"
    ]
    [card] = wang.presses("60盏")
    assert card.startswith("已登记：第2项 60盏（50%）\n2021年第1季度季报：还有1项没报\n3. 新上一台变压器")
    assert wang.says("正在办理前期手续") == [
        "已登记：第3项 前期准备\n大里村 2021年第1季度\n"
        "1. 硬化村内道路2公里 ▰▰▰▰▰▰▱▱▱▱ 60% 🟢绿灯 超进度\n"
        "2. 安装路灯120盏 ▰▰▰▰▰▱▱▱▱▱ 50% 🟢绿灯 超进度\n"
        "3. 新上一台变压器 🟢绿灯 达进度\n"
        "应报3项，都报齐了。"
    ]
    assert wang.says("季报")[0].endswith("应报3项，都报齐了。")


def test_last_quarters_words_and_no_change_in_one_tap(world: World, wang: Persona) -> None:
    wang.says("进度 1 硬化了1.2公里，雨后停了几天")
    world.wait(days=95)
    [card] = wang.says("季报")
    assert card.startswith(
        "2021年第2季度季报：还有3项没报\n2021年7月5日截止。\n"
        "1. 硬化村内道路2公里 ▰▰▰▰▰▰▱▱▱▱ 60% 🟢绿灯 超进度\n"
        "上次（3月22日 09:00）：1.2公里（60%）\n「硬化了1.2公里，雨后停了几天」\n"
    )
    assert "\n[无变化]\n" in card
    [card] = wang.presses("无变化")
    assert card.startswith("已登记：第1项 1.2公里（60%）")
    assert words_of(world, 1)[0] == "无变化：硬化了1.2公里，雨后停了几天"
    world.wait(days=92)
    wang.says("季报")
    wang.presses("无变化")
    assert words_of(world, 1)[0] == "无变化：硬化了1.2公里，雨后停了几天"


def test_what_is_skipped_is_missing_at_the_end(world: World, wang: Persona) -> None:
    wang.says("季报")
    wang.presses("跳过")
    wang.says("96盏")
    [summary] = wang.says("跳过")
    assert summary.endswith("应报3项、已报1项，还没报：第1项、第3项。\n[继续填]")
    [card] = wang.presses("继续填")
    assert card.startswith("2021年第1季度季报：还有2项没报\n")


def test_the_walk_can_be_left_and_resumed(world: World, wang: Persona) -> None:
    wang.says("季报")
    wang.says("1.2公里")
    assert wang.presses("先到这里") == [
        "好的，报过的都已登记。还没报：第2项、第3项。随时发“季报”接着填。\n[继续填]"
    ]
    world.wait(days=2)
    assert wang.says("季报")[0].startswith("2021年第1季度季报：还有2项没报\n2021年4月6日截止。\n2. 安装路灯120盏")
    assert wang.says("取消") == ["好的，刚才的填写已取消，没有保存。"]
    assert wang.says("季报")[0].startswith("2021年第1季度季报：还有2项没报\n")


def test_what_is_not_plain_is_asked_within_the_walk(world: World, wang: Persona) -> None:
    wang.says("季报")
    [asked] = wang.says("过半了")
    assert asked.startswith("第1项：“过半了”具体是多少？")
    [card] = wang.presses("60%")
    assert card.startswith("已登记：第1项 60%\n2021年第1季度季报：还有2项没报\n2. ")
    wang.says("130盏")
    [card] = wang.says("跳过")
    assert card.startswith("2021年第1季度季报：还有2项没报\n3. ")
    assert wang.says("明天再说吧") == ["没看懂。请点上面的按钮，或直接说，例如：80%。不想报这一项就说“跳过”。"]


def test_another_item_may_be_reported_in_between(world: World, wang: Persona) -> None:
    wang.says("季报")
    [card] = wang.says("第3项准备验收")
    assert card.startswith("已登记：第3项 扫尾阶段\n2021年第1季度季报：还有2项没报\n1. ")


def test_photos_belong_to_the_item_that_is_asked_about(world: World, wang: Persona) -> None:
    wang.says("季报")
    assert wang.says("", photos=2) == ["照片（文件）收到了，这项登记后会自动附上。"]
    [card] = wang.says("1.2公里")
    assert card.startswith("已登记：第1项 1.2公里（60%）\n附上佐证2件\n2021年第1季度季报：")


def test_undo_within_the_walk(world: World, wang: Persona) -> None:
    wang.says("季报")
    wang.says("1.2公里")
    assert wang.says("撤销") == ["已撤销：第1项 1.2公里（60%）"]
    wang.says("96盏")
    [card] = wang.says("1公里")
    assert card.startswith("已登记：第1项 1公里（50%）\n2021年第1季度季报：还有1项没报\n3. ")


@pytest.mark.parametrize(
    ("days", "line"),
    [
        (16, "已过截止日2021年4月6日，2021年4月16日前补报仍算本季度。"),
        (40, "2021年6月20日开始报，2021年7月5日截止；现在报也算数。"),
    ],
)
def test_the_calendar_is_said(world: World, wang: Persona, days: int, line: str) -> None:
    world.wait(days=days)
    assert wang.says("季报")[0].split("\n")[1] == line


def test_what_was_published_after_the_quarter_is_not_owed(world: World) -> None:
    world.wait(days=20)
    publish(world, "大里村", *ALL, days_ago=5)
    assert world.personas["王芳"].says("季报")[0].endswith("这个季度没有要报的承诺。")


def test_a_secretary_of_two_villages_chooses(world: World, wang: Persona) -> None:
    publish(world, "欢河村", LAMPS)
    both = world.person("张三", (Role.SECRETARY, "大里村"), (Role.SECRETARY, "欢河村"))
    assert both.says("季报") == ["填哪个村（社区）的季报？\n[大里村]\n[欢河村]"]
    [card] = both.presses("欢河村")
    assert card.startswith("2021年第1季度季报：还有1项没报\n2021年4月6日截止。\n1. 安装路灯120盏")


def test_only_secretaries_report(world: World, wang: Persona) -> None:
    assert world.personas["陈立"].says("季报")[0].startswith("“季报”由书记使用")
