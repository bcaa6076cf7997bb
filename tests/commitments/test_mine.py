"""我的承诺: the list, one commitment in full, and what a successor is told."""

from __future__ import annotations

from bot.chat.people import Role
from bot.chat.rendering import body_from_wire, plain_text
from bot.chat.texts import CHINESE
from handlers.commitments.briefing import briefing
from storage.commitments import State
from tests.commitments.seeding import promised, reported
from tests.world import ZONE, World


def test_the_list_has_bars_lights_and_the_next_steps(world: World) -> None:
    lamps = promised(world, "大里村", "安装路灯100盏")
    reported(world, lamps, "45")
    promised(world, "大里村", "硬化道路2公里 2021-03-24前")
    promised(world, "大里村", "建成文化广场", state=State.RETURNED)
    promised(world, "大里村", "提升服务水平", state=State.PROPOSED)
    promised(world, "大里村", "建成卫生室", state=State.CLOSED)
    promised(world, "大里村", "不办了", state=State.WITHDRAWN)
    assert world.personas["王芳"].says("我的承诺") == [
        "大里村 2021年承诺\n"
        "共5项：办理中2项、已办结1项、待审核1项、已退回1项\n"
        "1. 安装路灯100盏 ▰▰▰▰▱▱▱▱▱▱ 45% 🟢绿灯 超进度\n"
        "2. 硬化道路2公里 🟡黄灯 临近到期\n"
        "3. 建成文化广场 已退回\n"
        "4. 提升服务水平 待审核\n"
        "5. 建成卫生室 ▰▰▰▰▰▰▰▰▰▰ 100% 🟢绿灯 已完成\n"
        "看一项的来龙去脉，发：承诺 1\n"
        "[重报第3项]\n[报进度] [再提一项]"
    ]


def test_one_in_full(world: World) -> None:
    lamps = promised(world, "大里村", "安装路灯100盏")
    reported(world, lamps, "45")
    shown = [
        "大里村 2021年第1项\n内容：安装路灯100盏\n目标：100盏\n期限：2021年12月31日\n类别：自选动作\n"
        "进度 ▰▰▰▰▱▱▱▱▱▱ 45% 🟢绿灯 超进度\n状态：办理中\n已报数量：45盏\n最近报告：3月22日 09:00\n"
        "3月22日 09:00 提出\n3月22日 09:00 亮诺\n[办结] [变更]"
    ]
    wang = world.personas["王芳"]
    assert wang.says("我的承诺 1") == shown
    assert wang.says("承诺 第1项") == shown
    assert wang.says("承诺1") == shown


def test_secretary_of_several_units_chooses(world: World) -> None:
    promised(world, "欢河村", "绿化600亩")
    both = world.person("两村书记", (Role.SECRETARY, "大里村"), (Role.SECRETARY, "欢河村"))
    assert both.says("我的承诺") == ["您负责几个单位，看哪一个？\n[大里村]\n[欢河村]"]
    [listed] = both.presses("欢河村")
    assert listed.startswith("欢河村 2021年承诺\n")
    assert both.says("我的承诺 大里村") == ["大里村今年还没有承诺。\n[提一项承诺]"]


def test_only_secretaries_have_a_list(world: World) -> None:
    for who in ("陈立", "周敏", "吴评"):
        [answer] = world.personas[who].says("我的承诺")
        assert answer.endswith("您目前没有这个身份。发“帮助”看看您能做的事。")


def test_a_successor_is_told_what_needs_attention(world: World) -> None:
    promised(world, "大里村", "安装路灯100盏")
    promised(world, "大里村", "硬化道路2公里 2021-03-01前")
    promised(world, "大里村", "修水渠", year=2020)
    with world.database.transaction() as tx:
        today = world.now.astimezone(ZONE).date()
        blocks = briefing(tx, world.units["大里村"], today=today, policy=world.policy)
        nothing = briefing(tx, world.units["欢河村"], today=today, policy=world.policy)
    shown = world.renderer.content(blocks, (), (), CHINESE)
    assert plain_text(body_from_wire(shown["body"])) == (
        "2021年承诺：共2项：办理中2项\n需要先办的：\n2020年第1项 修水渠 🔴红灯 逾期\n2. 硬化道路2公里 🔴红灯 逾期"
    )
    assert nothing == []
