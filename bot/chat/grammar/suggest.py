"""您是不是想说…: the known words that a mistyped one may mean."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process, utils
from rapidfuzz.distance import OSA

#: What people leave out of the name of a unit, or add to it.
_ENDINGS = ("街道办事处", "办事处", "社区", "街道", "村")
#: One wrong character in a word of two is half of it, and still the likeliest mistake on a phone.
_SHORT = 3


def closest(word: str, choices: Iterable[str], limit: int = 3, cutoff: float = 60) -> list[str]:
    """The best `limit` choices, the likeliest first; none that scores below `cutoff` (0 to 100).

    A score is the share of characters that agree, without the endings of units' names; in words of up to
    three characters one wrong or swapped character is forgiven.
    """
    word = word.strip()
    if not word:
        return []
    found = process.extract(
        word,
        list(dict.fromkeys(choices)),
        scorer=_score,
        processor=utils.default_process,
        limit=limit,
        score_cutoff=cutoff,
    )
    return [choice for choice, _points, _index in found]


def _score(a: str, b: str, *, score_cutoff: float | None = None, **_options: object) -> float:
    whole = fuzz.ratio(a, b)
    short_a, short_b = _bare(a), _bare(b)
    points = max(whole, fuzz.ratio(short_a, short_b) - 1)
    if min(len(short_a), len(short_b)) >= 2 and max(len(short_a), len(short_b)) <= _SHORT:
        wrong = OSA.distance(short_a, short_b)
        if wrong == 1:
            points = max(points, 70.0 if len(short_a) == len(short_b) else 62.0)
    elif len(short_a) > 1 and len(short_b) > 1 and (short_a in short_b or short_b in short_a):
        points = max(points, 75.0)
    return points if score_cutoff is None or points >= score_cutoff else 0.0


def _bare(name: str) -> str:
    for ending in _ENDINGS:
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name.removesuffix(ending)
    return name
