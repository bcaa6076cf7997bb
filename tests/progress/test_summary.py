"""Summaries for a unit, an office, a district; and that they cost the same for many units as for few."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import event

from bot.chat.messages import Light
from bot.chat.people import Role
from bot.chat.settings import Policy
from handlers.progress.tally import tally
from storage.commitments import Status
from tests.progress.promises import LAMPS, POWER, ROAD, publish
from tests.progress.test_reading import promise
from tests.world import Persona, World


@pytest.fixture
def zhou(world: World) -> Persona:
    publish(world, "大里村", ROAD, LAMPS)
    publish(world, "公园道社区", POWER)
    publish(world, "欢河村", ROAD, due=date(2021, 3, 15))
    world.personas["王芳"].says("进度 1 2公里")
    world.personas["王芳"].says("进度 2 60盏")
    world.personas["李建国"].says("进度 1 推进缓慢")
    return world.personas["周敏"]


def test_district_by_offices(zhou: Persona) -> None:
    assert zhou.says("汇总") == [
        "高新区 2021年第1季度汇总\n"
        "共4项：已完成1项，占25%；正在推进3项，占75%。\n"
        "平均进度75%（按有数字的2项算）。\n"
        "🟢绿灯2项，🟡黄灯1项，🔴红灯1项。\n"
        "本季度已报3项，未报1项。\n"
        "单位        项数  完成  平均  绿灯  黄灯  红灯  已报\n"
        "枫杨办事处     3     1   75%     2     1     0     3\n"
        "石佛办事处     1     0     —     0     0     1     0"
    ]


def test_office_by_villages(world: World, zhou: Persona) -> None:
    answer = [
        "枫杨办事处 2021年第1季度汇总\n"
        "共3项：已完成1项，占33%；正在推进2项，占67%。\n"
        "平均进度75%（按有数字的2项算）。\n"
        "🟢绿灯2项，🟡黄灯1项，🔴红灯0项。\n"
        "本季度已报3项，未报0项。\n"
        "单位        项数  完成  平均  绿灯  黄灯  红灯  已报\n"
        "大里村         2     1   75%     2     0     0     2\n"
        "公园道社区     1     0     —     0     1     0     1"
    ]
    assert zhou.says("汇总 枫杨办事处") == answer
    assert world.personas["陈立"].says("汇总") == answer


def test_a_units_own_quarter(world: World, zhou: Persona) -> None:
    card = (
        "大里村 2021年第1季度\n"
        "1. 硬化村内道路2公里 ▰▰▰▰▰▰▰▰▰▰ 100% 🟢绿灯 提前完成\n"
        "2. 安装路灯120盏 ▰▰▰▰▰▱▱▱▱▱ 50% 🟢绿灯 超进度\n"
        "应报2项，都报齐了。"
    )
    assert world.personas["王芳"].says("汇总") == [card]
    assert world.personas["陈立"].says("汇总 大里村") == [card]
    missing = world.personas["孙洁"].says("汇总 欢河村")
    assert missing[0].endswith("应报1项、已报0项，还没报：第1项。")
    assert world.personas["赵强"].says("汇总")[0].endswith("还没报：第1项。\n[继续填]")


def test_nothing_of_another_office(world: World, zhou: Persona) -> None:
    for name, other in (("孙洁", "大里村"), ("陈立", "欢河村"), ("王芳", "公园道社区")):
        [refused] = world.personas[name].says(f"汇总 {other}")
        assert "第1季度" not in refused
    assert world.personas["吴评"].says("汇总")[0].startswith("“汇总”由")


def test_an_office_without_commitments(world: World) -> None:
    assert world.personas["孙洁"].says("汇总") == ["石佛办事处 2021年第1季度汇总\n还没有亮出的承诺。"]


def test_shares_over_the_target_do_not_make_up_for_others() -> None:
    found = [
        promise(1, ROAD, share=Decimal("1.5"), reported_quarter="2021Q1"),
        promise(2, LAMPS, share=Decimal("0.5"), reported_quarter="2020Q4"),
        promise(3, POWER, status=Status.DONE, reported_quarter="2021Q1"),
    ]
    total = tally(found, quarter="2021Q1", today=date(2021, 3, 22), policy=Policy())
    assert (total.count, total.done, total.reported, total.known) == (3, 2, 2, 3)
    assert total.average == Decimal("2.5") / 3
    assert total.lights[Light.GREEN] == 3


@pytest.mark.parametrize("command", ["汇总", "未报", "核实", "核实 全部"])
def test_many_units_cost_no_more_statements_than_few(world: World, zhou: Persona, command: str) -> None:
    few = statements(world, zhou, command)
    for n in range(12):
        unit = world.unit(f"新{n}村", "village", "石佛办事处")
        world.person(f"书记{n}", (Role.SECRETARY, f"新{n}村"))
        publish(world, f"新{n}村", ROAD, LAMPS)
        world.personas[f"书记{n}"].says("进度 1 60%")
        assert unit
    assert statements(world, zhou, command) == few


def statements(world: World, who: Persona, command: str) -> int:
    who.says("取消")
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(world.database.engine, "before_cursor_execute", note)
    who.says(command)
    event.remove(world.database.engine, "before_cursor_execute", note)
    return len(seen)
