"""Numbers, quantities and shares as people type them on phones."""

from __future__ import annotations

from decimal import Decimal

import cn2an
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.grammar.amounts import amounts_in, convert, same_measure
from bot.chat.grammar.folding import fold
from bot.chat.grammar.numerals import number_at, numbers_in
from bot.chat.grammar.said import figures_in
from bot.chat.grammar.shares import shares_in
from bot.chat.grammar.suggest import closest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", "12"),
        ("１２", "12"),
        ("1,200", "1200"),
        ("2.5", "2.5"),
        ("1.5万", "15000"),
        ("1万2", "12000"),
        ("3千", "3000"),
        ("1.2亿", "120000000"),
        ("十二", "12"),
        ("一百二十", "120"),
        ("两", "2"),
        ("一千零五", "1005"),
        ("一万二", "12000"),
        ("三点五", "3.5"),
        ("二〇二一", "2021"),
        ("③", "3"),
    ],
)
def test_a_number(text: str, value: str) -> None:
    found = number_at(fold(text), 0)
    assert found is not None
    assert (found.value, found.end) == (Decimal(value), len(text))


@pytest.mark.parametrize(
    "text", ["第一书记", "统一思想", "一些群众", "万一", "四议两公开", "十分重视", "进一步", "一般"]
)
def test_numerals_that_count_nothing(text: str) -> None:
    assert numbers_in(fold(text)) == ()


@given(st.integers(min_value=0, max_value=99_999_999))
def test_chinese_numerals_come_back(value: int) -> None:
    written = cn2an.an2cn(value, "low")
    found = number_at(fold(written), 0)
    assert found is not None
    assert (found.value, found.end) == (value, len(written))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("硬化村内道路2公里", [("2", "公里", "exact")]),
        ("完成两公里", [("2", "公里", "exact")]),
        ("整修道路3000米、村内道路1.2万平方米", [("3000", "米", "exact"), ("12000", "平方米", "exact")]),
        ("投入7万元", [("7", "万元", "exact")]),
        ("通达率97%以上", [("97", "%", "at_least")]),
        ("不少于３次", [("3", "次", "at_least")]),
        ("近40亩", [("40", "亩", "about")]),
        ("一百二十盏", [("120", "盏", "exact")]),
        ("20户左右", [("20", "户", "about")]),
        ("谢谢大家", []),
    ],
)
def test_quantities(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(str(a.value), a.measure, a.bound) for a in amounts_in(fold(text))] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("60%", [("0.6", "exact")]),
        ("６０％", [("0.6", "exact")]),
        ("百分之八十", [("0.8", "exact")]),
        ("八成", [("0.8", "exact")]),
        ("八成五", [("0.85", "exact")]),
        ("近八成", [("0.8", "about")]),
        ("六七成", [("0.6", "about")]),
        ("三分之二", [("0.6667", "exact")]),
        ("一半", [("0.5", "exact")]),
        ("道路硬化过半", [("0.5", "at_least")]),
        ("一大半", [("0.5", "at_least")]),
        ("全部完成", [("1", "exact")]),
        ("成立专班", []),
        ("上半年", []),
    ],
)
def test_shares(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(str(s.value), s.bound) for s in shares_in(fold(text))] == expected


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("路灯装了96盏，还剩24盏", ["total", "remaining"]),
        ("这周又装了20盏", ["increment"]),
        ("新装20盏", ["increment"]),
        ("新装路灯累计96盏", ["total"]),
        ("已完成40公里", ["total"]),
        ("还差3户", ["remaining"]),
        ("还有24盏没装", ["remaining"]),
    ],
)
def test_what_a_quantity_says(text: str, kinds: list[str]) -> None:
    assert [figure.kind for figure in figures_in(fold(text))] == kinds


def test_measures_convert_and_do_not() -> None:
    assert convert(Decimal("1.2"), "公里", "米") == 1200
    assert convert(Decimal(70000), "元", "万元") == 7
    assert convert(Decimal(1), "公顷", "亩") == 15
    assert not same_measure("亩", "平方米")
    assert same_measure("名", "人")


@given(st.decimals(min_value=0, max_value=10**9, places=3), st.sampled_from(["公里", "万元", "公顷", "吨"]))
def test_converting_back_gives_the_same(value: Decimal, measure: str) -> None:
    other = {"公里": "米", "万元": "元", "公顷": "亩", "吨": "公斤"}[measure]
    there = convert(value, measure, other)
    assert there is not None
    assert convert(there, other, measure) == value


@pytest.mark.parametrize(
    ("word", "choices", "first"),
    [
        ("打份", ["打分", "评分表", "进度"], "打分"),
        ("大李村", ["大里村", "庄王村", "公园道社区"], "大里村"),
        ("进渡", ["进度", "承诺"], "进度"),
        ("公园道", ["公园道社区", "紫锦社区"], "公园道社区"),
        ("枫扬办事处", ["枫杨办事处", "石佛办事处"], "枫杨办事处"),
    ],
)
def test_the_likeliest_word_comes_first(word: str, choices: list[str], first: str) -> None:
    assert closest(word, choices)[0] == first


def test_nothing_alike_is_not_suggested() -> None:
    assert closest("天气不错", ["进度", "承诺", "我的承诺"]) == []
    assert closest("", ["进度"]) == []


@given(st.text())
def test_folding_keeps_the_length_and_folds_once(text: str) -> None:
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded


@given(
    st.text(alphabet=st.characters(), max_size=40)
    | st.text(alphabet="0123456789一二两三十百千万亿半成分之%公里盏还剩又过点.,", max_size=30)
)
def test_any_text_is_read_without_an_error(text: str) -> None:
    folded = fold(text)
    for found in (numbers_in(folded), amounts_in(folded), shares_in(folded)):
        end = 0
        for one in found:
            assert end <= one.start < one.end <= len(folded)
            end = one.end
    figures_in(folded)
    closest(text, ["进度", "承诺", text])
