"""What a quantity in a report says: a total, an increment, what remains, or nothing about what is done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bot.chat.grammar.amounts import Amount, amounts_in, convert

#: "other" is a plan, a task, a rate, a part of another figure, or how it was before.
Kind = Literal["total", "increment", "remaining", "other"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A quantity and what it says."""

    kind: Kind
    amount: Amount


_UNDONE = re.compile(
    r"\s?[^\s0-9,.;!?]{0,4}?(?:没|未|待|尚缺)(?!有?问题|发现|出|坏|变|来)|[^0-9,.;!?]{0,4}?就(?:完|够|齐|行|可以|能|达|全|结)"
)
_THIS_TIME = r"[这本上]个?(?:周|星期|礼拜|月|旬|季度)|今[天日]|昨[天日]|前天|当[天日]|近[日期]|最近|[这近][几两]天"
#: What the words before a quantity make of it; the first that fits decides.
_BEFORE: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "remaining",
        re.compile(
            r"(?:(?:[还尚仍只仅就])?(?:剩[下余]?|(?<!出)差(?!不多|点|额|距|异)|欠)|[尚还]余|余下|[还尚仍][需要须])\S{0,6}$"
            r"|[还尚]有[^\s]?$|(?:没有?|尚?未)(?![到达满超足])[^了已]{1,4}$"
        ),
    ),
    (
        "total",
        re.compile(
            r"[到至达]了?$|截[至止到].{0,12}$|(?:累计|总共|一共|共计?|[合总]计|达到|目前|至今)[^又再]{0,8}$"
        ),
    ),
    (
        "other",
        re.compile(
            r"(?:计划|预计|准备|打算|力争|争取(?!资金|项目|补|上级)|拟|目标|(?<!完成)任务|(?<![供响反相对适])应|(?<![主重首必])要|需"
            r"|(?<!即)将(?!近)|确保|承诺|下个?[周月]|下一?步|明[天年]|设计|[底日月]前)[^已了]{0,8}$"
            r"|[从由原]来?有?的?$|每个?[^0-9]{1,6}$|(?:平|人|户|日|月|亩)均.{0,4}$"
        ),
    ),
    (
        "increment",
        re.compile(
            r"(?:又(?![快好])|再(?![次生就版])|新(?:增|添|装|安装|完成|硬化|铺|栽|植|种|修|打|签|办|拆|开|发展)"
            r"|净?增加?|追加|加装|补[装栽种]|另外?|多[装修铺办做栽完]|比.{1,6}多"
            rf"|{_THIS_TIME}).{{0,10}}$"
        ),
    ),
    ("other", re.compile(r"其中.{0,8}$")),
)
_CLAUSE = re.compile(r"[^,.;!?\n]{0,20}$")
_DONE = re.compile("已|了|完成")
# "本周，装了20盏"
_OPENING = re.compile(rf"(?:^|[,.;!?\n\s])(?:{_THIS_TIME})\s?,\s?$")


def figures_in(folded: str) -> tuple[Figure, ...]:
    """The quantities of a text with what they say, from left to right."""
    found: list[Figure] = []
    bare: list[int] = []
    since = 0
    for amount in amounts_in(folded):
        kind = kind_at(folded, amount.start, amount.end, since)
        if kind == "total" and _DONE.search(folded, since, amount.start):
            for index in bare:
                found[index] = _as_whole(found[index], amount)
        elif kind == "total":
            bare.append(len(found))
        found.append(Figure(kind, amount))
        since = amount.end
    return tuple(found)


def _as_whole(figure: Figure, done: Amount) -> Figure:
    """In 103盏路灯装了96盏 the first figure is the whole, not what is done."""
    whole = convert(figure.amount.value, figure.amount.measure, done.measure)
    return figure if whole is None or whole < done.value else Figure("other", figure.amount)


def kind_at(folded: str, start: int, end: int, since: int = 0) -> Kind:
    """What the quantity or share between two positions says. Words before `since` belong to another one."""
    if _UNDONE.match(folded, end):
        return "remaining"
    clause = _CLAUSE.search(folded, max(since, start - 20), start)
    begin = clause.start() if clause else start
    for kind, pattern in _BEFORE:
        if pattern.search(folded, begin, start):
            return kind
    return "increment" if begin > since and _OPENING.search(folded, max(since, begin - 8), begin) else "total"
