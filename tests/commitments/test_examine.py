"""审诺 and 亮诺: the office's queue, what its group hears, and taking decisions back."""

from __future__ import annotations

import pytest

from bot.chat.people import Role
from storage import units
from storage.commitments import State
from tests.commitments.seeding import promised, reported, stands
from tests.world import World


def waiting(world: World, unit: str, *words: str) -> None:
    for each in words:
        promised(world, unit, each, state=State.PROPOSED)


def test_one_after_the_other_until_the_group_gets_one_message(world: World) -> None:
    wang, chen = world.personas["王芳"], world.personas["陈立"]
    wang.says("承诺\n硬化村内道路2公里\n安装路灯103盏\n建成文化广场")
    wang.says("提交")
    chen.heard()
    assert chen.says("审核") == [
        "请审核：大里村第1项承诺\n内容：硬化村内道路2公里\n目标：2公里\n期限：2021年12月31日\n类别：自选动作\n"
        "提出：王芳，3月22日 09:00\n还有2件等着。\n[通过] [退回]\n[大里村3项全部通过]\n[先看下一件]"
    ]
    [card] = chen.presses("通过")
    assert card.startswith("已通过：大里村第1项\n请审核：大里村第2项承诺\n")
    assert world.heard("枫杨办事处") == []
    assert wang.heard() == []
    [card] = chen.says("退回 装在哪里没写")
    assert card.startswith("已退回：大里村第2项，已私信书记。\n请审核：大里村第3项承诺\n")
    assert wang.heard() == ["大里村第2项承诺被退回：装在哪里没写\n「安装路灯103盏」\n[修改重报]"]
    assert chen.says("通过") == ["已通过：大里村第3项\n大里村的承诺已在工作群亮诺。\n没有等您审核的了。"]
    assert world.heard("枫杨办事处") == [
        "大里村 2021年承诺\n1. 硬化村内道路2公里（2021年12月31日前）\n3. 建成文化广场（2021年12月31日前）\n"
        "承诺人：王芳"
    ]
    assert world.heard("石佛办事处") == []


def test_later_ones_are_announced_as_such(world: World) -> None:
    promised(world, "大里村", "硬化村内道路2公里")
    world.wait(days=1)
    waiting(world, "大里村", "安装路灯103盏")
    world.personas["陈立"].says("通过 大里村")
    assert world.heard("枫杨办事处") == [
        "大里村 2021年新增承诺\n2. 安装路灯103盏（2021年12月31日前）\n承诺人：王芳"
    ]


def test_the_reason_is_asked_with_a_few_to_choose_from(world: World) -> None:
    waiting(world, "大里村", "硬化村内道路2公里", "安装路灯103盏")
    chen = world.personas["陈立"]
    chen.says("审核")
    assert chen.presses("退回") == [
        "为什么退回大里村第1项？写一句话，书记会收到：\n[目标不具体]\n[期限不合适]\n[和别的承诺重复]"
    ]
    chen.presses("期限不合适")
    assert world.personas["王芳"].heard() == [
        "大里村第1项承诺被退回：期限不合适\n「硬化村内道路2公里」\n[修改重报]"
    ]
    chen.presses("退回")
    chen.says("路段没写明")
    [heard] = world.personas["王芳"].heard()
    assert heard.startswith("大里村第2项承诺被退回：路段没写明\n")


def test_putting_one_aside_brings_it_back_at_the_end(world: World) -> None:
    waiting(world, "大里村", "硬化村内道路2公里")
    waiting(world, "公园道社区", "安装路灯103盏")
    chen = world.personas["陈立"]
    chen.says("审核")
    [card] = chen.presses("先看下一件")
    assert card.startswith("请审核：公园道社区第1项承诺\n")
    [card] = chen.says("下一件")
    assert card.startswith("请审核：大里村第1项承诺\n")


