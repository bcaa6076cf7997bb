"""台账: the summary as circulars put it, and the spreadsheet."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import openpyxl
import pytest

from handlers.commitments import ledger, tally
from handlers.commitments.tally import Tally, shares_of
from storage.commitments import State
from tests.commitments.seeding import promised, reported
from tests.world import Heard, World


def sheet_of(world: World, who: str) -> Any:
    """The spreadsheet in the newest message to somebody that has one."""
    persona = world.personas[who]
    buttons: list[Heard] = persona._buttons[persona.chat_id]
    files: Any = next(heard.content["files"] for heard in reversed(buttons) if "files" in heard.content)
    return openpyxl.load_workbook(io.BytesIO(world.files.get(files[0][0]))).active


def three(world: World) -> None:
    lamps = promised(world, "大里村", "安装路灯100盏")
    reported(world, lamps, "50")
    promised(world, "大里村", "建成文化广场", state=State.CLOSED)
    promised(world, "公园道社区", "硬化道路2公里 2021-03-23前")
    promised(world, "公园道社区", "提升服务水平", state=State.PROPOSED)


def test_an_office_has_a_line_for_each_unit(world: World) -> None:
    three(world)
    assert world.personas["陈立"].says("台账") == [
        "枫杨办事处 2021年承诺台账\n"
        "承诺3项，已办结1项，占33%；正在办理2项，占67%。\n"
        "绿灯2项，黄灯1项，红灯0项。\n"
        "另有1项还没公布。\n"
        "单位        承诺  办结  绿灯  黄灯  红灯\n"
        "大里村         2     1     2     0     0\n"
        "公园道社区     1     0     0     1     0\n"
        "📎枫杨办事处 2021年承诺台账.xlsx"
    ]


def test_a_unit_has_its_own(world: World) -> None:
    three(world)
    answer = [
        "大里村 2021年承诺台账\n承诺2项，已办结1项，占50%；正在办理1项，占50%。\n绿灯2项，黄灯0项，红灯0项。\n"
        "📎大里村 2021年承诺台账.xlsx"
    ]
    assert world.personas["王芳"].says("台账") == answer
    assert world.personas["周敏"].says("台账 大里村") == answer


def test_a_district_with_many_units_has_a_line_for_each_office(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    three(world)
    monkeypatch.setattr(ledger, "MOST_LINES", 3)
    [answer] = world.personas["周敏"].says("台账")
    assert answer.endswith(
        "办事处      承诺  办结  绿灯  黄灯  红灯\n"
        "枫杨办事处     3     1     2     1     0\n"
        "石佛办事处     0     0     0     0     0\n"
        "📎高新区 2021年承诺台账.xlsx"
    )


def test_a_very_large_one_is_given_office_by_office(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    three(world)
    monkeypatch.setattr(ledger, "MOST_ROWS", 3)
    zhou = world.personas["周敏"]
    assert zhou.says("台账") == [
        "承诺太多，一份表放不下，请按办事处要，例如：台账 枫杨办事处\n[枫杨办事处]\n[石佛办事处]"
    ]
    [answer] = zhou.presses("石佛办事处")
    assert answer == "石佛办事处 2021年承诺台账\n还没有承诺。"


def test_another_offices_register_is_out_of_reach(world: World) -> None:
    three(world)
    refusal = ["您管理的范围里没有“大里村”。请写单位的全名，例如：大里村"]
    assert world.personas["孙洁"].says("台账 大里村") == refusal
    assert world.personas["李建国"].says("台账 大里村") == refusal
    assert world.personas["孙洁"].says(f"register u{world.units['大里村']}") == ["这个单位不归您管理。"]
    [answer] = world.personas["吴评"].says("台账")
    assert answer.endswith("您目前没有这个身份。发“帮助”看看您能做的事。")


def test_the_office_looks_one_commitment_up_with_its_history(world: World) -> None:
    three(world)
    chen = world.personas["陈立"]
    [shown] = chen.says("台账 大里村 2")
    assert shown == (
        "大里村 2021年第2项\n内容：建成文化广场\n目标：按期完成\n期限：2021年12月31日\n类别：自选动作\n"
        "进度 ▰▰▰▰▰▰▰▰▰▰ 100% 🟢绿灯 已完成\n状态：已销号\n3月22日 09:00 提出\n3月22日 09:00 亮诺"
    )
    [shown] = chen.says("台账 大里村 1")
    assert "[办结]" not in shown
    assert chen.says("台账 大里村 9") == ["大里村 2021年没有第9项承诺。"]


def test_in_the_group_the_register_comes_privately(world: World) -> None:
    three(world)
    chen = world.personas["陈立"]
    assert chen.says("台账", group="枫杨办事处") == []
    assert chen.heard()[0].startswith("枫杨办事处 2021年承诺台账\n")


def test_an_earlier_year_can_be_asked_for(world: World) -> None:
    promised(world, "大里村", "安装路灯100盏", year=2020)
    [answer] = world.personas["陈立"].says("台账 去年 大里村")
    assert answer.startswith("大里村 2020年承诺台账\n承诺1项，")
    [answer] = world.personas["陈立"].says("台账 2020年")
    assert answer.startswith("枫杨办事处 2020年承诺台账\n承诺1项，")


def test_the_spreadsheet_has_a_row_for_each(world: World) -> None:
    three(world)
    promised(world, "大里村", "=1+1")
    wang, chen = world.personas["王芳"], world.personas["陈立"]
    wang.says("变更 1 目标改为200盏 因为资金到位")
    wang.says("提交")
    chen.says("通过 大里村 1")
    chen.says("台账")
    sheet = sheet_of(world, "陈立")
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == (
        "单位",
        "办事处",
        "编号",
        "类别",
        "承诺内容",
        "目标",
        "计量单位",
        "期限",
        "状态",
        "完成比例",
        "亮灯",
        "进度评价",
        "最近报告",
        "进度更正",
        "历次变更",
    )
    assert rows[1] == (
        "大里村",
        "枫杨办事处",
        1,
        "自选动作",
        "安装路灯200盏",
        200,
        "盏",
        datetime(2021, 12, 31),
        "办理中",
        0.25,
        "绿灯",
        "超进度",
        datetime(2021, 3, 22),
        None,
        "内容：安装路灯200盏（原：安装路灯100盏）\n目标：200盏（原：100盏）",
    )
    assert rows[3][4] == "=1+1"
    assert sheet["E4"].data_type == "s"
    assert [row[2] for row in rows[1:]] == [1, 2, 3, 1, 2]
    assert rows[5][8:12] == ("待审核", None, None, "待审核")


def test_the_spreadsheet_is_ready_to_filter_and_print(world: World) -> None:
    three(world)
    world.personas["陈立"].says("台账")
    sheet = sheet_of(world, "陈立")
    assert sheet.title == "枫杨办事处 2021年承诺台账"
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:O5")
    assert (sheet.print_title_rows, sheet.page_setup.orientation) == ("$1:$1", "landscape")
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.column_dimensions["E"].width == 42
    assert (sheet["H2"].number_format, sheet["J2"].number_format) == ("yyyy-mm-dd", "0%")
    assert sheet["K2"].fill.fgColor.rgb == "00C6EFCE"


def test_the_register_in_english(world: World) -> None:
    three(world)
    chen = world.personas["陈立"]
    chen.says("语言 English")
    [answer] = chen.says("/register 大里村")
    assert answer == (
        "大里村, register of commitments 2021\n"
        "Commitments: 2. Done: 1 (50%). Under way: 1 (50%).\n"
        "Lights: 2 green, 0 yellow, 0 red.\n"
        "📎大里村, register of commitments 2021.xlsx"
    )
    assert sheet_of(world, "陈立")["A1"].value == "Unit"


def test_sums_say_percentages_as_circulars_do() -> None:
    assert shares_of(6, 22) == ("27%", "73%")
    assert shares_of(1, 8) == ("13%", "87%")
    assert shares_of(999, 1000) == ("99%", "1%")
    assert shares_of(1, 1000) == ("1%", "99%")
    assert (shares_of(3, 3), shares_of(0, 3), shares_of(0, 0)) == (("100%", "0%"), ("0%", "100%"), ("0%", "0%"))
    assert tally.tally([]) == Tally()
