"""The office's side: who has not reported, verifying, returning, and taking that back."""

from __future__ import annotations

import pytest

from bot.chat.people import Role
from storage import commitments, reports
from storage.commitments import Category, State
from storage.reports import Review
from storage.terms import Kind
from tests.progress.promises import LAMPS, POWER, ROAD, publish
from tests.world import Persona, World

UNDO = "[撤销]"


@pytest.fixture
def chen(world: World) -> Persona:
    """The administrator of 枫杨办事处; both of its villages, and one of the other office, have commitments."""
    publish(world, "大里村", ROAD, LAMPS, POWER)
    publish(world, "公园道社区", LAMPS)
    publish(world, "欢河村", ROAD)
    return world.personas["陈立"]


def states(world: World, commitment_id: int) -> list[Review]:
    """The states of a commitment's reports, newest first."""
    with world.database.transaction() as tx:
        return [r.state for r in reports.history(tx, commitment_id)]


def share(world: World, commitment_id: int) -> str:
    with world.database.transaction() as tx:
        return str(commitments.get(tx, commitment_id).share)


# --- 未报 -----------------------------------------------------------------------------------------------------


def test_who_has_not_reported(world: World, chen: Persona) -> None:
    world.personas["李建国"].says("进度 1 96盏")
    world.personas["王芳"].says("进度 1 1.2公里")
    assert chen.says("未报") == [
        "2021年第1季度\n应报2、已报1、未报1\n枫杨办事处（1）：大里村（报了1/3项）\n2021年4月6日截止。"
    ]
    assert world.personas["周敏"].says("未报") == [
        "2021年第1季度\n应报3、已报1、未报2\n枫杨办事处（1）：大里村（报了1/3项）\n石佛办事处（1）：欢河村\n"
        "另有1个单位还没有亮出承诺。\n2021年4月6日截止。"
    ]


def test_everybody_has_reported(world: World, chen: Persona) -> None:
    world.personas["赵强"].says("进度 1 60%")
    world.wait(days=16)
    assert world.personas["孙洁"].says("未报") == [
        "2021年第1季度\n应报1、已报1、未报0\n都报齐了。\n另有1个单位还没有亮出承诺。\n已过截止日2021年4月6日。"
    ]


def test_what_is_done_is_not_asked_for_every_quarter(world: World, chen: Persona) -> None:
    world.personas["李建国"].says("进度 1 120盏")
    assert chen.says("未报")[0].startswith("2021年第1季度\n应报2、已报1、未报1\n")
    world.wait(days=90)
    assert chen.says("未报")[0] == (
        "2021年第2季度\n应报1、已报0、未报1\n枫杨办事处（1）：大里村\n2021年7月5日截止。"
    )
    assert world.personas["李建国"].says("季报")[0].endswith("这个季度没有要报的承诺。")


def test_only_within_ones_own_scope(world: World, chen: Persona) -> None:
    assert world.personas["周敏"].says("未报 枫杨")[0].startswith("2021年第1季度\n应报2、已报0、未报2\n")
    [refused] = chen.says("未报 石佛办事处")
    assert "欢河村" not in refused
    assert world.personas["王芳"].says("未报")[0].startswith("“未报”由")


# --- 核实 -----------------------------------------------------------------------------------------------------


def test_reports_are_verified_one_after_the_other(world: World, chen: Persona) -> None:
    wang = world.personas["王芳"]
    wang.says("进度 1 60% 已硬化1.2公里")
    wang.says("进度 2 卡在手续上")
    assert chen.says("核实") == [
        "请核实：大里村第1项\n1. 硬化村内道路2公里 ▰▰▰▰▰▰▱▱▱▱ 60% 🟢绿灯 超进度\n"
        "本次：1.2公里（60%）\n「60% 已硬化1.2公里」\n王芳，3月22日 09:00\n还有1条等着。\n"
        "[核实] [退回]\n[先看下一条]"
    ]
    second = (
        "请核实：大里村第2项\n2. 安装路灯120盏 🟡黄灯 欠进度\n本次：推进缓慢\n「卡在手续上」\n王芳，3月22日 09:00"
    )
    assert chen.presses("先看下一条") == [f"{second}\n还有1条等着。\n[核实] [退回]\n[先看下一条]"]
    assert chen.says("核实 大里村 1") == [
        f"已核实：大里村第1项 1.2公里（60%）\n{UNDO}",
        f"{second}\n[核实] [退回]",
    ]
    assert chen.presses("核实") == [f"已核实：大里村第2项 推进缓慢\n{UNDO}"]
    assert chen.says("核实") == ["没有等待核实的进度。"]
    assert (states(world, 1), states(world, 2)) == ([Review.VERIFIED], [Review.VERIFIED])
    assert wang.heard() == []


