"""规定动作: set once by the district, on everybody's list."""

from __future__ import annotations

from bot.chat.people import Role
from storage import commitments
from storage.commitments import State
from tests.commitments.seeding import promised, reported
from tests.world import World

PARTY_DAYS = "规定动作 全部 开展主题党日12次 2021-12-31前"


def test_set_for_all_units_and_announced_once_to_each_office(world: World) -> None:
    zhou, wang = world.personas["周敏"], world.personas["王芳"]
    promised(world, "大里村", "硬化村内道路2公里")
    assert zhou.says(PARTY_DAYS) == [
        "请核对这项规定动作\n内容：开展主题党日12次\n目标：12次\n期限：2021年12月31日\n类别：规定动作\n"
        "下达给：高新区全部村和社区\n[提交] [修改] [取消]"
    ]
    assert zhou.presses("提交") == ["已下达，列入4个单位的承诺清单，并通知了工作群。"]
    announced = ["高新区下达规定动作，已列入全部村和社区的承诺清单：\n开展主题党日12次（2021年12月31日前）"]
    assert world.heard("枫杨办事处") == announced
    assert world.heard("石佛办事处") == announced
    assert world.heard("高新区") == []
    assert wang.heard() == []
    [listed] = wang.says("我的承诺")
    assert "\n1. 硬化村内道路2公里 " in listed
    assert "\n2. 开展主题党日12次 🟢绿灯 达进度\n" in listed
    [shown] = wang.says("承诺 2")
    assert "类别：规定动作\n" in shown
    assert "区里下达" in shown


def test_set_for_one_kind_of_unit(world: World) -> None:
    zhou = world.personas["周敏"]
    [card] = zhou.says("规定动作 社区 为群众办实事10件")
    assert "下达给：高新区各社区\n" in card
    assert zhou.says("好") == ["已下达，列入1个单位的承诺清单，并通知了工作群。"]
    assert len(world.heard("枫杨办事处")) == 1
    assert world.heard("石佛办事处") == []
    [card] = zhou.says("规定动作 村内道路保洁12次")
    assert "内容：村内道路保洁12次\n" in card
    assert "下达给：高新区全部村和社区\n" in card


def test_several_at_once_are_one_message(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("规定动作 村 开展主题党日12次 2021-12-31前\n为群众办实事10件 2021-12-31前")
    zhou.presses("全部提交")
    assert world.heard("枫杨办事处") == [
        "高新区下达规定动作，已列入各村的承诺清单：\n开展主题党日12次（2021年12月31日前）\n"
        "为群众办实事10件（2021年12月31日前）"
    ]


def test_a_unit_added_later_gets_it_when_it_looks(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says(PARTY_DAYS)
    zhou.says("好")
    world.unit("大谢村", "village", "枫杨办事处")
    xie = world.person("谢明远", (Role.SECRETARY, "大谢村"))
    [listed] = xie.says("我的承诺")
    assert listed.startswith("大谢村 2021年承诺\n共1项：办理中1项\n1. 开展主题党日12次 ")


def test_how_the_units_stand(world: World) -> None:
    zhou, chen = world.personas["周敏"], world.personas["陈立"]
    assert zhou.says("规定动作") == ["今年还没有规定动作。\n下达这样发：规定动作 全部 开展主题党日12次 年底前"]
    zhou.says(PARTY_DAYS)
    zhou.says("好")
    with world.database.transaction() as tx:
        [theirs] = commitments.of_unit(tx, world.units["大里村"], year=2021)
        commitments.set_state(tx, theirs.id, state=State.CLOSED, expected=[State.PUBLISHED])
    assert zhou.says("规定动作") == [
        "2021年规定动作\n1. 开展主题党日12次 ▰▰▱▱▱▱▱▱▱▱ 25% 全部村和社区：已办结1个，办理中3个\n"
        "不再要求的，发：撤下规定动作 1"
    ]
    assert chen.says("规定动作") == [
        "2021年规定动作\n1. 开展主题党日12次 ▰▰▰▰▰▱▱▱▱▱ 50% 全部村和社区：已办结1个，办理中1个"
    ]


def test_what_is_late_is_red(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("规定动作 全部 开展换届后评估 2021-04-30前")
    zhou.says("好")
    world.wait(days=60)
    [listed] = zhou.says("规定动作")
    assert "🔴红灯 全部村和社区：已办结0个，逾期4个" in listed


def test_only_the_organizer_sets_and_drops(world: World) -> None:
    chen = world.personas["陈立"]
    assert chen.says(PARTY_DAYS) == ["规定动作由组织者下达。看办得怎样，发：规定动作"]
    [answer] = chen.says("撤下规定动作 1")
    assert answer.endswith("您目前没有这个身份。发“帮助”看看您能做的事。")


def test_undo_takes_it_off_the_lists(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says(PARTY_DAYS)
    zhou.says("好")
    world.heard("枫杨办事处")
    assert zhou.says("撤销") == ["已撤销：下达1项规定动作"]
    assert world.heard("枫杨办事处") == ["更正：刚才下达的规定动作已撤回：\n「开展主题党日12次」"]
    assert world.personas["王芳"].says("我的承诺") == ["大里村今年还没有承诺。\n[提一项承诺]"]


def test_undo_is_too_late_once_somebody_reported(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says(PARTY_DAYS)
    zhou.says("好")
    with world.database.transaction() as tx:
        [theirs] = commitments.of_unit(tx, world.units["大里村"], year=2021)
    reported(world, theirs, "3")
    assert zhou.says("撤销") == ["已有单位报过进度，不能撤销。要停止，发：撤下规定动作"]


def test_dropping_asks_first_and_spares_what_was_reported(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says(PARTY_DAYS)
    zhou.says("好")
    with world.database.transaction() as tx:
        [theirs] = commitments.of_unit(tx, world.units["大里村"], year=2021)
    reported(world, theirs, "3")
    world.heard("枫杨办事处")
    question = (
        "这项规定动作不再要求，从各单位清单里撤下？\n「开展主题党日12次」\n"
        "已有1个单位报过进度，这些单位的保留。\n[撤下] [不撤]"
    )
    assert zhou.says("撤下规定动作 1") == [question]
    assert zhou.presses("不撤") == ["好的，没有撤下。"]
    assert zhou.says("规定动作 撤下 1") == [question]
    assert zhou.presses("撤下") == ["已撤下，并通知了工作群。"]
    assert world.heard("枫杨办事处") == ["这项规定动作不再要求：\n「开展主题党日12次」"]
    assert world.personas["李建国"].says("我的承诺") == ["公园道社区今年还没有承诺。\n[提一项承诺]"]
    [listed] = world.personas["王芳"].says("我的承诺")
    assert "1. 开展主题党日12次 ▰▰▱▱▱▱▱▱▱▱ 25%" in listed
    assert zhou.says("撤下规定动作 1") == ["请写第几项，例如：撤下规定动作 1。发“规定动作”看清单。\n[规定动作]"]


def test_marked_documents_are_asked_back(world: World) -> None:
    zhou = world.personas["周敏"]
    [card] = zhou.says("规定动作 全部 学习内部文件2次")
    assert "请留意：文字里像是有涉密或内部字样（内部文件）。" in card
    assert zhou.says("提交") == [card]
    assert world.heard("枫杨办事处") == []
