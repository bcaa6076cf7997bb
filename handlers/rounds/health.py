"""The health of a round's scoring, for those who run it: what they may want to look at before they publish.

Nothing here ever changes a score. Each finding is a sentence with its figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from statistics import median

from bot.chat.texts import T, Text, Value
from handlers.rounds import agreement
from handlers.rounds.ranking import ranked
from handlers.rounds.rulings import Rules
from handlers.rounds.severity import corrected, effects
from handlers.rounds.tally import Entry

#: Schmidt, Managing Delphi Surveys Using Nonparametric Statistical Techniques, Decision Sciences 28 (1997).
_AGREEMENT = (
    (0.9, T("非常一致")),
    (0.7, T("比较一致")),
    (0.5, T("一般")),
    (0.3, T("不太一致")),
    (-1.0, T("很不一致")),
)
#: Koo and Li, A Guideline of Selecting and Reporting Intraclass Correlation Coefficients (2016).
_RELIABILITY = (
    (0.9, T("很高")),
    (0.75, T("较高")),
    (0.5, T("中等")),
    (float("-inf"), T("较低")),
)
_FEWEST = 3
#: Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993).
_OUTLIER, _CONSISTENCY = Decimal("3.5"), Decimal("0.6745")
#: Shares of the maximum: so far from the others a judge is worth a look; so little spread is none.
_FAR, _FLAT = Decimal("0.03"), Decimal("0.01")
_PODIUM = 3


@dataclass(frozen=True, slots=True)
class Scene:
    """What is looked at: entries, names, the highest possible score, each contestant's office, and the anchors.

    `own`: for each judge the offices that are theirs.
    """

    entries: tuple[Entry, ...]
    rules: Rules
    maximum: Decimal
    judges: Mapping[int, str]
    units: Mapping[int, str]
    offices: Mapping[int, str]
    anchors: frozenset[int] = frozenset()
    own: Mapping[int, frozenset[str]] = field(default_factory=dict)

    @property
    def totals(self) -> dict[int, dict[int, Decimal]]:
        """Scores by contestant, then by judge."""
        return {entry.contestant: {given.judge: given.score for given in entry.given} for entry in self.entries}


@dataclass(frozen=True, slots=True)
class JudgeFigures:
    """A judge's `severity` (points above the others for the same contestants) and `spread` (highest − lowest)."""

    name: str
    severity: Decimal
    spread: Decimal
    given: int


def judges(scene: Scene) -> list[JudgeFigures]:
    """The figures of every judge who gave a score, the most severe first."""
    found = []
    for judge, severity in sorted(effects(scene.totals).items(), key=lambda pair: (pair[1], pair[0])):
        own = [row[judge] for row in scene.totals.values() if judge in row]
        found.append(JudgeFigures(scene.judges[judge], severity, max(own) - min(own), len(own)))
    return found


def findings(scene: Scene) -> list[Text]:
    """Everything there is to say, the general first."""
    return [
        *_agreement(scene),
        *_severity(scene),
        *_alike(scene),
        *_outliers(scene),
        *_favours(scene),
        *_rivals(scene),
        *_stability(scene),
    ]


def _agreement(scene: Scene) -> list[Text]:
    """Over the judges who have scored everybody: what is missing would look like disagreement."""
    totals = scene.totals
    whole = [judge for judge in scene.judges if totals and all(judge in row for row in totals.values())]
    if len(whole) < _FEWEST or len(totals) < _FEWEST:
        return [T("给全部单位打了分的评委不到{count}位，算不出一致程度。", count=_FEWEST)]
    block = [[float(row[judge]) for judge in whole] for row in totals.values()]
    try:
        w, both = agreement.kendalls_w(block), agreement.icc(block)
    except ValueError:
        return [T("评委给各单位的分都一样，算不出一致程度。")]
    word = next(word for least, word in _AGREEMENT if w >= least)
    return [
        T(
            "评委排名次的看法{word}：肯德尔W={w}（{judges}位评委、{units}个单位）。",
            word=word,
            w=f"{w:.2f}",
            judges=len(whole),
            units=len(totals),
        ),
        T(
            "全体评委的平均分可靠程度{word}：ICC(2,k)={average}；只看一位评委是ICC(2,1)={single}。",
            word=next(word for least, word in _RELIABILITY if both.average >= least),
            single=f"{both.single:.2f}",
            average=f"{both.average:.2f}",
        ),
    ]


def _severity(scene: Scene) -> list[Text]:
    found = effects(scene.totals)
    lines = []
    for judge, off in sorted(found.items(), key=lambda pair: pair[1]):
        if abs(off) >= scene.maximum * _FAR:
            values: dict[str, Value] = {
                "judge": scene.judges[judge],
                "points": abs(off).quantize(Decimal("0.1")),
            }
            lines.append(
                T("{judge}打分偏严，比其他评委平均低{points}分。", **values)
                if off < 0
                else T("{judge}打分偏松，比其他评委平均高{points}分。", **values)
            )
    return lines or [T("各位评委的松紧差不多。")]


