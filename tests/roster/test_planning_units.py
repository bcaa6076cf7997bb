"""What a list of units changes: added, changed, moved, ended; and every row that has to be put right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from handlers.roster import importing
from handlers.roster.describing import describe
from handlers.roster.plan import Plan
from storage import roster, units
from storage.database import Database
from tests.roster.book import imported, planned, roster_of, xlsx
from tests.roster.test_codes import str_of
from tests.world import World

TREE = [
    ("高新区", "区"),
    ("枫杨办事处", "办事处", "高新区"),
    ("大里村", "村", "枫杨办事处", "党委", "城中村组", 3),
    ("公园道社区", "社区", "枫杨办事处", "党支部", "", 4),
]


def problems(plan: Plan) -> list[tuple[int, str, str]]:
    """Where something is wrong, and the reason as it is written in the code."""
    return [(p.row, p.column, p.reason.msgid) for p in plan.problems]


def tree(world: World) -> dict[str, str | None]:
    """Every standing unit with its parent."""
    with world.database.transaction() as tx:
        known = roster.known_units(tx)
    names = {unit.id: unit.name for unit in known}
    return {unit.name: names.get(unit.parent_id or 0) for unit in known if unit.stands}


def below(world: World, name: str) -> set[str]:
    """What the tree's index says is at or below a unit."""
    with world.database.transaction() as tx:
        return {unit.name for unit in units.subtree(tx, [world.units[name]])}


@pytest.fixture
def empty(database: Database, tmp_path: Path) -> World:
    """A database in which nothing stands yet, as on the first day."""
    return World(database, tmp_path / "files")


def test_the_first_import_makes_the_tree_whatever_the_order_of_the_rows(empty: World) -> None:
    plan = imported(empty, roster_of(units=list(reversed(TREE))))
    assert tree(empty) == {
        "高新区": None,
        "枫杨办事处": "高新区",
        "大里村": "枫杨办事处",
        "公园道社区": "枫杨办事处",
    }
    with empty.database.transaction() as tx:
        [village] = [unit for unit in roster.known_units(tx) if unit.name == "大里村"]
        assert [u.name for u in units.ancestors(tx, village.id)] == ["大里村", "枫杨办事处", "高新区"]
    assert (village.kind, village.organization, village.class_name, village.position) == (
        "village",
        "committee",
        "城中村组",
        3,
    )
    assert len(plan.units_added) == 4


def test_any_depth(empty: World) -> None:
    rows = [
        ("河南省", "省"),
        ("郑州市", "市", "河南省"),
        ("高新区", "区", "郑州市"),
        ("枫杨办事处", "街道", "高新区"),
    ]
    rows.append(("大里村", "村", "河南省/郑州市/高新区/枫杨办事处"))
    imported(empty, roster_of(units=rows))
    assert tree(empty)["大里村"] == "枫杨办事处"


def test_nothing_changes_but_what_a_row_says(world: World) -> None:
    plan = imported(world, roster_of(units=[("大里村", "", "枫杨办事处", "党总支", "", "", "", "")]))
    assert str_of(describe(plan)[0]) == "单位：新增0，变更1，撤销0"
    [changed] = plan.units_changed
    assert [(s.column.value, s.before, s.after) for s in changed.shifts] == [("组织形式", "党委", "党总支")]
    assert plan.units_ended == ()


def test_a_cell_is_emptied_only_when_it_says_so(world: World) -> None:
    imported(world, roster_of(units=[("大里村", "村", "枫杨办事处", "党委", "城中村组")]))
    imported(world, roster_of(units=[("大里村", "村", "枫杨办事处", "无", "-")]))
    with world.database.transaction() as tx:
        unit = units.get(tx, world.units["大里村"])
    assert (unit.organization, unit.class_name) == (None, None)


def test_a_renamed_unit_keeps_its_history(world: World) -> None:
    plan = imported(world, roster_of(units=[("大里社区", "社区", "枫杨办事处", "", "", "", "", "大里村")]))
    assert plan.units_added == ()
    with world.database.transaction() as tx:
        unit = units.get(tx, world.units["大里村"])
    assert (unit.name, unit.kind) == ("大里社区", "community")


def test_a_renamed_parent_is_found_by_its_new_name(world: World) -> None:
    rows = [
        ("大里村", "村", "枫杨街道", "党总支"),
        ("枫杨街道", "街道", "高新区", "", "", "", "", "枫杨办事处"),
        ("新河村", "村", "枫杨街道"),
    ]
    plan = imported(world, roster_of(units=rows))
    assert len(plan.units_changed) == 2
    assert tree(world)["大里村"] == tree(world)["新河村"] == "枫杨街道"


