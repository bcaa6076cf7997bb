"""变更: asked for with a reason, consented to by the office, the old wording kept."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from bot.chat.errors import UserError
from handlers.commitments.wishes import read_wish, share_under, split_reason
from storage.commitments import State
from storage.terms import Kind, Terms
from tests.commitments.seeding import promised, reported, stands
from tests.world import World

TODAY = date(2021, 3, 22)


@pytest.mark.parametrize(
    ("text", "what", "reason"),
    [
        ("期限改到2022-03-31 因为手续没批下来", "期限改到2022-03-31", "手续没批下来"),
        ("期限改到2022-03-31，由于雨季无法施工。", "期限改到2022-03-31", "雨季无法施工"),
        ("目标改为3公里，原因：资金到位", "目标改为3公里", "资金到位"),
        ("因为手续没批，期限改到2022-03-31", "期限改到2022-03-31", "手续没批"),
        ("因为手续没批，申请把期限改到2022-03-31", "把期限改到2022-03-31", "手续没批"),
        ("期限改到2022-03-31", "期限改到2022-03-31", ""),
        ("因为手续没批", "", "手续没批"),
        ("due 2022-03-31 because of the rain", "due 2022-03-31", "the rain"),
        ("", "", ""),
    ],
)
def test_wish_and_reason_are_told_apart(text: str, what: str, reason: str) -> None:
    assert split_reason(text) == (what, reason)


@pytest.mark.parametrize(
    ("text", "words", "target", "due"),
    [
        ("期限改到2022-03-31", "硬化村内道路2公里", "2", date(2022, 3, 31)),
        ("期限改到明年3月底", "硬化村内道路2公里", "2", date(2022, 3, 31)),
        ("延期到2022-03-31", "硬化村内道路2公里", "2", date(2022, 3, 31)),
        ("把期限延长到2022-03-31", "硬化村内道路2公里", "2", date(2022, 3, 31)),
        ("2022-03-31", "硬化村内道路2公里", "2", date(2022, 3, 31)),
        ("目标改为3公里", "硬化村内道路3公里", "3", date(2021, 12, 31)),
        ("2公里改成1.5公里", "硬化村内道路1.5公里", "1.5", date(2021, 12, 31)),
        ("目标从2公里改为3公里", "硬化村内道路3公里", "3", date(2021, 12, 31)),
        ("减为1.5公里", "硬化村内道路1.5公里", "1.5", date(2021, 12, 31)),
        ("内容改为硬化村内道路和广场4000平方米", "硬化村内道路和广场4000平方米", "4000", date(2021, 12, 31)),
    ],
)
def test_wishes_in_plain_words(world: World, text: str, words: str, target: str, due: date) -> None:
    road = promised(world, "大里村", "硬化村内道路2公里")
    terms = read_wish(road, text, TODAY).terms
    assert terms is not None
    assert (terms.words, terms.target, terms.due) == (words, Decimal(target), due)


def test_a_reason_needs_no_because(world: World) -> None:
    road = promised(world, "大里村", "硬化村内道路2公里")
    assert read_wish(road, "延期到2022-03-31，手续没批", TODAY).reason == "手续没批"
    assert read_wish(road, "内容改为硬化道路2公里，安装路灯", TODAY).reason == ""


def test_what_is_not_understood_is_said_and_a_number_needs_no_space(world: World) -> None:
    promised(world, "大里村", "硬化村内道路2公里", state=State.PUBLISHED)
    wang = world.personas["王芳"]
    assert "没看懂“修短一点”要改成什么。" in wang.says("变更 1 修短一点 因为没钱")[0]
    assert wang.says("变更1期限改到2022-03-31因为手续没批")[0].startswith("请核对第1项的变更")


def test_a_wish_without_anything_to_change_is_none(world: World) -> None:
    road = promised(world, "大里村", "硬化村内道路2公里")
    assert read_wish(road, "", TODAY).terms is None
    assert read_wish(road, "请领导关心一下", TODAY).terms is None
    with pytest.raises(UserError):
        read_wish(road, "期限改到2021-01-01", TODAY)


def test_progress_is_counted_against_the_new_target(world: World) -> None:
    road = promised(world, "大里村", "硬化村内道路2公里")
    reported(world, road, "1")
    road = stands(world, road)
    longer = Terms("硬化村内道路4公里", Kind.QUANTITY, Decimal(4), "公里", (), road.due)
    assert share_under(road, longer) == Decimal("0.25")
    metres = Terms("硬化村内道路4000米", Kind.QUANTITY, Decimal(4000), "米", (), road.due)
    assert share_under(road, metres) == Decimal("0.25")
    lamps = Terms("安装路灯10盏", Kind.QUANTITY, Decimal(10), "盏", (), road.due)
    assert share_under(road, lamps) is None
    later = Terms(road.words, road.kind, road.target, road.measure, (), date(2022, 3, 31))
    assert share_under(road, later) == Decimal("0.5")


def test_from_the_wish_to_the_group(world: World) -> None:
    road = promised(world, "大里村", "硬化村内道路2公里")
    wang, chen = world.personas["王芳"], world.personas["陈立"]
    assert wang.says("变更 1 期限改到2022-03-31 因为手续没批下来") == [
        "请核对第1项的变更\n期限：2022年3月31日（原：2021年12月31日）\n原因：手续没批下来\n[提交] [修改] [取消]"
    ]
    assert wang.presses("提交") == ["变更已提交，同意后生效；在那之前按原来的内容办。"]
    assert stands(world, road).due == date(2021, 12, 31)
    [shown] = wang.says("承诺 1")
    assert "变更等审核：期限：2022年3月31日（原：2021年12月31日）。原因：手续没批下来" in shown
    assert chen.heard() == ["大里村第1项申请变更，等您审核。\n[审核]"]
    assert chen.presses("审核") == [
        "请审核：大里村第1项申请变更\n「硬化村内道路2公里」\n期限：2022年3月31日（原：2021年12月31日）\n"
        "原因：手续没批下来\n提出：王芳，3月22日 09:00\n[通过] [退回]"
    ]
    assert chen.presses("通过") == ["已同意：大里村第1项变更，已在工作群说明。\n没有等您审核的了。"]
    assert world.heard("枫杨办事处") == [
        "大里村第1项承诺变更\n硬化村内道路2公里\n期限：2022年3月31日（原：2021年12月31日）\n原因：手续没批下来"
    ]
    assert stands(world, road).due == date(2022, 3, 31)
    [shown] = wang.says("承诺 1")
    assert "同意变更：期限：2022年3月31日（原：2021年12月31日）。原因：手续没批下来" in shown


def test_undoing_consent_tells_the_group(world: World) -> None:
    road = promised(world, "大里村", "硬化村内道路2公里")
    wang, chen = world.personas["王芳"], world.personas["陈立"]
    wang.says("变更 1 目标改为3公里 因为资金到位")
    wang.says("提交")
    chen.says("通过 大里村 1")
    world.heard("枫杨办事处")
    assert chen.says("撤销")[-1] == "已撤销：同意大里村第1项变更"
    assert world.heard("枫杨办事处") == ["更正：大里村第1项承诺暂按原来的内容办，变更还要再审。"]
    assert (stands(world, road).words, stands(world, road).target) == ("硬化村内道路2公里", Decimal(2))
    chen.says("通过 大里村 1")
    world.wait(minutes=1)
    reported(world, road, "1")
    assert chen.says("撤销") == ["这一项后来又有了变化，不能撤销。"]


def test_refusal_says_why_and_the_old_terms_hold(world: World) -> None:
    road = promised(world, "大里村", "硬化村内道路2公里")
    wang, chen = world.personas["王芳"], world.personas["陈立"]
    wang.says("变更 1 目标改为1公里 因为村里没人干")
    wang.says("提交")
    chen.heard()
    assert chen.says("退回承诺 大里村 1 目标不能减") == ["已退回：大里村第1项，已私信书记。\n没有等您审核的了。"]
    assert wang.heard() == ["大里村第1项变更没有同意：目标不能减\n承诺仍按原来的内容办。\n[再申请变更]"]
    assert stands(world, road).target == Decimal(2)
    [shown] = wang.says("承诺 1")
    assert (
        "不同意变更：内容：硬化村内道路1公里（原：硬化村内道路2公里）、目标：1公里（原：2公里）。目标不能减"
        in shown
    )
    assert chen.says("撤销") == ["已撤销：退回大里村第1项变更"]
    assert wang.heard() == ["刚才的退回已撤销：退回大里村第1项变更"]
    assert wang.says("变更 1 期限改到2022-03-31 因为雨季") == [
        "第1项已有一个变更在等审核。要改，先发：撤回变更 1\n[撤回变更]"
    ]


def test_what_is_missing_is_asked_for(world: World) -> None:
    promised(world, "大里村", "硬化村内道路2公里")
    wang = world.personas["王芳"]
    assert wang.says("变更 1") == [
        "「硬化村内道路2公里」\n要变更什么？点按钮，或者直接写，例如：期限改到明年3月底 因为手续没批\n"
        "[期限] [目标] [内容]"
    ]
    assert wang.presses("期限") == ["请写新的期限，或者点按钮：\n[年底] [6月底] [9月底]"]
    assert wang.presses("9月底") == [
        "期限：2021年9月30日（原：2021年12月31日）\n为什么要变更？请写一句话，会在工作群说明。"
    ]
    [card] = wang.says("因为可以提前")
    assert card == (
        "请核对第1项的变更\n期限：2021年9月30日（原：2021年12月31日）\n原因：可以提前\n[提交] [修改] [取消]"
    )
    [again] = wang.presses("修改")
    assert again.startswith("「硬化村内道路2公里」\n要变更什么？")
    assert wang.says("不知道") == ["没看懂要改什么。这样写：期限改到明年3月底；目标改为3公里；内容改为……"]
    [card] = wang.says("目标改为3公里")
    assert "目标：3公里（原：2公里）\n原因：可以提前\n" in card
    [card] = wang.says("因为资金到位")
    assert "原因：资金到位\n" in card
    assert wang.presses("取消") == ["好的，没有提交。"]


def test_nothing_changed_is_no_amendment(world: World) -> None:
    promised(world, "大里村", "硬化村内道路2公里")
    assert world.personas["王芳"].says("变更 1 期限改到2021-12-31 因为雨季") == ["和现在的内容一样，没有变化。"]


def test_personal_numbers_in_the_reason_are_asked_back(world: World) -> None:
    promised(world, "大里村", "硬化村内道路2公里")
    wang = world.personas["王芳"]
    [card] = wang.says("变更 1 期限改到2022-03-31 因为手续没批，问13800138000")
    assert card.endswith(
        "请留意：文字里像是有手机号（13800138000）。工作群里只发公开信息，请确认能公开。\n"
        "[修改] [取消]\n[能公开，提交]"
    )
    assert wang.says("提交") == [card]


def test_only_what_is_published_is_amended(world: World) -> None:
    promised(world, "大里村", "硬化村内道路2公里", state=State.PROPOSED)
    promised(world, "大里村", "建成文化广场", state=State.DONE)
    wang = world.personas["王芳"]
    assert wang.says("变更 1 目标改为3公里 因为资金到位") == ["第1项还没有公布，直接改就行：重报 1\n[修改重报]"]
    assert wang.says("变更 2 期限改到2022-03-31 因为雨季") == ["第2项已经办结或撤回，不能变更。"]


def test_withdrawing_an_amendment_and_undoing_that(world: World) -> None:
    promised(world, "大里村", "硬化村内道路2公里")
    wang, chen = world.personas["王芳"], world.personas["陈立"]
    wang.says("变更 1 目标改为3公里 因为资金到位")
    wang.says("提交")
    assert wang.says("撤回变更 1") == ["已撤回变更，第1项仍按原来的内容办。"]
    chen.heard()
    assert chen.says("审核") == ["没有等您审核的了。"]
    assert wang.says("撤回变更 1") == ["第1项没有在等审核的变更。"]
    assert wang.says("撤销") == ["已撤销：撤回第1项的变更"]
    [card] = chen.says("审核")
    assert card.startswith("请审核：大里村第1项申请变更\n")
    assert wang.says("撤销") == ["已撤销：申请变更第1项"]
    assert chen.presses("通过") == ["这一件刚才已经处理过了。发“审核”看还有什么。"]


def test_what_the_district_requires_only_the_district_changes(world: World) -> None:
    zhou, wang, chen = world.personas["周敏"], world.personas["王芳"], world.personas["陈立"]
    zhou.says("规定动作 全部 开展主题党日12次 2021-12-31前")
    zhou.says("提交")
    wang.says("变更 1 目标改为6次 因为疫情")
    wang.says("提交")
    assert chen.heard() == []
    assert chen.says("审核") == ["没有等您审核的了。"]
    assert zhou.heard() == ["大里村第1项申请变更，等您审核。\n[审核]"]
    [card] = zhou.presses("审核")
    assert card.startswith("请审核：大里村第1项申请变更\n")
    assert chen.says("approve a1") == ["这件事不归您审核，或者已经不在了。发“审核”看待办。"]
    assert chen.says("通过 大里村 1") == ["大里村第1项没有要审核的事。发“审核”看待办。"]
    zhou.presses("通过")
    assert "目标：6次（原：12次）" in world.heard("枫杨办事处")[-1]


def test_an_earlier_years_commitment_goes_on_under_its_number(world: World) -> None:
    promised(world, "大里村", "硬化村内道路2公里", year=2020)
    wang = world.personas["王芳"]
    [listed] = wang.says("我的承诺")
    assert "往年未销号的：\n2020年第1项 硬化村内道路2公里 🔴红灯 逾期\n" in listed
    promised(world, "大里村", "安装路灯103盏")
    [shown] = wang.says("承诺 去年第1项")
    assert shown.startswith("大里村 2020年第1项\n内容：硬化村内道路2公里\n")
    [shown] = wang.says("承诺 1")
    assert shown.startswith("大里村 2021年第1项\n内容：安装路灯103盏\n")
    [card] = wang.says("变更 2020年第1项 期限改到2021-06-30 因为雨季")
    assert card.startswith("请核对第1项的变更\n期限：2021年6月30日（原：2020年12月31日）\n")
