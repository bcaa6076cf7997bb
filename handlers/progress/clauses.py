"""A message cut into clauses, each with the item number that stands before it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.chat.grammar.numerals import number_at


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a folded message. `number` is the item named at its beginning.

    `also`: the other items that were named with it ("第1、2、4项已完成").
    `breaks`: a line break, a full stop or a semicolon comes before it; otherwise a comma or a space.
    """

    start: int
    end: int
    text: str
    number: int | None = None
    breaks: bool = False
    also: tuple[int, ...] = ()


_BREAK = re.compile(r"[\n\r;!]+\s*|(?<=[一-鿿])(?<![约近达到共超])\.\s*|\.(?!\d)\s*|(?<=\?)\s*")
_PAUSE = re.compile(
    r"\s*[,、]\s*|(?<![\d\s])\s+|(?<=\d)\s+(?=[一-鿿]{2})(?!公里|千米|平[方米]|立方|公[顷斤]|[万亿]元|人次|场次|以[上下])"
)
_DIGITS = r"[\d一二三四五六七八九十百两]{1,5}"
# "第一季度", "第二期", "第3党支部" count something else.
_NO_ITEM = r"(?!\s*(?:季|批|期|阶段|次|名|轮|年|天|周|月|书记|党|支部|村民|组|段|层|户|步|产业))"
_NAMED = re.compile(
    rf"第\s*(?P<a>{_DIGITS})\s*(?:项承诺|条承诺|项|条|个|件|号|像|向)?{_NO_ITEM}"
    # "8项承诺已全部完成" counts them.
    rf"|(?<![\d.月])(?P<b>{_DIGITS})\s*(?:号承诺|[项条]承诺(?!已?(?:全|都|均|完成\d)))"
    rf"|承诺(?:事项)?\s*(?P<c>{_DIGITS})(?=已|完成|进度|正|的|是|[\s,:、%]|$)"
)
_LEADING = re.compile(
    rf"\(?(?P<n>{_DIGITS})\s*(?:(?P<mark>[)、:]|\.(?!\d))|(?P<hao>号)(?!楼|线|院|路|井|桥|机|库|厂)"
    r"|(?P<unit>[项条件])(?=[\s,:\d]|已|完成|进度|全部|正|推|基本|未|没|还|[装修铺拆种]了)|[项条]$|(?P<gap>\s+)(?!公里|千米|米|里|亩|盏|户|个|台|家|处|平|方|万|亿|元|吨|条|座|栋|棵|株|人|次|场)|(?P<end>$))"
)
_CIRCLED = re.compile("[①-⑳]")
# "1已完成", "3未开始": a digit that the statement follows at once.
_AT_ONCE = re.compile(
    r"(?P<n>\d{1,3})(?=已|完成|完工|进行中|进度|正在|正常|推进|基本|全部|未|没|还没|尚未|开工|准备|扫尾|收尾)"
)
# "1、2、4项", "第一项和第二项", "1-3项", "一二项"; the last one is a run of digits that are in order.
_ONE = rf"(?:第\s*)?{_DIGITS}\s*(?:项|号|条)?"
_LIST = re.compile(
    rf"(?:第\s*)?(?P<first>{_DIGITS})\s*(?P<counted>[项号条])?(?P<more>(?:\s*(?:[、,和与及跟]|以及)\s*{_ONE})+)(?<=[项号条])"
    rf"|(?:第\s*)?(?P<low>{_DIGITS})\s*[项号条]?\s*(?:-|~|至|到)\s*(?:第\s*)?(?P<high>{_DIGITS})\s*[项号条]"
    rf"|前\s*(?P<top>{_DIGITS})\s*[项条]"
    r"|(?<![一二三四五六七八九十百])第?(?P<run>一二三?四?五?六?|二三四?五?六?|三四五?六?|四五六?)项"
)
_EACH = re.compile(_DIGITS)
# "1.60% 2.80%": numbers of items with a full stop, not figures with decimals.
_DOTTED = re.compile(r"(?:(?<=^)|(?<=[\s,;]))(\d{1,2})\.(?=\d)")
_TWO_DIGITS = re.compile(r"\d\d\s*%")
_SEVERAL = 2
_FOLLOWS = re.compile(r"[\s,:、.)的]*")


def clauses(folded: str, numbers: Collection[int]) -> list[Clause]:
    """The clauses of a message. `numbers` are the items there are: a bare number is an item only among them."""
    folded = _without_dots(folded, numbers)
    lists = {match.start(): match for match in _LIST.finditer(folded) if len(_listed(match, numbers)) > 1}
    found: list[Clause] = []
    for start, end, breaks in _spans(folded, lists):
        for at, to, (number, *also) in _items(folded, start, end, numbers, lists):
            fresh = breaks if at == start else number is not None
            if to > at or number is not None:
                found.append(Clause(at, to, folded[at:to], number, fresh, tuple(n for n in also if n is not None)))
    return _joined(found)