def test_one_unit_by_name_or_from_the_notice(world: World) -> None:
    waiting(world, "大里村", "硬化村内道路2公里")
    li = world.personas["李建国"]
    li.says("承诺 安装路灯103盏")
    li.says("提交")
    chen = world.personas["陈立"]
    chen.heard()
    [card] = chen.presses("审核")
    assert card.startswith("请审核：公园道社区第1项承诺\n")
    [card] = chen.says("审核 大里")
    assert card.startswith("请审核：大里村第1项承诺\n")


def test_all_of_a_unit_at_once(world: World) -> None:
    waiting(world, "大里村", "硬化村内道路2公里", "安装路灯103盏")
    chen = world.personas["陈立"]
    chen.says("审核")
    assert chen.presses("大里村2项全部通过") == [
        "已通过：大里村第1、2项\n大里村的承诺已在工作群亮诺。\n没有等您审核的了。"
    ]
    assert chen.says("通过 大里村") == ["大里村没有要审核的承诺。"]


def test_all_that_wait_after_asking(world: World) -> None:
    waiting(world, "大里村", "硬化村内道路2公里", "电话13800138000")
    waiting(world, "公园道社区", "安装路灯103盏")
    chen = world.personas["陈立"]
    assert chen.says("通过 全部") == ["2个单位的3项承诺全部通过，并在工作群亮诺？\n[全部通过] [逐件看]"]
    [card] = chen.presses("全部通过")
    assert card.startswith(
        "已通过：大里村第1项、公园道社区第1项\n公园道社区的承诺已在工作群亮诺。\n"
        "有1项的文字要多看一眼，没有一起通过。\n请审核：大里村第2项承诺\n"
    )
    assert world.heard("枫杨办事处") == [
        "公园道社区 2021年承诺\n1. 安装路灯103盏（2021年12月31日前）\n承诺人：李建国"
    ]


def test_several_units_of_an_office_are_announced_together(world: World) -> None:
    waiting(world, "大里村", "硬化村内道路2公里")
    waiting(world, "公园道社区", "安装路灯103盏", "建成文化广场")
    waiting(world, "欢河村", "绿化600亩")
    zhou = world.personas["周敏"]
    zhou.says("通过 全部")
    zhou.says("好")
    assert world.heard("枫杨办事处") == [
        "枫杨办事处 2021年承诺：2个村（社区）3项\n大里村\n1. 硬化村内道路2公里（2021年12月31日前）\n公园道社区\n"
        "1. 安装路灯103盏（2021年12月31日前）\n2. 建成文化广场（2021年12月31日前）"
    ]
    assert world.heard("石佛办事处") == ["欢河村 2021年承诺\n1. 绿化600亩（2021年12月31日前）\n承诺人：赵强"]


def test_very_many_are_counted_instead(world: World) -> None:
    waiting(world, "大里村", *[f"办实事{n}件" for n in range(1, 20)])
    waiting(world, "公园道社区", *[f"办实事{n}件" for n in range(1, 20)])
    zhou = world.personas["周敏"]
    zhou.says("通过 全部")
    zhou.says("好")
    assert world.heard("枫杨办事处") == [
        "枫杨办事处 2021年承诺：2个村（社区）38项\n单位        承诺\n大里村        19\n公园道社区    19"
    ]


def test_refusing_to_approve_all_goes_on_one_by_one(world: World) -> None:
    waiting(world, "大里村", "硬化村内道路2公里")
    waiting(world, "公园道社区", "安装路灯103盏")
    chen = world.personas["陈立"]
    chen.says("通过 全部")
    [card] = chen.presses("逐件看")
    assert card.startswith("请审核：大里村第1项承诺\n")


