"""年度: the whole year of a unit, and the table of all."""

from __future__ import annotations

import io

from openpyxl import load_workbook
from sqlalchemy import select, update

from storage.rounds import Kind
from storage.tables import units
from tests.rounds.test_papers import files
from tests.standings.rounds import published, quarter
from tests.world import World
from tests.yearend.december import december, evaluated


def whole(world: World) -> None:
    """Rounds, highlights, evaluation, standings published, a star."""
    quarter(world)
    world.personas["王芳"].says("亮点 建成老年食堂，每天服务60人")
    evaluated(world)
    zhou = world.personas["周敏"]
    for period in ("一季度", "全年"):
        zhou.says(f"总成绩 公布 {period}")
        zhou.presses("公布前3名")
    zhou.says("评星 规则")
    zhou.presses("确定")


def test_the_whole_year_of_a_unit(world: World) -> None:
    whole(world)
    expected = (
        "大里村　2021年\n"
        "星级：★☆☆☆☆ 一星\n"
        "★ 支部过硬：周敏授予，按规则：相关承诺1项，兑现率100%，要求80%以上\n"
        "承诺：兑现2项、部分兑现2项，兑现率75%\n"
        "1. 硬化村内道路2公里：兑现\n"
        "2. 安装路灯120盏：部分兑现（报到75%）\n"
        "3. 新建老年食堂一处：部分兑现（还没验收）\n"
        "4. 党员大走访全覆盖：兑现\n"
        "评分场次：\n"
        "季度   场次         得分  名次\n"
        "1季度  一季度观摩  91.50     1\n"
        "1季度  一季度比学  44.00     3\n"
        "2021年第1季度综合成绩：89.75分，第1名\n"
        "2021年度综合成绩：84.22分，第2名\n"
        "亮点1个：\n"
        "「建成老年食堂，每天服务60人」"
    )
    assert world.personas["王芳"].says("年度") == [expected]
    assert world.personas["周敏"].says("年度 2021年 大里村") == [expected]
    assert world.personas["陈立"].says("年度 大里") == [expected]


def test_before_the_evaluation_it_says_how_far_things_are(world: World) -> None:
    december(world)
    [text] = world.personas["王芳"].says("年度")
    assert "承诺：还没评4项\n1. 硬化村内道路2公里：没有数字，已销号\n2. 安装路灯120盏：75%，办理中\n" in text
    assert world.personas["李建国"].says("年度") == ["公园道社区2021年还没有记录。"]


def test_all_units_as_a_table(world: World) -> None:
    whole(world)
    assert world.personas["周敏"].says("年度") == [
        "2021年度\n3个单位\n"
        "承诺6项：兑现3项，部分兑现2项，未兑现1项，还没评0项。\n"
        "兑现率平均58.3%（3个单位的平均）。\n"
        "星级：一星2个\n"
        "各单位的情况在表里。看一个单位请发：年度 大里村\n"
        "📎2021年度台账.xlsx"
    ]
    sheet = load_workbook(io.BytesIO(files(world)["2021年度台账.xlsx"])).active
    rows = list(sheet.iter_rows(min_row=3, values_only=True))
    assert rows[0][:8] == ("单位", "办事处", "承诺项数", "兑现", "部分兑现", "未兑现", "还没评", "兑现率%")
    assert [row[0] for row in rows[1:]] == ["大里村", "欢河村", "南流村"]
    assert rows[1][2:] == (4, 2, 2, 0, 0, 75, 89.75, None, None, None, 84.22, 2, 1, 1, "★", None, None, None, None)


def test_an_office_sees_its_own_units_and_no_standing_before_it_is_published(world: World) -> None:
    quarter(world)
    evaluated(world)
    world.personas["陈立"].says("年度")
    sheet = load_workbook(io.BytesIO(files(world)["2021年度台账.xlsx"])).active
    [row] = sheet.iter_rows(min_row=4, values_only=True)
    assert row[8:14] == (None,) * 6
    assert world.personas["陈立"].says("年度 欢河村") == [
        "您管理的范围里没有“欢河村”。请写单位的全名，例如：大里村"
    ]


def test_the_years_standing_waits_for_the_evaluation_and_counts_it(world: World) -> None:
    quarter(world)
    published(world, Kind.EVALUATION, "年终评议", {"大里村": "90.00", "欢河村": "80.00"}, quarter=4)
    december(world)
    zhou = world.personas["周敏"]
    assert zhou.says("总成绩 公布 全年") == ["还有6项承诺没有评完，发“评诺”接着评，评完再公布。"]


def test_the_years_arithmetic_step_by_step(world: World) -> None:
    quarter(world)
    published(world, Kind.EVALUATION, "年终评议", {"大里村": "90.00", "欢河村": "80.00"}, quarter=4)
    published(world, Kind.FORUM, "四季度比学", {"大里村": "95.00"}, quarter=4)
    evaluated(world)
    assert world.personas["周敏"].says("总成绩 全年 大里村") == [
        "大里村　2021年度综合成绩\n"
        "总成绩：86.69\n"
        "名次：第2名，共4个单位\n"
        "季度成绩：第1季度89.75、第4季度95，平均92.375\n"
        "年终评议：“年终评议”90.00分\n"
        "承诺兑现率：兑现2项、部分兑现2项，兑现率75%\n"
        "加权：（季度成绩92.375×50＋年终评议90×20＋承诺兑现率75×30）÷100＝86.6875\n"
        "四舍五入到2位小数：86.69\n"
        "综合成绩由季度成绩50%、年终评议20%、承诺兑现率30%合成，各部分按百分制，保留2位小数。\n"
        "参加过至少一场评分的单位参加排名；缺一部分成绩的，不参加排名。\n"
        "季度成绩取参加过的各季度综合成绩的平均。\n"
        "承诺兑现率＝（兑现项数＋部分兑现项数×50%）÷已评项数。\n"
        "得分相同的，依次比观摩、承诺兑现率；还相同就并列，后面的名次空出来。"
    ]


def test_a_units_name_is_never_a_formula(world: World) -> None:
    evaluated(world)
    with world.database.transaction() as tx:
        tx.execute(update(units).where(units.c.name == "大里村").values(name="=1+1"))
        assert tx.first(select(units.c.id).where(units.c.name == "=1+1"))
    world.personas["周敏"].says("年度")
    cell = load_workbook(io.BytesIO(files(world)["2021年度台账.xlsx"])).active["A4"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
