"""Corrections to what is being talked over: a field, a date, or the whole sentence anew."""

from __future__ import annotations

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.errors import UserError
from handlers.commitments.drafts import (
    Draft,
    Field,
    Purpose,
    changed,
    corrected,
    drafted,
    field_named,
    from_data,
    to_data,
)
from handlers.commitments.wishes import new_terms, split_reason
from storage.commitments import Category
from storage.terms import Kind

TODAY = date(2021, 3, 22)


def draft(text: str) -> Draft:
    return Draft(Purpose.PROPOSE, 1, drafted(text, TODAY))


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("期限改到2021-06-30", Field.DUE, "2021-06-30"),
        ("期限：2021-06-30", Field.DUE, "2021-06-30"),
        ("时间 2021-06-30", Field.DUE, "2021-06-30"),
        ("目标3公里", Field.TARGET, "3公里"),
        ("类别", Field.CATEGORY, ""),
        ("due 2021-06-30", Field.DUE, "2021-06-30"),
        ("时间银行志愿服务12次", None, "时间银行志愿服务12次"),
        ("硬化道路", None, "硬化道路"),
    ],
)
def test_field_that_an_answer_names(text: str, field: Field | None, value: str) -> None:
    assert field_named(text) == (field, value)


def test_target_of_another_measure_changes_the_wording_too() -> None:
    found = corrected(draft("硬化村内道路2公里"), "目标改为1500米", TODAY).items[0].terms
    assert (found.words, found.target, found.measure) == ("硬化村内道路1500米", Decimal(1500), "米")


def test_rate_stays_a_rate() -> None:
    found = corrected(draft("自来水通达率97%以上"), "目标 98%", TODAY).items[0].terms
    assert (found.kind, found.target) == (Kind.THRESHOLD, Decimal(98))


def test_bare_number_is_in_the_measure_before() -> None:
    found = changed(draft("安装路灯100盏").items[0], Field.TARGET, "120", TODAY).terms
    assert (found.words, found.target, found.measure) == ("安装路灯120盏", Decimal(120), "盏")


def test_category_in_either_language() -> None:
    item = draft("安装路灯100盏").items[0]
    assert changed(item, Field.CATEGORY, "规定", TODAY).category is Category.REQUIRED
    assert changed(item, Field.CATEGORY, "Elective", TODAY).category is Category.ELECTIVE
    with pytest.raises(UserError):
        changed(item, Field.CATEGORY, "别的", TODAY)


def test_sentence_for_one_of_several_and_for_all() -> None:
    both = draft("安装路灯100盏\n建成文化广场")
    one = corrected(both, "2. 建成卫生室并投入使用", TODAY)
    assert [item.terms.words for item in one.items] == ["安装路灯100盏", "建成卫生室并投入使用"]
    anew = corrected(both, "1. 修路2公里\n2. 修桥1座\n3. 种树500棵", TODAY)
    assert [item.terms.words for item in anew.items] == ["修路2公里", "修桥1座", "种树500棵"]
    split = corrected(draft("安装路灯100盏"), "安装路灯50盏\n修桥1座", TODAY)
    assert [item.terms.words for item in split.items] == ["安装路灯50盏", "修桥1座"]


def test_draft_survives_as_dialogue_data() -> None:
    before = Draft(Purpose.REQUIRE, 7, drafted("投入7万元，整修道路3000米、修桥2座", TODAY), unit_kind="village")
    assert from_data(to_data(before)) == before


PIECES = [
    "期限",
    "改到",
    "2021-06-30",
    "目标",
    "3公里",
    "无",
    "类别",
    "自选",
    "因为",
    "，",
    "\n",
    "第2项",
    "97%",
    "内容",
    "12",
]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join))


@given(TEXTS)
def test_any_correction_gives_a_draft_or_says_what_to_write(text: str) -> None:
    with contextlib.suppress(UserError):
        found = corrected(draft("安装路灯100盏\n建成文化广场"), text, TODAY)
        assert found.items
        assert from_data(to_data(found)) == found


@given(TEXTS)
def test_any_wish_is_read(text: str) -> None:
    what, reason = split_reason(text)
    assert what in text
    assert reason in text
    with contextlib.suppress(UserError):
        new_terms(draft("硬化村内道路2公里").items[0].terms, what, TODAY)