def test_what_was_passed_over_is_not_forgotten(world: World, chen: Persona) -> None:
    world.personas["王芳"].says("进度 1 60%")
    world.personas["李建国"].says("进度 1 60%")
    chen.says("核实")
    chen.presses("先看下一条")
    assert chen.presses("先看下一条") == ["后面没有了，还有2条没核实。\n[从头再看]"]
    assert chen.presses("从头再看")[0].startswith("请核实：大里村第1项")


def test_verifying_a_village_and_an_item(world: World, chen: Persona) -> None:
    world.personas["王芳"].says("进度 1 60%")
    world.personas["李建国"].says("进度 1 60%")
    assert chen.says("核实 公园道")[0].startswith("请核实：公园道社区第1项")
    assert chen.says("核实 大里村2") == ["大里村第2项没有等待核实的进度。\n[看待核实的]"]
    assert chen.says("核实 大里村第一项")[0] == f"已核实：大里村第1项 60%\n{UNDO}"
    assert chen.says("核实 大里村") == ["大里村没有等待核实的进度。"]


def test_verifying_everything_is_confirmed(world: World, chen: Persona) -> None:
    world.personas["王芳"].says("进度 1 60%")
    world.personas["李建国"].says("进度 1 60%")
    world.personas["赵强"].says("进度 1 60%")
    asked = "全部：2条等待核实，来自2个村（社区）。不逐条看，全部核实吗？\n[全部核实] [取消]\n[一条一条看]"
    assert chen.says("核实 全部") == [asked]
    assert chen.says("不") == ["好的，没有核实。"]
    chen.says("核实 全部")
    assert chen.presses("全部核实") == [f"已核实2条进度。\n{UNDO}"]
    assert states(world, 5) == [Review.REPORTED]
    assert chen.presses("撤销") == ["已撤销：核实2条进度"]
    assert (states(world, 1), states(world, 4)) == ([Review.REPORTED], [Review.REPORTED])
    assert chen.says("核实 大里村 全部")[0].startswith("大里村：1条等待核实")


def test_what_came_after_the_question_is_not_verified_with_it(world: World, chen: Persona) -> None:
    wang = world.personas["王芳"]
    wang.says("进度 1 60%")
    chen.says("核实 全部")
    wang.says("进度 2 90盏")
    assert chen.says("核实") == [f"已核实1条进度。\n{UNDO}"]
    assert (states(world, 1), states(world, 2)) == ([Review.VERIFIED], [Review.REPORTED])


def test_a_superseded_report_is_not_verified(world: World, chen: Persona) -> None:
    wang = world.personas["王芳"]
    wang.says("进度 1 60%")
    chen.says("核实")
    wang.says("进度 1 70%")
    assert chen.presses("核实") == ["书记后来又报了新的，请看最新的一条。\n[看最新的]"]
    assert "本次：70%" in chen.presses("看最新的")[0]


def test_verified_twice(world: World, chen: Persona) -> None:
    world.personas["王芳"].says("进度 1 60%")
    chen.says("核实")
    world.personas["周敏"].says("核实 大里村 1")
    assert chen.presses("核实") == ["这条进度刚才已经处理过了。发“核实”看还有什么。"]


def test_a_verified_report_cannot_be_taken_back_by_its_author(world: World, chen: Persona) -> None:
    wang = world.personas["王芳"]
    wang.says("进度 1 60%")
    chen.says("核实 大里村 1")
    assert wang.says("撤销") == ["办事处已经处理了这次上报，不能撤销。数字有变，请重新报一次。"]
    assert chen.says("撤销") == ["已撤销：核实大里村第1项 60%"]
    assert states(world, 1) == [Review.REPORTED]


def test_another_office_verifies_nothing_here(world: World, chen: Persona) -> None:
    world.personas["王芳"].says("进度 1 60%")
    sun = world.personas["孙洁"]
    assert sun.says("核实") == ["没有等待核实的进度。"]
    refused = "这条进度不归您核实，或者已经不在了。发“核实”看待办。"
    assert sun.says("核实 #1") == [refused]
    assert sun.says("退回 #1 不行") == [refused]
    assert sun.says("核实 大里村 1")[0].startswith("您管理的范围里没有“大里村”。")
    assert sun.says("退回 大里村 1 不行")[0].startswith("您管理的范围里没有“大里村”。")
    assert world.personas["王芳"].says("核实")[0].startswith("“核实”由")
    assert states(world, 1) == [Review.REPORTED]


# --- 退回 -----------------------------------------------------------------------------------------------------


def test_returning_with_a_reason(world: World, chen: Persona) -> None:
    wang = world.personas["王芳"]
    wang.says("进度 2 60盏")
    wang.says("进度 2 96盏")
    assert chen.says("退回 大里村 2 照片看不清") == [f"已退回：大里村第2项 96盏（80%），已私信书记。\n{UNDO}"]
    assert wang.heard() == ["大里村第2项 96盏（80%）被退回：照片看不清\n「96盏」\n[重新报]"]
    assert (states(world, 2), share(world, 2)) == ([Review.RETURNED, Review.REPORTED], "0.5")
    assert wang.presses("重新报")[0].startswith("第2项“安装路灯120盏”现在一共完成了多少？")
    assert wang.says("84盏")[0].startswith("已登记：第2项 84盏（70%）")


