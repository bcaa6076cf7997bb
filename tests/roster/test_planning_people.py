"""What a list of people changes: who is meant, which posts begin and end; and every row to be put right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from bot.chat.people import Role
from handlers.roster.describing import describe
from handlers.roster.plan import Plan
from storage import people
from tests.roster.book import csv_of, exported, imported, planned, roster_of
from tests.roster.test_codes import str_of
from tests.roster.test_planning_units import problems
from tests.world import World

WHOLE = ("姓名", "手机", "单位", "职务")


def begun(plan: Plan) -> list[tuple[str, str, str]]:
    return [(p.person_name, p.unit_name, p.role.value) for p in plan.posts_added]


def ended(plan: Plan) -> list[tuple[str, str, str]]:
    return [(p.person_name, p.unit_name, p.role.value) for p in plan.posts_ended]


def secretaries(world: World, unit: str) -> list[people.Person]:
    with world.database.transaction() as tx:
        number = world.units[unit]
        return people.holders(tx, [number], [Role.SECRETARY]).get(number, [])


def test_somebody_new_with_several_posts(world: World) -> None:
    rows = [("何新", 13900000002, "大里村", "党支部书记、评委"), ("何新", "139 0000 0002", "高新区", "观察员")]
    plan = imported(world, roster_of(people=rows))
    assert [(p.name, p.mobile) for p in plan.people_added] == [("何新", "13900000002")]
    assert begun(plan) == [
        ("何新", "大里村", "secretary"),
        ("何新", "大里村", "judge"),
        ("何新", "高新区", "observer"),
    ]
    assert [str_of(note) for note in plan.notes] == [
        "将有两位以上书记的单位：['大里村']；若是换届，请给前任填“离任”"
    ]


def test_the_exported_roster_changes_nothing(world: World) -> None:
    world.person("多职", (Role.SECRETARY, "大里村"), (Role.JUDGE, "大里村"), (Role.OBSERVER, "高新区"))
    with world.database.transaction() as tx:
        data = exported(tx, world)
    for complete in (False, True):
        plan = planned(world, data, complete=complete)
        assert plan.problems == ()
        assert plan.is_empty


def test_the_exported_roster_of_an_office_changes_nothing_there(world: World) -> None:
    with world.database.transaction() as tx:
        data = exported(tx, world, "枫杨办事处")
    plan = planned(world, data, complete=True, root="枫杨办事处")
    assert plan.problems == ()
    assert plan.is_empty


def test_units_and_their_people_come_in_one_file(world: World) -> None:
    data = roster_of(units=[("新河村", "村", "石佛办事处")], people=[("何新", "", "新河村", "书记")])
    assert begun(imported(world, data)) == [("何新", "新河村", "secretary")]


def test_a_csv_of_people(world: World) -> None:
    data = csv_of([WHOLE, ("何新", "13900000002", "大里村", "评委")], encoding="gb18030")
    assert begun(imported(world, data, name="名单.csv")) == [("何新", "大里村", "judge")]
    plan = planned(world, csv_of([WHOLE, ("何新", "1", "大里村", "评委")]), name="名单.csv")
    assert (plan.problems[0].sheet, plan.problems[0].row) == ("名单.csv", 2)


# --- who is meant -----------------------------------------------------------------------------------------


def test_without_a_number_people_are_known_by_name_and_unit(world: World) -> None:
    plan = imported(world, roster_of(people=[("王芳", "", "大里村", "书记、评委")]))
    assert plan.people_added == ()
    assert begun(plan) == [("王芳", "大里村", "judge")]
    plan = imported(world, roster_of(people=[("王芳", "", "欢河村", "评委")]))
    assert [person.name for person in plan.people_added] == ["王芳"]


def test_a_number_is_added_and_changed(world: World) -> None:
    plan = imported(world, roster_of(people=[("王芳", "13800000001", "大里村", "书记")]))
    assert [(c.after.mobile, c.before.id) for c in plan.people_changed] == [
        ("13800000001", world.personas["王芳"].id)
    ]
    plan = imported(world, roster_of(people=[("王芳", "13800000002", "大里村", "书记")]))
    assert [(s.before, s.after) for c in plan.people_changed for s in c.shifts] == [("13800000001", "13800000002")]
    plan = imported(world, roster_of(people=[("王芳", "13800000002", "高新区", "评委")]))
    assert plan.people_added == ()


def test_the_number_finds_the_unit_that_the_other_rows_do_not(world: World) -> None:
    rows = [("王芳", "13800000001", "高新区", "评委"), ("王芳", "13800000001", "大里村", "书记")]
    plan = imported(world, roster_of(people=rows))
    assert plan.people_added == ()
    assert begun(plan) == [("王芳", "高新区", "judge")]


def test_a_row_without_a_number_belongs_to_the_one_with_it(world: World) -> None:
    rows = [("何新", "", "大里村", "评委"), ("何新", "13900000002", "大里村", "观察员")]
    plan = imported(world, roster_of(people=rows))
    assert [(p.name, p.mobile) for p in plan.people_added] == [("何新", "13900000002")]


def test_two_people_of_one_name_in_a_unit(world: World) -> None:
    imported(world, roster_of(people=[("王芳", "13800000001", "大里村", "书记")]))
    rows = [("王芳", "13800000001", "大里村", "书记"), ("王芳", "13800000002", "大里村", "评委")]
    plan = imported(world, roster_of(people=rows))
    assert [(p.name, p.mobile) for p in plan.people_added] == [("王芳", "13800000002")]
    plan = planned(world, roster_of(people=[("王芳", "", "大里村", "观察员")]))
    assert problems(plan) == [(2, "姓名", "“{name}”在这个单位不止一位，请填手机")]


def test_namesakes_in_different_units_are_pointed_out(world: World) -> None:
    rows = [("何新", "", "大里村", "评委"), ("何新", "", "欢河村", "评委")]
    plan = imported(world, roster_of(people=rows))
    assert len(plan.people_added) == 2
    assert str_of(plan.notes[0]) == "按不同的人登记的同名者：['何新']；若是同一个人，请填上手机"


def test_a_number_under_another_name_is_refused_unless_the_name_changed(world: World) -> None:
    """Else a successor who took over the telephone would get the predecessor's account."""
    imported(world, roster_of(people=[("王芳", "13800000001", "大里村", "书记")]))
    plan = planned(world, roster_of(people=[("李四", "13800000001", "大里村", "书记")]))
    assert [(p.row, p.column) for p in plan.problems] == [(2, "姓名")]
    assert plan.problems[0].reason.values["known"] == "王芳"
    plan = imported(world, roster_of(people=[("王方", "13800000001", "大里村", "书记", "", "王芳")]))
    assert [(s.before, s.after) for c in plan.people_changed for s in c.shifts] == [("王芳", "王方")]
    assert secretaries(world, "大里村")[0].id == world.personas["王芳"].id


