"""A message cut into clauses, each with the item number that stands before it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from bot.chat.grammar.numerals import number_at


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a folded message. `number` is the item named at its beginning.

    `breaks`: a line break, a full stop or a semicolon comes before it; otherwise a comma or a space.
    """

    start: int
    end: int
    text: str
    number: int | None = None
    breaks: bool = False


_BREAK = re.compile(r"[\n\r;!]+\s*|\.(?!\d)\s*|(?<=\?)\s*")
_PAUSE = re.compile(r"\s*[,、]\s*|(?<![\d\s])\s+")
_DIGITS = r"[\d一二三四五六七八九十百两]{1,5}"
# "第一季度", "第二期", "第3党支部" count something else.
_NO_ITEM = r"(?!\s*(?:季|批|期|阶段|次|名|轮|年|天|周|月|书记|党|支部|村民|组|段|层|户|步|产业))"
_NAMED = re.compile(
    rf"第\s*(?P<a>{_DIGITS})\s*(?:项承诺|条承诺|项|条|个|件|号|像|向)?{_NO_ITEM}"
    rf"|(?<![\d.月])(?P<b>{_DIGITS})\s*(?:号承诺|项承诺|条承诺)"
    rf"|承诺(?:事项)?\s*(?P<c>{_DIGITS})(?=已|完成|进度|正|的|是|[\s,:、%]|$)"
)
_LEADING = re.compile(
    rf"\(?(?P<n>{_DIGITS})\s*(?:(?P<mark>[)、:]|\.(?!\d))|(?P<hao>号)(?!楼|线|院|路|井|桥|机|库|厂)"
    r"|(?P<unit>[项条件])(?=[\s,:\d]|已|完成|进度|全部|正|推|基本|未|没|还|$)|(?P<gap>\s+)(?!公里|千米|米|里|亩|盏|户|个|台|家|处|平|方|万|亿|元|吨|条|座|栋|棵|株|人|次|场)|(?P<end>$))"
)
_CIRCLED = re.compile("[①-⑳]")
_FOLLOWS = re.compile(r"[\s,:、.)的]*")


def clauses(folded: str, numbers: Collection[int]) -> list[Clause]:
    """The clauses of a message. `numbers` are the items there are: a bare number is an item only among them."""
    found: list[Clause] = []
    for start, end, breaks in _spans(folded):
        for at, to, number in _items(folded, start, end, numbers):
            fresh = breaks if at == start else number is not None
            if to > at or number is not None:
                found.append(Clause(at, to, folded[at:to], number, fresh))
    return _joined(found)


def _spans(folded: str) -> Iterator[tuple[int, int, bool]]:
    at, breaks = 0, True
    cuts = sorted(
        [(m.start(), m.end(), True) for m in _BREAK.finditer(folded)]
        + [(m.start(), m.end(), False) for m in _PAUSE.finditer(folded)]
    )
    for start, end, hard in cuts:
        if start < at:
            # Overlapping cuts ("; \n") are one.
            at, breaks = max(at, end), breaks or hard
            continue
        if start > at:
            yield at, start, breaks
            breaks = False
        at, breaks = end, breaks or hard
    if at < len(folded):
        yield at, len(folded), breaks


def _items(folded: str, start: int, end: int, numbers: Collection[int]) -> Iterator[tuple[int, int, int | None]]:
    """A span cut before each item number in it: where the words behind the number begin and end."""
    marks = list(_numbers_in(folded, start, end, numbers))
    if not marks or marks[0][0] > start:
        yield start, marks[0][0] if marks else end, None
    for index, (_at, behind, number) in enumerate(marks):
        until = marks[index + 1][0] if index + 1 < len(marks) else end
        yield min(behind, until), until, number


def _numbers_in(folded: str, start: int, end: int, numbers: Collection[int]) -> Iterator[tuple[int, int, int]]:
    at = start
    leading = _leading(folded, start, end, numbers)
    if leading:
        yield start, _behind(folded, leading[1], end), leading[0]
        at = leading[1]
    for match in _NAMED.finditer(folded, at, end):
        group = next(name for name in "abc" if match.group(name))
        number = number_at(folded, match.start(group))
        if number is None or number.end < match.end(group) or not 0 < number.value < 1000:
            continue
        yield match.start(), _behind(folded, match.end(), end), int(number.value)


def _leading(folded: str, start: int, end: int, numbers: Collection[int]) -> tuple[int, int] | None:
    """A number at the very beginning, of the kind "2、" "2号" "②" "2 ", if there is such an item."""
    circled = _CIRCLED.match(folded, start, end)
    if circled:
        return ord(circled.group()) - ord("①") + 1, circled.end()
    match = _LEADING.match(folded, start, end)
    number = number_at(folded, match.start("n")) if match else None
    if match is None or number is None or number.end < match.end("n") or number.value not in numbers:
        return None
    return int(number.value), match.end()


def _behind(folded: str, at: int, end: int) -> int:
    match = _FOLLOWS.match(folded, at, end)
    return match.end() if match else at


def _joined(found: list[Clause]) -> list[Clause]:
    """A number that stands alone ("第2项，已完工") belongs to the clause behind it."""
    together: list[Clause] = []
    for clause in found:
        last = together[-1] if together else None
        if last and last.number is not None and last.start == last.end and clause.number is None:
            together[-1] = Clause(clause.start, clause.end, clause.text, last.number, last.breaks)
        else:
            together.append(clause)
    return together