def numbers_named(words: str) -> list[int]:
    """The item numbers in words that hold nothing else: "第1、2项和第4项"."""
    return [int(number.value) for word in _EACH.findall(words) if (number := number_at(word, 0))]


def _without_dots(folded: str, numbers: Collection[int]) -> str:
    """The text with the full stops behind item numbers made plain; as long as before."""
    dotted = [match for match in _DOTTED.finditer(folded) if int(match.group(1)) in numbers]
    said = [int(match.group(1)) for match in dotted]
    alone = len(dotted) == 1 and not dotted[0].start() and _TWO_DIGITS.match(folded, dotted[0].end())
    if not alone and (len(said) < _SEVERAL or said != list(range(said[0], said[0] + len(said)))):
        return folded
    for match in dotted:
        folded = f"{folded[: match.end() - 1]}、{folded[match.end() :]}"
    return folded


def _listed(match: re.Match[str], numbers: Collection[int]) -> list[int]:
    """The items of a list, when there are all of them."""
    if match["run"]:
        words = list(match["run"])
    elif match["low"] or match["top"]:
        low, high = number_at(match["low"] or "1", 0), number_at(match["high"] or match["top"], 0)
        ends = (int(low.value), int(high.value)) if low and high else (1, 0)
        words = [str(n) for n in range(ends[0], ends[1] + 1)] if ends[1] - ends[0] < len(numbers) else []
    else:
        words = [match["first"], *_EACH.findall(match["more"])]
    read = [number_at(word, 0) for word in words]
    found = [int(number.value) for number in read if number and number.value in numbers]
    return list(dict.fromkeys(found)) if len(found) == len(words) else []


def _spans(folded: str, lists: Mapping[int, re.Match[str]]) -> Iterator[tuple[int, int, bool]]:
    at, breaks = 0, True
    cuts = sorted(
        [(m.start(), m.end(), True) for m in _BREAK.finditer(folded)]
        + [(m.start(), m.end(), False) for m in _PAUSE.finditer(folded)]
    )
    cuts = [cut for cut in cuts if not any(m.start() < cut[0] < m.end() for m in lists.values())]
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


def _items(
    folded: str, start: int, end: int, numbers: Collection[int], lists: Mapping[int, re.Match[str]]
) -> Iterator[tuple[int, int, Sequence[int | None]]]:
    """A span cut before each item number in it: where the words behind the number begin and end."""
    marks = sorted(_numbers_in(folded, start, end, numbers, lists))
    if len(marks) == 1 and marks[0][0] > start and marks[0][1] >= end:
        # "已完成第1项": what is said of it stands before it.
        yield start, marks[0][0], marks[0][2]
        return
    if not marks or marks[0][0] > start:
        yield start, marks[0][0] if marks else end, (None,)
    for index, (_at, behind, named) in enumerate(marks):
        until = marks[index + 1][0] if index + 1 < len(marks) else end
        yield min(behind, until), until, named


def _numbers_in(
    folded: str, start: int, end: int, numbers: Collection[int], lists: Mapping[int, re.Match[str]]
) -> Iterator[tuple[int, int, list[int]]]:
    """Where each mark begins, where the words behind it begin, and the items that it names."""
    at = start
    for begins, match in lists.items():
        if start <= begins < end:
            yield begins, _behind(folded, match.end(), end), _listed(match, numbers)
    leading = None if at in lists else _leading(folded, start, end, numbers)
    if leading:
        yield start, _behind(folded, leading[1], end), [leading[0]]
        at = leading[1]
    for match in _CIRCLED.finditer(folded, at, end):
        yield match.start(), _behind(folded, match.end(), end), [ord(match.group()) - ord("①") + 1]
    for match in _NAMED.finditer(folded, at, end):
        if any(listed.start() <= match.start() < listed.end() for listed in lists.values()):
            continue
        group = next(name for name in "abc" if match.group(name))
        number = number_at(folded, match.start(group))
        if number is None or number.end < match.end(group) or not 0 < number.value < 1000:
            continue
        yield match.start(), _behind(folded, match.end(), end), [int(number.value)]


def _leading(folded: str, start: int, end: int, numbers: Collection[int]) -> tuple[int, int] | None:
    """A number at the very beginning, of the kind "2、" "2号" "②" "2 ", if there is such an item."""
    circled = _CIRCLED.match(folded, start, end)
    if circled:
        return ord(circled.group()) - ord("①") + 1, circled.end()
    match = _LEADING.match(folded, start, end) or _AT_ONCE.match(folded, start, end)
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
            together[-1] = replace(clause, number=last.number, breaks=last.breaks, also=last.also)
        else:
            together.append(clause)
    return together