def test_a_name_is_corrected_without_a_number(world: World) -> None:
    imported(world, roster_of(people=[("王方", "", "大里村", "书记", "", "王芳")]))
    assert [(p.id, p.name) for p in secretaries(world, "大里村")] == [(world.personas["王芳"].id, "王方")]


def test_an_account_is_kept_told_exported_and_changed(world: World) -> None:
    rows = [
        ("王芳", "", "大里村", "书记", "", "", "WangFang"),
        ("何新", "", "大里村", "评委", "", "", "ｈｅ.xin"),
        ("何新", "", "大里村", "观察员"),
    ]
    plan = imported(world, roster_of(people=rows))
    assert [(s.column, s.before, s.after) for c in plan.people_changed for s in c.shifts] == [
        ("企业微信账号", "", "WangFang")
    ]
    assert [new.account for new in plan.people_added] == ["he.xin"]
    with world.database.transaction() as tx:
        data = exported(tx, world)
    assert planned(world, data).is_empty
    rows = [
        ("姓名", "单位", "职务", "WeCom account"),
        ("王芳", "大里村", "书记", "WF"),
        ("何新", "大里村", "评委", ""),
    ]
    plan = imported(world, csv_of(rows), name="名册.csv")
    assert [world.renderer.words(line, "zh_CN") for line in describe(plan)] == [
        "人员：新增0，变更1",
        "变更人员：王芳，企业微信账号由“WangFang”改为“WF”",
    ]
    with world.database.transaction() as tx:
        held = {h.name: h.wecom_account for h in people.posts_below(tx, [world.units["大里村"]])}
    assert held == {"王芳": "WF", "何新": "he.xin"}


