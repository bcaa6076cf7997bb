"""What a promise is measured by: the figures in its wording, and what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from bot.chat.grammar.amounts import amounts_in
from bot.chat.grammar.folding import fold
from bot.chat.grammar.shares import shares_in
from storage.terms import Kind, Part


@dataclass(frozen=True, slots=True)
class Measured:
    """The kind of a promise and what there is to be reached."""

    kind: Kind
    target: Decimal | None = None
    measure: str | None = None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class _Figure:
    value: Decimal
    measure: str
    start: int
    end: int
    bound: str

    @property
    def is_money(self) -> bool:
        return self.measure.endswith("元") or self.measure in ("块", "块钱")


PERCENT = "%"
_SPANS_OF_TIME = {"天", "日", "周", "个月", "月", "年", "小时", "分钟", "季度", "个季度", "年度", "岁", "点", "号"}
# Sizes and rates of one thing: "宽4米", "每月2次", "人均15平方米". Never what is to be reached in all.
_ATTRIBUTE = re.compile(
    r"(?:宽|高|厚|深|直径|半径|人均|户均|平均|亩均|亩产|日均|第|距离?|相距)(?:度|约|为|达)*\s*$"
    r"|每(?:个|两)?(?:月|季|季度|周|年|天|日|旬|户|人|亩|村|组|次|半年)[^,.;]{0,12}$"
)
# Whom it is for, where something else is counted: "为300户群众安装路灯20盏".
_FOR_WHOM = re.compile(r"(?:为|惠及|受益|涉及|服务|解决|方便|让|使|长|面积|占地|总长|全长)[^,.;:、\d]{0,4}$")
_INPUT = re.compile(r"(?:投入|投资|出资|自筹|捐资|耗资|总?造价|预算|使用|利用)[^,.;:\d]{0,8}$")
_RATE = re.compile(r"率|满意度|占比|比例|覆盖面|增长|提高|提升|增收|下降|降低|减少")
_BEGINS = re.compile(r"开工|动工|启动")
_FINISHES = re.compile(
    r"建成|建好|开工|动工|完工|竣工|投入使用|投用|启用|挂牌|揭牌|验收|通车|通水|通电|通气|落成|交付|新上|完成|办结"
)
_BUILDS = re.compile(
    r"^(?:计划|力争|争取|确保)?(?:新建|修建|改建|扩建|改造|翻新|安装|成立|组建|出台|制定|建立|发放|搬迁|创建|打造|建设|启动|编制|开通)"
)
_DISCRETE = set("家座台个处所栋幢项套间条口眼辆支")
#: Up to this many of a kind are built one by one, not counted up.
_FEW = 2
_CLAUSE = re.compile(r"[,.;:、()\[\]\s]")
_AND = re.compile(r"[,.;:、()\[\]\s]|[和及与并]")


def measure_of(words: str) -> Measured:
    """What the wording promises: a figure, several, a thing to be finished, or a quality."""
    folded = fold(words)
    figures = _figures(folded)
    inputs = _inputs(folded, figures)
    targets = [figure for figure in figures if figure not in inputs]
    if len(targets) > 1:
        return Measured(Kind.COMPOUND, parts=_parts(words, figures, inputs))
    if not targets:
        return Measured(_without_figure(_without_inputs(folded, inputs)))
    return _single(folded, targets[0])


def kind_without_figure(words: str) -> Kind:
    """A thing to be finished, or a quality."""
    return _without_figure(fold(words))


def replace_figure(words: str, target: Decimal, measure: str, figure: str) -> str:
    """The wording with the target that it names ("2公里") put differently; as it is when it names none."""
    for found in _figures(fold(words)):
        if found.value == target and found.measure == measure:
            return words[: found.start] + figure + words[found.end :]
    return words


def figure_of(text: str) -> tuple[Decimal, str] | None:
    """The one figure with a measure in a text; None when there is none, or more than one."""
    found = _figures(fold(text))
    return (found[0].value, found[0].measure) if len(found) == 1 else None


def _figures(folded: str) -> list[_Figure]:
    """The figures that could be targets, from left to right."""
    amounts = [_Figure(a.value, a.measure, a.start, a.end, a.bound) for a in amounts_in(folded)]
    taken = {position for amount in amounts for position in range(amount.start, amount.end)}
    shares = [_Figure(_plain(s.value * 100), PERCENT, s.start, s.end, s.bound) for s in shares_in(folded)]
    found = amounts + [share for share in shares if taken.isdisjoint(range(share.start, share.end))]
    found = sorted((f for f in found if f.measure not in _SPANS_OF_TIME), key=lambda figure: figure.start)
    found = [f for f in found if f.value > 0 and not _ATTRIBUTE.search(folded, 0, f.start)]
    counted = [f for f in found if not _FOR_WHOM.search(folded, 0, f.start)]
    return counted or found


def _plain(value: Decimal) -> Decimal:
    """The same number without zeros at the end and without an exponent."""
    whole = value.to_integral_value()
    return whole.quantize(Decimal(1)) if value == whole else value.normalize()


def _inputs(folded: str, figures: list[_Figure]) -> list[_Figure]:
    """Money that is put in. Money alone may be what is promised ("村集体收入达到30万元")."""
    money = [figure for figure in figures if figure.is_money]
    if len(money) < len(figures):
        return money
    return [figure for figure in money if _INPUT.search(folded, 0, figure.start)]


def _single(folded: str, figure: _Figure) -> Measured:
    if figure.measure == PERCENT:
        return _percentage(folded, figure)
    few = figure.value <= _FEW and figure.measure in _DISCRETE
    builds = _FINISHES.search(folded) or _BUILDS.search(folded)
    if _BEGINS.search(folded) or (few and builds):
        several = figure.value > 1
        return Measured(Kind.MILESTONE, figure.value if several else None, figure.measure if several else None)
    return Measured(Kind.QUANTITY, figure.value, figure.measure)


def _percentage(folded: str, figure: _Figure) -> Measured:
    """A rate to be held, or a share of the work to be done ("完成工程量30%")."""
    if figure.bound == "at_most":
        # Less is better here, and a share of the target would say the opposite: it is met or it is not.
        return Measured(Kind.MILESTONE)
    clause = _CLAUSE.split(folded[: figure.start])[-1]
    is_rate = figure.bound == "at_least" or _RATE.search(clause)
    return Measured(Kind.THRESHOLD if is_rate else Kind.QUANTITY, figure.value, PERCENT)


def _without_inputs(folded: str, inputs: list[_Figure]) -> str:
    """The wording without what it says about money put in ("投入20万元改造…")."""
    for figure in reversed(inputs):
        said = _INPUT.search(folded, 0, figure.start)
        folded = folded[: said.start() if said else figure.start] + folded[figure.end :]
    return folded.lstrip(" ,.;:、")


def _without_figure(folded: str) -> Kind:
    return Kind.MILESTONE if _FINISHES.search(folded) or _BUILDS.search(folded) else Kind.QUALITATIVE


def _parts(words: str, figures: list[_Figure], inputs: list[_Figure]) -> tuple[Part, ...]:
    """Each figure with the words around it: "建设1个文化广场和2座公厕" is 建设文化广场 and 公厕."""
    folded = fold(words)
    ends = [following.start for following in figures[1:]] + [len(words)]
    parts, at = [], 0
    for figure, end in zip(figures, ends, strict=True):
        cut = _AND.search(folded, figure.end, end)
        # Words between two figures without anything that parts them belong to the second.
        stop = cut.start() if cut else figure.end if end < len(words) else end
        label = _bare(words[at : figure.start] + words[figure.end : stop])
        parts.append(
            Part(label or words[figure.start : figure.end], figure.value, figure.measure, figure in inputs)
        )
        at = cut.end() if cut else stop
    return tuple(parts)


def _bare(words: str) -> str:
    """Words without punctuation and spaces."""
    return "".join(c for c, plain in zip(words, fold(words), strict=True) if not _CLAUSE.match(plain))