def _alike(scene: Scene) -> list[Text]:
    lines = []
    for judge, name in scene.judges.items():
        own = [row[judge] for row in scene.totals.values() if judge in row]
        if len(own) >= _FEWEST and max(own) - min(own) <= scene.maximum * _FLAT:
            lines.append(
                T(
                    "{judge}给{count}个单位的分几乎一样（{low}到{high}）。",
                    judge=name,
                    count=len(own),
                    low=min(own),
                    high=max(own),
                )
            )
    return lines


def _outliers(scene: Scene) -> list[Text]:
    """Scores far from the middle of their contestant's, by the modified z-score."""
    lines = []
    for contestant, row in scene.totals.items():
        if len(row) < _FEWEST + 1:
            continue
        middle = median(row.values())
        spread = max(median([abs(score - middle) for score in row.values()]), scene.maximum * _FLAT)
        for judge, score in row.items():
            if _CONSISTENCY * abs(score - middle) / spread > _OUTLIER:
                lines.append(
                    T(
                        "{judge}给{unit}打了{score}分，离中间值{middle}较远。",
                        judge=scene.judges[judge],
                        unit=scene.units[contestant],
                        score=score,
                        middle=middle,
                    )
                )
    return lines


def _favours(scene: Scene) -> list[Text]:
    """Judges who give one office's units more than the others do, beside their general mildness."""
    totals = corrected(scene.totals)
    lines = []
    for judge, name in scene.judges.items():
        for office in dict.fromkeys(scene.offices.values()):
            off = []
            for contestant, row in totals.items():
                others = [score for other, score in row.items() if other != judge]
                if scene.offices[contestant] == office and judge in row and others:
                    off.append(row[judge] - sum(others, Decimal(0)) / len(others))
            if len(off) >= 2 and (mean := sum(off, Decimal(0)) / len(off)) >= scene.maximum * _FAR:
                lines.append(
                    T(
                        "{judge}给{office}的{count}个单位比其他评委平均高{points}分。",
                        judge=name,
                        office=office,
                        count=len(off),
                        points=mean.quantize(Decimal("0.1")),
                    )
                )
    return lines


def _rivals(scene: Scene) -> list[Text]:
    """Judges who give the rivals of their own office's units less than the others do, beside their severity.

    Where a judge may not score their own, this is how they could still help them.
    """
    totals = corrected(scene.totals)
    first = {contestant for _klass, _rank, contestant in _podium(scene.entries, scene.rules, scene.anchors)}
    lines = []
    for judge, name in scene.judges.items():
        own = scene.own.get(judge, frozenset())
        off = []
        for contestant in first:
            row = totals[contestant]
            others = [score for other, score in row.items() if other != judge]
            if own and judge in row and others and scene.offices[contestant] not in own:
                off.append(row[judge] - sum(others, Decimal(0)) / len(others))
        if len(off) >= 2 and (mean := sum(off, Decimal(0)) / len(off)) <= -scene.maximum * _FAR:
            points = -mean.quantize(Decimal("0.1"))
            lines.append(
                T(
                    "{judge}自己的办事处有单位参评，给前三名里别的办事处的单位比其他评委平均低{points}分。",
                    judge=name,
                    points=points,
                )
            )
    return lines


def _stability(scene: Scene) -> list[Text]:
    """Whether the first three would be others without one of the judges, untrimmed, or corrected for severity."""
    rules, whole = scene.rules, scene.entries
    now = _podium(whole, rules, scene.anchors)
    lines = []
    for judge, name in scene.judges.items():
        if _podium(_without(whole, judge), rules, scene.anchors) != now:
            lines.append(T("少了{judge}的分，前三名会变。", judge=name))
    if _podium(whole, replace(rules, trim_each_end=0), scene.anchors) != now:
        lines.append(T("不去掉最高最低分的话，前三名会变。"))
    if _podium(whole, replace(rules, corrected=not rules.corrected), scene.anchors) != now:
        lines.append(
            T("不按评委松紧修正的话，前三名会变。") if rules.corrected else T("按评委松紧修正的话，前三名会变。")
        )
    if rules.levelled and _podium(whole, replace(rules, levelled=False), scene.anchors) != now:
        lines.append(T("不拉平各组松紧的话，前三名会变。"))
    return lines or [T("前三名很稳：少任何一位评委、不去最高最低分、换个办法修正松紧，都不变。")]


def _podium(entries: Sequence[Entry], rules: Rules, anchors: frozenset[int]) -> list[tuple[str, int, int]]:
    first = [r for r in ranked(entries, rules, anchors) if r.rank and r.rank <= _PODIUM]
    return sorted((r.result.klass if rules.apart else "", r.rank or 0, r.result.contestant) for r in first)


def _without(entries: Sequence[Entry], judge: int) -> list[Entry]:
    return [replace(e, given=tuple(g for g in e.given if g.judge != judge)) for e in entries]
