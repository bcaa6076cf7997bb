"""A standing in words: its rules, its table, and how a unit's figure came about, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import reduce

from bot.chat.messages import Block, Fields, Table, faint, title
from bot.chat.settings import Policy
from bot.chat.texts import T, Text, Words
from handlers.rounds.tally import rounded
from handlers.standings.composing import Placed
from handlers.standings.fulfilment import Fulfilment
from handlers.standings.gathering import YEAR, Composite, Period, hundred
from storage.rounds import Kind
from storage.standings import Scored
from storage.units import COMMUNITY, VILLAGE

PART_WORDS: dict[str, Text] = {
    "observation": T("观摩"),
    "forum": T("比学"),
    "other": T("其他评分"),
    "progress": T("承诺进度"),
    "quarters": T("季度成绩"),
    "evaluation": T("年终评议"),
    "fulfilment": T("承诺兑现率"),
}
_KINDS = {
    "observation": Kind.OBSERVATION,
    "forum": Kind.FORUM,
    "other": Kind.OTHER,
    "evaluation": Kind.EVALUATION,
}
_CLASSES = {VILLAGE: T("村"), COMMUNITY: T("社区")}
_MISSING: dict[str, Text] = {
    "left_out": T("缺一部分成绩的，其余部分按比例补足权重"),
    "zero": T("缺一部分成绩的，那部分按0分"),
    "unranked": T("缺一部分成绩的，不参加排名"),
}
#: Decimals of a figure on the way to the rounded one.
_STEP = 4


def period_words(period: Period) -> Text:
    """As people read it."""
    if period.quarter == YEAR:
        return T("{year}年度", year=period.year)
    return T("{year}年第{quarter}季度", year=period.year, quarter=period.quarter)


def heading(period: Period) -> Text:
    """The heading of a standing."""
    return T("{period}综合成绩", period=period_words(period))


def rule_lines(found: Composite, policy: Policy) -> list[Text]:
    """Everything that decides the standing, from the very rule that is computed."""
    rule = found.rule
    shares = _shares(rule.weights)
    lines = [
        T("综合成绩由{parts}合成，各部分按百分制，保留{decimals}位小数。", parts=shares, decimals=rule.decimals),
        T("参加过至少一场评分的单位参加排名；{missing}。", missing=_MISSING[rule.missing]),
    ]
    if found.absent:
        lines.append(T("没有成绩、不计入的：{parts}。", parts=[PART_WORDS[name] for name in found.absent]))
    names = [name for name, _weight in rule.weights]
    if "quarters" in names:
        lines.append(T("季度成绩取参加过的各季度综合成绩的平均。"))
    if "progress" in names:
        lines.append(T("承诺进度是各项承诺最近一次报告的完成比例的平均，最多算100%，没报的算0。"))
    if "fulfilment" in names:
        lines.append(
            T("承诺兑现率＝（兑现项数＋部分兑现项数×{partly}%）÷已评项数。", partly=policy.standings.partly)
        )
    ties = [PART_WORDS[name] for name in rule.ties]
    lines.append(
        T("得分相同的，依次比{ties}；还相同就并列，后面的名次空出来。", ties=ties)
        if ties
        else T("得分相同的并列，后面的名次空出来。")
    )
    return lines


def _shares(weights: Sequence[tuple[str, Decimal]]) -> list[Text]:
    whole = sum((weight for _name, weight in weights), Decimal(0))
    return [
        T("{part}{share}%", part=PART_WORDS[name], share=rounded(Fraction(weight) * 100 / Fraction(whole), 1))
        for name, weight in weights
    ]


def tables(found: Composite, places: Sequence[Placed]) -> list[Block]:
    """One table, or one for each class with its name above."""
    if not found.rule.apart:
        return [_table(found, places)]
    body: list[Block] = []
    for klass in dict.fromkeys(place.unit.klass for place in places):
        own = [place for place in places if place.unit.klass == klass]
        body += [title(_CLASSES.get(klass, klass)), _table(found, own)]
    return body


def _table(found: Composite, places: Sequence[Placed]) -> Table:
    names = [name for name, _weight in found.rule.weights]
    heads: tuple[Words, ...] = (T("名次"), T("单位"), *(PART_WORDS[name] for name in names), T("总成绩"))
    rows = tuple(
        (
            str(place.rank) if place.rank is not None else "—",
            place.unit.name,
            *(figure(place.unit.parts.get(name), found.rule.decimals) for name in names),
            shown(place),
        )
        for place in places
    )
    return Table(heads, rows, "rl" + "r" * (len(names) + 1))


def figure(value: Fraction | None, decimals: int) -> str:
    """A part as it stands in a table."""
    return "—" if value is None else format(rounded(value, decimals), "f")


def shown(place: Placed) -> str:
    """The standing as announced."""
    return "—" if place.score is None else format(place.score, "f")


def explained(found: Composite, place: Placed, policy: Policy) -> list[Block | Words]:
    """How a unit's standing came about: place, each part with its sources, the arithmetic, the rules."""
    peers = [p for p in found.places if not found.rule.apart or p.unit.klass == place.unit.klass]
    body: list[Block | Words] = [
        title(T("{unit}　{heading}", unit=place.unit.name, heading=heading(found.period)))
    ]
    if place.rank is not None:
        rank = T("第{rank}名，共{count}个单位", rank=place.rank, count=len(peers))
        body.append(Fields(((T("总成绩"), shown(place)), (T("名次"), rank))))
    for name, _weight in found.rule.weights:
        body += part_lines(found, place, name)
    body += _arithmetic(found, place)
    return [*body, *(faint(line) for line in rule_lines(found, policy))]


