"""The rules by which a round is scored and tallied: kept with the round, put into words for everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.chat import settings
from bot.chat.texts import T, Text, Value, Words, plain_number
from storage.rounds import Criterion, Round

_HUNDREDTH = Decimal("0.01")
#: What equal scores may be told apart by, beside the criteria: one more decimal, the mean before dropping.
DECIMAL, UNTRIMMED = "decimal", "untrimmed"
TIES = (DECIMAL, UNTRIMMED)
#: How a result is rounded: half up, half to even, or down to the decimals that are kept.
HALF_UP, HALF_EVEN, DOWN = "half_up", "half_even", "down"
ROUNDINGS = (HALF_UP, HALF_EVEN, DOWN)
#: How the order of appearance comes about.
LISTED, ROUTE, DRAWN = "listed", "route", "drawn"
_ORDER_RULES: dict[str, Text] = {
    ROUTE: T("出场顺序按观摩路线。"),
    DRAWN: T("出场顺序由抽签决定，谁都可以验算。"),
}
ORDER_WORDS: dict[str, Text] = {LISTED: T("出场顺序"), ROUTE: T("观摩路线"), DRAWN: T("参评单位（抽签定顺序）")}


@dataclass(frozen=True, slots=True)
class Timing:
    """How long somebody may speak, in seconds, and what every started unit over or under that costs.

    `points` come off for each started `unit` seconds over `most` or under `least`, but never more than `cap`.
    """

    least: int
    most: int
    unit: int
    points: Decimal
    cap: Decimal

    def penalty(self, seconds: int) -> Decimal:
        """What so many seconds cost, 0 to `cap`."""
        off = max(seconds - self.most, self.least - seconds, 0)
        return min(self.cap, self.points * -(-off // self.unit))


@dataclass(frozen=True, slots=True)
class Rules:
    """How a round is scored and tallied.

    `step`: the smallest difference between two scores. `panels`: weights by name, empty for one panel.
    `apart`: classes are ranked apart. From `trim_from` valid scores of a panel on, `trim_each_end` are dropped at
    each end. `decimals` of the result, 0 to 4. `corrected`: each judge's severity is taken out before averaging.
    `groups`: the units that each panel scores, by name of the panel, where panels do not all score everybody.
    `levelled`: panels' means are brought to the same level. `ties`: what equal scores are told apart by, in this
    order: `DECIMAL` (only ever the first), the name of a criterion, `UNTRIMMED`. `rounding`: one of `ROUNDINGS`.
    `order`: one of `LISTED`, `ROUTE`, `DRAWN`.
    """

    trim_from: int = 5
    trim_each_end: int = 1
    decimals: int = 2
    step: Decimal = _HUNDREDTH
    panels: tuple[tuple[str, Decimal], ...] = ()
    apart: bool = False
    timing: Timing | None = None
    corrected: bool = False
    groups: tuple[tuple[str, tuple[int, ...]], ...] = ()
    levelled: bool = False
    ties: tuple[str, ...] = TIES
    rounding: str = HALF_UP
    order: str = LISTED

    @property
    def shared(self) -> frozenset[int]:
        """The units that all panels score: by these the panels are compared."""
        sets = [frozenset(units) for _panel, units in self.groups]
        return frozenset.intersection(*sets) if sets else frozenset()


def rules_of(found: Round) -> Rules:
    """The rules that the round was created with."""
    return from_wire(found.head.rules)


def from_wire(wire: Mapping[str, Any]) -> Rules:
    """Rules from the JSON in which a round keeps them; what is missing has its default."""
    timing = wire.get("timing")
    return Rules(
        wire.get("trim_from", 5),
        wire.get("trim_each_end", 1),
        wire.get("decimals", 2),
        Decimal(wire["step"]) if "step" in wire else Decimal(1).scaleb(-int(wire.get("judge_decimals", 2))),
        tuple((panel["name"], Decimal(panel["weight"])) for panel in wire.get("panels", [])),
        wire.get("apart", False),
        Timing(timing["least"], timing["most"], timing["unit"], Decimal(timing["points"]), Decimal(timing["cap"]))
        if timing
        else None,
        wire.get("corrected", False),
        tuple((group["panel"], tuple(group["units"])) for group in wire.get("groups", [])),
        wire.get("levelled", False),
        tuple(wire.get("ties", TIES)),
        wire.get("rounding", HALF_UP),
        wire.get("order", LISTED),
    )


def to_wire(rules: Rules) -> dict[str, Any]:
    """The inverse of `from_wire`."""
    timing = rules.timing
    return {
        "trim_from": rules.trim_from,
        "trim_each_end": rules.trim_each_end,
        "decimals": rules.decimals,
        "step": str(rules.step),
        "panels": [{"name": name, "weight": str(weight)} for name, weight in rules.panels],
        "apart": rules.apart,
        "corrected": rules.corrected,
        "groups": [{"panel": panel, "units": list(units)} for panel, units in rules.groups],
        "levelled": rules.levelled,
        "ties": list(rules.ties),
        "rounding": rules.rounding,
        "order": rules.order,
        "timing": {
            "least": timing.least,
            "most": timing.most,
            "unit": timing.unit,
            "points": str(timing.points),
            "cap": str(timing.cap),
        }
        if timing
        else None,
    }


def by_policy(policy: settings.Rounds) -> Rules:
    """What a new round begins with."""
    return Rules(
        policy.trim_from,
        policy.trim_each_end,
        policy.decimals,
        Decimal(1).scaleb(-policy.judge_decimals),
    )


def rules_words(rules: Rules) -> Text:
    """How a round is tallied, in one sentence."""
    if rules.rounding == HALF_UP:
        return _averaged_words(rules)
    return T("{rule}，{rounding}", rule=_averaged_words(rules), rounding=ROUNDING_WORDS[rules.rounding])


def _averaged_words(rules: Rules) -> Text:
    mean = T("全部有效分取平均")
    if rules.trim_each_end:
        mean = T(
            "有效分满{trim_from}个时去掉{drop}个最高分、{drop}个最低分，取平均",
            trim_from=rules.trim_from,
            drop=rules.trim_each_end,
        )
    values: dict[str, Value] = {"mean": mean, "decimals": rules.decimals}
    if not rules.panels or (rules.groups and not rules.shared):
        if rules.levelled:
            return T("{mean}，用二次平均法拉平各组松紧，保留{decimals}位小数", **values)
        return T("{mean}，保留{decimals}位小数", **values)
    values["panels"] = panel_words(rules)
    if rules.levelled:
        return T("各组{mean}，按共同评的单位拉平各组松紧，再按{panels}加权，保留{decimals}位小数", **values)
    return T("各组{mean}，再按{panels}加权，保留{decimals}位小数", **values)


ROUNDING_WORDS: dict[str, Text] = {
    HALF_UP: T("四舍五入"),
    HALF_EVEN: T("四舍六入五成双"),
    DOWN: T("多余的小数只舍不入"),
}


def criterion_words(criterion: Criterion) -> Text:
    """A criterion in short."""
    if criterion.weight == 1:
        return T("{name}{maximum}", name=criterion.name, maximum=criterion.maximum)
    weight = share_words(criterion.weight)
    return T("{name}{maximum}×{weight}", name=criterion.name, maximum=criterion.maximum, weight=weight)


def criteria_words(criteria: Sequence[Criterion]) -> list[Text]:
    """The criteria with their maxima, and their weights where these are not 1."""
    return [
        T("{name}（{maximum}分）", name=c.name, maximum=c.maximum)
        if c.weight == 1
        else T("{name}（{maximum}分，权重{weight}）", name=c.name, maximum=c.maximum, weight=share_words(c.weight))
        for c in criteria
    ]


def share_words(weight: Decimal) -> str:
    """A weight as people say it: 30%, or 1.5 above a whole."""
    return f"{plain_number(weight * 100)}%" if weight <= 1 else plain_number(weight)


def panel_words(rules: Rules) -> list[Text]:
    """The panels with their shares of the result."""
    whole = sum((weight for _name, weight in rules.panels), Decimal(0))
    shares = [(name, (weight * 100 / whole).quantize(Decimal("0.1"))) for name, weight in rules.panels]
    return [T("{name}{share}%", name=name, share=share) for name, share in shares]


def rule_sheet(found: Round) -> list[Text]:
    """Everything that decides a result, for judges and contestants, from the very rules that are computed."""
    rules = rules_of(found)
    lines = [
        T("评分项：{items}，满分{maximum}", items=criteria_words(found.criteria), maximum=found.maximum),
        T("打分最小单位{step}分；每个评分项都不能超过满分。", step=rules.step),
        rules_words(rules),
        *(
            [T("几个分数并列最高（或最低）时，只去掉其中{drop}个。", drop=rules.trim_each_end)]
            if rules.trim_each_end
            else []
        ),
        T("没交、弃权、回避的不计入，也不当作0分；各单位的有效分个数一并公布。"),
        T(
            "加分、扣分和超时扣分在平均之后计算。小数只在最后一步取舍一次：{rounding}。",
            rounding=ROUNDING_WORDS[rules.rounding],
        ),
    ]
    if rules.corrected:
        lines.append(
            T(
                "平均之前先按评委松紧修正：用全部评分算出每位评委比别人松多少、严多少，从他的分里减掉；未修正的成绩一并列出。"
            )
        )
    lines += group_words(rules, {c.unit_id: c.unit_name for c in found.contestants})
    if rules.timing is not None:
        lines.append(timing_words(rules.timing))
    lines.append(tie_words(rules))
    if rules.apart:
        lines.append(T("分类排名：{classes}分开排。", classes=sorted({c.klass for c in found.contestants})))
    if rules.order in _ORDER_RULES:
        lines.append(_ORDER_RULES[rules.order])
    lines.append(T("评委不给自己办事处的单位打分；有其他利害关系的发“回避”申报。"))
    return lines


def group_words(rules: Rules, names: Mapping[int, str]) -> list[Text]:
    """Which panel scores which units, and how panels that saw different units are brought to the same level."""
    lines = [
        T("{panel}评：{units}。", panel=panel, units=[names[unit] for unit in chosen])
        for panel, chosen in rules.groups
    ]
    if not rules.levelled:
        return lines
    shared = [names[unit] for _panel, chosen in rules.groups[:1] for unit in chosen if unit in rules.shared]
    if shared:
        lines.append(
            T(
                "各组松紧按共同评的单位（{units}）拉平：每组的平均分乘以“各组给这些单位的平均分的平均分÷本组给这些单位的平均分”；未拉平的成绩一并列出。",
                units=shared,
            )
        )
    else:
        lines.append(
            T("各组松紧用二次平均法拉平：每组的平均分乘以“各组平均分的平均分÷本组平均分”；未拉平的成绩一并列出。")
        )
    return lines


def group_lines(rules: Rules, names: Mapping[int, str]) -> list[tuple[Words, Words]]:
    """The same in short, labelled."""
    lines: list[tuple[Words, Words]] = [
        (T("{panel}评", panel=panel), T("{units}", units=[names[unit] for unit in chosen]))
        for panel, chosen in rules.groups
    ]
    if rules.levelled:
        shared = [names[unit] for unit in rules.groups[0][1] if unit in rules.shared]
        how = T("按各组都评的{units}", units=shared) if shared else T("二次平均法")
        lines.append((T("各组松紧拉平"), how))
    return lines


def tie_words(rules: Rules) -> Text:
    """What happens to equal scores."""
    if not rules.ties:
        return T("得分相同的并列，后面的名次空出来。")
    steps = [tie_step(tie) for tie in rules.ties]
    return T("得分相同的，依次比{steps}；还相同就并列，后面的名次空出来。", steps=steps)


def tie_step(tie: str) -> Text:
    """One thing by which equal scores are told apart."""
    if tie == DECIMAL:
        return T("多一位小数")
    if tie == UNTRIMMED:
        return T("去掉最高最低分之前的平均分")
    return T("“{criterion}”的平均分", criterion=tie)


def timing_words(timing: Timing) -> Text:
    """The time allowed and what it costs to miss it."""
    values: dict[str, Value] = {
        "unit": timing.unit,
        "points": timing.points,
        "cap": timing.cap,
        "most": _minutes(timing.most),
    }
    if timing.least:
        return T(
            "发言{least}到{most}，超时或不足每{unit}秒扣{points}分，最多扣{cap}分。",
            least=_minutes(timing.least),
            **values,
        )
    return T("发言不超过{most}，超时每{unit}秒扣{points}分，最多扣{cap}分。", **values)


def _minutes(seconds: int) -> Text:
    minutes, rest = divmod(seconds, 60)
    if not rest:
        return T("{minutes}分钟", minutes=minutes)
    return T("{minutes}分{seconds}秒", minutes=minutes, seconds=rest)
