"""Shares of a whole: 60%, 百分之八十, 八成五, 三分之二, 过半, 全部."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from bot.chat.grammar.bounds import Bound, bound_of
from bot.chat.grammar.measures import measure_at
from bot.chat.grammar.numerals import number_at


@dataclass(frozen=True, slots=True)
class Share:
    """A share in a folded text, from `start` up to `end`; `value` 1 is the whole, and it may be more.

    Words for the bound stand outside, except where they make the share (过半, 大半).
    """

    value: Decimal
    start: int
    end: int
    bound: Bound = "exact"


_PLACES = Decimal("0.0001")
_FIGURE = r"(?<![0-9])(?<![0-9]\.)[0-9]{1,6}(?:\.[0-9]{1,4})?"
_DIGIT = "[一二两三四五六七八九]"
_UNTIL = r"\s?(?:-{1,2}|~)\s?"
# How 成 goes on when it tells no tenths: 成立, 成效, 成员, 一成不变.
_NO_TENTHS = "[立功长员果为效套品本都绩型熟语就不材]"
_NO_HALF = "[年天月日径数路个导]"
_SHARE = re.compile(
    rf"(?P<percent>{_FIGURE})(?:%?{_UNTIL}(?P<upper>[0-9]{{1,3}}(?:\.[0-9]{{1,4}})?))?\s?%"
    rf"|(?<![0-9])%\s?(?P<reversed>[0-9]{{1,3}}(?:\.[0-9]{{1,4}})?)(?![0-9%])"
    r"|(?P<hundredths>百分之\s?)(?=[0-9零一二两三四五六七八九十])|(?P<all>百分(?:之)?百|全[部数](?!.{0,6}(?:前期|手续|招标|设计|采购|审批))"
    r"(?=.{0,4}?(?:完|毕|竣|办?结|建成|到位|[装弄修]好|清零|落实|解决|销号|兑现|通[车水电气]|拆除|投用|投入使用|验收)|[,.;!\s]|$))"
    rf"|(?<![0-9.一二三四五六七八九十])(?P<tenths>{_DIGIT}|十|[0-9](?:\.[0-9])?|10)(?P<to>、?{_DIGIT}|(?:{_UNTIL}|、)[0-9])?"
    rf"\s?成(?!{_NO_TENTHS})(?:(?P<five>{_DIGIT}|半)(?![一二三四五六七八九十]))?"
    rf"|(?P<below>[0-9]{{1,3}}|{_DIGIT}|十|百)分之\s?(?P<above>[0-9]{{1,2}}|{_DIGIT})"
    r"|(?<![0-9./])(?P<part>[1-9])/(?P<of>[2-9]|10)(?![0-9./月日])"
    rf"|(?P<more>(?:超过?|(?<![经通])(?<!(?<![道公水马铁线])路)过)了?一?半(?!{_NO_HALF})|一?[大多]半(?!{_NO_HALF})|(?:一半|半数)(?:以上|多))"
    rf"|(?P<less>一?小半(?!{_NO_HALF}))"
    rf"|(?P<half>一半|半数|对半|(?<=[近了])半(?!{_NO_HALF})|(?<=完成)半(?!{_NO_HALF}))"
)
# 没有全部完成 and 力争年底全部完成 do not say that it is the whole.
_NOT = re.compile(r"(?:没有?|未能?|不是?|非|前)$|(?:力争|争取|确保|预计|计划|将|要|[年月]底)[^,.;!?]{0,8}$")


def shares_in(folded: str) -> tuple[Share, ...]:
    """The shares of a text from left to right, without overlap.

    Exact decimals; a fraction has four places (三分之二 is 0.6667). "过半" is at least a half. A range (六七成,
    60%-70%) is about its lower end.
    """
    found: list[Share] = []
    for match in _SHARE.finditer(folded):
        share = _share(folded, match) if not found or match.start() >= found[-1].end else None
        if share:
            found.append(share)
    return tuple(found)


def _share(folded: str, match: re.Match[str]) -> Share | None:
    start, end = match.span()
    if match["more"] or match["less"]:
        return Share(Decimal("0.5"), start, end, "at_least" if match["more"] else "at_most")
    if match["part"] and measure_at(folded, end):
        # 3/5项 counts items.
        return None
    if match["all"] and _NOT.search(folded, max(0, start - 10), start):
        return None
    if match["hundredths"]:
        number = number_at(folded, end)
        return _bounded(folded, number.value / 100, start, number.end) if number else None
    value = _value(match.groupdict())
    if value is None:
        return None
    if match["upper"] or match["to"]:
        return Share(value, start, end, "about")
    return _bounded(folded, value, start, end)


def _bounded(folded: str, value: Decimal, start: int, end: int) -> Share:
    return Share(value, start, end, bound_of(folded, start, end))


def _value(parts: dict[str, str]) -> Decimal | None:
    if figure := parts["percent"] or parts["reversed"]:
        return Decimal(figure) / 100
    if parts["all"]:
        return Decimal(1)
    if parts["half"]:
        return Decimal("0.5")
    if parts["tenths"]:
        five = Decimal(5) if parts["five"] == "半" else _number(parts["five"] or "零")
        return (_number(parts["tenths"]) * 10 + five) / 100
    return _fraction(parts["part"] or parts["above"], parts["of"] or parts["below"])


def _fraction(above: str, below: str) -> Decimal | None:
    part, whole = _number(above), Decimal(100) if below == "百" else _number(below)
    if not 0 < part <= whole:
        return None
    return (part / whole).quantize(_PLACES, ROUND_HALF_UP).normalize()


def _number(word: str) -> Decimal:
    number = number_at(word, 0)
    return number.value if number else Decimal(0)
