"""What a promise in plain words amounts to: "硬化村内道路2公里 12月底前 自选" and its many relatives.

Reading is total: any text gives a value. What cannot be told from the words is left open (no due date, no
target), never made up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bot.chat.grammar.dates import dates_in
from bot.chat.grammar.folding import fold
from handlers.commitments.measuring import measure_of
from storage.commitments import Category
from storage.terms import Kind, Part, Terms


@dataclass(frozen=True, slots=True)
class Parsed:
    """A promise as read. `words` is the wording without due date and category where these stood apart.

    `target` is in `measure`; a milestone has one only when it counts more than one thing, a qualitative
    promise never. `parts` belong to a compound promise. `due` and `category` are None when not said.
    """

    words: str
    kind: Kind
    target: Decimal | None
    measure: str | None
    parts: tuple[Part, ...]
    due: date | None
    category: Category | None

    @property
    def terms(self) -> Terms:
        """The promise without its category."""
        return Terms(self.words, self.kind, self.target, self.measure, self.parts, self.due)


_NUMBERING = re.compile(r"\s*(?:[-*·•●]|[(\[]?\d{1,2}[.、)\]:]+(?!\d)|[①-⑳])\s*")
_INLINE_NUMBER = re.compile(r"(?:(?<=[\s,;.])|^)(?:[(\[]?(\d{1,2})(?:[.、)\]:]+)(?!\d)|([①-⑳]))\s*")
# "承诺硬化道路" said again below a card; 承诺书 and the like are what a promise may be about.
_PROMISE = re.compile(
    r"(?:(?:我村|本村|我社区|我们|我)?承诺|(?:我村|本村|我社区|我们|我)保证)"
    r"(?!事项|书|制|人|栏|墙|内容|公开|践诺)[\s:,;]*(?=.)"
)
_EDGES = " \t\r\n,，;；、。.:："
_CATEGORIES = {
    "规定": Category.REQUIRED,
    "必选": Category.REQUIRED,
    "自选": Category.ELECTIVE,
    "选做": Category.ELECTIVE,
}
_NAMED = r"(规定|自选|必选|选做)"
_CATEGORY = (
    re.compile(rf"\s*[(\[【]\s*{_NAMED}(?:动作)?\s*[)\]】]\s*"),
    re.compile(rf"^\s*{_NAMED}(?:动作)?[\s:、,]+"),
    re.compile(
        rf"(?:[\s,;、.]+(?:类别[:是为\s]*)?{_NAMED}(?:动作)?|{_NAMED}动作|(?<=[\d月日底前年末])自选)[\s.]*$"
    ),
)
_BEFORE_DATE = re.compile(
    r"(?:完成)?(?:期限|时限|时间|截止日期|截止|截至)?[:是为到]?(?:计划|预计|力争|争取|确保|于|在|到)?\s*$"
)
_AFTER_DATE = re.compile(r"\s*(?:之前|以前|前|止|为止)?")
_AFTER_LAST_DATE = re.compile(r"\s*(?:之前|以前|前|止|为止)?\s*(?:全部|全面)?(?:完成|完工|办结|到位|兑现|见效)?")


def split(text: str) -> list[str]:
    """The promises in a message: one to a line, or numbered 1. 2. 3. within a line; without their numbers."""
    lines = [line for line in re.split(r"[\r\n]+", text) if line.strip(_EDGES)]
    if len(lines) == 1:
        lines = _split_numbered(lines[0])
    bare = [_without_number(line).strip(_EDGES) for line in lines]
    return [line for line in bare if line]


def read(text: str, today: date) -> Parsed:
    """Read one promise. `today` tells which year "12月底" is in."""
    text = text.strip(_EDGES)
    lead = _PROMISE.match(fold(text))
    words, category = _take_category(text[lead.end() :] if lead else text)
    words, due = _take_due(words, today)
    measured = measure_of(words)
    return Parsed(words, measured.kind, measured.target, measured.measure, measured.parts, due, category)


def _without_number(line: str) -> str:
    match = _NUMBERING.match(fold(line))
    return line[match.end() :] if match else line


def _split_numbered(line: str) -> list[str]:
    """Split at 1. 2. 3. when they count up from one; "1.2公里" is no such number."""
    starts: list[tuple[int, int]] = []
    for match in _INLINE_NUMBER.finditer(fold(line)):
        number = int(match.group(1)) if match.group(1) else ord(match.group(2)) - ord("①") + 1
        if number == len(starts) + 1:
            starts.append((match.start(), match.end()))
    if len(starts) < 2:
        return [line]
    ends = [start for start, _end in starts[1:]] + [len(line)]
    return [line[begin:end] for (_start, begin), end in zip(starts, ends, strict=True)]


def _take_category(text: str) -> tuple[str, Category | None]:
    folded = fold(text)
    for pattern in _CATEGORY:
        match = pattern.search(folded)
        rest = f"{text[: match.start()]} {text[match.end() :]}".strip(_EDGES) if match else ""
        if match and rest:
            named = next((group for group in match.groups() if group), "自选")
            return rest, _CATEGORIES[named]
    return text, None


def _take_due(text: str, today: date) -> tuple[str, date | None]:
    """The due date, and the wording without it where it stands at the beginning or the end."""
    folded = fold(text)
    found = dates_in(folded, today)
    if not found:
        return text, None
    due = max(day.day for day in found)
    if len(found) > 1:
        return text, due
    lead = _BEFORE_DATE.search(folded, 0, found[0].start)
    start = lead.start() if lead else found[0].start
    tail = _AFTER_LAST_DATE.match(folded, found[0].end)
    if tail and not folded[tail.end() :].strip(_EDGES):
        rest = text[:start]
    elif not folded[:start].strip(_EDGES):
        after = _AFTER_DATE.match(folded, found[0].end)
        rest = text[after.end() if after else found[0].end :]
    else:
        rest = text
    rest = rest.strip(_EDGES)
    return (rest, due) if rest else (text, due)
