"""What should not be posted to a group without a second look: personal numbers and marked documents.

Work groups are for public and general matters. This only finds what looks like one of these; whether it is
one is for the person to say, so the findings are asked about and never refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.chat.grammar.folding import fold
from bot.chat.texts import T, Text

IDENTITY = T("身份证号")
MOBILE = T("手机号")
MARKED = T("涉密或内部字样")

_PATTERNS: tuple[tuple[Text, re.Pattern[str]], ...] = (
    # Six digits of a region, a date of birth, three digits, a check character; spaces as people group them.
    (
        IDENTITY,
        re.compile(
            r"(?<![\dA-Za-z])[1-9]\d{5}[ -]?(?:18|19|20)\d{2}[ -]?(?:0[1-9]|1[0-2])[ -]?(?:0[1-9]|[12]\d|3[01])"
            r"[ -]?\d{3}[\dXx](?![\dA-Za-z])"
        ),
    ),
    (MOBILE, re.compile(r"(?<![\d.])1[3-9]\d(?:\d{8}|[ -]\d{4}[ -]\d{4})(?![\d.])")),
    (
        MARKED,
        re.compile(
            r"绝密|机密|秘密|内部(?:文件|资料|材料|通知|文稿|刊物|掌握|使用|参考|传阅)|[(\[【★]\s*内部\s*[)\]】★]"
            r"|注意保存|(?:不得|严禁|禁止|请勿)(?:对外|外)(?:传|泄|扩散|公开)"
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that gives pause: what it looks like, and the words themselves."""

    what: Text
    excerpt: str


def findings(*texts: str) -> tuple[Finding, ...]:
    """What in the texts gives pause, in the order in which it stands there; empty when nothing does."""
    return tuple(finding for text in texts for finding in _in_one(text))


def _in_one(text: str) -> Iterator[Finding]:
    folded = fold(text)
    found = [(match, what) for what, pattern in _PATTERNS for match in pattern.finditer(folded)]
    for match, what in sorted(found, key=lambda pair: pair[0].start()):
        yield Finding(what, text[match.start() : match.end()])


def caution(*texts: str) -> Text | None:
    """The sentence to show before such texts are made public; None when nothing gives pause."""
    found = findings(*texts)
    if not found:
        return None
    kinds = list(dict.fromkeys(finding.what for finding in found))
    excerpts = [finding.excerpt for finding in found]
    return T(
        "请留意：文字里像是有{kinds}（{excerpts}）。工作群里只发公开信息，请确认能公开。",
        kinds=kinds,
        excerpts=excerpts,
    )