def test_personal_numbers_are_asked_back_before_publishing(world: World) -> None:
    waiting(world, "大里村", "为老人装呼叫器30个，联系13800138000")
    chen = world.personas["陈立"]
    [card] = chen.says("审核")
    assert "请留意：文字里像是有手机号（13800138000）。工作群里只发公开信息，请确认能公开。" in card
    question = (
        "「为老人装呼叫器30个，联系13800138000」\n"
        "请留意：文字里像是有手机号（13800138000）。工作群里只发公开信息，请确认能公开。\n[能公开，通过] [退回]"
    )
    assert chen.presses("通过") == [question]
    assert chen.says("通过") == [question]
    assert world.heard("枫杨办事处") == []
    chen.presses("能公开，通过")
    assert len(world.heard("枫杨办事处")) == 1


def test_publishing_without_waiting_for_the_rest(world: World) -> None:
    waiting(world, "大里村", "硬化村内道路2公里", "安装路灯103盏")
    chen = world.personas["陈立"]
    chen.says("通过 大里村 1")
    assert world.heard("枫杨办事处") == []
    assert chen.says("亮诺") == ["大里村的承诺已在工作群亮诺。"]
    assert world.heard("枫杨办事处") == [
        "大里村 2021年承诺\n1. 硬化村内道路2公里（2021年12月31日前）\n承诺人：王芳"
    ]
    assert chen.says("亮诺 大里村") == ["没有已通过还没亮诺的承诺。"]


def test_the_end_points_out_what_is_not_announced(world: World) -> None:
    waiting(world, "大里村", "硬化村内道路2公里", "安装路灯103盏")
    chen, wang = world.personas["陈立"], world.personas["王芳"]
    chen.says("通过 大里村 1")
    wang.says("撤回承诺 2")
    assert chen.says("审核") == ["没有等您审核的了。\n已通过、还没在群里公布：大里村\n[亮诺]"]
    chen.presses("亮诺")
    assert len(world.heard("枫杨办事处")) == 1


def test_decided_by_somebody_else_meanwhile(world: World) -> None:
    waiting(world, "大里村", "硬化村内道路2公里")
    chen, zhou = world.personas["陈立"], world.personas["周敏"]
    chen.says("审核")
    zhou.says("通过 大里村")
    late = "这一件刚才已经处理过了。发“审核”看还有什么。"
    assert chen.presses("通过") == [late]
    chen.presses("退回")
    assert chen.says("不具体") == [late]


def test_undoing_an_approval_tells_the_group(world: World) -> None:
    waiting(world, "大里村", "硬化村内道路2公里")
    chen = world.personas["陈立"]
    chen.says("通过 大里村")
    world.heard("枫杨办事处")
    assert chen.says("撤销") == ["已撤销：通过大里村第1项"]
    assert world.heard("枫杨办事处") == ["更正：大里村第1项承诺还要再审，暂不作数。"]
    [card] = chen.says("审核")
    assert card.startswith("请审核：大里村第1项承诺\n")


def test_an_approval_on_which_progress_was_reported_stays(world: World) -> None:
    road = promised(world, "大里村", "硬化村内道路2公里", state=State.PROPOSED)
    chen = world.personas["陈立"]
    chen.says("通过 大里村")
    reported(world, road, "1")
    assert chen.says("撤销") == ["其中已有报过进度或办结的，不能撤销。要改，请书记发“变更”。"]


def test_undoing_a_return_tells_the_secretary(world: World) -> None:
    road = promised(world, "大里村", "硬化村内道路2公里", state=State.PROPOSED)
    chen, wang = world.personas["陈立"], world.personas["王芳"]
    chen.says("退回承诺 大里村 1 期限不合适")
    wang.heard()
    assert chen.says("撤销") == ["已撤销：退回大里村第1项"]
    assert wang.heard() == ["刚才的退回已撤销：退回大里村第1项"]
    assert stands(world, road).state is State.PROPOSED
    chen.says("退回承诺 大里村 1 期限不合适")
    wang.says("重报 1 硬化村内道路3公里")
    wang.says("提交")
    chen.heard()
    assert chen.says("撤销") == ["书记已经重报或撤回了这一项，不能撤销。"]


