"""Quantities: a figure with what it counts or measures, and whether it is exact."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from bot.chat.grammar.bounds import Bound, bound_of
from bot.chat.grammar.measures import convert, is_divisible, measure_at, same_measure
from bot.chat.grammar.numerals import number_at
from bot.chat.grammar.quantities import Figure, figures_of

__all__ = ["Amount", "Bound", "amounts_in", "convert", "same_measure"]


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity in a folded text: 1.2 of 公里.

    `measure` has its usual name (公里 for km and 千米). Figure and measure stand from `start` to `end`; words
    for the bound may stand outside. "about" goes with ranges too, of which `value` is the lower end.
    """

    value: Decimal
    measure: str
    start: int
    end: int
    bound: Bound = "exact"


_SIZE = re.compile(r"\s?[大小整]?")
# 2公里半, 3米5, 一公里二.
_AND_MORE = re.compile(
    r"(?P<half>半(?![年天月小径数]))|(?P<tenth>[1-9一二三四五六七八九])(?![0-9%]|\.[0-9]|\s?[一-鿿]|[、:)]|\.\s?[一-鿿])"
)
_MONEY = re.compile(
    r"(?:资金?|投入|经费|补[贴助]|奖金|收入|贷款|款项?|争取|[花捐])(?:了|资金|共|近|约|达到?|超过?)*\s?$"
)
_MONEY_UNITS = {"万": ("万元", Decimal(10_000)), "亿": ("亿元", Decimal(100_000_000))}
#: A year, not a number of years.
_YEARS = 200


def amounts_in(folded: str) -> tuple[Amount, ...]:
    """The quantities of a text from left to right, without overlap; a number without a measure is none.

    Money keeps its unit (7万元 is 7 of 万元); other large units are multiplied out (1.2万平方米 is 12000 of
    平方米).
    """
    found: list[Amount] = []
    for figure in figures_of(folded):
        amount = _amount(folded, figure) if not found or figure.start >= found[-1].end else None
        if amount:
            found.append(amount)
    return tuple(found)


def _amount(folded: str, figure: Figure) -> Amount | None:
    if figure.percent:
        return _bounded(folded, figure, figure.value, "%", figure.end)
    size = _SIZE.match(folded, figure.end)
    named = measure_at(folded, size.end() if size else figure.end)
    if named is None:
        return _bare_money(folded, figure)
    measure, end = named
    value = figure.value
    if measure == "元" and figure.unit:
        measure, unit = _MONEY_UNITS[figure.unit]
        value /= unit
    if measure == "年" and value > _YEARS:
        return None
    if "半" in folded[figure.end : end]:
        value += Decimal("0.5")
    more = _AND_MORE.match(folded, end) if is_divisible(measure) else None
    if more:
        value += Decimal("0.5") if more["half"] else _tenth(more["tenth"])
        end = more.end()
    return _bounded(folded, figure, value, measure, end)


def _tenth(digit: str) -> Decimal:
    number = number_at(digit, 0)
    return number.value / 10 if number else Decimal(0)


def _bare_money(folded: str, figure: Figure) -> Amount | None:
    """争取资金120万: everybody knows what is left out."""
    if not figure.unit or not _MONEY.search(folded, max(0, figure.start - 8), figure.start):
        return None
    measure, unit = _MONEY_UNITS[figure.unit]
    return _bounded(folded, figure, figure.value / unit, measure, figure.end)


def _bounded(folded: str, figure: Figure, value: Decimal, measure: str, end: int) -> Amount:
    bound = figure.bound
    if bound == "exact":
        bound = "at_least" if "多" in folded[figure.end : end] else bound_of(folded, figure.start, end)
    return Amount(value, measure, figure.start, end, bound)
