"""截止 and 延期 in conversations: shown, set by tolerant words, for one office, told only to those concerned."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from bot.chat.people import Role
from bot.chat.settings import Deadlines, Policy, Reminders
from storage.database import Database
from tests.progress.promises import LAMPS, ROAD, publish
from tests.world import World, small_district

SEPTEMBER = datetime(2021, 9, 22, 1, 0, tzinfo=UTC)


@pytest.fixture
def autumn(world: World) -> World:
    """The third quarter's reporting: two villages owe, one has reported, one has promised nothing."""
    world.now = SEPTEMBER
    for unit in ("大里村", "公园道社区", "欢河村"):
        publish(world, unit, ROAD)
    world.personas["赵强"].says("进度 1 60%")
    return world


def test_everybody_sees_what_concerns_them(autumn: World) -> None:
    assert autumn.personas["王芳"].says("截止") == [
        "截止时间\n2021年第3季度季报：2021年10月8日（下季首月5日，遇节假日顺延；还有16天）\n"
        "第1项 硬化村内道路2公里：2021年12月31日（还有100天）"
    ]
    assert autumn.personas["陈立"].says("截止") == [
        "截止时间\n2021年第3季度季报：2021年10月8日（下季首月5日，遇节假日顺延；还有16天）\n"
        "2021年第3季度进度核实：2021年10月14日（季报截止后第5个工作日；还有22天）"
    ]
    assert autumn.personas["周敏"].says("截止")[0].endswith("例如：截止 安全隐患排查表 10月20日")


def test_one_office_gets_another_day_and_only_those_who_owe_hear_of_it(autumn: World) -> None:
    zhou = autumn.personas["周敏"]
    assert zhou.says("延期 季报 枫杨 10月15日 因为台风") == [
        "核对一下\n事项：2021年第3季度季报\n单位：枫杨办事处\n截止：2021年10月15日（原为2021年10月8日）\n"
        "原因：台风\n[确定] [取消]"
    ]
    assert zhou.presses("确定") == ["定了：2021年第3季度季报2021年10月15日截止。\n已告诉枫杨办事处的群。\n[撤销]"]
    assert autumn.heard("枫杨办事处") == [
        "2021年第3季度季报的截止时间由2021年10月8日改到2021年10月15日，因为台风。\n已经报过的不用管。"
    ]
    assert autumn.heard("石佛办事处") == []
    assert autumn.heard("高新区") == []
    assert "2021年10月15日（还有23天）" in autumn.personas["王芳"].says("截止")[0]
    assert "2021年10月8日" in autumn.personas["赵强"].says("截止")[0]
    assert "　枫杨办事处：2021年10月15日（台风）" in zhou.says("截止")[0]
    # The report's own card, who is missing, and until when late reports count go by the same day.
    assert "2021年10月15日截止。" in autumn.personas["王芳"].says("季报")[0]
    assert zhou.says("未报")[0].endswith("2021年10月15日截止。\n石佛办事处2021年10月8日截止。")
    autumn.now = datetime(2021, 10, 20, 1, 0, tzinfo=UTC)
    assert "2021年第3季度" in autumn.personas["王芳"].says("季报")[0]
    assert "🔴红灯：2个单位逾期未报。" in zhou.says("未报")[0]
    assert "2021年第4季度" in autumn.personas["赵强"].says("汇总")[0]


@pytest.mark.parametrize(
    "words",
    [
        "截止 季报 10月12日",
        "截止季报10月12号",
        "截止 季报：截止时间改到10月12日",
        "截止 季报 10.12前",
        "截止 三季度季报 定在 2021-10-12",
        "截止时间 季度报告 十月十二日",
        "/deadline report 2021-10-12",
        "截止 １０月１２日 季报",
        "截止 季报 所有单位 10月12日",
    ],
)
def test_a_date_in_many_spellings(autumn: World, words: str) -> None:
    assert autumn.personas["周敏"].says(words) == [
        "核对一下\n事项：2021年第3季度季报\n单位：高新区\n截止：2021年10月12日（原为2021年10月8日）\n[确定] [取消]"
    ]


