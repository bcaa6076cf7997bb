"""Texts: placeholders, plurals, lists and dates in two languages, and the way to JSON and back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.texts import CHINESE, ENGLISH, TN, Catalogues, Name, T, from_wire, plain_number, to_wire

PO = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "{who}报了{count}项"
msgid_plural "{who}报了{count}项"
msgstr[0] "{who} reported one item"
msgstr[1] "{who} reported {count} items"

msgid "截止{day}"
msgstr "due {day}"
"""


@pytest.fixture(scope="module")
def catalogues(tmp_path_factory: pytest.TempPathFactory) -> Catalogues:
    folder: Path = tmp_path_factory.mktemp("locale")
    (folder / "en" / "LC_MESSAGES").mkdir(parents=True)
    (folder / "en" / "LC_MESSAGES" / "messages.po").write_text(PO.strip(), "utf-8")
    return Catalogues([folder], ZoneInfo("Asia/Shanghai"))


def test_plurals(catalogues: Catalogues) -> None:
    one, two = (TN("{who}报了{count}项", "{who}报了{count}项", n, who="王芳") for n in (1, 2))
    assert [catalogues.show(t, ENGLISH) for t in (one, two)] == [
        "王芳 reported one item",
        "王芳 reported 2 items",
    ]
    assert catalogues.show(two, CHINESE) == "王芳报了2项"


def test_values_are_shown_as_the_language_does(catalogues: Catalogues) -> None:
    assert catalogues.show(T("截止{day}", day=date(2021, 12, 31)), CHINESE) == "截止2021年12月31日"
    assert catalogues.show(T("截止{day}", day=date(2021, 12, 31)), ENGLISH) == "due 31 Dec 2021"
    moment = datetime(2021, 3, 22, 17, 5, tzinfo=UTC)
    assert catalogues.show(T("{at}", at=moment), CHINESE) == "3月23日 01:05"
    names = T("{names}", names=["大里村", "南流村", "欢河村"])
    assert catalogues.show(names, CHINESE) == "大里村、南流村、欢河村"
    assert catalogues.show(names, ENGLISH) == "大里村, 南流村, and 欢河村"


def test_users_words_are_never_read_as_a_template(catalogues: Catalogues) -> None:
    assert catalogues.show(T("说：{words}", words="{who} {0} {{"), CHINESE) == "说：{who} {0} {{"
    assert catalogues.show("{who}", CHINESE) == "{who}"


def test_a_name_differs_by_language(catalogues: Catalogues) -> None:
    assert catalogues.show(T("发{name}", name=Name("进度", "/progress")), ENGLISH) == "发/progress"


def test_an_unknown_language_reads_chinese(catalogues: Catalogues) -> None:
    assert catalogues.show(T("截止{day}", day="明天"), "fr") == "截止明天"


values = st.recursive(
    st.one_of(
        st.text(),
        st.integers(),
        st.decimals(allow_nan=False, allow_infinity=False),
        st.dates(),
        st.datetimes(timezones=st.just(UTC)),
        st.builds(Name, st.text(), st.text()),
        st.builds(lambda words: T("{words}", words=words), st.text()),
    ),
    lambda inner: st.tuples(inner, inner),
    max_leaves=4,
)


@given(values)
def test_the_wire_gives_back_what_it_was_given(value: object) -> None:
    assert from_wire(to_wire(T("{x}", x=value))) == T("{x}", x=value)  # type: ignore[arg-type]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_a_plain_number_is_the_same_number(value: Decimal) -> None:
    assert Decimal(plain_number(value)) == value
    assert "E" not in plain_number(value)
