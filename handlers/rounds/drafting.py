"""Reading what an organizer says of a new round: its kind, name, contestants and criteria. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.chat.grammar.folding import fold
from bot.chat.grammar.numerals import number_at
from handlers.rounds.rulings import DECIMAL, DRAWN, ROUTE, UNTRIMMED, Timing
from storage.rounds import Criterion, Kind

_KINDS = (
    ("逐办观摩", Kind.OBSERVATION),
    ("现场观摩", Kind.OBSERVATION),
    ("观摩", Kind.OBSERVATION),
    ("专场比学", Kind.FORUM),
    ("比学", Kind.FORUM),
    ("论坛", Kind.FORUM),
    ("年终评议", Kind.EVALUATION),
    ("评议", Kind.EVALUATION),
    ("其他", Kind.OTHER),
    ("observation", Kind.OBSERVATION),
    ("forum", Kind.FORUM),
    ("evaluation", Kind.EVALUATION),
    ("other", Kind.OTHER),
)
_BETWEEN = re.compile(r"[\s,，;；、。]+")
_LIST_NUMBER = re.compile(r"^\d{1,3}(?:[.．)）号]|$)")
_UNIT_LIKE = re.compile(r".{1,20}(?:村|社区|屯|庄|寨|砦)$")
_CRITERION = re.compile(
    r"[\s,;、]*(?P<name>(?:[^\d\s,;、:()+]|(?<=[A-Za-z])\ (?=[A-Za-z])){1,40}?)"
    r"[\s:(]*(?:满分)?(?P<maximum>\d+(?:\.\d+)?)\s*(?:分|points?\b)?\)?"
    r"(?:\s*,?\s*(?:[*xX×]|(?:权重|占|weight)\s*:?)\s*(?P<weight>\d+(?:\.\d{1,4})?)\s*(?P<percent>%)?\)?)?"
)
#: A larger number beside a criterion is a percentage.
_HUNDRED, _MOST_TIMES = 100, 10

_PARTS = re.compile(r"[;\n]+")
_PANEL = re.compile(r"(?P<name>[^\d:;,、]{1,20}?)\s*(?P<weight>\d+(?:\.\d+)?)\s*%?\s*:\s*(?P<judges>.+)")
#: What may be typed for the ties that are no criterion, and for none at all.
_TIES = {
    "小数": DECIMAL,
    "多一位小数": DECIMAL,
    "decimal": DECIMAL,
    "去掉前平均": UNTRIMMED,
    "去掉最高最低分之前的平均分": UNTRIMMED,
    "平均": UNTRIMMED,
    "decimals": DECIMAL,
    "untrimmed": UNTRIMMED,
}
_NO_TIES = {"并列", "都并列", "无", "没有", "none", "shared", "equal"}
_TIMING = re.compile(
    r"(?:(?P<least>\d{1,2})\s*(?:到|至|-|~)\s*)?(?P<most>\d{1,3})\s*分钟?"
    r"(?:[\s,]*(?:超时)?每?(?P<unit>\d{1,3})秒扣?\s*(?P<points>\d+(?:\.\d+)?)分?)?"
    r"(?:[\s,]*最多扣?\s*(?P<cap>\d+(?:\.\d+)?)分?)?"
)
_TIMING_IN_ENGLISH = re.compile(
    r"(?:up to\s*)?(?:(?P<least>\d{1,2})\s*(?:to|-|~)\s*)?(?P<most>\d{1,3})\s*min(?:ute)?s?\.?"
    r"(?:[\s,]*(?:minus|less|-)?\s*(?P<points>\d+(?:\.\d+)?)(?:\s*points?)?(?:\s*off)?\s*"
    r"(?:per|every|each|for every)\s*(?P<unit>\d{1,3})\s*s(?:ec(?:ond)?s?)?\.?)?"
    r"(?:[\s,]*(?:at most|max(?:imum)?|up to)\s*(?P<cap>\d+(?:\.\d+)?)(?:\s*points?)?)?"
)

#: What the two kinds of the published quarter were scored by; maxima are this program's proposal.
TEMPLATES: dict[Kind, tuple[Criterion, ...]] = {
    Kind.OBSERVATION: (
        Criterion("党建引领", Decimal(30)),
        Criterion("社会服务", Decimal(30)),
        Criterion("平安建设", Decimal(20)),
        Criterion("文化阵地", Decimal(20)),
    ),
    Kind.FORUM: (
        Criterion("现场发言", Decimal(40)),
        Criterion("成果展示", Decimal(30)),
        Criterion("回答问题", Decimal(30)),
    ),
    Kind.EVALUATION: (Criterion("总分", Decimal(100)),),
    Kind.OTHER: (Criterion("总分", Decimal(100)),),
}


#: A forum has its clock: eight minutes, and what a started half minute more costs on a hundred-point scale.
TIMINGS: dict[Kind, Timing] = {Kind.FORUM: Timing(0, 480, 30, Decimal("0.5"), Decimal(2))}
#: Sites lie on a route, speakers draw lots.
ORDERS: dict[Kind, str] = {Kind.OBSERVATION: ROUTE, Kind.FORUM: DRAWN}
#: Speakers come one after the other; on a tour of sites judges score when they have seen enough.
IN_TURN = frozenset({Kind.FORUM})


@dataclass(frozen=True, slots=True)
class Panel:
    """Judges with a common weight, by name as typed."""

    name: str
    weight: Decimal
    judges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """What one line says: `names` are units as typed, in order; what is not said is None or empty."""

    kind: Kind | None
    name: str | None
    names: tuple[str, ...]


def read(text: str) -> Draft:
    """`观摩 4月29日逐办观摩 大里村、公园道社区、庄王村` → kind, name and contestants."""
    folded = fold(text)
    kind, at = None, 0
    for word, meant in _KINDS:
        if folded.lstrip().casefold().startswith(word):
            kind, at = meant, len(folded) - len(folded.lstrip()) + len(word)
            break
    words = [word for word in _BETWEEN.split(text[at:].strip()) if word]
    name = None
    if words and not _UNIT_LIKE.match(words[0]):
        name = words.pop(0)
    return Draft(kind, name, tuple(words))


def unit_names(text: str) -> tuple[str, ...]:
    """A list of units as typed, with or without numbers before them: 1.大里村 2.公园道社区 …"""
    words = (_LIST_NUMBER.sub("", word) for word in _BETWEEN.split(text.strip()))
    return tuple(word for word in words if word)


def panels(text: str) -> tuple[Panel, ...] | None:
    """`领导组60：张三、李四；群众组40：王五` → panels with weights; None for a mere list of names."""
    found = []
    for part in _PARTS.split(fold(text).strip()):
        match = _PANEL.fullmatch(part.strip())
        if match is None:
            return None
        found.append(Panel(match["name"], Decimal(match["weight"]), unit_names(match["judges"])))
    names = {panel.name for panel in found}
    good = len(names) == len(found) and all(p.weight > 0 and p.judges for p in found)
    return tuple(found) if good else None


def groups(text: str) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
    """`一组：大里村、欢河村；二组：公园道社区` → which panel scores which units; None when not understood."""
    found = []
    for part in _PARTS.split(fold(text).strip()):
        panel, colon, names = part.partition(":")
        units = unit_names(names)
        if not colon or not panel.strip() or not units or len(set(units)) < len(units):
            return None
        found.append((panel.strip(), units))
    good = len(found) > 1 and len({panel for panel, _units in found}) == len(found)
    return tuple(found) if good else None


def ties(text: str, chosen: Sequence[Criterion]) -> tuple[str, ...] | None:
    """`小数、党建、去掉前平均` → what tells equal scores apart; `并列`: nothing does; None when not understood.

    A further decimal always comes first: it is shown, and a rank must not contradict what is shown.
    """
    names = {criterion.name: criterion.name for criterion in chosen} | _TIES
    found: list[str] = []
    for word in unit_names(fold(text).replace("a further decimal", DECIMAL)):
        fits = [tie for name, tie in names.items() if name == word] or [
            tie for name, tie in names.items() if name.casefold().startswith(word.casefold())
        ]
        if word.casefold() in _NO_TIES:
            continue
        if len(set(fits)) != 1 or fits[0] in found:
            return None
        found.append(fits[0])
    return tuple(sorted(found, key=lambda tie: tie != DECIMAL))


def minutes(text: str) -> Timing | None:
    """`8分钟 每30秒扣0.5 最多2` or `6到8分钟 …` → the rule of the clock; None when it is not understood.

    Also in English: `8 minutes, 0.5 per 30 seconds, at most 2`.
    """
    said = fold(text).casefold().strip()
    match = _TIMING.fullmatch(said.rstrip("分.")) or _TIMING_IN_ENGLISH.fullmatch(said.rstrip("."))
    if match is None:
        return None
    least, most = int(match["least"] or 0) * 60, int(match["most"]) * 60
    unit, points = int(match["unit"] or 30), Decimal(match["points"] or "0.5")
    return (
        Timing(least, most, unit, points, Decimal(match["cap"] or points * 4)) if least < most and unit else None
    )


def criteria(text: str) -> tuple[Criterion, ...] | None:
    """`党建30 服务30 平安20 阵地20`, or one number for a single total; None when it is neither."""
    folded = fold(text).strip()
    alone = number_at(folded, 0)
    if alone is not None and folded[alone.end :].strip() in ("", "分") and alone.value > 0:
        return (Criterion("总分", alone.value),)
    found: list[Criterion] = []
    at = 0
    while at < len(folded):
        match = _CRITERION.match(folded, at)
        if match is None:
            break
        found.append(Criterion(match["name"], Decimal(match["maximum"]), _weight(match)))
        at = match.end()
    names = {criterion.name for criterion in found}
    above_zero = all(c.maximum > 0 and c.weight > 0 for c in found)
    good = not folded[at:].strip(" ,;、.") and len(names) == len(found) and above_zero
    return tuple(found) if found and good else None


def _weight(match: re.Match[str]) -> Decimal:
    """`30%` and `权重30` are 0.3, `×2` is 2."""
    if match["weight"] is None:
        return Decimal(1)
    weight = Decimal(match["weight"])
    return weight / _HUNDRED if match["percent"] or weight > _MOST_TIMES else weight


def to_wire(chosen: Sequence[Criterion]) -> list[list[str]]:
    """Criteria as JSON data."""
    return [[criterion.name, str(criterion.maximum), str(criterion.weight)] for criterion in chosen]


def from_wire(wire: Sequence[Sequence[str]]) -> tuple[Criterion, ...]:
    """The inverse of `to_wire`."""
    return tuple(Criterion(name, Decimal(maximum), Decimal(weight)) for name, maximum, weight in wire)