def test_another_office_neither_sees_nor_decides(world: World) -> None:
    road = promised(world, "大里村", "硬化村内道路2公里", state=State.PROPOSED)
    sun = world.personas["孙洁"]
    assert sun.says("审核") == ["没有等您审核的了。"]
    assert sun.says("审核 大里村") == ["您管理的范围里没有“大里村”。请写单位的全名，例如：大里村"]
    for command in ("approve", "send_back", "examine"):
        assert sun.says(f"{command} p{road.id}") == ["这件事不归您审核，或者已经不在了。发“审核”看待办。"]
        assert sun.says(f"{command} u{world.units['大里村']}") == ["这个单位不归您管理。"]
    assert sun.says("通过 大里村 1") == ["您管理的范围里没有“大里村”。请写单位的全名，例如：大里村"]
    assert sun.says("通过 全部") == ["没有等您审核的了。"]
    assert stands(world, road).state is State.PROPOSED
    assert world.heard("枫杨办事处") == []


@pytest.mark.parametrize("who", ["王芳", "吴评"])
def test_who_does_not_examine_is_refused(world: World, who: str) -> None:
    road = promised(world, "大里村", "硬化村内道路2公里", state=State.PROPOSED)
    for line in ("审核", "通过 全部", f"approve p{road.id}", f"send_back p{road.id} 不", "亮诺", "销号"):
        [answer] = world.personas[who].says(line)
        assert answer.endswith("您目前没有这个身份。发“帮助”看看您能做的事。")
    assert stands(world, road).state is State.PROPOSED


def test_names_that_nearly_fit_are_offered(world: World) -> None:
    waiting(world, "大里村", "硬化村内道路2公里")
    chen = world.personas["陈立"]
    assert chen.says("审核 大李村") == ["没有“大李村”。您是不是想说：\n[大里村]"]
    [card] = chen.presses("大里村")
    assert card.startswith("请审核：大里村第1项承诺\n")


def test_two_units_of_the_same_name_are_told_apart(world: World) -> None:
    waiting(world, "大里村", "硬化村内道路2公里")
    with world.database.transaction() as tx:
        units.add(
            tx, name="大里村", kind="village", parent_id=world.units["石佛办事处"], now=world.now, position=99
        )
    assert world.personas["周敏"].says("审核 大里村") == [
        "有几个单位叫大里村，是哪一个？\n[枫杨办事处 大里村]\n[石佛办事处 大里村]"
    ]
    [card] = world.personas["周敏"].presses("枫杨办事处 大里村")
    assert card.startswith("请审核：大里村第1项承诺\n")


def test_who_examines_and_reports_may_report_in_between(world: World) -> None:
    promised(world, "欢河村", "绿化600亩")
    waiting(world, "大里村", "硬化村内道路2公里")
    both = world.person("两头忙", (Role.OFFICE_ADMINISTRATOR, "枫杨办事处"), (Role.SECRETARY, "欢河村"))
    both.says("审核")
    [answer] = both.says("绿化完成了300亩")
    assert "300亩" in answer
    [card] = both.says("审核")
    assert card.startswith("请审核：大里村第1项承诺\n")
    assert both.says("今天天气不错啊") == ["请点“通过”或“退回”，也可以写：退回 期限写得不明确"]


def test_approving_without_saying_what_shows_the_first(world: World) -> None:
    waiting(world, "大里村", "硬化村内道路2公里")
    [card] = world.personas["陈立"].says("通过")
    assert card.startswith("请审核：大里村第1项承诺\n")


def test_what_is_not_waiting_cannot_be_decided(world: World) -> None:
    promised(world, "大里村", "硬化村内道路2公里")
    chen = world.personas["陈立"]
    none = "大里村第1项没有要审核的事。发“审核”看待办。"
    assert chen.says("通过 大里村 1") == [none]
    assert chen.says("通过 大里村 9") == ["大里村第9项没有要审核的事。发“审核”看待办。"]
    assert chen.says("退回承诺 大里村") == ["请写明退回哪一项，例如：退回承诺 大里村 2 期限写得不明确"]