def test_a_unit_that_moves_takes_along_what_is_below(world: World) -> None:
    world.unit("大里一组", "group", "大里村")
    plan = imported(world, roster_of(units=[("大里村", "村", "石佛办事处")]))
    [changed] = plan.units_changed
    assert [(s.column.value, s.before, s.after) for s in changed.shifts] == [("上级", "枫杨办事处", "石佛办事处")]
    assert below(world, "枫杨办事处") == {"枫杨办事处", "公园道社区"}
    assert below(world, "石佛办事处") == {"石佛办事处", "欢河村", "南流村", "大里村", "大里一组"}
    assert below(world, "高新区") >= {"大里村", "大里一组"}
    with world.database.transaction() as tx:
        names = [unit.name for unit in units.ancestors(tx, world.units["大里一组"])]
    assert names == ["大里一组", "大里村", "石佛办事处", "高新区"]


def test_two_units_of_one_name_are_listed_with_their_parents(world: World) -> None:
    rows = [("大里村", "村", "枫杨办事处"), ("大里村", "村", "石佛办事处")]
    plan = imported(world, roster_of(units=rows))
    assert [unit.name for unit in plan.units_added] == ["大里村"]
    people = [("王二", "", "石佛办事处/大里村", "书记"), ("李二", "", "石佛办事处大里村", "评委")]
    imported(world, roster_of(people=people))
    plan = planned(world, roster_of(units=[("大里村", "村")], people=[("张二", "", "大里村", "书记")]))
    assert problems(plan) == [
        (2, "上级", "“{name}”不止一个，请填上级"),
        (2, "单位", "“{name}”不止一个，请写成：{ways}"),
    ]
    assert plan.problems[1].reason.values["ways"] == ["枫杨办事处/大里村", "石佛办事处/大里村"]


def test_a_unit_ends_when_its_row_says_so(world: World) -> None:
    plan = imported(world, roster_of(units=[("大里村", "", "", "", "", "", "撤销", "")]))
    assert [unit.name for unit in plan.units_ended] == ["大里村"]
    assert [(post.person_name, post.unit_name) for post in plan.posts_ended] == [("王芳", "大里村")]
    assert "大里村" not in tree(world)
    assert world.personas["王芳"].says("我是谁")[0].startswith("姓名：王芳\n职务：目前没有职务")


def test_an_ended_unit_stands_again_with_its_history(world: World) -> None:
    imported(world, roster_of(units=[("大里村", "", "", "", "", "", "撤销", "")]))
    plan = imported(world, roster_of(units=[("大里村", "村", "枫杨办事处")]))
    assert [(c.before.id, c.revived) for c in plan.units_changed] == [(world.units["大里村"], True)]
    assert [str_of(line) for line in describe(plan)] == ["单位：新增0，变更1，撤销0", "恢复单位：大里村"]
    assert tree(world)["大里村"] == "枫杨办事处"


def test_a_group_of_an_ended_unit_is_free(world: World) -> None:
    rows = [("石佛办事处", "办事处", "高新区", "", "", "", "撤销")]
    rows += [(name, "村", "石佛办事处", "", "", "", "撤销") for name in ("欢河村", "南流村")]
    imported(world, roster_of(units=rows))
    assert world.personas["周敏"].says("解群", group="石佛办事处") == ["本群还没有绑定单位。"]


def test_what_is_missing_ends_only_in_a_complete_file(world: World) -> None:
    rows = [("高新区", "区"), ("枫杨办事处", "办事处", "高新区"), ("大里村", "村", "枫杨办事处")]
    assert planned(world, roster_of(units=rows)).is_empty
    plan = imported(world, roster_of(units=rows), complete=True)
    assert {unit.name for unit in plan.units_ended} == {"公园道社区", "石佛办事处", "欢河村", "南流村"}
    assert {post.person_name for post in plan.posts_ended} == {"李建国", "孙洁", "赵强", "钱红"}
    assert set(tree(world)) == {"高新区", "枫杨办事处", "大里村"}


def test_a_complete_file_without_a_list_of_units_ends_no_units(world: World) -> None:
    people = [("周敏", "", "高新区", "组织者"), ("王芳", "", "大里村", "书记")]
    plan = imported(world, roster_of(people=people), complete=True)
    assert plan.units_ended == ()
    assert len(plan.posts_ended) == 14


def test_examples_are_passed_over(world: World) -> None:
    rows = [("某某村", "星球", "没有的", "", "", "x", "示例")]
    assert planned(world, roster_of(units=rows)).is_empty


