"""提诺: from a sentence to a proposal at the office, and back when it was returned."""

from __future__ import annotations

from bot.chat.people import Role
from storage import people
from storage.commitments import State
from tests.commitments.seeding import promised, stands
from tests.world import World

CARD = (
    "请核对这项承诺\n"
    "内容：硬化村内道路2公里\n"
    "目标：2公里\n"
    "期限：2021年12月31日\n"
    "类别：自选动作\n"
    "[提交] [修改] [取消]"
)
ROAD = "承诺 硬化村内道路2公里 2021-12-31前 自选"


def test_a_promise_is_read_back_and_submitted(world: World) -> None:
    wang = world.personas["王芳"]
    assert wang.says(ROAD) == [CARD]
    assert wang.presses("提交") == ["已提交第1项，等枫杨办事处审核。退回会私信告诉您。\n[再提一项] [我的承诺]"]
    assert world.personas["陈立"].heard() == ["大里村提了1项承诺，等您审核。\n[审核]"]
    assert world.personas["孙洁"].heard() == []
    assert world.heard("枫杨办事处") == []


def test_a_bare_figure_at_the_card_is_no_promise(world: World) -> None:
    wang = world.personas["王芳"]
    wang.says(ROAD)
    for figure in ("2", "３．"):
        assert wang.says(figure) == ["请写出承诺的内容，例如：承诺 硬化村内道路2公里 12月底前"]
    assert wang.presses("提交") == ["已提交第1项，等枫杨办事处审核。退回会私信告诉您。\n[再提一项] [我的承诺]"]
    assert "硬化村内道路2公里" in wang.says("承诺 1")[0]


def test_the_office_is_told_once_while_something_waits(world: World) -> None:
    wang = world.personas["王芳"]
    for words in ("承诺 安装路灯103盏", "承诺 建成文化广场"):
        wang.says(words)
        wang.says("好")
    assert world.personas["陈立"].heard() == ["大里村提了1项承诺，等您审核。\n[审核]"]


def test_an_office_without_an_administrator_is_looked_after_by_the_district(world: World) -> None:
    world.unit("双桥办事处", "office", "高新区")
    world.unit("庄王村", "village", "双桥办事处")
    zhuang = world.person("庄伟", (Role.SECRETARY, "庄王村"))
    zhuang.says("承诺 安装路灯10盏")
    zhuang.presses("提交")
    assert world.personas["周敏"].heard() == ["庄王村提了1项承诺，等您审核。\n[审核]"]


def test_a_promise_without_a_date_is_due_at_the_years_end_and_says_so(world: World) -> None:
    [card] = world.personas["王芳"].says("承诺 安装路灯103盏")
    assert "期限：2021年12月31日（没说期限，按年底算）" in card


def test_a_field_is_changed_by_buttons(world: World) -> None:
    wang = world.personas["王芳"]
    wang.says(ROAD)
    assert wang.presses("修改") == [
        "内容：硬化村内道路2公里\n目标：2公里\n期限：2021年12月31日\n类别：自选动作\n"
        "要改什么？也可以直接把整句话重新发一遍。\n[内容] [目标] [期限] [类别]"
    ]
    assert wang.presses("目标") == ["请写新的目标，例如：3公里、97%以上；没有数量就写：无"]
    [card] = wang.says("3公里")
    assert card.startswith("请核对这项承诺\n内容：硬化村内道路3公里\n目标：3公里\n")
    wang.presses("修改")
    assert wang.presses("期限") == ["请写新的期限，或者点按钮：\n[年底] [6月底] [9月底]"]
    [card] = wang.presses("6月底")
    assert "期限：2021年6月30日\n" in card
    wang.presses("修改")
    assert wang.presses("类别") == ["请选择类别：\n[自选动作] [规定动作]"]
    [card] = wang.presses("规定动作")
    assert "类别：规定动作\n" in card
    wang.presses("修改")
    wang.presses("内容")
    [card] = wang.says("建成文化广场并投入使用")
    assert card == (
        "请核对这项承诺\n内容：建成文化广场并投入使用\n目标：按期完成\n期限：2021年6月30日\n类别：规定动作\n"
        "[提交] [修改] [取消]"
    )