def test_the_reason_is_asked_for(world: World, chen: Persona) -> None:
    world.personas["王芳"].says("进度 2 60盏")
    chen.says("核实")
    assert chen.presses("退回") == [
        "大里村第2项为什么退回？书记会看到。\n[照片看不清]\n[数字请再核对]\n[请说得具体一些]\n[取消]"
    ]
    assert chen.presses("取消") == ["好的，没有退回。"]
    chen.says("退回 大里村 2")
    assert chen.says("请补一张全景照片。")[0].startswith("已退回：大里村第2项 60盏（50%）")
    assert world.personas["王芳"].heard()[0].startswith("大里村第2项 60盏（50%）被退回：请补一张全景照片\n")


def test_a_verified_report_may_still_be_returned_and_put_back(world: World, chen: Persona) -> None:
    wang = world.personas["王芳"]
    wang.says("进度 2 60盏")
    chen.says("核实 大里村 2")
    chen.says("退回 大里村 2 数字请再核对")
    wang.heard()
    assert share(world, 2) == "None"
    assert chen.says("撤销") == ["已撤销：退回大里村第2项 60盏（50%）"]
    assert wang.heard() == ["刚才的退回已撤销，不用重报：退回大里村第2项 60盏（50%）"]
    assert (states(world, 2), share(world, 2)) == ([Review.VERIFIED], "0.5")


def test_a_return_that_was_answered_cannot_be_taken_back(world: World, chen: Persona) -> None:
    wang = world.personas["王芳"]
    wang.says("进度 2 60盏")
    chen.says("退回 大里村 2 数字请再核对")
    wang.says("进度 2 66盏")
    assert chen.says("撤销") == ["书记已经重新报了，不能撤销。"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("退回 大里村", "请写明第几项和原因，例如：退回 大里村 2 照片看不清"),
        ("退回 大里村 9 不清楚", "大里村没有第9项承诺。"),
        ("退回 大里村 2 不清楚", "大里村第2项没有可以退回的进度。"),
        (
            "退回",
            "还差“村（社区）第几项 原因”。这样发：退回 <村（社区）第几项 原因>　例如：退回 大里村 2 照片看不清",
        ),
    ],
)
def test_what_cannot_be_returned(chen: Persona, text: str, answer: str) -> None:
    assert chen.says(text) == [answer]


def test_a_proposal_is_returned_by_the_same_word(world: World, chen: Persona) -> None:
    with world.database.transaction() as tx:
        proposed = commitments.add(
            tx,
            unit_id=world.units["大里村"],
            year=2021,
            category=Category.ELECTIVE,
            words="修建文化广场",
            kind=Kind.MILESTONE,
            proposed_by=world.personas["王芳"].id,
            proposed_at=world.now,
        )
    assert chen.says("退回 大里村 4") == ["请写明原因，例如：退回 大里村 4 期限不明确"]
    [answer] = chen.says("退回 大里村 4 期限不明确")
    assert answer == "已退回：大里村第4项，已私信书记。"
    with world.database.transaction() as tx:
        kept = commitments.get(tx, proposed.id)
    assert (kept.state, kept.return_reason) == (State.RETURNED, "期限不明确")


def test_returned_with_its_claim_of_being_done(world: World, chen: Persona) -> None:
    wang = world.personas["王芳"]
    wang.says("进度 3 已完工并投入使用")
    with world.database.transaction() as tx:
        commitments.set_state(tx, 3, state=State.DONE, expected=[State.PUBLISHED], done_at=world.now)
    assert wang.says("进度 3 还在扫尾") == [
        "第3项上次报的是100%，这次是扫尾阶段，比上次少了，确认吗？\n[确认] [不对，重新说]"
    ]
    wang.presses("确认")
    assert wang.says("进度 3 80%")[0].startswith("第3项上次报的是100%，这次是80%")
    wang.presses("确认")
    with world.database.transaction() as tx:
        assert commitments.get(tx, 3).state is State.PUBLISHED
    wang.says("撤销")
    with world.database.transaction() as tx:
        again = commitments.get(tx, 3)
    assert (again.state, again.done_at) == (State.DONE, world.now)


def test_the_district_verifies_too(world: World, chen: Persona) -> None:
    two = world.person(
        "钱进", (Role.OFFICE_ADMINISTRATOR, "枫杨办事处"), (Role.OFFICE_ADMINISTRATOR, "石佛办事处")
    )
    world.personas["王芳"].says("进度 1 60%")
    world.personas["赵强"].says("进度 1 60%")
    assert two.says("核实 全部")[0].startswith("全部：2条等待核实，来自2个村（社区）。")
    assert world.personas["周敏"].says("核实 枫杨办事处")[0].startswith("请核实：大里村第1项")
