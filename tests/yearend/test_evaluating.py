"""评诺: the office first, the district after it; reasons, changes, taking back, and who may what."""

from __future__ import annotations

import pytest

from handlers.yearend.reading import Line, read
from storage import verdicts
from storage.verdicts import Level, Verdict
from tests.world import World
from tests.yearend.december import december, evaluated

HINT = "和上面不同的，发编号和结果，例如：2 部分兑现 只修了1.5公里。一行一项。\n"


def test_the_office_is_shown_what_the_record_says_and_changes_what_differs(world: World) -> None:
    december(world)
    chen = world.personas["陈立"]
    assert chen.says("评诺") == ["2021年评诺（办事处初评）\n承诺：4项\n已评：0项\n[评下一个：大里村]"]
    assert chen.presses("评下一个：大里村") == [
        "大里村　2021年评诺（办事处初评）\n"
        "1. 硬化村内道路2公里：兑现\n"
        "2. 安装路灯120盏：部分兑现（报到75%）\n"
        "3. 新建老年食堂一处：未兑现（没有报过进度）\n"
        "4. 党员大走访全覆盖：兑现\n" + HINT + "[就按上面评] [先不评]"
    ]
    assert chen.says("3 部分兑现") == ["第3项评为“部分兑现”要写理由，书记会看到。"]
    assert chen.says("9 兑现") == ["没有第9项承诺。"]
    assert chen.says("都很好") == [
        "没看懂。请发编号和结果（兑现、部分兑现、未兑现）和理由，例如：2 部分兑现 只修了1.5公里"
    ]
    assert chen.says("3 部分兑现 还没验收") == [
        "大里村已初评4项，等上级定评。\n"
        "1. 硬化村内道路2公里：兑现　办事处初评\n"
        "2. 安装路灯120盏：部分兑现（报到75%）　办事处初评\n"
        "3. 新建老年食堂一处：部分兑现（还没验收）　办事处初评\n"
        "4. 党员大走访全覆盖：兑现　办事处初评\n"
        "[撤销]"
    ]
    assert world.personas["王芳"].heard() == []


def test_the_district_waits_for_the_office_and_has_the_last_word(world: World) -> None:
    december(world)
    zhou, chen = world.personas["周敏"], world.personas["陈立"]
    assert zhou.says("评诺") == [
        "2021年评诺（定评）\n承诺：6项\n已评：0项\n等办事处初评：枫杨办事处4项、石佛办事处2项"
    ]
    assert zhou.says("评诺 大里村") == ["枫杨办事处还没有初评完，等初评完了再定评。"]
    chen.says("评诺 大里村")
    chen.presses("就按上面评")
    zhou.says("评诺")
    assert zhou.presses("评下一个：大里村")[0].startswith("大里村　2021年评诺（定评）\n1. ")
    zhou.says("3 部分兑现 已封顶")
    assert world.personas["王芳"].heard() == [
        "大里村　2021年评诺结果\n"
        "兑现2项、部分兑现2项，兑现率75%\n"
        "1. 硬化村内道路2公里：兑现\n"
        "2. 安装路灯120盏：部分兑现（报到75%）\n"
        "3. 新建老年食堂一处：部分兑现（已封顶）　办事处初评是未兑现\n"
        "4. 党员大走访全覆盖：兑现\n"
        "有疑问请联系办事处。"
    ]
    assert chen.says("评诺 大里村 3 兑现") == ["上级已经定评，办事处不能再改。有不同意见请联系组织者。"]


def test_all_at_once_where_the_offices_have_spoken(world: World) -> None:
    december(world)
    zhou, sun = world.personas["周敏"], world.personas["孙洁"]
    assert zhou.says("评诺 全部") == ["现在没有等定评的承诺。"]
    sun.says("评诺 欢河村")
    assert sun.presses("就按上面评")[0].endswith("[评下一个：南流村]\n[撤销]")
    sun.presses("评下一个：南流村")
    sun.presses("就按上面评")
    assert zhou.says("评诺")[0].endswith("[评下一个：欢河村]\n[全部同意初评]")
    assert zhou.presses("全部同意初评") == ["同意2个单位2项的初评：兑现1项、未兑现1项。确定吗？\n[确定] [取消]"]
    assert zhou.presses("确定") == ["已定评2个单位2项，结果已私信各位书记。"]
    assert "未兑现1项，兑现率0%\n1. 整治垃圾堆放点3处：未兑现（没有报过进度）" in world.personas["钱红"].heard()[0]
    assert sun.says("评诺 全部") == ["初评请一个单位一个单位地评。发“评诺”开始。"]


def test_taking_back_tells_the_secretary_what_stands(world: World) -> None:
    evaluated(world)
    zhou, wang = world.personas["周敏"], world.personas["王芳"]
    assert zhou.says("评诺")[0].endswith("已评：6项\n都评完了。")
    zhou.says("评诺 大里村 3 兑现")
    assert "兑现率87.5%" in wang.heard()[0]
    zhou.says("撤销")
    assert wang.heard()[0].startswith(
        "大里村　2021年评诺结果\n刚才的修改已撤回，以下面的为准。\n兑现2项、部分兑现2项，兑现率75%\n"
    )
    with world.database.transaction() as tx:
        kept = verdicts.standing(tx, [world.units["大里村"]], year=2021)
    assert {both.district.verdict for both in kept.values() if both.district} == {
        Verdict.FULFILLED,
        Verdict.PARTLY,
    }
    assert all(both.office and both.office.level is Level.OFFICE for both in kept.values())


def test_other_offices_and_other_years_are_left_alone(world: World) -> None:
    december(world)
    chen = world.personas["陈立"]
    assert chen.says("评诺 欢河村 1 兑现") == ["您管理的范围里没有“欢河村”。请写单位的全名，例如：大里村"]
    assert chen.says(f"evaluate u{world.units['欢河村']}") == ["这个单位不归您管理。"]
    assert chen.says("评诺 2020年") == ["2020年没有亮出的承诺，不用评。"]
    assert chen.says("评诺 公园道社区") == ["公园道社区2021年没有亮出的承诺。"]
    world.wait(days=60)
    assert chen.says("评诺")[0].startswith("2021年评诺（办事处初评）")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 部分兑现 只修了1.5公里", [Line(2, Verdict.PARTLY, "只修了1.5公里")]),
        ("第2项：未兑现，手续没批", [Line(2, Verdict.UNFULFILLED, "手续没批")]),
        ("1、兑现\n③ 部分 差一点", [Line(1, Verdict.FULFILLED, ""), Line(3, Verdict.PARTLY, "差一点")]),
        ("2 fulfilled", [Line(2, Verdict.FULFILLED, "")]),
        ("2 不错", None),
        ("兑现", None),
        ("", None),
    ],
)
def test_what_is_typed(text: str, expected: list[Line] | None) -> None:
    assert read(text) == expected