def part_lines(found: Composite, place: Placed, name: str) -> list[Text]:
    """One part of a unit's standing and where it comes from."""
    value = place.unit.parts.get(name)
    if value is None:
        return [T("{part}：没有成绩", part=PART_WORDS[name])]
    if name == "quarters":
        return _quarters(found, place, value)
    if name == "fulfilment":
        return [
            T("{part}：{words}", part=PART_WORDS[name], words=fulfilment_words(found.fulfilled[place.unit.id]))
        ]
    if name == "progress":
        return [T("{part}：{share}", part=PART_WORDS[name], share=rounded(value, _STEP))]
    return _rounds(found, place, name, value)


def _rounds(found: Composite, place: Placed, name: str, value: Fraction) -> list[Text]:
    own = [s for s in found.scores[place.unit.id] if s.kind is _KINDS[name] and s.score is not None]
    lines = [T("{part}：{words}", part=PART_WORDS[name], words=_score(one)) for one in own]
    if len(own) > 1:
        lines.append(
            T("{part}{count}场的平均：{mean}", part=PART_WORDS[name], count=len(own), mean=rounded(value, _STEP))
        )
    return lines


def _score(one: Scored) -> Text:
    score = format(one.score or Decimal(0), "f")
    if one.maximum == 100:
        return T("“{name}”{score}分", name=one.name, score=score)
    return T(
        "“{name}”{score}分，满分{maximum}，折成百分制{hundred}",
        name=one.name,
        score=score,
        maximum=one.maximum,
        hundred=rounded(hundred(one), _STEP),
    )


def _quarters(found: Composite, place: Placed, value: Fraction) -> list[Text]:
    own = [
        T("第{quarter}季度{score}", quarter=number, score=rounded(standing.exact, _STEP))
        for number, quarter in found.quarters.items()
        if (standing := quarter.get(place.unit.id)) and standing.exact is not None
    ]
    part = PART_WORDS["quarters"]
    return [T("{part}：{quarters}，平均{mean}", part=part, quarters=own, mean=rounded(value, _STEP))]


def fulfilment_words(one: Fulfilment) -> Text:
    """A unit's fulfilment with its counts."""
    counts = [
        words
        for number, words in (
            (one.fulfilled, T("兑现{count}项", count=one.fulfilled)),
            (one.partly, T("部分兑现{count}项", count=one.partly)),
            (one.unfulfilled, T("未兑现{count}项", count=one.unfulfilled)),
            (one.open, T("还没评{count}项", count=one.open)),
        )
        if number
    ]
    if one.share is None:
        return T("{counts}", counts=counts or [T("没有承诺")])
    share = rounded(one.share, 1)
    if one.first_only:
        return T(
            "{counts}，兑现率{share}%（其中{first}项是初评）", counts=counts, share=share, first=one.first_only
        )
    return T("{counts}，兑现率{share}%", counts=counts, share=share)


def _plus(before: Text, term: Text) -> Text:
    return T("{before}＋{term}", before=before, term=term)


def _arithmetic(found: Composite, place: Placed) -> list[Text]:
    """The weighted mean, the rounding, and what a tie was split by."""
    rule = found.rule
    if place.exact is None or place.score is None:
        return [T("没有综合成绩：{rule}。", rule=_MISSING[rule.missing])]
    has = [(name, weight) for name, weight in rule.weights if name in place.unit.parts]
    counted = rule.weights if rule.missing == "zero" else has
    terms = [
        T(
            "{part}{value}×{weight}",
            part=PART_WORDS[name],
            value=rounded(place.unit.parts[name], _STEP),
            weight=weight,
        )
        for name, weight in has
    ]
    whole = sum((weight for _name, weight in counted), Decimal(0))
    exact = rounded(place.exact, _STEP)
    lines = [T("加权：（{terms}）÷{whole}＝{exact}", terms=reduce(_plus, terms), whole=whole, exact=exact)]
    lines.append(T("四舍五入到{decimals}位小数：{score}", decimals=rule.decimals, score=shown(place)))
    for name in place.split:
        value = figure(place.unit.parts.get(name), _STEP)
        lines.append(T("和同分的单位比{part}：{value}", part=PART_WORDS[name], value=value))
    return lines
