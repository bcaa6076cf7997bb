"""What is typed of an evaluation: `2 部分兑现 只修了1.5公里`, a line for each commitment. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.chat.arguments import item_at
from bot.chat.grammar.folding import fold
from storage.verdicts import Verdict

#: The longer first: 未兑现 ends with 兑现.
_WORDS = (
    ("部分兑现", Verdict.PARTLY),
    ("部分完成", Verdict.PARTLY),
    ("没有兑现", Verdict.UNFULFILLED),
    ("没兑现", Verdict.UNFULFILLED),
    ("未兑现", Verdict.UNFULFILLED),
    ("未完成", Verdict.UNFULFILLED),
    ("unfulfilled", Verdict.UNFULFILLED),
    ("fulfilled", Verdict.FULFILLED),
    ("partly", Verdict.PARTLY),
    ("部分", Verdict.PARTLY),
    ("已兑现", Verdict.FULFILLED),
    ("兑现", Verdict.FULFILLED),
    ("完成", Verdict.FULFILLED),
)
_EDGES = " \t,，、:：;；。.-—"


@dataclass(frozen=True, slots=True)
class Line:
    """One commitment's verdict as typed; `reason` may be empty."""

    number: int
    verdict: Verdict
    reason: str


def read(text: str) -> list[Line] | None:
    """The lines of a message; None when there is one that is no verdict."""
    found = [_line(line) for line in text.splitlines() if line.strip()]
    return [line for line in found if line] if found and all(found) else None


def _line(text: str) -> Line | None:
    folded = fold(text)
    start = len(folded) - len(folded.lstrip())
    item = item_at(folded, start)
    if item is None:
        return None
    at = item[1]
    for word, verdict in _WORDS:
        if folded[at:].casefold().startswith(word):
            return Line(item[0], verdict, text[at + len(word) :].strip(_EDGES))
    return None