def test_a_correction_may_be_typed_below_the_card(world: World) -> None:
    wang = world.personas["王芳"]
    wang.says(ROAD)
    [card] = wang.says("期限改到2021-06-30")
    assert "期限：2021年6月30日\n" in card
    [card] = wang.says("2021-09-30前")
    assert "期限：2021年9月30日\n" in card
    [card] = wang.says("目标 3公里")
    assert "内容：硬化村内道路3公里\n目标：3公里\n" in card
    [card] = wang.says("安装路灯103盏")
    assert "内容：安装路灯103盏\n目标：103盏\n期限：2021年9月30日\n" in card


def test_what_cannot_be_read_leaves_the_question_open(world: World) -> None:
    wang = world.personas["王芳"]
    wang.says(ROAD)
    wang.presses("修改")
    wang.presses("期限")
    assert wang.says("随便") == ["没看懂日期。这样写：6月底、9月30日、年底"]
    assert wang.says("2021-01-31") == ["2021年1月31日已经过了，请写今天以后的日期。"]
    [card] = wang.says("2021-08-31")
    assert "期限：2021年8月31日\n" in card
    wang.presses("修改")
    wang.presses("目标")
    assert wang.says("很多") == ["没看懂目标。这样写：3公里、97%以上；没有数量就写：无"]
    [card] = wang.says("无")
    assert "目标：定性目标，不计数\n" in card


def test_cancelling_keeps_nothing(world: World) -> None:
    wang = world.personas["王芳"]
    wang.says(ROAD)
    assert wang.presses("取消") == ["好的，没有提交。"]
    wang.says(ROAD)
    assert wang.says("取消") == ["好的，刚才的填写已取消，没有保存。"]
    assert wang.says("我的承诺") == ["大里村今年还没有承诺。\n[提一项承诺]"]


def test_several_promises_are_read_back_together(world: World) -> None:
    wang = world.personas["王芳"]
    assert wang.says("承诺\n1. 硬化村内道路2公里 2021-10-31前\n2. 安装路灯103盏\n3. 提升服务水平") == [
        "请核对这3项承诺\n"
        "1. 硬化村内道路2公里（目标：2公里；期限：2021年10月31日；自选动作）\n"
        "2. 安装路灯103盏（目标：103盏；期限：2021年12月31日；自选动作）\n"
        "3. 提升服务水平（目标：定性目标，不计数；期限：2021年12月31日；自选动作）\n"
        "[全部提交] [修改] [取消]"
    ]
    assert wang.presses("修改") == ["要改哪一项？\n[1. 硬化村内道路2公里]\n[2. 安装路灯103盏]\n[3. 提升服务水平]"]
    wang.says("2")
    wang.presses("目标")
    [card] = wang.says("100盏")
    assert "\n2. 安装路灯100盏（目标：100盏；" in card
    [card] = wang.says("第1项 期限2021-11-30")
    assert "\n1. 硬化村内道路2公里（目标：2公里；期限：2021年11月30日；" in card
    wang.presses("修改")
    wang.presses("3. 提升服务水平")
    [card] = wang.presses("删掉这一项")
    assert card.startswith("请核对这2项承诺\n")
    assert wang.presses("全部提交") == [
        "已提交第1、2项，等枫杨办事处审核。退回会私信告诉您。\n[再提一项] [我的承诺]"
    ]


def test_too_much_is_refused(world: World) -> None:
    wang = world.personas["王芳"]
    assert wang.says("承诺\n" + "\n".join(["安装路灯1盏"] * 21)) == ["一次最多20项，请分几次发。"]
    assert wang.says("承诺 " + "好" * 201) == ["一项承诺最多200个字，请写得简短些。"]


def test_a_bare_command_asks_step_by_step(world: World) -> None:
    wang = world.personas["王芳"]
    assert wang.says("承诺") == [
        "承诺什么事？一句话写清内容和数量，例如：硬化村内道路2公里\n一行一项，可以一次发几项；不想提了发“取消”。"
    ]
    assert wang.says("硬化村内道路2公里") == ["什么时候完成？\n[年底] [6月底] [9月底]"]
    assert wang.presses("年底") == [CARD]
    wang.says("承诺")
    assert wang.says("硬化村内道路2公里 2021-12-31前") == [CARD]


def test_a_date_that_is_past_has_to_be_changed_first(world: World) -> None:
    wang = world.personas["王芳"]
    [card] = wang.says("承诺 硬化村内道路2公里 2021-02-28前")
    assert card.endswith(
        "期限2021年2月28日已经过了，请点“修改”改成今天以后的日期。\n[修改] [取消]",
    )
    assert wang.says("提交") == [card]
    assert wang.says("2021-12-31") == [CARD]


