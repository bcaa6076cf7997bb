"""Quantities as people type them, their bounds, and what converts to what."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.grammar.amounts import amounts_in, convert, same_measure
from bot.chat.grammar.folding import fold


def read(text: str) -> list[str]:
    """Each quantity as "value measure", with its bound where it is not exact."""
    return [
        f"{a.value} {a.measure}" + ("" if a.bound == "exact" else f" {a.bound}") for a in amounts_in(fold(text))
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("硬化村内道路2公里", ["2 公里"]),
        ("硬化道路两公里", ["2 公里"]),
        ("硬化道路2 km", ["2 公里"]),
        ("硬化道路二十二点五公里", ["22.5 公里"]),
        ("3千米排水沟", ["3 公里"]),
        ("2公里半", ["2.5 公里"]),
        ("半公里", ["0.5 公里"]),
        ("路宽3米5", ["3.5 米"]),
        ("整修道路3000米、村内道路1.2万平方米", ["3000 米", "12000 平方米"]),
        ("新建广场300㎡", ["300 平方米"]),
        ("120平的活动室", ["120 平方米"]),
        ("路灯１０３盏", ["103 盏"]),
        ("96 盏", ["96 盏"]),
        ("一百二十盏", ["120 盏"]),
        ("三户五户", ["3 户", "5 户"]),
        ("2大项12小项", ["2 项", "12 项"]),
        ("2台(套)设备", ["2 台套"]),
        ("开展活动5场次、服务300人次", ["5 场次", "300 人次"]),
        ("3名党员，栽树500棵", ["3 名", "500 棵"]),
        ("110kV变压器1台", ["1 台"]),
        ("5G基站30座", ["30 座"]),
        ("完成96/103盏", ["96 盏"]),
        ("投入7万元", ["7 万元"]),
        ("投入 7 万元", ["7 万元"]),
        ("十万元", ["10 万元"]),
        ("一千二百万元", ["1200 万元"]),
        ("1.2亿元", ["1.2 亿元"]),
        ("1亿2千万元", ["12000 万元"]),
        ("3千元", ["3000 元"]),
        ("1万2元", ["12000 元"]),
        ("5万块钱", ["5 万元"]),
        ("争取资金120万", ["120 万元"]),
        ("人口1.2万", []),
        ("3个月", ["3 个月"]),
        ("3个半月", ["3.5 个月"]),
        ("一个半小时", ["1.5 小时"]),
        ("提高3个百分点", ["3 百分点"]),
        ("通达率97%", ["97 %"]),
        ("百分之九十七", ["97 %"]),
        ("12月底前硬化2公里", ["2 公里"]),
        ("6月30日", []),
        ("2021年", []),
        ("21年底", []),
        ("第2项完成80%", ["80 %"]),
        ("第3台", []),
        ("2号", []),
        ("1、2、3", []),
        ("谢谢大家", []),
        ("八里庄", []),
        ("七里河社区", []),
        ("三门峡", []),
        ("一台账", []),
        ("120平台", []),
        ("一次性", []),
        ("三支部", []),
        ("千家万户", []),
        ("百亩果园", []),
        ("几十户", []),
        ("①台账②公示栏", []),
        ("10000000000000000000000盏", []),
    ],
)
def test_quantities(text: str, expected: list[str]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("97%以上", "97 % at_least"),
        ("百分之九十七以上", "97 % at_least"),
        ("３次(含)以上", "3 次 at_least"),
        ("不少于３次", "3 次 at_least"),
        ("不低于85%", "85 % at_least"),
        ("至少两家", "2 家 at_least"),
        ("超过96盏", "96 盏 at_least"),
        ("突破20万元", "20 万元 at_least"),
        ("≥95%", "95 % at_least"),
        ("20多户", "20 户 at_least"),
        ("20余户", "20 户 at_least"),
        ("20户多", "20 户 at_least"),
        ("十几户", "10 户 at_least"),
        ("二十多万元", "20 万元 at_least"),
        ("3万多亩", "30000 亩 at_least"),
        ("3个多月", "3 个月 at_least"),
        ("上千亩", "1000 亩 at_least"),
        ("百余户", "100 户 at_least"),
        ("不超过5万元", "5 万元 at_most"),
        ("3天以内", "3 天 at_most"),
        ("3个月内", "3 个月 at_most"),
        ("5%以下", "5 % at_most"),
        ("不足40亩", "40 亩 at_most"),
        ("没到96盏", "96 盏 at_most"),
        ("近40亩", "40 亩 about"),
        ("约20户", "20 户 about"),
        ("大约20户", "20 户 about"),
        ("20户左右", "20 户 about"),
        ("二十来户", "20 户 about"),
        ("近百户", "100 户 about"),
        ("三四十户", "30 户 about"),
        ("30-40户", "30 户 about"),
        ("2至3次", "2 次 about"),
        ("最近96盏", "96 盏"),
        ("节约5万元", "5 万元"),
        ("签约3家", "3 家"),
        ("3天内容", "3 天"),
        ("达到97%", "97 %"),
    ],
)
def test_bounds(text: str, expected: str) -> None:
    assert read(text) == [expected]


def test_figure_and_measure_stand_between_the_positions() -> None:
    text = "新装路灯不少于 1万2 盏左右"
    (amount,) = amounts_in(fold(text))
    assert text[amount.start : amount.end] == "1万2 盏"


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        ("1.2", "公里", "米", "1200"),
        ("1.2", "km", "千米", "1.2"),
        ("3", "里", "公里", "1.5"),
        ("70000", "元", "万元", "7"),
        ("1.2", "亿元", "万元", "12000"),
        ("1", "公顷", "亩", "15"),
        ("2", "公顷", "平方米", "20000"),
        ("3", "斤", "公斤", "1.5"),
        ("2", "吨", "斤", "4000"),
        ("5", "名", "人", "5"),
        ("5", "棵", "株", "5"),
        ("5", "梁", "梁", "5"),
    ],
)
def test_converting(value: str, source: str, target: str, expected: str) -> None:
    assert convert(Decimal(value), source, target) == Decimal(expected)
    assert same_measure(source, target)


@pytest.mark.parametrize(
    ("a", "b"), [("亩", "平方米"), ("盏", "户"), ("公里", "平方米"), ("元", "吨"), ("个", "梁")]
)
def test_what_does_not_convert(a: str, b: str) -> None:
    assert convert(Decimal(1), a, b) is None
    assert not same_measure(a, b)


_CONVERTIBLE = st.sampled_from(
    [
        ("公里", "米"),
        ("里", "米"),
        ("万元", "元"),
        ("亿元", "万元"),
        ("公顷", "亩"),
        ("吨", "公斤"),
        ("斤", "公斤"),
    ]
)


@given(st.decimals(0, 10**9, places=3), _CONVERTIBLE)
def test_converting_back_gives_the_same(value: Decimal, pair: tuple[str, str]) -> None:
    there = convert(value, *pair)
    assert there is not None
    assert convert(there, pair[1], pair[0]) == value


@given(
    st.decimals(0, 10**6, places=2).filter(bool),
    st.sampled_from(["公里", "平方米", "亩", "盏", "户", "万元", "人次", "个月"]),
)
def test_a_quantity_written_plainly_comes_back(value: Decimal, measure: str) -> None:
    (amount,) = amounts_in(f"完成{value}{measure}。")
    assert (amount.value, amount.measure, amount.bound) == (value, measure, "exact")