def test_an_account_that_is_somebody_elses_is_refused_unless_it_changes_hands(world: World) -> None:
    imported(world, roster_of(people=[("王芳", "", "大里村", "书记", "", "", "WangFang")]))
    taken = ("李建国", "", "公园道社区", "书记", "", "", "wangfang")
    plan = planned(world, roster_of(people=[taken]))
    assert problems(plan) == [(2, "企业微信账号", "这个账号在名册里是{known}的")]
    plan = imported(world, roster_of(people=[taken, ("王芳", "", "大里村", "书记", "", "", "WangFang2")]))
    assert plan.problems == ()


# --- posts that end ---------------------------------------------------------------------------------------


def test_a_post_ends_when_its_row_says_so(world: World) -> None:
    rows = [("王芳", "", "大里村", "书记", "离任"), ("何新", "", "大里村", "书记", "")]
    plan = imported(world, roster_of(people=rows))
    assert (begun(plan), ended(plan)) == ([("何新", "大里村", "secretary")], [("王芳", "大里村", "secretary")])
    assert plan.notes == ()
    assert [p.name for p in secretaries(world, "大里村")] == ["何新"]


def test_all_posts_of_a_unit_end_when_none_is_named(world: World) -> None:
    imported(world, roster_of(people=[("王芳", "", "大里村", "评委、观察员")]))
    plan = imported(world, roster_of(people=[("王芳", "", "大里村", "", "调离")]))
    assert {role for _name, _unit, role in ended(plan)} == {"secretary", "judge", "observer"}


def test_who_comes_back_is_the_same_person(world: World) -> None:
    imported(world, roster_of(people=[("王芳", "", "大里村", "书记", "离任")]))
    plan = imported(world, roster_of(people=[("王芳", "", "大里村", "书记", "在任")]))
    assert plan.people_added == ()
    assert [p.id for p in secretaries(world, "大里村")] == [world.personas["王芳"].id]


def test_nothing_ends_because_it_is_missing(world: World) -> None:
    assert ended(planned(world, roster_of(people=[("王芳", "", "大里村", "评委")]))) == []


def test_what_is_missing_ends_in_a_complete_file(world: World) -> None:
    rows = [("周敏", "", "高新区", "组织者"), ("王芳", "", "大里村", "评委")]
    plan = planned(world, roster_of(people=rows), complete=True)
    assert ("王芳", "大里村", "secretary") in ended(plan)
    assert len(ended(plan)) == 15
    assert all(str_of(line) != "" for line in describe(plan))


def test_somebody_has_to_be_left_who_can_put_it_right(world: World) -> None:
    plan = planned(world, roster_of(people=[("周敏", "", "高新区", "组织者", "离任")]))
    assert problems(plan) == [(0, "", "导入后就没有组织者了；请至少保留一位组织者")]
    rows = [("周敏", "", "高新区", "组织者", "离任"), ("新主", "", "高新区", "党群工作部", "")]
    assert imported(world, roster_of(people=rows)).problems == ()


