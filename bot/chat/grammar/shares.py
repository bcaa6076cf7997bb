"""Shares of a whole: 60%, 百分之八十, 八成五, 三分之二, 过半, 全部."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from bot.chat.grammar.bounds import Bound, bound_of
from bot.chat.grammar.numerals import Number, number_at

_FRACTION_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Share:
    """A share in a folded text, from `start` up to `end`; `value` 1 is the whole, and it may be more."""

    value: Decimal
    start: int
    end: int
    bound: Bound = "exact"


_NUMBER = r"[0-9零〇一二两三四五六七八九十百点.]{1,8}"
_PERCENT = re.compile(
    rf"(?<![0-9.])(?P<sign>[0-9]{{1,6}}(?:\.[0-9]{{1,4}})?)\s?%|百分之\s?(?P<words>{_NUMBER})|(?P<all>百分百|百分之百)"
)
_TENTHS = re.compile(
    r"(?<![0-9一二三四五六七八九十])(?P<tenths>[1-9一二三四五六七八九])(?P<to>[二三四五六七八九])?\s?成(?P<half>半)?(?P<more>[1-9一二三四五六七八九])?"
    r"(?![立功长员果为套品本员都绩])"
)
_FRACTION = re.compile(r"(?P<below>[二三四五六七八九十2-9]|10)分之(?P<above>[一二三四五六七八九1-9])")
_HALF = re.compile(
    r"(?P<more>过半|超过?一?半|一大半|大半|一半以上|多半)|(?P<half>(?<![上下前后大多小])一半(?!以上)|(?<=[了成约近到])半(?=[,.;\s]|$))"
)
_WHOLE = re.compile(r"全部(?=完成|完工|办结|到位|建成|装完|做完|结束|[,.;!\s]|$)|百分百|百分之百")
_DIGITS = dict(zip("一二三四五六七八九", range(1, 10), strict=True))


def shares_in(folded: str) -> tuple[Share, ...]:
    """The shares of a text from left to right, without overlap.

    Exact decimals; a fraction has four places (三分之二 is 0.6667). "过半" is at least a half, 六七成 about six
    tenths: the lower of the two.
    """
    found = [*_percents(folded), *_tenths(folded), *_fractions(folded), *_halves(folded), *_wholes(folded)]
    found.sort(key=lambda share: (share.start, -share.end))
    kept: list[Share] = []
    for share in found:
        if not kept or share.start >= kept[-1].end:
            kept.append(share)
    return tuple(kept)


def _bounded(folded: str, value: Decimal, start: int, end: int, bound: Bound = "exact") -> Share:
    return Share(value, start, end, bound if bound != "exact" else bound_of(folded, start, end))


def _percents(folded: str) -> list[Share]:
    found = []
    for match in _PERCENT.finditer(folded):
        if match["all"]:
            continue
        if match["sign"]:
            found.append(_bounded(folded, Decimal(match["sign"]) / 100, match.start(), match.end()))
            continue
        number: Number | None = number_at(folded, match.start("words"))
        if number is not None:
            found.append(_bounded(folded, number.value / 100, match.start(), number.end))
    return found


def _tenths(folded: str) -> list[Share]:
    found = []
    for match in _TENTHS.finditer(folded):
        value = Decimal(_digit(match["tenths"])) / 10
        if match["half"]:
            value += Decimal("0.05")
        elif match["more"]:
            value += Decimal(_digit(match["more"])) / 100
        found.append(_bounded(folded, value, match.start(), match.end(), "about" if match["to"] else "exact"))
    return found


def _fractions(folded: str) -> list[Share]:
    found = []
    for match in _FRACTION.finditer(folded):
        below, above = number_at(match["below"], 0), _digit(match["above"])
        if below is None or below.value < above:
            continue
        value = (Decimal(above) / below.value).quantize(_FRACTION_PLACES)
        found.append(_bounded(folded, value.normalize(), match.start(), match.end()))
    return found


def _halves(folded: str) -> list[Share]:
    half = Decimal("0.5")
    return [
        _bounded(folded, half, m.start(), m.end(), "at_least" if m["more"] else "exact")
        for m in _HALF.finditer(folded)
    ]


def _wholes(folded: str) -> list[Share]:
    return [Share(Decimal(1), match.start(), match.end()) for match in _WHOLE.finditer(folded)]


def _digit(word: str) -> int:
    return _DIGITS[word] if word in _DIGITS else int(word)