def test_personal_numbers_are_asked_back(world: World) -> None:
    wang = world.personas["王芳"]
    [card] = wang.says("承诺 为老人装呼叫器30个，联系13800138000")
    assert card.endswith(
        "请留意：文字里像是有手机号（13800138000）。工作群里只发公开信息，请确认能公开。\n"
        "[修改] [取消]\n[能公开，提交]"
    )
    assert wang.says("提交") == [card]
    [done] = wang.presses("能公开，提交")
    assert done.startswith("已提交第1项")


def test_what_is_nearly_there_already_is_pointed_out(world: World) -> None:
    promised(world, "大里村", "硬化村内道路2公里")
    [card] = world.personas["王芳"].says("承诺 硬化村内道路3公里")
    assert "和已有的第1项“硬化村内道路2公里”很像，是另一件事再提交。" in card


def test_undo_takes_proposals_back_until_they_are_examined(world: World) -> None:
    wang = world.personas["王芳"]
    wang.says("承诺\n安装路灯103盏\n建成文化广场")
    wang.says("提交")
    assert wang.says("撤销") == ["已撤销：提出第1、2项承诺"]
    assert wang.says("我的承诺") == ["大里村今年还没有承诺。\n[提一项承诺]"]
    wang.says("承诺 安装路灯103盏")
    wang.says("提交")
    world.personas["陈立"].says("通过 大里村 3")
    assert wang.says("撤销") == ["这几项里已有审核过的，不能撤销。要改已亮诺的内容，发“变更”。"]


def test_withdrawing_and_undoing_that(world: World) -> None:
    waiting = promised(world, "大里村", "安装路灯103盏", state=State.PROPOSED)
    wang = world.personas["王芳"]
    assert wang.says("撤回承诺 1") == ["已撤回第1项：\n「安装路灯103盏」\n[我的承诺]"]
    assert stands(world, waiting).state is State.WITHDRAWN
    assert wang.says("撤回承诺 1") == ["第1项不在审核中，不能撤回。要改已亮诺的内容，发“变更”。"]
    assert wang.says("撤销") == ["已撤销：撤回第1项承诺"]
    assert stands(world, waiting).state is State.PROPOSED


def test_returned_is_changed_and_submitted_again(world: World) -> None:
    waiting = promised(world, "大里村", "安装路灯103盏", state=State.PROPOSED)
    wang, chen = world.personas["王芳"], world.personas["陈立"]
    chen.says("退回承诺 大里村 1 装在哪里没写")
    assert wang.heard() == ["大里村第1项承诺被退回：装在哪里没写\n「安装路灯103盏」\n[修改重报]"]
    assert wang.presses("修改重报") == [
        "请核对这项承诺\n退回原因：装在哪里没写\n内容：安装路灯103盏\n目标：103盏\n期限：2021年12月31日\n"
        "类别：自选动作\n[提交] [修改] [取消]"
    ]
    wang.says("主干道安装路灯103盏")
    assert wang.says("提交") == ["第1项已重新提交，等枫杨办事处审核。\n[我的承诺]"]
    assert chen.heard() == ["大里村提了1项承诺，等您审核。\n[审核]"]
    [card] = chen.presses("审核")
    assert "上次退回：装在哪里没写" in card
    assert stands(world, waiting).words == "主干道安装路灯103盏"
    [shown] = wang.says("承诺 1")
    assert "陈立退回：装在哪里没写" in shown
    assert "王芳重报，原：安装路灯103盏" in shown
    assert wang.says("撤销") == ["已撤销：重报第1项承诺"]
    assert (stands(world, waiting).words, stands(world, waiting).state) == ("安装路灯103盏", State.RETURNED)


def test_resubmitting_with_words_keeps_the_date_that_is_not_said_anew(world: World) -> None:
    promised(world, "大里村", "安装路灯103盏 2021-09-30前", state=State.RETURNED)
    [card] = world.personas["王芳"].says("重报 1 安装路灯110盏")
    assert "内容：安装路灯110盏\n目标：110盏\n期限：2021年9月30日\n" in card


def test_published_is_not_resubmitted(world: World) -> None:
    promised(world, "大里村", "安装路灯103盏")
    assert world.personas["王芳"].says("重报 1") == ["第1项已经审核通过。要改，发：变更 1 改什么 因为什么"]


