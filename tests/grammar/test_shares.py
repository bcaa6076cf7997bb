"""Shares of a whole as people say them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.grammar.folding import fold
from bot.chat.grammar.shares import shares_in


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("60%", "0.6"),
        ("６０％", "0.6"),
        ("60 %", "0.6"),
        ("%60", "0.6"),
        ("62.5%", "0.625"),
        ("120%", "1.2"),
        ("已完成。60%", "0.6"),
        ("百分之八十", "0.8"),
        ("百分之80。", "0.8"),
        ("百分之六十五点五", "0.655"),
        ("百分百", "1"),
        ("百分之百", "1"),
        ("八成", "0.8"),
        ("8成了", "0.8"),
        ("完成两成", "0.2"),
        ("十成", "1"),
        ("八成五", "0.85"),
        ("八成半", "0.85"),
        ("三分之二", "0.6667"),
        ("3分之1", "0.3333"),
        ("十分之三", "0.3"),
        ("完成2/3", "0.6667"),
        ("一半", "0.5"),
        ("半数", "0.5"),
        ("完成了一半", "0.5"),
        ("完成半", "0.5"),
        ("全部完成", "1"),
        ("全部", "1"),
        ("路灯已全部安装到位", "1"),
        ("全部路灯安装完毕", "1"),
        ("60%左右", "0.6 about"),
        ("近八成", "0.8 about"),
        ("六七成", "0.6 about"),
        ("七、八成", "0.7 about"),
        ("7-8成", "0.7 about"),
        ("60%-70%", "0.6 about"),
        ("60-70%", "0.6 about"),
        ("近半", "0.5 about"),
        ("将近一半", "0.5 about"),
        ("八成多", "0.8 at_least"),
        ("97%以上", "0.97 at_least"),
        ("不低于85%", "0.85 at_least"),
        ("道路硬化过半", "0.5 at_least"),
        ("过了半", "0.5 at_least"),
        ("超过一半", "0.5 at_least"),
        ("一大半", "0.5 at_least"),
        ("一多半", "0.5 at_least"),
        ("一半以上", "0.5 at_least"),
        ("不到一半", "0.5 at_most"),
        ("一小半", "0.5 at_most"),
        ("5%以下", "0.05 at_most"),
    ],
)
def test_a_share(text: str, expected: str) -> None:
    (share,) = shares_in(fold(text))
    assert f"{share.value}" + ("" if share.bound == "exact" else f" {share.bound}") == expected


@pytest.mark.parametrize(
    "text",
    [
        "成立专班",
        "成效明显",
        "三成员",
        "一成不变",
        "上半年",
        "半年内",
        "大半年",
        "过半年",
        "半径",
        "全部门",
        "全部路灯已采购",
        "全部完成前期手续",
        "还没全部完成",
        "尚未全部完成",
        "力争年底全部完成",
        "年底前全部完成",
        "3/5项",
        "96/120盏",
        "6/30日",
        "百分之",
        "三分之五",
        "十分重视",
    ],
)
def test_no_share(text: str) -> None:
    assert shares_in(fold(text)) == ()


def test_words_for_the_bound_stand_outside() -> None:
    text = "不低于 百分之八十五点五以上"
    (share,) = shares_in(text)
    assert text[share.start : share.end] == "百分之八十五点五"


def test_several_shares_from_left_to_right() -> None:
    assert [share.value for share in shares_in("第1项60%,第2项八成,第3项过半")] == [
        Decimal("0.6"),
        Decimal("0.8"),
        Decimal("0.5"),
    ]


@given(st.decimals(0, 999, places=2))
def test_a_percentage_is_exact(value: Decimal) -> None:
    (share,) = shares_in(f"完成{value}%")
    assert share.value == value / 100
