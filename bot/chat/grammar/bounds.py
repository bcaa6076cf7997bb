"""What the words around a quantity say about it: 97%以上, 不少于3次, 近40亩, 20户左右."""

from __future__ import annotations

import re
from typing import Literal

Bound = Literal["exact", "at_least", "at_most", "about"]

_BEFORE = re.compile(
    r"(?:"
    r"(?P<at_most>不(?:超过?|多于|高于|大于|到|足|满)|[没未]达?到|最[多高]|至多|顶多|(?<!不)[少低小]于|控制在|≤|<=?)"
    r"|(?P<at_least>不(?:少于|低于|小于|下于?|止)|至少|最[少低]|起码|(?<![不赶])超[过出]?了?|突破|(?<!不)[高大多]于|逾|≥|>=?|保底)"
    r"|(?P<about>(?<![最附邻新远])近|(?<![节签预履违合公契])约|大概|接近|差不多|估计|左右)"
    r")(?:是|有|为|在|达到?)?\s*$"
)
_BEHIND = re.compile(
    r"\s?(?:\([含及]\))?(?:"
    r"(?P<at_least>及?以上|之上|[多余](?![亏次种余个])|出头)"
    r"|(?P<at_most>及?以[内下]|之[内下]|内(?![容部外涵设]))"
    r"|(?P<about>左右|上下|前后)"
    r")"
)
#: No bound stands further before its number than this many characters.
_REACH = 8


def bound_of(folded: str, start: int, end: int) -> Bound:
    """What the words before `start` and behind `end` make of the quantity between them; "exact" by default."""
    match = _BEHIND.match(folded, end) or _BEFORE.search(folded, max(0, start - _REACH), start)
    return _named(match.lastgroup) if match else "exact"


_NAMED: dict[str | None, Bound] = {"at_least": "at_least", "at_most": "at_most", "about": "about"}


def _named(group: str | None) -> Bound:
    return _NAMED.get(group, "exact")
