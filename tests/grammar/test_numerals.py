"""Numbers as people type them, and numerals that count nothing."""

from __future__ import annotations

from decimal import Decimal

import cn2an
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.grammar.folding import fold
from bot.chat.grammar.numerals import number_at, numbers_in


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", "12"),
        ("１２", "12"),
        ("007", "7"),
        ("1,200", "1200"),
        ("12,345,678", "12345678"),
        ("2.5", "2.5"),
        ("2。5", "2.5"),
        (".5", "0.5"),
        ("1.5万", "15000"),
        ("1.5 万", "15000"),
        ("1万2", "12000"),
        ("1万2千", "12000"),
        ("1万2千5", "12500"),
        ("1万2500", "12500"),
        ("3千5", "3500"),
        ("2百", "200"),
        ("1千万", "10000000"),
        ("1.2亿", "120000000"),
        ("1亿2", "120000000"),
        ("1亿2千万", "120000000"),
        ("十", "10"),
        ("十二", "12"),
        ("廿五", "25"),
        ("卅", "30"),
        ("一百二十", "120"),
        ("一百二", "120"),
        ("一百零五", "105"),
        ("一百十二", "112"),
        ("两", "2"),
        ("两千三", "2300"),
        ("一千零五", "1005"),
        ("一万二", "12000"),
        ("一万零五百", "10500"),
        ("两万五千", "25000"),
        ("一亿二", "120000000"),
        ("一千二百三十四万五千六百七十八", "12345678"),
        ("三点五", "3.5"),
        ("零点五", "0.5"),
        ("九十二点二五", "92.25"),
        ("三点五万", "35000"),
        ("二〇二一", "2021"),
        ("二○二一", "2021"),
        ("一二〇", "120"),
        ("壹佰贰拾", "120"),
        ("伍万", "50000"),
        ("〇", "0"),
        ("③", "3"),
        ("⑳", "20"),
        ("㈠", "1"),
    ],
)
def test_a_number(text: str, value: str) -> None:
    found = number_at(fold(text), 0)
    assert found is not None
    assert (str(found.value), found.start, found.end, found.about) == (value, 0, len(text), False)


@pytest.mark.parametrize(
    ("text", "value", "words"),
    [
        ("12公里", "12", "12"),
        ("5千米", "5", "5"),
        ("5千克", "5", "5"),
        ("1万3月底", "10000", "1万"),
        ("98,95,96", "98", "98"),
        ("98,100,95", "98", "98"),
        ("1.硬化", "1", "1"),
        ("2、绿化", "2", "2"),
        ("一般", "1", "一"),
        ("三点五十", "3", "三"),
        ("十分", "10", "十"),
        ("1,2", "1", "1"),
    ],
)
def test_where_a_number_ends(text: str, value: str, words: str) -> None:
    found = number_at(fold(text), 0)
    assert found is not None
    assert (str(found.value), text[: found.end]) == (value, words)


@pytest.mark.parametrize(
    ("text", "value"),
    [("两三", "2"), ("三五", "3"), ("三四十", "30"), ("七八百", "700"), ("十七八", "17"), ("五六万", "50000")],
)
def test_neighbouring_digits_are_about_the_lower(text: str, value: str) -> None:
    found = number_at(text, 0)
    assert found is not None
    assert (str(found.value), found.end, found.about) == (value, len(text), True)


@pytest.mark.parametrize(
    "text", ["", "公里", "万", "百姓", "千万", "点五", "-5", "2021.6.30", "1.2.3", "13812345678901", "負"]
)
def test_no_number(text: str) -> None:
    assert number_at(fold(text), 0) is None


@pytest.mark.parametrize(
    "text",
    [
        "第一书记",
        "第2项",
        "第1-3项",
        "第二、三项",
        "统一思想",
        "唯一",
        "专一",
        "一些群众",
        "一般",
        "一样",
        "一定",
        "一直",
        "一起",
        "一户一策",
        "一家人",
        "一次性",
        "一把手",
        "一部分",
        "一方面",
        "万一",
        "千万别忘",
        "千家万户",
        "百姓",
        "百亩方田",
        "两委",
        "两山",
        "三务公开",
        "三会一课",
        "三轮车",
        "三门峡",
        "四议两公开一监督",
        "四处奔走",
        "四个意识",
        "五位一体",
        "五星支部",
        "十分重视",
        "十佳",
        "十四五规划",
        "二十大精神",
        "十九届全会",
        "进一步",
        "几十户",
        "数十人",
        "三分之二",
        "百分之八十",
        "百分之80",
        "张五砦村",
        "七里河",
        "十八里河",
        "八里庄",
        "二七广场",
        "王五",
        "周三",
        "A4纸",
        "PM2.5",
        "110.5.1.2",
        "2021.6.30",
    ],
)
def test_numerals_that_count_nothing(text: str) -> None:
    assert numbers_in(fold(text)) == ()


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("路灯装了96盏，还剩24盏", ["96", "24"]),
        ("装了三盏", ["3"]),
        ("统一更换六十盏", ["60"]),
        ("一家企业、两个项目", ["1", "2"]),
        ("三四十户", ["30"]),
        ("十几户", ["10"]),
        ("十分钟", ["10"]),
        ("十四五户", ["14"]),
        ("二〇二一年", ["2021"]),
        ("第2项完成80%", ["80"]),
        ("5G基站3座", ["5", "3"]),
        ("已完成。5公里", ["5"]),
        ("约.5公里", ["0.5"]),
        ("八、九、七", ["8", "9", "7"]),
        ("96/103盏", ["96", "103"]),
        ("①96盏 ②3户", ["1", "96", "2", "3"]),
    ],
)
def test_numbers_in_a_sentence(text: str, values: list[str]) -> None:
    assert [str(number.value) for number in numbers_in(fold(text))] == values


@given(st.integers(0, 10**8) | st.sampled_from([10**n + d for n in range(9) for d in (-1, 0, 1)]))
def test_chinese_numerals_come_back(value: int) -> None:
    written = cn2an.an2cn(value, "low")
    found = number_at(written, 0)
    assert found is not None
    assert (found.value, found.end) == (value, len(written))


@given(st.integers(0, 10**8))
def test_formal_numerals_come_back(value: int) -> None:
    written = cn2an.an2cn(value + 10, "up")
    found = number_at(written, 0)
    assert found is not None
    assert (found.value, found.end) == (value + 10, len(written))


@given(st.decimals(0, 10**6, places=3))
def test_digits_with_commas_come_back(value: Decimal) -> None:
    written = f"{value:,}"
    found = number_at(written, 0)
    assert found is not None
    assert (found.value, found.end) == (value, len(written))
