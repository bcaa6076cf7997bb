"""What people read: reminders with exactly what they owe, one at a time; and how they ask, nudge and mute."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.chat.people import Role
from bot.chat.settings import Policy, Reminders
from storage import burdens, people, reminders
from storage.database import Database
from storage.reminders import Marks
from tests.progress.promises import LAMPS, ROAD, VISITS, publish
from tests.reminders.district import begin_watching
from tests.reminders.slow_model import local
from tests.world import Persona, World, small_district

QUIET = Policy(reminders=Reminders(lights=False, weekly_digest=False, opening=False))


@pytest.fixture
def spring(database: Database, tmp_path: Path) -> World:
    """Late March 2021: two villages of one office owe reports, one of the other has reported."""
    world = small_district(World(database, tmp_path / "files", policy=QUIET))
    publish(world, "大里村", ROAD, LAMPS)
    publish(world, "公园道社区", VISITS)
    publish(world, "欢河村", ROAD)
    world.personas["赵强"].says("进度 1 60%")
    world.personas["王芳"].says("进度 2 60盏")
    begin_watching(world, local(date(2021, 3, 28), 0))
    return world


def at(world: World, day: date, hour: int, minute: int = 0) -> None:
    """The scheduler ticks at that moment."""
    world.now = local(day, hour).astimezone(UTC).replace(minute=minute)
    world.tick()


def test_from_a_line_in_the_group_to_silence(spring: World) -> None:
    wang, li, chen, zhou = (spring.personas[n] for n in ("王芳", "李建国", "陈立", "周敏"))
    # 7 days before 6 April is a Tuesday; the registration's last day is the 31st, three days before it a Sunday.
    at(spring, date(2021, 3, 30), 9)
    assert spring.heard("枫杨办事处") == ["2021年第1季度季报还有7天截止（2021年4月6日）\n应报2、已报0、未报2"]
    assert spring.heard("石佛办事处") == []
    assert wang.heard() == []
    at(spring, date(2021, 4, 2), 9)  # the 3rd to the 5th are a holiday
    assert wang.heard() == [
        "2021年第1季度季报还有4天截止（2021年4月6日）\n大里村还没报1项：第1项硬化村内道路2公里\n[填季报]"
    ]
    assert li.heard() == [
        "2021年第1季度季报还有4天截止（2021年4月6日）\n公园道社区还没报1项：第1项开展党员大走访\n[填季报]"
    ]
    assert wang.presses("填季报")[0].startswith("2021年第1季度季报：还有1项没报")
    wang.says("60%")
    at(spring, date(2021, 4, 6), 9)
    assert wang.heard() == []
    assert li.heard()[0].startswith("2021年第1季度季报今天截止（2021年4月6日）")
    for day in (7, 8, 9, 12):
        at(spring, date(2021, 4, day), 9)
        assert len(li.heard()) == 1
    at(spring, date(2021, 4, 13), 9)
    assert li.heard() == [
        "2021年第1季度季报已过截止日7天（2021年4月6日）\n公园道社区还没报1项：第1项开展党员大走访\n"
        "这件事不再自动提醒您了；办不了可以请办事处帮忙，或申请延期。\n[填季报]"
    ]
    chen.heard()
    at(spring, date(2021, 4, 14), 9)
    assert chen.heard() == [
        "2件事\n1. 2021年第1季度季报已过截止日8天（2021年4月6日）\n"
        "🔴红灯：还有1个没办，提醒过几次了：公园道社区\n"
        "之后不再自动提醒，请直接联系他们；要再提醒一次可以“催办”。\n"
        "2. 2021年第1季度进度核实已过截止日1天（2021年4月13日）\n枫杨办事处有2条进度等核实。\n"
        "[未报] [催办]\n[核实]"
    ]
    zhou.heard()
    at(spring, date(2021, 4, 15), 9)
    assert "公园道社区" in zhou.heard()[0]
    assert li.heard() == []
    for day in (16, 19, 20):
        at(spring, date(2021, 4, day), 9)
    assert not [h for h in (*li.heard(), *wang.heard()) if "第1季度季报" in h]


def test_everything_for_one_person_at_one_time_is_one_message(spring: World) -> None:
    both = spring.person("双村", (Role.SECRETARY, "大里村"), (Role.SECRETARY, "公园道社区"))
    spring.personas["周敏"].says("截止 安全隐患排查表 枫杨办事处 4月6日")
    spring.personas["周敏"].presses("确定")
    at(spring, date(2021, 4, 6), 9, 1)
    assert both.heard() == [
        "4件事\n"
        "1. 2021年第1季度季报今天截止（2021年4月6日）\n大里村还没报1项：第1项硬化村内道路2公里\n"
        "2. 2021年第1季度季报今天截止（2021年4月6日）\n公园道社区还没报1项：第1项开展党员大走访\n"
        "3. 安全隐患排查表今天截止（2021年4月6日）\n大里村还没办。\n"
        "4. 安全隐患排查表今天截止（2021年4月6日）\n公园道社区还没办。\n"
        "[填季报（大里村）]\n[填季报（公园道社区）]\n[办好了（大里村）]\n[办好了（公园道社区）]"
    ]
    with spring.database.transaction() as tx:
        month = burdens.of_people(tx, [both.id], month="2021-04")
    assert month[both.id] == burdens.Burden(both.id, 1, 1)
    [answer] = both.presses("办好了（公园道社区）")
    assert answer == "记下了：公园道社区的“安全隐患排查表”已办好，不再提醒。\n[撤销]"


def test_after_three_days_of_silence_there_is_one_message(spring: World) -> None:
    at(spring, date(2021, 4, 2), 8, 30)
    at(spring, date(2021, 4, 8), 9, 30)
    assert spring.personas["李建国"].heard() == [
        "2021年第1季度季报已过截止日2天（2021年4月6日）\n公园道社区还没报1项：第1项开展党员大走访\n[填季报]"
    ]
    at(spring, date(2021, 4, 8), 9, 31)
    assert spring.personas["李建国"].heard() == []


@pytest.mark.parametrize(
    ("naming", "line"), [("names", "大里村、公园道社区"), ("mention", "大里村 @王芳、公园道社区 @李建国")]
)
def test_names_in_the_group_are_a_setting(database: Database, tmp_path: Path, naming: str, line: str) -> None:
    policy = Policy(reminders=Reminders(naming=naming, lights=False, weekly_digest=False))  # type: ignore[arg-type]
    world = small_district(World(database, tmp_path / "files", policy=policy))
    publish(world, "大里村", ROAD)
    publish(world, "公园道社区", VISITS)
    begin_watching(world, local(date(2021, 3, 30), 8))
    at(world, date(2021, 3, 30), 9)
    assert world.heard("枫杨办事处") == [
        f"2021年第1季度季报还有7天截止（2021年4月6日）\n应报2、已报0、未报2\n还没办的：{line}"
    ]


def test_whoever_is_missing_is_really_called_in_the_group(database: Database, tmp_path: Path) -> None:
    policy = Policy(reminders=Reminders(naming="mention", lights=False, weekly_digest=False, opening=False))
    world = small_district(World(database, tmp_path / "files", policy=policy))
    publish(world, "大里村", ROAD)
    publish(world, "公园道社区", VISITS)
    unbound = Persona(world, "新书记@all", "nobody")
    with database.transaction() as tx:
        unbound.id = people.add(tx, name=unbound.name, now=world.now)
        unit = world.units["公园道社区"]
        people.appoint(tx, person_id=unbound.id, unit_id=unit, role=Role.SECRETARY, now=world.now)
    begin_watching(world, local(date(2021, 3, 30), 8))
    at(world, date(2021, 3, 30), 9)
    [heard] = world.take(world.groups["枫杨办事处"])
    assert heard.text.splitlines()[-1] == "还没办的：大里村 @王芳、公园道社区（@李建国、新书记@all）"
    accounts = [world.personas[name].account for name in ("王芳", "李建国")]
    assert heard.called == list(zip(["@王芳", "@李建国"], accounts, strict=True))


def test_the_plan_says_when_to_whom_and_why(spring: World) -> None:
    assert spring.personas["李建国"].says("提醒") == [
        "今后30天的提醒\n"
        "4月2日 09:00 您：2021年第1季度季报（截止前3天）\n"
        "4月6日 09:00 您：2021年第1季度季报（截止当天）\n"
        "4月7日 09:00 您：2021年第1季度季报（逾期后每个工作日一次，共5次）\n"
        "到时候办好了、当天催办过的就不发；同一个人同一时间的合成一条。"
    ]
    office = spring.personas["陈立"].says("提醒")[0]
    assert "3月30日 09:00 1个办事处的群：2021年第1季度季报（截止前7天）" in office
    assert "4月2日 09:00 大里村、公园道社区私下：2021年第1季度季报（截止前3天）" in office
    assert "4月14日 09:00 1个办事处：2021年第1季度季报（提醒书记之后仍逾期）" in office
    assert "组织者" not in office
    assert (
        "4月15日 09:00 组织者本人：2021年第1季度季报（告诉办事处之后仍逾期）"
        in spring.personas["周敏"].says("提醒")[0]
    )
    assert "2021年第1季度季报" not in spring.personas["赵强"].says("提醒")[0]


def test_a_group_has_its_own_time(spring: World) -> None:
    chen = spring.personas["陈立"]
    assert chen.says("提醒", group="枫杨办事处", addressed=True) == [
        "本群的提醒在工作日9:00发。要改就发：提醒 时间 8:30"
    ]
    assert chen.says("提醒 时间 半夜", group="枫杨办事处", addressed=True) == [
        "没看出是几点。这样发：提醒 时间 8:30"
    ]
    assert chen.says("提醒 时间 23点", group="枫杨办事处", addressed=True) == [
        "20:00到8:00不打扰大家，请换个时间。"
    ]
    assert spring.personas["王芳"].says("提醒 时间 8:30", group="枫杨办事处", addressed=True) == [
        "群里的提醒时间由组织者或办事处管理员定。"
    ]
    assert chen.says("提醒 时间 10点半", group="枫杨办事处", addressed=True) == [
        "好的，本群的提醒以后在工作日10:30发。"
    ]
    at(spring, date(2021, 3, 30), 9)
    assert spring.heard("枫杨办事处") == []
    at(spring, date(2021, 3, 30), 10, 30)
    assert len(spring.heard("枫杨办事处")) == 1


def test_left_in_peace_but_for_the_last_time(spring: World) -> None:
    li = spring.personas["李建国"]
    assert li.says("免打扰 到4月12日") == [
        "好的，2021年4月12日以前不提醒您。\n截止当天和逾期后的最后一次提醒照发；别人直接发来的审核、退回不受影响。\n[恢复提醒]"
    ]
    assert li.says("提醒")[0].endswith("您的免打扰到2021年4月12日；最后一次提醒照发。")
    heard = {}
    for day in (2, 6, 7, 8, 9, 12, 13):
        at(spring, date(2021, 4, day), 9)
        heard[day] = len(li.heard())
    assert heard == {2: 0, 6: 1, 7: 0, 8: 0, 9: 0, 12: 0, 13: 1}
    assert li.says("免打扰 2030-01-01")[0].startswith("最长到")
    assert li.says("免打扰 一阵子") == ["没看出到哪一天。这样发：免打扰 到10月10日，或：免打扰 3天"]
    li.says("免打扰 3天")
    assert li.says("免打扰") == ["免打扰到2021年4月16日。\n[恢复提醒]"]
    assert li.presses("恢复提醒") == ["好的，恢复提醒。"]
    assert li.says("免打扰") == ["现在照常提醒您。要清静几天就发：免打扰 到10月10日"]


def test_a_nudge_is_weighed_and_waits_before_the_next(spring: World) -> None:
    chen, wang, li = (spring.personas[n] for n in ("陈立", "王芳", "李建国"))
    spring.now = datetime(2021, 3, 29, 2, 0, tzinfo=UTC)
    li.says("免打扰 3天")
    assert chen.says("催办 季报") == [
        "现在提醒1人\n2021年第1季度季报还有8天截止：大里村王芳\n设了免打扰，不发：李建国\n"
        "会涉及1人。本月他们平均已收到0条通知，其中0条要办事；上限是20条。\n[发送] [取消]"
    ]
    assert chen.presses("发送") == ["已提醒1人。今天不再自动提醒他们这件事，24小时内也不会再催。"]
    assert wang.heard() == [
        "2021年第1季度季报还有8天截止（2021年4月6日）\n大里村还没报1项：第1项硬化村内道路2公里\n[填季报]"
    ]
    assert chen.says("催办 大里村 季报") == ["眼下都不用再催。\n刚提醒过，先不发：王芳"]
    spring.wait(hours=25)
    assert chen.says("催办 大里村")[0].startswith("现在提醒1人")
    spring.wait(hours=11)
    assert chen.says("催办") == ["现在是免打扰时间，8:00以后再催。"]
    assert spring.personas["孙洁"].says("催办 大里村")[0].startswith(("没有", "现在是"))
    assert wang.says("催办")[0].startswith("“催办”由")


def test_who_was_nudged_today_is_not_reminded_of_the_same_by_itself(spring: World) -> None:
    chen, wang, li = (spring.personas[n] for n in ("陈立", "王芳", "李建国"))
    # 8:30 on the due date: the reminder of 9:00 is still to come.
    at(spring, date(2021, 4, 6), 8, 30)
    assert chen.says("催办 大里村")[0].startswith("现在提醒1人\n2021年第1季度季报今天截止：大里村王芳\n")
    chen.presses("发送")
    assert len(wang.heard()) == 1
    at(spring, date(2021, 4, 6), 9)
    at(spring, date(2021, 4, 6), 15)
    assert (len(wang.heard()), len(li.heard())) == (0, 1)
    at(spring, date(2021, 4, 7), 9)
    assert [h.split("\n")[0] for h in wang.heard()] == ["2021年第1季度季报已过截止日1天（2021年4月6日）"]


def test_a_nudge_about_one_matter_holds_back_no_other(spring: World) -> None:
    chen, wang = spring.personas["陈立"], spring.personas["王芳"]
    spring.personas["周敏"].says("截止 安全隐患排查表 枫杨办事处 4月6日")
    spring.personas["周敏"].presses("确定")
    at(spring, date(2021, 4, 6), 8, 30)
    chen.says("催办 季报 大里村")
    chen.presses("发送")
    wang.heard()
    at(spring, date(2021, 4, 6), 9)
    assert [h.split("\n")[0] for h in wang.heard()] == ["安全隐患排查表今天截止（2021年4月6日）"]


def test_the_burden_is_seen_and_nobody_is_ranked(spring: World) -> None:
    zhou, li = spring.personas["周敏"], spring.personas["李建国"]
    with spring.database.transaction() as tx:
        burdens.count(tx, [burdens.Told(li.id, asks=True)] * 20, month="2021-03")
    assert li.says("负担") == ["本月的通知\n您收到20条，其中20条要办事。\n只数程序主动发的；您问它答的不算。"]
    assert zhou.says("负担") == [
        "本月的通知\n您收到0条，其中0条要办事。\n"
        "会涉及4人。本月他们平均已收到5条通知，其中5条要办事；上限是20条。\n已到上限：李建国。能不发就不发。\n"
        "只数程序主动发的；您问它答的不算。"
    ]


def test_an_organizer_hears_once_that_a_years_holidays_are_unknown(database: Database, tmp_path: Path) -> None:
    world = small_district(World(database, tmp_path / "files", policy=QUIET))
    begin_watching(world, local(date(2038, 11, 1), 0))
    for day in (1, 2, 3):
        at(world, date(2038, 12, day), 9)
    assert [h for h in world.personas["周敏"].heard() if "放假" in h][:1] == [
        "2039年的放假调休安排还没有收进日历\n现在先按周一至周五算工作日，节假日前后的截止时间可能不准。\n"
        "请运维人员更新程序，或在配置的 deadlines.days_off、days_on 里写上放假和调休的日子。"
    ]
    assert world.personas["周敏"].heard() == []


def test_the_first_look_and_a_clock_put_back_send_nothing_old(spring: World) -> None:
    with spring.database.transaction() as tx:
        tx.connection.exec_driver_sql("DELETE FROM facts")
    at(spring, date(2021, 4, 6), 10)
    assert spring.personas["李建国"].heard() == []
    with spring.database.transaction() as tx:
        reminders.mark(tx, Marks(local(date(2022, 1, 1), 0), local(date(2022, 1, 1), 0)))
    at(spring, date(2021, 4, 6), 11)
    at(spring, date(2021, 4, 7), 9)
    assert len(spring.personas["李建国"].heard()) == 1