def test_a_rule_holds_from_now_on_until_a_date_is_set(autumn: World) -> None:
    zhou = autumn.personas["周敏"]
    assert zhou.says("截止 季报 季末最后一个工作日") == [
        "核对一下\n事项：2021年第3季度季报\n单位：高新区\n截止：季末最后一个工作日，这一期是2021年9月30日（原为2021年10月8日）\n"
        "以后每一期都按这个规则，除非另外定了日期。\n[确定] [取消]"
    ]
    assert zhou.presses("确定")[0].startswith("定了：2021年第3季度季报2021年9月30日截止。")
    zhou.says("截止 四季度季报 12月29日")
    zhou.presses("确定")
    autumn.now = datetime(2021, 12, 20, 1, 0, tzinfo=UTC)
    assert "2021年第4季度季报：2021年12月29日（还有9天）" in zhou.says("截止")[0]
    autumn.now = datetime(2022, 3, 20, 1, 0, tzinfo=UTC)
    assert "2022年第1季度季报：2022年3月31日（季末月最后一个工作日；还有11天）" in zhou.says("截止")[0]


def test_putting_off_asks_for_the_reason(autumn: World) -> None:
    zhou = autumn.personas["周敏"]
    assert zhou.says("截止 季报 石佛办事处 延到10月15日") == ["因为什么延期？写一句话就行，会告诉有关的人。"]
    assert "原因：汛情\n" in zhou.says("汛情")[0]
    zhou.presses("确定")
    # The only unit of that office with commitments has reported: nobody's plans change, so nobody is told.
    assert autumn.heard("石佛办事处") == []
    assert zhou.says("延期 季报 10月8日 因为下雨") == ["现在就是2021年10月8日截止，延期要写更晚的日期。"]
    assert zhou.says("截止 三季度季报 12月1日") == [
        "2021年第3季度季报最晚只能到2021年11月14日，再晚就和下一季重叠了。"
    ]
    assert "事项：2021年第4季度季报\n" in zhou.says("截止 季报 12月29日")[0]


def test_taking_back_tells_the_same_people(autumn: World) -> None:
    zhou = autumn.personas["周敏"]
    zhou.says("截止 季报 枫杨办事处 10月12日")
    zhou.presses("确定")
    autumn.heard("枫杨办事处")
    assert zhou.says("撤销") == ["已撤销：2021年第3季度季报截止时间"]
    assert autumn.heard("枫杨办事处") == [
        "2021年第3季度季报的截止时间由2021年10月12日改到2021年10月8日。\n已经报过的不用管。"
    ]


def test_an_own_matter_is_weighed_told_done_and_withdrawn(autumn: World) -> None:
    zhou, wang = autumn.personas["周敏"], autumn.personas["王芳"]
    assert zhou.says("截止 安全隐患排查表 枫杨 10月20日") == [
        "核对一下\n事项：安全隐患排查表\n单位：枫杨办事处\n截止：2021年10月20日\n"
        "到期前会提醒没办的书记；办好了点一下按钮就不再提醒。\n"
        "会涉及2人。本月他们平均已收到0条通知，其中0条要办事；上限是20条。\n[确定] [取消]"
    ]
    assert zhou.presses("确定") == ["定了：安全隐患排查表2021年10月20日截止。\n已告诉枫杨办事处的群。\n[撤销]"]
    assert autumn.heard("枫杨办事处") == ["新的事项：安全隐患排查表，2021年10月20日截止。\n已经报过的不用管。"]
    assert "安全隐患排查表：2021年10月20日（还有28天）" in wang.says("截止")[0]
    assert "安全隐患排查表" not in autumn.personas["赵强"].says("截止")[0]
    assert wang.says("办好 排查表") == ["记下了：大里村的“安全隐患排查表”已办好，不再提醒。\n[撤销]"]
    assert wang.says("办好") == ["现在没有等您办的其他事项。报进度请发“进度”。"]
    wang.says("撤销")
    assert wang.says("办好")[0].startswith("记下了")
    zhou.says("截止 安全隐患排查表 延到10月25日 因为下雨")
    zhou.presses("确定")
    assert "安全隐患排查表：2021年10月25日（还有33天）" in autumn.personas["李建国"].says("截止")[0]
    assert zhou.says("截止 撤下 安全隐患排查表")[0].startswith("“安全隐患排查表”已撤下，不再提醒。")
    assert "安全隐患排查表" not in autumn.personas["李建国"].says("截止")[0]