OFFICE = ("枫杨办事处", "办事处", "高新区")
LONG = "长" * 81


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([("", "村", "枫杨办事处")], [(2, "名称", "没有填")]),
        ([(LONG, "村", "枫杨办事处")], [(2, "名称", "太长，最多{most}个字")]),
        ([("新村", "", "枫杨办事处")], [(2, "类别", "没有填")]),
        ([("新村", "星球", "枫杨办事处")], [(2, "类别", "没有“{word}”这一类，可填：{allowed}")]),
        ([("新村", "村", "枫杨办事处", "小组")], [(2, "组织形式", "看不懂“{word}”，可填：{allowed}")]),
        ([("新村", "村", "枫杨办事处", "", LONG)], [(2, "组别", "太长，最多{most}个字")]),
        ([("新村", "村", "枫杨办事处", "", "", "甲")], [(2, "排序", "“{word}”不是整数")]),
        ([("新村", "村", "枫杨办事处", "", "", -1)], [(2, "排序", "“{word}”不是整数")]),
        ([("新村", "村", "枫杨办事处", "", "", "", "或许")], [(2, "状态", "看不懂“{word}”，请留空或填“撤销”")]),
        ([("新村", "村")], [(2, "上级", "没有填；只有最上面的一个单位可以没有上级")]),
        ([("新村", "村", "枫样办事处")], [(2, "上级", "没有“{name}”这个单位，是不是：{near}？")]),
        ([("新村", "村", "月球")], [(2, "上级", "没有“{name}”这个单位")]),
        ([("新村", "村", "枫杨办事处", "", "", "", "撤销")], [(2, "名称", "没有这个单位，无法撤销")]),
        ([("新村", "村", "枫杨办事处"), OFFICE, ("新村", "村", "枫杨办事处")], [(4, "名称", "与第{row}行重复")]),
        ([("大里村", "村", "枫杨办事处"), ("大里村", "社区", "枫杨办事处")], [(3, "名称", "与第{row}行重复")]),
        ([("新社区", "社区", "枫杨办事处", "", "", "", "", "旧村")], [(2, "原名", "没有找到叫“{name}”的单位")]),
        (
            [("欢河村", "村", "石佛办事处", "", "", "", "", "南流村"), ("新村", "村", "欢河村/石佛办事处")],
            [(3, "上级", "没有“{name}”这个单位，是不是：{near}？")],
        ),
        (
            [("枫杨办事处", "办事处", "石佛办事处"), ("石佛办事处", "办事处", "枫杨办事处")],
            [(2, "上级", "绕成了圈：一个单位不能在自己下面"), (3, "上级", "绕成了圈：一个单位不能在自己下面")],
        ),
        (
            [("枫杨办事处", "", "", "", "", "", "撤销")],
            [(2, "状态", "撤销“{name}”之前，它下面的单位要先撤销或改上级：{left}")],
        ),
        ([("高新区", "", "", "", "", "", "撤销")], [(2, "状态", "“{name}”在最上面，不能撤销")]),
    ],
)
def test_every_wrong_row_is_named(
    world: World, rows: Sequence[Sequence[Any]], found: list[tuple[int, str, str]]
) -> None:
    plan = planned(world, roster_of(units=rows))
    assert problems(plan)[: len(found)] == found
    assert all(problem.sheet == "单位" for problem in plan.problems)
    before = tree(world)
    with world.database.transaction() as tx, pytest.raises(ValueError, match="problems"):
        importing.apply(tx, plan, world.now)
    assert tree(world) == before


def test_a_name_that_is_taken_under_the_parent_is_refused(world: World) -> None:
    world.unit("大里村二", "village", "石佛办事处")
    rows = [("大里村二", "村", "石佛办事处", "", "", "", "", "欢河村")]
    assert planned(world, roster_of(units=rows)).is_empty is True
    imported(world, roster_of(units=[("大里村二", "", "石佛办事处", "", "", "", "撤销")]))
    rows = [("大里村二", "村", "石佛办事处", "", "", "", "", "欢河村")]
    assert problems(planned(world, roster_of(units=rows))) == [(2, "名称", "同一上级下已经有同名的单位")]


def test_a_file_without_any_list_is_refused(world: World) -> None:
    plan = planned(world, xlsx(甲=[("甲", "乙"), (1, 2)]))
    assert problems(plan) == [(0, "", "没有认出表头：单位表要有“名称、类别”，人员表要有“姓名、单位、职务”")]
    assert [str_of(line) for line in describe(plan)][1].startswith("没有认出表头")
    assert plan.is_empty