def test_somebody_elses_commitment_is_out_of_reach(world: World) -> None:
    theirs = promised(world, "公园道社区", "安装路灯103盏", state=State.PROPOSED)
    wang = world.personas["王芳"]
    refusal = "这不是您负责的单位的承诺。发“我的承诺”看清单。"
    for command in ("withdraw", "resubmit", "my_commitments", "done", "amend"):
        assert wang.says(f"{command} c{theirs.id}") == [refusal]
    assert wang.says("withdraw c999999") == [refusal]
    assert wang.says("撤回承诺 1") == ["没有第1项承诺。发“我的承诺”看清单。\n[我的承诺]"]
    assert stands(world, theirs).state is State.PROPOSED


def test_in_the_group_the_answer_is_private(world: World) -> None:
    wang = world.personas["王芳"]
    assert wang.says(ROAD, group="枫杨办事处") == []
    assert wang.heard() == [CARD]


def test_secretary_of_several_units_says_which(world: World) -> None:
    both = world.person("两村书记", (Role.SECRETARY, "大里村"), (Role.SECRETARY, "欢河村"))
    assert both.says("承诺 安装路灯103盏") == ["您负责几个单位，这是哪个单位的承诺？\n[大里村]\n[欢河村]"]
    both.presses("欢河村")
    [done] = both.presses("提交")
    assert done.startswith("已提交第1项，等石佛办事处审核")
    [card] = both.says("承诺 大里：安装路灯20盏")
    assert "内容：安装路灯20盏\n" in card
    both.says("提交")
    [card] = both.says("承诺 大里村道路硬化2公里")
    assert "内容：大里村道路硬化2公里\n" in card
    both.says("取消")
    assert both.says("承诺 1") == ["您负责的几个单位都有第1项，是哪一个？\n[大里村]\n[欢河村]"]
    [shown] = both.presses("欢河村")
    assert shown.startswith("欢河村 2021年第1项\n")
    [shown] = both.says("承诺 大里村 1")
    assert shown.startswith("大里村 2021年第1项\n")


def test_a_post_that_ended_meanwhile_counts(world: World) -> None:
    wang = world.personas["王芳"]
    world.person("新书记", (Role.SECRETARY, "欢河村"))
    wang.says(ROAD)
    with world.database.transaction() as tx:
        people.release(tx, person_id=wang.id, unit_id=world.units["大里村"], role=Role.SECRETARY, now=world.now)
    assert wang.presses("提交") == ["您现在不是这个单位的书记，不能提交。"]


def test_a_category_typed_at_the_card_changes_the_category_and_not_the_words(world: World) -> None:
    wang = world.personas["王芳"]
    wang.says(ROAD)
    assert wang.says("规定动作") == [CARD.replace("自选", "规定")]
    assert wang.says("自选") == [CARD]


def test_a_due_date_typed_at_the_card_is_no_question_about_deadlines(world: World) -> None:
    wang = world.personas["王芳"]
    wang.says(ROAD)
    assert wang.says("期限 2021-09-30") == [CARD.replace("12月31日", "9月30日")]


def test_a_promise_needs_more_than_a_date(world: World) -> None:
    wang = world.personas["王芳"]
    for words in ("承诺 12月底前", "承诺 自选"):
        assert wang.says(words) == ["请写出承诺的内容，例如：承诺 硬化村内道路2公里 12月底前"]


def test_we_promise_is_a_promise_too(world: World) -> None:
    wang = world.personas["王芳"]
    for words in ("我村承诺硬化村内道路2公里，2021-12-31前", "我们保证2021-12-31前硬化村内道路2公里"):
        assert wang.says(words) == [CARD]


def test_progress_said_with_the_word_promise_is_not_promised_anew(world: World) -> None:
    promised(world, "大里村", "硬化村内道路2公里", state=State.PUBLISHED)
    wang = world.personas["王芳"]
    for words in ("承诺1已开工", "承诺第1项完成80%", "承诺 1 正在推进"):
        [answer] = wang.says(words)
        assert answer.startswith("这像是报进度，不是新的承诺。"), words
    assert wang.presses("报第1项的进度")[0].startswith("已登记：第1项 正在推进")
    assert wang.says("承诺 2公里道路绿化")[0].startswith("请核对这项承诺\n内容：2公里道路绿化")