def test_who_may_not_and_what_is_not_understood(autumn: World) -> None:
    assert autumn.personas["王芳"].says("截止 季报 10月12日") == ["截止时间由组织者定。您可以发“截止”看看。"]
    assert autumn.personas["陈立"].says("截止 季报 10月12日") == ["截止时间由组织者定。您可以发“截止”看看。"]
    zhou = autumn.personas["周敏"]
    assert zhou.says("截止 季报 2020-10-12") == ["2020年10月12日已经过了，请写一个今天或以后的日期。"]
    assert zhou.says("截止 呵呵")[0].startswith("没看出是哪一天。这样发：截止 季报 10月12日")
    assert zhou.says("截止 10月12日")[0].startswith("没看出是什么事。")
    assert zhou.says("延期 季报")[0].startswith("请写明是什么事、延到哪一天。")
    assert zhou.says("截止 撤下 季报") == ["没有自己设的事项可以撤下。"]
    assert zhou.says("截止 季报 石头办事处 10月12日")[0].startswith("没有“石头办事处”。")


def test_a_year_that_the_calendar_does_not_know_is_said(world: World) -> None:
    world.now = datetime(2039, 9, 22, 1, 0, tzinfo=UTC)
    assert "2039年的放假调休安排还没有收进日历，先按周一至周五算。" in world.personas["周敏"].says("截止")[0]


def test_the_common_case_costs_no_statement(world: World) -> None:
    """Far from the turn of a quarter nothing is looked up to know which quarter counts."""
    publish(world, "大里村", ROAD, LAMPS)
    wang = world.personas["王芳"]
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(world.database.engine, "before_cursor_execute", note)
    wang.says("进度 1 60%")
    assert not [s for s in seen if "FROM deadlines" in s]
    world.now = datetime(2021, 4, 8, 1, 0, tzinfo=UTC)
    wang.says("进度 1 70%")
    event.remove(world.database.engine, "before_cursor_execute", note)
    assert len([s for s in seen if "FROM deadlines" in s]) == 1


def test_a_secretary_of_two_units_reports_for_the_old_quarter_as_long_as_one_of_them_may(autumn: World) -> None:
    both = autumn.person("双村", (Role.SECRETARY, "大里村"), (Role.SECRETARY, "南流村"))
    autumn.personas["周敏"].says("延期 季报 大里村 10月20日 因为汛情")
    autumn.personas["周敏"].presses("确定")
    assert both.heard() == ["2021年第3季度季报的截止时间由2021年10月8日改到2021年10月20日，因为汛情。"]
    autumn.now = datetime(2021, 10, 25, 1, 0, tzinfo=UTC)
    assert "2021年第3季度" in both.says("季报 大里村")[0]


def test_registration_closes_where_that_is_configured(database: Database, tmp_path: Path) -> None:
    policy = Policy(deadlines=Deadlines(registration_closes=True), reminders=Reminders(weekly_digest=False))
    world = small_district(World(database, tmp_path / "files", policy=policy))
    zhou, wang, chen = (world.personas[n] for n in ("周敏", "王芳", "陈立"))
    assert wang.says("承诺 硬化村内道路2公里 12月底前")[0].startswith("请核对这项承诺")
    assert wang.presses("提交")[0].startswith("已提交第1项")
    world.now = datetime(2021, 3, 31, 2, 0, tzinfo=UTC)
    world.tick()  # the first look
    chen.heard()
    world.now = datetime(2021, 4, 1, 1, 0, tzinfo=UTC)
    world.tick()
    assert wang.says("承诺 安装路灯60盏 12月底前") == [
        "今年的承诺登记已于2021年3月31日截止。还要加的话，请联系组织者给您单位延期；改原来的请发“变更”。"
    ]
    # The office hears at once who has not registered; nobody is reminded of what cannot be done any more.
    assert chen.heard() == [
        "2021年承诺登记已过截止日1天（2021年3月31日）\n🔴红灯：还有1个没办，提醒过几次了：公园道社区\n"
        "之后不再自动提醒，请直接联系他们；要再提醒一次可以“催办”。\n[催办]"
    ]
    assert world.personas["李建国"].heard() == []
    zhou.says("延期 登记 大里村 4月20日 因为换届")
    zhou.presses("确定")
    assert wang.says("承诺 安装路灯60盏 12月底前")[0].startswith("请核对这项承诺")