def test_people_elsewhere_are_out_of_reach(world: World) -> None:
    rows = [("赵强", "", "欢河村", "书记", "离任")]
    plan = planned(world, roster_of(people=rows), root="枫杨办事处")
    assert problems(plan) == [(2, "单位", "没有“{name}”这个单位")]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([("", "", "大里村", "书记")], [(2, "姓名", "没有填")]),
        ([("长" * 81, "", "大里村", "书记")], [(2, "姓名", "太长，最多{most}个字")]),
        ([("何新", "", "", "书记")], [(2, "单位", "没有填")]),
        ([("何新", "", "大里村", "")], [(2, "职务", "没有填")]),
        ([("何新", "", "大理村", "书记")], [(2, "单位", "没有“{name}”这个单位，是不是：{near}？")]),
        ([("何新", "", "大里村", "书记、厨师")], [(2, "职务", "没有“{word}”这个职务，可填：{allowed}")]),
        (
            [("何新", "1380000000", "大里村", "书记")],
            [(2, "手机", "“{word}”不是手机号（11位数字，境外号码写成+国家代码）")],
        ),
        ([("何新", "", "大里村", "书记", "或许")], [(2, "状态", "看不懂“{word}”，请留空或填“离任”")]),
        (
            [("何新", "", "大里村", "管理员")],
            [(2, "职务", "办事处管理员的单位应当是办事处；区里的管理员请填“组织者”")],
        ),
        ([("何新", "", "大里村", "组织者")], [(2, "职务", "组织者的单位应当是区")]),
        (
            [("何新", "", "枫杨办事处", "书记")],
            [(2, "职务", "书记的单位应当是村或社区；办事处的请填“办事处管理员”")],
        ),
        ([("何新", "", "大里村", "书记", "离任")], [(2, "姓名", "“{name}”在这个单位没有职务")]),
        ([("赵强", "", "大里村", "书记", "离任")], [(2, "姓名", "“{name}”在这个单位没有职务")]),
        (
            [("王芳", "", "大里村", "书记"), ("王芳", "", "大里村", "书记")],
            [(3, "职务", "与第{row}行重复")],
        ),
        (
            [("王芳", "", "大里村", "书记"), ("王芳", "", "大里村", "书记", "离任")],
            [(3, "职务", "与第{row}行重复")],
        ),
        (
            [("何新", "13900000002", "大里村", "评委"), ("何旧", "13900000002", "欢河村", "评委")],
            [(3, "手机", "与第{row}行手机相同而姓名不同")],
        ),
        (
            [("王芳", "", "大里村", "书记", "", "", "王 芳")],
            [(2, "企业微信账号", "“{word}”不是企业微信账号（字母、数字和_-@.）")],
        ),
        (
            [("王芳", "", "大里村", "书记", "", "", "wf"), ("赵强", "", "欢河村", "书记", "", "", "WF")],
            [(3, "企业微信账号", "同一个账号只能是一个人的，一个人也只有一个账号")],
        ),
        (
            [("王芳", "", "大里村", "书记", "", "", "wf"), ("王芳", "", "大里村", "评委", "", "", "wf2")],
            [(3, "企业微信账号", "同一个账号只能是一个人的，一个人也只有一个账号")],
        ),
    ],
)
def test_every_wrong_row_is_named(
    world: World, rows: Sequence[Sequence[Any]], found: list[tuple[int, str, str]]
) -> None:
    plan = planned(world, roster_of(people=rows))
    assert problems(plan) == found
    assert all(problem.sheet == "人员" for problem in plan.problems)


def test_a_plan_in_words(world: World) -> None:
    rows = [
        ("王芳", "13800000001", "大里村", "书记"),
        ("何新", "", "大里村", "评委"),
        ("李建国", "", "公园道社区", "评委"),
        ("钱红", "", "南流村", "书记", "离任"),
    ]
    plan = planned(world, roster_of(people=rows))
    lines = [world.renderer.words(line, "zh_CN") for line in describe(plan)]
    assert lines == [
        "人员：新增1，变更1",
        "任职：新增2，结束1",
        "变更人员：王芳，手机填为“13800000001”",
        "新增：何新，大里村评委",
        "任职：李建国，公园道社区评委",
        "离任：钱红，南流村书记",
    ]
