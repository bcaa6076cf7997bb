"""Texts that should not go to a group without a second look."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.caution import IDENTITY, MARKED, MOBILE, Finding, caution, findings


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("联系人张三 13800138000", Finding(MOBILE, "13800138000")),
        ("电话１３８００１３８０００", Finding(MOBILE, "１３８００１３８０００")),
        ("电话138-0013-8000转办公室", Finding(MOBILE, "138-0013-8000")),
        ("为11010119900307123X办理低保", Finding(IDENTITY, "11010119900307123X")),
        ("身份证110101 19900307 1234", Finding(IDENTITY, "110101 19900307 1234")),
        ("按照机密★1年文件落实", Finding(MARKED, "机密")),
        ("落实内部文件要求", Finding(MARKED, "内部文件")),
        ("（内部）整改方案", Finding(MARKED, "（内部）")),
    ],
)
def test_found(text: str, finding: Finding) -> None:
    assert findings(text) == (finding,)
    assert caution(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "硬化村内道路2公里",
        "投入12345678901元",
        "安装路灯103盏，投入1380013元",
        "完善内部管理制度",
        "编号20210322110101199003071234的项目",
        "加强村内部道路整治",
    ],
)
def test_nothing_found(text: str) -> None:
    assert findings(text) == ()
    assert caution(text) is None


def test_several_texts_in_order() -> None:
    assert findings("秘密，电话13800138000", "又是内部资料") == (
        Finding(MARKED, "秘密"),
        Finding(MOBILE, "13800138000"),
        Finding(MARKED, "内部资料"),
    )


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert all(finding.excerpt in text for finding in findings(text))
