"""The figure of a quantity: a number, or what is vaguer than one (近百, 二十多万, 30-40)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from bot.chat.grammar.bounds import Bound
from bot.chat.grammar.numerals import Number, number_at, numbers_in


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure on its way to a measure, which is to follow at `end`.

    `unit` is the large unit that was said last (万 of 20多万). `percent`: it was said as 百分之….
    """

    value: Decimal
    start: int
    end: int
    bound: Bound = "exact"
    unit: str = ""
    percent: bool = False


_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
# In 百亩果园 and 千家万户 they count nothing.
_ROUND = re.compile(
    "(?<![0-9一二两三四五六七八九十百千万亿几数成点])"
    "(?:(?<=(?P<near>[近约上过超逾达]))(?P<round>[百千万])|(?P<more>[百千万])(?=[多余来](?![万亿])))"
)
_HALF = re.compile("(?<![一大多上下前后过对个])半(?=公里|千米|里[路地]|亩|小时|个小时|天|个月)")
_PERCENT = re.compile(r"百分之\s?")
_MORE = re.compile(r"(?P<more>[多余来几])(?P<scale>[十百千]?[万亿]|[十百千](?![米克瓦]))?")
_RANGE = re.compile(r"%?\s?(?:-{1,2}|~|至|到|或)\s?")
_OF = re.compile(r"\s?/\s?")
_PART = re.compile(r"[0-9]\s?/\s?$")
_MORES: dict[str, Bound] = {"多": "at_least", "余": "at_least", "几": "at_least", "来": "about"}


def figures_of(folded: str) -> Iterator[Figure]:
    """The figures of a text from left to right; a range is one figure, of the lower value."""
    figures = [_figure(folded, number) for number in numbers_in(folded) if _is_said(folded, number.start)]
    vague = [*_vague(folded), *_percents(folded)]
    if vague:
        figures = sorted(figures + vague, key=lambda figure: figure.start)
    for figure in figures:
        yield _up_to(folded, _with_more(folded, figure))


def _is_said(folded: str, start: int) -> bool:
    """Not a mere mark (①), and not the whole in 96/103."""
    if "①" <= folded[start] <= "➓" or "㈠" <= folded[start] <= "㊿":
        return False
    return _PART.search(folded, max(0, start - 4), start) is None


def _figure(folded: str, number: Number) -> Figure:
    unit = folded[number.end - 1] if folded[number.end - 1] in "万亿" else ""
    return Figure(number.value, number.start, number.end, "about" if number.about else "exact", unit)


def _vague(folded: str) -> Iterator[Figure]:
    """近百, 上千, 万余, 半公里."""
    for match in _ROUND.finditer(folded):
        unit = match["round"] or match["more"]
        bound: Bound = "about" if match["near"] in ("近", "约") else "at_least"
        yield Figure(Decimal(_SCALES[unit]), match.start(), match.end(), bound, unit if unit == "万" else "")
    for match in _HALF.finditer(folded):
        yield Figure(Decimal("0.5"), match.start(), match.end())


def _percents(folded: str) -> Iterator[Figure]:
    for match in _PERCENT.finditer(folded):
        number = number_at(folded, match.end())
        if number:
            yield Figure(number.value, match.start(), number.end, percent=True)


def _with_more(folded: str, figure: Figure) -> Figure:
    """With what stands between number and measure: 多, 余, and a large unit behind them."""
    more = _MORE.match(folded, figure.end)
    if more is None:
        return figure
    value, scale = figure.value, more["scale"] or ""
    for unit in scale:
        value *= _SCALES[unit]
    unit = scale[-1:] if scale[-1:] in ("万", "亿") else figure.unit
    return replace(figure, value=value, end=more.end(), bound=_MORES[more["more"]], unit=unit)


def _up_to(folded: str, figure: Figure) -> Figure:
    """With the upper end of its range (30-40户), or with the whole of which it is a part (96/103盏)."""
    whole = _OF.match(folded, figure.end)
    if whole:
        number = number_at(folded, whole.end())
        return replace(figure, end=number.end) if number else figure
    joint = _RANGE.match(folded, figure.end)
    upper = number_at(folded, joint.end()) if joint else None
    if upper is None or upper.value <= figure.value or folded[figure.start - 1 : figure.start] in ("从", "由"):
        return figure
    return replace(figure, end=upper.end, bound="about", unit=folded[upper.end - 1] if figure.unit else "")
