"""Full-width and odd characters become plain ones, in place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.grammar.folding import fold


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("进度２　６０％", "进度2 60%"),
        ("（第２项）：已完成，１。５公里；", "(第2项):已完成,1.5公里;"),
        ("“路灯”‘九十六’「盏」『好』", '"路灯"\'九十六\'"盏""好"'),
        ("【通知】〔急〕——", "[通知][急]--"),
        ("@张伟\u2005进度\xa02\u200b3\t4\u3000", "@张伟 进度 2 3 4 "),
        ("一\u2028二\u2029三\n四", "一\n二\n三\n四"),
        ("⼆⼗", "二十"),
        ("ＡｂC", "AbC"),
        ("①②、…～￥", "①②、…~¥"),
        ("👨‍👩‍👧好", "👨‍👩‍👧好"),
        ("\ud83d孤", "\ud83d孤"),
        ("é e\u0301", "é e\u0301"),
        ("㎡ 〇 ○", "㎡ 〇 ○"),
        ("plain text 123", "plain text 123"),
        ("", ""),
    ],
)
def test_folding(written: str, plain: str) -> None:
    assert fold(written) == plain


@given(st.text(st.characters(exclude_categories=())))
def test_positions_stay_valid_and_folding_twice_changes_nothing(text: str) -> None:
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded
