"""Reporting by command and in free words: recorded at once, read back, or asked about."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import event

from bot.chat.people import Role
from storage import commitments, reports
from storage.commitments import State
from storage.reports import Review
from tests.progress.promises import ALL, LAMPS, POWER, ROAD, VISITS, publish
from tests.world import Persona, World

CANAL = "投入7万元，整修水渠3000米、村内广场12000平方米"


@pytest.fixture
def wang(world: World) -> Persona:
    """The secretary of 大里村, whose five commitments are published."""
    publish(world, "大里村", *ALL)
    return world.personas["王芳"]


def standing(world: World, number: int, unit: str = "大里村") -> tuple[str, str, str]:
    """Share, value and status of a commitment as it stands."""
    with world.database.transaction() as tx:
        c = commitments.by_number(tx, world.units[unit], number, year=2021)
    assert c is not None
    return str(c.share), str(c.value), str(c.status)


# --- the command ----------------------------------------------------------------------------------------------


def test_plain_figures_are_recorded_at_once(world: World, wang: Persona) -> None:
    assert wang.says("进度 1 60% 已硬化1.2公里") == [
        "已登记：第1项 1.2公里（60%）\n1. 硬化村内道路2公里 ▰▰▰▰▰▰▱▱▱▱ 60% 🟢绿灯 超进度\n[撤销]"
    ]
    assert standing(world, 1) == ("0.6", "1.2", "None")
    with world.database.transaction() as tx:
        [kept] = reports.history(tx, 1)
    assert (kept.words, kept.quarter, kept.state) == ("60% 已硬化1.2公里", "2021Q1", Review.REPORTED)


@pytest.mark.parametrize(
    "text", ["进度2 96盏", "进度　２　９６盏", "进度第2项装了96盏", "/progress 2 96盏", "报进度 2 还剩24盏"]
)
def test_the_command_is_tolerant(wang: Persona, text: str) -> None:
    [answer] = wang.says(text)
    assert answer.startswith("已登记：第2项 96盏（80%）\n")


def test_a_status_is_recorded_without_an_invented_figure(world: World, wang: Persona) -> None:
    assert wang.says("进度 4 正在办理前期手续") == [
        "已登记：第4项 前期准备\n4. 新上一台变压器 🟢绿灯 达进度\n[撤销]"
    ]
    assert standing(world, 4) == ("None", "None", "preparing")


def test_words_without_a_figure_leave_the_last_figure(world: World, wang: Persona) -> None:
    wang.says("进度 2 60盏")
    [answer] = wang.says("进度 2 卡在手续上")
    assert answer == "已登记：第2项 推进缓慢\n2. 安装路灯120盏 ▰▰▰▰▰▱▱▱▱▱ 50% 🟡黄灯 欠进度\n[撤销]"
    assert standing(world, 2) == ("0.5", "60", "slow")


def test_the_command_that_does_not_name_its_commitment_by_number_is_read_back(wang: Persona) -> None:
    assert wang.says("进度 路灯装了96盏") == [
        "请核对这项进度\n2. 安装路灯120盏 ▰▰▰▰▰▰▰▰▱▱ 80% 🟢绿灯 超进度\n"
        "本次：96盏（80%）\n「路灯装了96盏」\n[确认] [改一下] [取消]"
    ]


def test_only_one_commitment_needs_no_number(world: World) -> None:
    publish(world, "公园道社区", LAMPS)
    [answer] = world.personas["李建国"].says("进度 80%")
    assert answer.startswith("已登记：第1项 80%\n")


def test_the_command_in_a_group_is_answered_privately(world: World, wang: Persona) -> None:
    assert wang.says("进度 1 60%", group="枫杨办事处") == []
    [answer] = wang.heard()
    assert answer.startswith("已登记：第1项 60%")


def test_undo_falls_back_to_the_report_before(world: World, wang: Persona) -> None:
    wang.says("进度 2 60盏")
    wang.says("进度 2 96盏")
    assert wang.presses("撤销") == ["已撤销：第2项 96盏（80%）"]
    assert standing(world, 2) == ("0.5", "60", "None")
    assert wang.says("撤销") == ["已撤销：第2项 60盏（50%）"]
    assert standing(world, 2) == ("None", "None", "None")
    assert wang.says("撤销") == ["最近10分钟内没有可以撤销的操作。"]


def test_nothing_to_report_on(world: World) -> None:
    assert world.personas["李建国"].says("进度 1 60%") == [
        "还没有可以报进度的承诺。承诺审核公布以后就能报了；提出承诺请发“承诺”。\n[承诺]"
    ]
    assert world.personas["李建国"].says("完成80%") == ["没看懂这句话。发“帮助”可以看到能做的事。\n[帮助]"]


@pytest.mark.parametrize("name", ["陈立", "周敏", "吴评"])
def test_who_is_no_secretary_reports_nothing(world: World, wang: Persona, name: str) -> None:
    somebody = world.personas[name]
    assert somebody.says("进度 1 60%") == ["“进度”由书记使用，您目前没有这个身份。发“帮助”看看您能做的事。"]
    assert somebody.says("路灯装了96盏") == ["没看懂这句话。发“帮助”可以看到能做的事。\n[帮助]"]


def test_nobody_reports_for_another_unit(world: World, wang: Persona) -> None:
    publish(world, "公园道社区", ROAD)
    other = world.units["公园道社区"]
    assert wang.says(f"进度 u{other} 1 60%") == ["这个村（社区）不由您报送。发“进度”看看您要报的。"]
    assert standing(world, 1, "公园道社区") == ("None", "None", "None")


# --- free words -----------------------------------------------------------------------------------------------


def test_free_words_are_confirmed_with_one_tap(world: World, wang: Persona) -> None:
    card = (
        "请核对这项进度\n"
        "2. 安装路灯120盏 ▰▰▰▰▰▰▰▰▱▱ 80% 🟢绿灯 超进度\n"
        "本次：96盏（80%）\n"
        "「路灯装了96盏，还剩24盏」\n"
        "[确认] [改一下] [取消]"
    )
    assert wang.says("路灯装了96盏，还剩24盏") == [card]
    assert standing(world, 2) == ("None", "None", "None")
    assert wang.presses("确认") == [
        "已登记：第2项 96盏（80%）\n2. 安装路灯120盏 ▰▰▰▰▰▰▰▰▱▱ 80% 🟢绿灯 超进度\n[撤销]"
    ]
    assert standing(world, 2) == ("0.8", "96", "None")


@pytest.mark.parametrize("word", ["好的", "是", "对", "ok", "确认"])
def test_agreeing_in_words(world: World, wang: Persona, word: str) -> None:
    wang.says("第2项完成80%了")
    [answer] = wang.says(word)
    assert answer.startswith("已登记：第2项 80%")


@pytest.mark.parametrize("how", ["press", "不对", "取消"])
def test_nothing_is_kept_of_what_was_not_confirmed(world: World, wang: Persona, how: str) -> None:
    wang.says("第2项完成80%了")
    [answer] = wang.presses("取消") if how == "press" else wang.says(how)
    assert "没有" in answer
    assert standing(world, 2) == ("None", "None", "None")
    assert wang.says("确认")[0].startswith("现在没有等您答复的事。")


def test_a_report_is_changed_by_saying_it_again(world: World, wang: Persona) -> None:
    wang.says("第2项完成80%了")
    assert wang.presses("改一下") == ["请把这一项重新说一遍，例如：装了96盏。换一项就带上序号，例如：第3项 96盏。"]
    [card] = wang.says("装了90盏")
    assert card.startswith("请核对这项进度\n2. 安装路灯120盏 ▰▰▰▰▰▰▰▱▱▱ 75%")
    assert wang.says("随便说说") == ["没看懂。对的话请点“确认”；要改就重新说一遍，例如：第2项 80%。"]
    [other] = wang.says("第4项准备验收")
    assert other.startswith("请核对这项进度\n4. 新上一台变压器")
    wang.says("确认")
    assert (standing(world, 2), standing(world, 4)) == (("None",) * 3, ("None", "None", "finishing"))


def test_several_commitments_on_one_card(world: World, wang: Persona) -> None:
    assert wang.says("1、完成1.2公里\n2、装了96盏\n4、正在办理前期手续") == [
        "请核对这3项进度\n"
        "1. 硬化村内道路2公里 ▰▰▰▰▰▰▱▱▱▱ 60% 🟢绿灯 超进度\n本次：1.2公里（60%）\n「完成1.2公里」\n"
        "2. 安装路灯120盏 ▰▰▰▰▰▰▰▰▱▱ 80% 🟢绿灯 超进度\n本次：96盏（80%）\n「装了96盏」\n"
        "4. 新上一台变压器 🟢绿灯 达进度\n本次：前期准备\n「正在办理前期手续」\n"
        "[确认] [改一下] [取消]"
    ]
    wang.presses("改一下")
    [card] = wang.says("第2项 90盏")
    assert "2. 安装路灯120盏 ▰▰▰▰▰▰▰▱▱▱ 75%" in card
    [answer] = wang.presses("确认")
    assert answer.startswith("已登记：3项进度：第1项 1.2公里（60%）、第2项 90盏（75%）、第4项 前期准备\n")
    assert wang.says("撤销") == ["已撤销：3项进度：第1项 1.2公里（60%）、第2项 90盏（75%）、第4项 前期准备"]
    assert [standing(world, n)[0] for n in (1, 2, 4)] == ["None", "None", "None"]


def test_free_words_in_a_group_are_left_alone(world: World, wang: Persona) -> None:
    assert wang.says("路灯装了96盏", group="枫杨办事处") == []
    assert wang.says("路灯装了96盏", group="枫杨办事处", addressed=True) == [
        "报进度请私聊我：点我的头像发消息，再说一遍。"
    ]
    assert wang.says("大家好", group="枫杨办事处", addressed=True) == [
        "没看懂这句话。发“帮助”可以看到能做的事。\n[帮助]"
    ]


@pytest.mark.parametrize("text", ["大家好", "明天开会吗", "花生覆盖率80%吗"])
def test_talk_is_not_taken_for_a_report(wang: Persona, text: str) -> None:
    assert wang.says(text) == ["没看懂这句话。发“帮助”可以看到能做的事。\n[帮助]"]


# --- asking back ----------------------------------------------------------------------------------------------


def test_which_commitment_is_asked(world: World, wang: Persona) -> None:
    assert wang.says("卡在手续上，下月开工") == [
        "“卡在手续上，下月开工”说的是哪一项？\n"
        "[第1项 硬化村内道路2公里]\n[第2项 安装路灯120盏]\n[第3项 自来水通达率97%以上]\n"
        "[第4项 新上一台变压器]\n[第5项 开展党员大走访]\n[都不是]"
    ]
    assert wang.says("哦")[0].startswith("没看懂。请点上面的按钮")
    assert wang.presses("第4项 新上一台变压器") == [
        "已登记：第4项 推进缓慢\n4. 新上一台变压器 🟡黄灯 欠进度\n[撤销]"
    ]


def test_none_of_them(world: World, wang: Persona) -> None:
    wang.says("完成80%")
    assert wang.presses("都不是") == ["好的，没有登记。要报哪一项，直接说就行，例如：第2项 80%"]


def test_more_than_half_is_asked_for_exactly(world: World, wang: Persona) -> None:
    assert wang.says("道路硬化过半") == [
        "第1项：“道路硬化过半”具体是多少？点一下，或直接说数字。\n"
        "[50%] [60%] [70%] [80%] [90%]\n[说不准，先记“正在推进”]"
    ]
    [answer] = wang.says("1.2公里")
    assert answer.startswith("已登记：第1项 1.2公里（60%）")
    wang.says("道路硬化过半")
    [answer] = wang.presses("说不准，先记“正在推进”")
    assert answer.startswith("已登记：第1项 正在推进\n1. 硬化村内道路2公里 ▰▰▰▰▰▰▱▱▱▱ 60%")


def test_going_backwards_is_asked_back(world: World, wang: Persona) -> None:
    wang.says("进度 2 96盏")
    assert wang.says("进度 2 60盏") == [
        "第2项上次报的是96盏（80%），这次是60盏（50%），比上次少了，确认吗？\n[确认] [是新增的] [不对，重新说]"
    ]
    [answer] = wang.presses("确认")
    assert answer.startswith("已登记：第2项 60盏（50%）")
    wang.says("进度 2 24盏")
    [answer] = wang.presses("是新增的")
    assert answer.startswith("已登记：第2项 84盏（70%）")


def test_more_than_the_target_is_asked_back(world: World, wang: Persona) -> None:
    assert wang.says("进度 2 130盏") == [
        "第2项目标是120盏，您报的是130盏（108%），超过目标了，确认吗？\n[确认] [不对，重新说]"
    ]
    [answer] = wang.presses("确认")
    assert answer.startswith("已登记：第2项 130盏（108%）\n2. 安装路灯120盏 ▰▰▰▰▰▰▰▰▰▰ 108%")


def test_done_without_the_quantity_is_asked_back(world: World, wang: Persona) -> None:
    assert wang.says("道路硬化完工了") == ["第1项的目标是2公里，都完成了吗？\n[已完成2公里] [还没有全完成]"]
    [answer] = wang.presses("已完成2公里")
    assert answer.startswith("已登记：第1项 2公里（100%）")
    assert standing(world, 1) == ("1", "2", "done")


def test_what_is_done_can_be_claimed_with_the_next_tap(world: World, wang: Persona) -> None:
    [answer] = wang.says("进度 4 已完工并投入使用")
    assert answer == "已登记：第4项 100%\n4. 新上一台变压器 ▰▰▰▰▰▰▰▰▰▰ 100% 🟢绿灯 提前完成\n[撤销] [办结]"
    wang.presses("办结")
    with world.database.transaction() as tx:
        c = commitments.by_number(tx, world.units["大里村"], 4, year=2021)
    assert c is not None
    assert c.state is State.DONE
    assert "[办结]" not in wang.says("进度 3 98%")[0]


def test_done_only_in_part(world: World, wang: Persona) -> None:
    wang.says("道路硬化完工了")
    [asked] = wang.presses("还没有全完成")
    assert asked.startswith("第1项“硬化村内道路2公里”现在一共完成了多少？")
    [answer] = wang.presses("1.5公里")
    assert answer.startswith("已登记：第1项 1.5公里（75%）")


def test_all_of_them_done(world: World, wang: Persona) -> None:
    wang.says("全部完成")
    [card] = wang.presses("全部5项都完成了")
    assert card.startswith("请核对这5项进度\n")
    [answer] = wang.presses("确认")
    assert answer.startswith(
        "已登记：5项进度：第1项 2公里（100%）、第2项 120盏（100%）、第3项 97%、第4项 100%、第5项 100%\n"
    )


def test_figures_that_do_not_fit_each_other(world: World, wang: Persona) -> None:
    assert wang.says("进度 2 65% 已装72盏") == [
        "第2项：“65% 已装72盏”里的数字对不上，按哪个记？\n[72盏（60%）]\n[65%]"
    ]
    [answer] = wang.presses("72盏（60%）")
    assert answer.startswith("已登记：第2项 72盏（60%）")


def test_another_measure(world: World, wang: Persona) -> None:
    assert wang.says("进度 2 拆除21处") == [
        "第2项按“盏”算，“拆除21处”对不上。现在一共完成多少盏？\n"
        "[30盏] [60盏] [90盏] [120盏]\n[前期准备] [正在推进]\n[推进缓慢]"
    ]
    [answer] = wang.presses("30盏")
    assert answer.startswith("已登记：第2项 30盏（25%）")


def test_a_number_that_there_is_not(world: World, wang: Persona) -> None:
    [asked] = wang.says("进度 9 80%")
    assert asked.startswith("没有第9项。“80%”说的是哪一项？\n[第1项 硬化村内道路2公里]")
    [answer] = wang.says("第2项")
    assert answer.startswith("已登记：第2项 80%")


def test_who_says_it_again_with_the_command_is_not_asked_any_more(world: World, wang: Persona) -> None:
    wang.says("进度 9 80%")
    [answer] = wang.says("进度２ ６０％")
    assert answer.startswith("已登记：第2项 60%")
    [later] = wang.says("阿巴阿巴")
    assert later.startswith("没看懂这句话。")


def test_what_follows_a_number_that_there_is_not_is_kept(world: World, wang: Persona) -> None:
    [asked] = wang.says("进度 9 80%；第2项 45%")
    assert asked.startswith("没有第9项。“80%”说的是哪一项？")
    [answer] = wang.says("第1项")
    assert answer.startswith("已登记：")
    assert (standing(world, 1)[0], standing(world, 2)[0]) == ("0.8", "0.45")


def test_of_several_statements_none_is_given_up_by_reporting_another(world: World, wang: Persona) -> None:
    wang.says("进度 9 80%；第2项 45%")
    assert wang.says("进度 5 50%")[0].startswith("已登记：第5项")
    wang.says("第1项")
    assert (standing(world, 1)[0], standing(world, 2)[0]) == ("0.8", "0.45")


def test_a_compound_commitment_part_by_part(world: World) -> None:
    publish(world, "公园道社区", CANAL, ROAD)
    li = world.personas["李建国"]
    assert li.says("进度 1 水渠整修2000米，广场6000平方米") == [
        "已登记：第1项 58%\n"
        "1. 投入7万元，整修水渠3000米、村内广场12000平方米 ▰▰▰▰▰▱▱▱▱▱ 58% 🟢绿灯 超进度\n"
        "整修水渠2000米（66%）\n村内广场6000平方米（50%）\n[撤销]"
    ]
    [answer] = li.says("进度 1 又整修水渠1000米")
    assert "整修水渠3000米（100%）\n村内广场6000平方米（50%）" in answer
    assert standing(world, 1, "公园道社区")[0] == "0.75"


# --- step by step ---------------------------------------------------------------------------------------------


def test_the_bare_command_asks_step_by_step(world: World, wang: Persona) -> None:
    assert wang.says("进度") == [
        "报哪一项的进度？\n[第1项 硬化村内道路2公里]\n[第2项 安装路灯120盏]\n[第3项 自来水通达率97%以上]\n"
        "[第4项 新上一台变压器]\n[第5项 开展党员大走访]"
    ]
    assert wang.presses("第2项 安装路灯120盏") == [
        "第2项“安装路灯120盏”现在一共完成了多少？点一下，或直接说，例如：60盏\n"
        "[30盏] [60盏] [90盏] [120盏]\n[前期准备] [正在推进]\n[推进缓慢]"
    ]
    [answer] = wang.presses("60盏")
    assert answer.startswith("已登记：第2项 60盏（50%）")


def test_a_number_alone_asks_how_far(world: World, wang: Persona) -> None:
    wang.says("进度 2 60盏")
    assert wang.says("进度 2")[0].endswith("[推进缓慢] [无变化]")
    [answer] = wang.presses("无变化")
    assert answer.startswith("已登记：第2项 60盏（50%）")
    [asked] = wang.says("进度 5")
    assert asked == (
        "第5项“开展党员大走访”进展到哪一步？点一下，或直接说。\n"
        "[25%] [50%] [75%] [100%]\n[前期准备] [正在推进]\n[推进缓慢]"
    )
    [answer] = wang.says("走访了300户，正常推进")
    assert answer.startswith("已登记：第5项 正在推进")


def test_the_question_outlives_other_commands(world: World, wang: Persona) -> None:
    wang.says("进度 2")
    assert wang.says("取消") == ["好的，刚才的填写已取消，没有保存。"]


def test_another_report_leaves_the_open_question_alone(world: World, wang: Persona) -> None:
    wang.says("路灯装了96盏")
    assert wang.says("进度 1 60%")[0].startswith("已登记：第1项 60%")
    assert wang.says("确认")[0].startswith("已登记：第2项 96盏（80%）")


def test_in_english(world: World, wang: Persona) -> None:
    wang.says("语言 English")
    assert wang.says("progress 1 60%") == [
        "Recorded: no. 1 – 60%\n1. 硬化村内道路2公里 ▰▰▰▰▰▰▱▱▱▱ 60% 🟢green ahead\n[Undo]"
    ]
    assert wang.says("progress 2") == [
        "No. 2 “安装路灯120盏”: how much is done in all? Press, or just say it, for example: 60盏\n"
        "[30盏] [60盏] [90盏] [120盏]\n[preparing] [under way]\n[slow]"
    ]
    assert wang.presses("60盏")[0].startswith("Recorded: no. 2 – 60盏 (50%)")
    assert wang.says("undo") == ["Taken back: no. 2 – 60盏 (50%)"]


# --- several units --------------------------------------------------------------------------------------------


@pytest.fixture
def zhang(world: World) -> Persona:
    """Secretary of two villages."""
    zhang = world.person("张三", (Role.SECRETARY, "欢河村"), (Role.SECRETARY, "南流村"))
    publish(world, "欢河村", ROAD, VISITS)
    publish(world, "南流村", LAMPS, POWER)
    return zhang


def test_a_secretary_of_two_villages_is_asked_which(world: World, zhang: Persona) -> None:
    assert zhang.says("进度 1 60%") == ["这是哪个村（社区）的？\n[欢河村]\n[南流村]"]
    [answer] = zhang.presses("南流村")
    assert answer.startswith("已登记：第1项 60%\n1. 安装路灯120盏")
    assert zhang.says("路灯装了96盏") == ["这是哪个村（社区）的？\n[欢河村]\n[南流村]"]
    [card] = zhang.says("南流")
    assert card.startswith("请核对这项进度\n1. 安装路灯120盏 ▰▰▰▰▰▰▰▰▱▱ 80%")


def test_or_names_the_village(world: World, zhang: Persona) -> None:
    [answer] = zhang.says("进度 欢河村 1 60%")
    assert answer.startswith("已登记：第1项 60%\n1. 硬化村内道路2公里")
    [card] = zhang.says("南流村第1项完成80%")
    assert card.startswith("请核对这项进度\n1. 安装路灯120盏")


# --- cost -----------------------------------------------------------------------------------------------------


def test_the_hot_path_is_three_statements(world: World, wang: Persona) -> None:
    wang.says("进度 1 50%")
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(world.database.engine, "before_cursor_execute", note)
    wang.says("进度 1 60% 已硬化1.2公里")
    event.remove(world.database.engine, "before_cursor_execute", note)
    own = [statement.split()[0] for statement in seen if re.search(r"\b(commitments|reports|units)\b", statement)]
    # Who is writing is looked up with the names of their units: that one is the engine's.
    assert own == ["SELECT", "SELECT", "INSERT", "UPDATE"]


# --- what is said in other words than the buttons' -------------------------------------------------------------


def test_what_a_button_says_may_be_typed(wang: Persona) -> None:
    wang.says("路灯装了130盏")
    [asked] = wang.says("不对，重新说")
    assert asked.startswith("第2项“安装路灯120盏”现在一共完成了多少？")
    assert wang.says("推进缓慢")[0].startswith("已登记：第2项 推进缓慢")
    wang.says("80%")
    assert wang.says("都不是") == ["好的，没有登记。要报哪一项，直接说就行，例如：第2项 80%"]


@pytest.mark.parametrize("no", ["不对", "不是", "报错了", "没有"])
def test_no_to_what_is_asked_back_is_asked_again(wang: Persona, no: str) -> None:
    wang.says("路灯装了130盏")
    assert wang.says(no)[0].startswith("第2项“安装路灯120盏”现在一共完成了多少？")
    assert wang.says("96盏")[0].startswith("已登记：第2项 96盏（80%）")


def test_not_knowing_exactly_is_an_answer(world: World, wang: Persona) -> None:
    wang.says("道路过半")
    assert wang.says("说不准")[0].startswith("已登记：第1项 正在推进")
    assert standing(world, 1) == ("None", "None", "under_way")


def test_a_threshold_is_reached_not_completed(wang: Persona) -> None:
    assert wang.says("自来水户户通") == ["第3项的目标是97%，达到了吗？\n[已达到97%] [还没有达到]"]


def test_all_but_one(world: World, wang: Persona) -> None:
    [asked] = wang.says("除了第3项都完成了")
    assert asked.startswith("“都完成了”说的是哪一项？\n[其余4项都完成了]\n")
    assert "自来水" not in asked
    wang.presses("其余4项都完成了")
    wang.presses("确认")
    assert [standing(world, n)[2] for n in (1, 2, 3, 4, 5)] == ["done", "done", "None", "done", "done"]


def test_all_in_the_same_state(world: World, wang: Persona) -> None:
    assert "[全部5项都是“正在推进”]" in wang.says("各项工作正常推进")[0]
    wang.presses("全部5项都是“正在推进”")
    wang.presses("确认")
    assert {standing(world, n) for n in (1, 2, 3, 4, 5)} == {("None", "None", "under_way")}


def test_several_numbers_at_once_are_each_asked_about(world: World, wang: Persona) -> None:
    assert wang.says("1、2项都完成了")[0].startswith("第1项的目标是2公里，都完成了吗？")
    assert wang.presses("已完成2公里")[0].startswith("第2项的目标是120盏，都完成了吗？")
    assert wang.presses("已完成120盏")[0].startswith("请核对这2项进度")
    wang.presses("确认")
    assert [standing(world, n) for n in (1, 2)] == [("1", "2", "done"), ("1", "120", "done")]


def test_another_report_while_one_is_read_back_joins_it(wang: Persona) -> None:
    wang.says("路灯装了96盏")
    [card] = wang.says("道路硬化1.2公里")
    assert card.startswith("请核对这2项进度")
    assert wang.presses("确认")[0].startswith("已登记：2项进度：第2项 96盏（80%）、第1项 1.2公里（60%）")


def test_a_matter_without_a_figure_is_asked_about_and_may_be_no_report(wang: Persona) -> None:
    [asked] = wang.says("变压器还没到")
    assert asked.startswith("第4项“新上一台变压器”进展到哪一步？")
    assert asked.endswith("[不是报进度]")
    assert wang.says("不是报进度") == ["好的，没有登记。要报哪一项，直接说就行，例如：第2项 80%"]


@pytest.mark.parametrize("text", ["公园道社区路灯装了96盏", "进度 公园道社区 2 96盏"])
def test_another_units_progress_is_not_taken_for_the_own(world: World, wang: Persona, text: str) -> None:
    assert wang.says(text) == ["公园道社区的进度不由您报送。您报的是大里村，直接说就行，例如：第2项 80%"]
    assert wang.says("大里村路灯装了96盏")[0].startswith("请核对这项进度\n2. 安装路灯120盏")


@pytest.mark.parametrize("text", ["开工率50%", "已投入3万元", "通水率达到96％"])
def test_a_figure_of_nobody_knows_what_gets_a_hint(wang: Persona, text: str) -> None:
    assert wang.says(text) == ["没看懂说的是哪一项。报进度请带上第几项，例如：第2项 80%\n[报进度] [我的承诺]"]


@pytest.mark.parametrize("text", ["还有哪些没报", "怎么报进度", "我该报哪几项？"])
def test_who_asks_what_to_report_is_told_where_to_look(wang: Persona, text: str) -> None:
    answer = "看还有哪些没报，发“季报”；看自己的承诺和进度，发“我的承诺”。\n[季报] [我的承诺]"
    assert wang.says(text) == [answer]


def test_a_date_before_a_report_is_no_question_about_deadlines(wang: Persona) -> None:
    for text in ("截止3月25日路灯装了96盏", "截止到3月底，路灯累计装了96盏"):
        assert "本次：96盏（80%）" in wang.says(text)[0]
        wang.says("取消")
    assert wang.says("截止")[0].startswith("截止时间")


def test_words_that_begin_like_the_offices_command_are_a_report(wang: Persona) -> None:
    assert wang.says("通过验收了")[0].startswith("“通过验收了”说的是哪一项？")
    assert wang.says("取消") == ["好的，刚才的填写已取消，没有保存。"]
    assert wang.says("退回去重新做") == [
        "“退回”由办事处管理员、组织者使用，您目前没有这个身份。发“帮助”看看您能做的事。"
    ]
