"""Promises in plain words: what kind they are, and what there is to be reached."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.commitments.measuring import replace_figure
from handlers.commitments.wording import Parsed, read, split
from storage.commitments import Category
from storage.terms import Kind, Part

TODAY = date(2021, 3, 22)


def parsed(text: str) -> Parsed:
    return read(text, TODAY)


@pytest.mark.parametrize(
    ("text", "kind", "target", "measure"),
    [
        ("硬化村内道路2公里", Kind.QUANTITY, "2", "公里"),
        ("硬化道路两公里半，投资120万", Kind.QUANTITY, "2.5", "公里"),
        ("绿化６００亩", Kind.QUANTITY, "600", "亩"),
        ("安装路灯103盏", Kind.QUANTITY, "103", "盏"),
        ("新建社区议事亭3处", Kind.QUANTITY, "3", "处"),
        ("新增就业200人以上", Kind.QUANTITY, "200", "人"),
        ("培训村民1.2万人次", Kind.QUANTITY, "12000", "人次"),
        ("完成工程量30%", Kind.QUANTITY, "30", "%"),
        ("村集体经济收入达到30万元", Kind.QUANTITY, "30", "万元"),
        ("争取上级资金50万元", Kind.QUANTITY, "50", "万元"),
        ("为300户群众安装路灯20盏", Kind.QUANTITY, "20", "盏"),
        ("解决300户居民饮水问题", Kind.QUANTITY, "300", "户"),
        ("修路2公里（宽4米）", Kind.QUANTITY, "2", "公里"),
        ("种植花生600亩，亩均增收200元", Kind.QUANTITY, "600", "亩"),
        ("自来水通达率97%以上", Kind.THRESHOLD, "97", "%"),
        ("花生覆盖率80%", Kind.THRESHOLD, "80", "%"),
        ("百分之九十以上群众满意", Kind.THRESHOLD, "90", "%"),
        ("人均纯收入增长10%", Kind.THRESHOLD, "10", "%"),
        ("开工建设2家敬老院", Kind.MILESTONE, "2", "家"),
        ("新上一台变压器", Kind.MILESTONE, None, None),
        ("建成养老服务中心并投入使用", Kind.MILESTONE, None, None),
        ("投入20万元改造党群服务中心", Kind.MILESTONE, None, None),
        ("上访率控制在1%以内", Kind.MILESTONE, None, None),
        ("加强村级阵地建设", Kind.QUALITATIVE, None, None),
        ("推进移风易俗，群众满意度明显提升", Kind.QUALITATIVE, None, None),
        ("每月开展主题党日1次", Kind.QUALITATIVE, None, None),
    ],
)
def test_kind_and_target(text: str, kind: Kind, target: str | None, measure: str | None) -> None:
    found = parsed(text)
    assert (found.kind, found.target, found.measure, found.parts) == (
        kind,
        None if target is None else Decimal(target),
        measure,
        (),
    )
    assert found.words == text


def test_compound_keeps_money_as_input() -> None:
    found = parsed("投入7万元，整修道路3000米、村内道路1.2万平方米")
    assert found.kind is Kind.COMPOUND
    assert found.target is None
    assert found.parts == (
        Part("投入", Decimal(7), "万元", True),
        Part("整修道路", Decimal(3000), "米"),
        Part("村内道路", Decimal(12000), "平方米"),
    )


def test_parts_are_named_by_the_words_around_their_figures() -> None:
    assert parsed("建设1个文化广场和2座公厕").parts == (
        Part("建设文化广场", Decimal(1), "个"),
        Part("公厕", Decimal(2), "座"),
    )


@pytest.mark.parametrize(
    ("text", "words", "due", "category"),
    [
        ("硬化村内道路2公里 2021-12-31前 自选", "硬化村内道路2公里", date(2021, 12, 31), Category.ELECTIVE),
        ("硬化村内道路2公里，2021-12-31前完成。", "硬化村内道路2公里", date(2021, 12, 31), None),
        ("2021-06-30前新上一台变压器", "新上一台变压器", date(2021, 6, 30), None),
        ("2021-06-30前完成工程量30%", "完成工程量30%", date(2021, 6, 30), None),
        ("期限：2021-06-30 硬化道路2公里", "硬化道路2公里", date(2021, 6, 30), None),
        (
            "计划2021-06-30前开工，2021-10-31前完工",
            "计划2021-06-30前开工，2021-10-31前完工",
            date(2021, 10, 31),
            None,
        ),
        ("安装路灯103盏（自选）", "安装路灯103盏", None, Category.ELECTIVE),
        ("规定动作：主题党日12次", "主题党日12次", None, Category.REQUIRED),
        ("自选动作 安装路灯103盏", "安装路灯103盏", None, Category.ELECTIVE),
        ("自选商场改造1处", "自选商场改造1处", None, None),
        ("2021-06-30前", "2021-06-30前", date(2021, 6, 30), None),
    ],
)
def test_due_date_and_category_are_taken_from_the_wording(
    text: str, words: str, due: date | None, category: Category | None
) -> None:
    found = parsed(text)
    assert (found.words, found.due, found.category) == (words, due, category)


@pytest.mark.parametrize(
    ("text", "words", "due"),
    [
        ("硬化村内道路2公里 12月底前 自选", "硬化村内道路2公里", date(2021, 12, 31)),
        ("硬化村内道路2公里12月底前自选", "硬化村内道路2公里", date(2021, 12, 31)),
        ("开展主题党日12次，年底前完成", "开展主题党日12次", date(2021, 12, 31)),
        ("6月底前新上一台变压器", "新上一台变压器", date(2021, 6, 30)),
        ("新建电动车充电棚6处，8月底前完成", "新建电动车充电棚6处", date(2021, 8, 31)),
        ("承诺硬化道路2公里12月底前", "硬化道路2公里", date(2021, 12, 31)),
        ("承诺书公开12次，年底前完成", "承诺书公开12次", date(2021, 12, 31)),
        ("三季度末完成换届", "完成换届", date(2021, 9, 30)),
    ],
)
def test_dates_as_people_write_them(text: str, words: str, due: date) -> None:
    found = parsed(text)
    assert (found.words, found.due) == (words, due)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("硬化道路2公里", ["硬化道路2公里"]),
        ("硬化道路2公里\n\n安装路灯103盏。\n", ["硬化道路2公里", "安装路灯103盏"]),
        ("1. 硬化道路1.2公里\n2、安装路灯103盏\n（3）建成广场", ["硬化道路1.2公里", "安装路灯103盏", "建成广场"]),
        ("1. 硬化道路1.2公里 2、安装路灯103盏；3）建成广场", ["硬化道路1.2公里", "安装路灯103盏", "建成广场"]),
        ("①硬化道路 ②安装路灯", ["硬化道路", "安装路灯"]),
        ("- 硬化道路\n- 安装路灯", ["硬化道路", "安装路灯"]),
        ("建2.5公里道路和3.2公里水渠", ["建2.5公里道路和3.2公里水渠"]),
        ("1. 只有一项", ["只有一项"]),
        (" ，。 ", []),
    ],
)
def test_several_promises_in_a_message(text: str, items: list[str]) -> None:
    assert split(text) == items


def test_figure_in_the_wording_is_put_differently() -> None:
    assert (
        replace_figure("硬化村内道路２公里（宽4米）", Decimal(2), "公里", "3公里") == "硬化村内道路3公里（宽4米）"
    )
    assert replace_figure("硬化村内道路", Decimal(2), "公里", "3公里") == "硬化村内道路"


PIECES = [
    "硬化道路",
    "2公里",
    "12月底前",
    "自选",
    "97%以上",
    "投入7万元",
    "，",
    "。",
    "1.",
    "2、",
    "\n",
    "（",
    "）",
    "率",
    "每月",
]


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_any_text_at_all_is_read(text: str) -> None:
    for line in [text, *split(text)]:
        found = read(line, TODAY)
        if found.kind is Kind.COMPOUND:
            assert len([part for part in found.parts if not part.is_input]) > 1
        else:
            assert found.parts == ()
        assert (found.target is None) == (found.measure is None)
        assert found.target is None or found.target > 0
