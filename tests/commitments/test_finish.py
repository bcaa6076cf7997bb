"""办结 and 销号: claimed by the secretary, checked by the office."""

from __future__ import annotations

from decimal import Decimal

from storage import reports
from storage.commitments import State, Status
from tests.commitments.seeding import promised, reported, stands
from tests.world import World


def test_what_has_no_figure_is_claimed_at_once(world: World) -> None:
    square = promised(world, "大里村", "建成文化广场并投入使用")
    wang = world.personas["王芳"]
    assert wang.says("办结 1") == ["第1项已报办结，等枫杨办事处核实销号。\n「建成文化广场并投入使用」"]
    assert world.personas["陈立"].heard() == ["大里村第1项报办结，等您核实销号。\n[去核实]"]
    done = stands(world, square)
    assert (done.state, done.done_at, done.status, done.share) == (State.DONE, world.now, Status.DONE, Decimal(1))
    assert world.heard("枫杨办事处") == []


def test_a_figure_that_was_reported_in_full_is_not_asked_again(world: World) -> None:
    lamps = promised(world, "大里村", "安装路灯103盏")
    reported(world, lamps, "103")
    wang = world.personas["王芳"]
    [listed] = wang.says("我的承诺")
    assert listed.endswith("[办结第1项]\n[再提一项]")
    assert wang.presses("办结第1项") == ["第1项已报办结，等枫杨办事处核实销号。\n「安装路灯103盏」"]


def test_how_much_was_done_is_asked_when_it_is_not_known(world: World) -> None:
    lamps = promised(world, "大里村", "安装路灯103盏")
    wang = world.personas["王芳"]
    assert wang.says("办结 1") == [
        "「安装路灯103盏」\n第1项的目标是103盏，还没有报过数量。全部完成了吗？\n[全部完成] [还没有]"
    ]
    assert wang.presses("还没有") == ["好的，没有报办结。有进展直接说，例如：第1项 80%"]
    reported(world, lamps, "96")
    assert wang.says("办结 1") == [
        "「安装路灯103盏」\n第1项的目标是103盏，目前报到93%。全部完成了吗？\n[全部完成] [还没有]"
    ]
    assert wang.presses("全部完成") == ["第1项已报办结，等枫杨办事处核实销号。\n「安装路灯103盏」"]
    done = stands(world, lamps)
    assert (done.value, done.share, done.status, done.state) == (
        Decimal(103),
        Decimal(1),
        Status.DONE,
        State.DONE,
    )
    with world.database.transaction() as tx:
        [report] = reports.history(tx, lamps.id)
    assert (report.value, report.words) == (Decimal(103), "全部完成")


def test_the_figure_may_be_said_with_it(world: World) -> None:
    lamps = promised(world, "大里村", "安装路灯103盏")
    wang = world.personas["王芳"]
    assert wang.says("办结 1 装了100盏") == [
        "目标是103盏，100盏还没达到，不能办结。先报进度：第1项 100盏；目标有变请发“变更”。"
    ]
    assert wang.says("办结 1 说不清") == ["没看懂完成了多少。这样写：办结 1 全部完成"]
    wang.says("办结 1 装了110盏")
    assert stands(world, lamps).value == Decimal(110)


def test_a_bare_number_answers_the_question(world: World) -> None:
    lamps = promised(world, "大里村", "安装路灯103盏")
    wang = world.personas["王芳"]
    wang.says("办结 1")
    wang.says("105")
    assert (stands(world, lamps).value, stands(world, lamps).state) == (Decimal(105), State.DONE)


def test_all_parts_of_a_compound_promise_are_done(world: World) -> None:
    both = promised(world, "大里村", "整修道路3000米、安装路灯20盏")
    wang = world.personas["王芳"]
    wang.says("办结 1 全部完成")
    with world.database.transaction() as tx:
        [report] = reports.history(tx, both.id)
    assert report.parts == (Decimal(3000), Decimal(20))
    assert stands(world, both).state is State.DONE


def test_words_name_it_as_well_as_a_number(world: World) -> None:
    promised(world, "大里村", "建成文化广场")
    promised(world, "大里村", "建成养老服务中心")
    wang = world.personas["王芳"]
    assert wang.says("办结 文化广场") == ["第1项已报办结，等枫杨办事处核实销号。\n「建成文化广场」"]
    assert wang.says("办结 建成") == ["请说明是第几项，例如：办结 2\n[1. 建成文化广场]\n[2. 建成养老服务中心]"]
    assert wang.presses("1. 建成文化广场") == ["这一项已经报过办结，等办事处销号。"]


def test_only_what_is_published_can_be_done(world: World) -> None:
    for state in (State.PROPOSED, State.RETURNED, State.CLOSED, State.WITHDRAWN):
        promised(world, "大里村", "建成文化广场", state=state)
    wang = world.personas["王芳"]
    assert wang.says("办结 1") == ["这一项还没有审核通过，不能办结。"]
    assert wang.says("办结 2") == ["这一项被退回了，请先发“重报”。"]
    assert wang.says("办结 3") == ["这一项已经销号了。"]
    assert wang.says("办结 4") == ["这一项已经撤回了。"]


def test_the_office_closes_one_after_the_other(world: World) -> None:
    for words in ("建成文化广场", "建成养老服务中心"):
        promised(world, "大里村", words, state=State.DONE)
    promised(world, "大里村", "建成卫生室", state=State.PROPOSED)
    chen = world.personas["陈立"]
    assert chen.says("销号") == [
        "请核实：大里村第1项报办结\n内容：建成文化广场\n目标：按期完成\n期限：2021年12月31日\n类别：自选动作\n"
        "报办结：3月22日 09:00\n还有1件等着。\n[销号] [退回]\n[先看下一件]"
    ]
    [card] = chen.presses("销号")
    assert card.startswith("已销号：大里村第1项\n请核实：大里村第2项报办结\n")
    assert world.personas["王芳"].heard() == ["已核实销号：大里村第1项"]
    assert chen.says("销号") == ["已销号：大里村第2项\n没有等您销号的了。"]
    assert world.heard("枫杨办事处") == []
    assert chen.says("销号 大里村 3") == ["大里村第3项还没有报办结，不能销号。"]


def test_a_claim_is_returned_with_a_reason(world: World) -> None:
    square = promised(world, "大里村", "建成文化广场", state=State.DONE)
    chen, wang = world.personas["陈立"], world.personas["王芳"]
    chen.says("销号")
    assert chen.presses("退回") == [
        "为什么退回大里村第1项？写一句话，书记会收到：\n[和实际不符]\n[数量还没达到]\n[请补充照片]"
    ]
    assert chen.presses("请补充照片") == ["已退回：大里村第1项，已私信书记。\n没有等您销号的了。"]
    assert wang.heard() == ["大里村第1项办结被退回：请补充照片\n「建成文化广场」\n[重新办结]"]
    back = stands(world, square)
    assert (back.state, back.done_at, back.return_reason) == (State.PUBLISHED, None, "请补充照片")
    [shown] = wang.says("承诺 1")
    assert "退回原因：请补充照片" in shown
    assert chen.says("撤销") == ["已撤销：退回大里村第1项"]
    assert stands(world, square).state is State.DONE
    assert wang.heard() == ["刚才的退回已撤销：退回大里村第1项"]


def test_a_return_is_not_undone_over_a_new_claim(world: World) -> None:
    promised(world, "大里村", "建成文化广场", state=State.DONE)
    chen, wang = world.personas["陈立"], world.personas["王芳"]
    chen.says("退回承诺 大里村 1 缺照片")
    wang.heard()
    wang.says("办结 1")
    chen.heard()
    assert chen.says("撤销") == ["这一项后来又有了变化，不能撤销。"]


def test_undoing_a_claim_and_a_closing(world: World) -> None:
    square = promised(world, "大里村", "建成文化广场")
    chen, wang = world.personas["陈立"], world.personas["王芳"]
    wang.says("办结 1")
    assert wang.says("撤销") == ["已撤销：第1项报办结"]
    assert stands(world, square).state is State.PUBLISHED
    wang.says("办结 1")
    chen.says("销号 大里村 1")
    assert wang.says("撤销")[-1] == "办事处已经处理了这次办结，不能撤销。"
    assert chen.says("撤销")[-1] == "已撤销：销号大里村第1项"
    assert wang.heard()[-1] == "刚才的销号已撤销，等重新核实：销号大里村第1项"
    assert stands(world, square).state is State.DONE


def test_another_office_does_not_close(world: World) -> None:
    square = promised(world, "大里村", "建成文化广场", state=State.DONE)
    sun = world.personas["孙洁"]
    assert sun.says("销号") == ["没有等您销号的了。"]
    assert sun.says(f"approve d{square.id}") == ["这件事不归您审核，或者已经不在了。发“审核”看待办。"]
    assert stands(world, square).state is State.DONE


def test_the_button_works_in_english_too(world: World) -> None:
    lamps = promised(world, "大里村", "安装路灯103盏")
    wang = world.personas["王芳"]
    wang.says("语言 English")
    wang.says("/done 1")
    assert wang.presses("All of it") == [
        "No. 1 is reported done; 枫杨办事处 will verify and close it.\n「安装路灯103盏」"
    ]
    assert stands(world, lamps).state is State.DONE
