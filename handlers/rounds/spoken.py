"""宣读稿: the results as they are read aloud: what was dropped, what was added, the score; then the ranking."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bot.chat.texts import T, Text, plain_number
from handlers.rounds.counting import Outcome, Place
from handlers.rounds.results import fixed
from handlers.rounds.tally import Given, PanelMean, rounded

#: Decimals of a panel's mean as it is read aloud.
_MEAN = 2


def spoken(seen: Outcome) -> list[Text]:
    """A sentence for each contestant in the order of appearance, then the places from the first on."""
    order = sorted(seen.places, key=lambda place: place.contestant.position)
    lines = [T("现在宣布“{name}”的成绩。", name=seen.round.head.name)]
    lines += [_sentence(place) for place in order if place.ranked.result.score is not None]
    return [*lines, *_places(seen)]


def _sentence(place: Place) -> Text:
    steps = _how(place.ranked.result.panels)
    for item in place.adjustments:
        if item.points:
            steps.append(
                T("加{points}分", points=item.points)
                if item.points > 0
                else T("扣{points}分", points=-item.points)
            )
    unit, score = place.contestant.unit_name, fixed(place.ranked)
    if not steps:
        return T("{unit}，最后得分{score}分。", unit=unit, score=score)
    return T("{unit}，{steps}，最后得分{score}分。", unit=unit, steps=_joined(steps), score=score)


def _how(panels: Sequence[PanelMean]) -> list[Text]:
    """How the panels came to their means."""
    if len(panels) == 1:
        return _dropped(panels[0])
    lines = []
    for panel in panels:
        mean = rounded(panel.mean * panel.level, _MEAN)
        steps = _dropped(panel)
        if steps:
            lines.append(T("{panel}{steps}，平均{mean}分", panel=panel.panel, steps=_joined(steps), mean=mean))
        else:
            lines.append(T("{panel}平均{mean}分", panel=panel.panel, mean=mean))
    return lines


def _dropped(panel: PanelMean) -> list[Text]:
    """去掉一个最高分…，去掉一个最低分…"""
    half = len(panel.dropped) // 2
    if not half:
        return []
    low, high = _scores(panel.dropped[:half]), _scores(panel.dropped[half:])
    if half == 1:
        return [T("去掉一个最高分{high}分", high=high[0]), T("去掉一个最低分{low}分", low=low[0])]
    return [
        T("去掉{count}个最高分{high}分", count=half, high=high[::-1]),
        T("去掉{count}个最低分{low}分", count=half, low=low),
    ]


def _scores(given: Sequence[Given]) -> list[str]:
    return [plain_number(Decimal(one.score)) for one in given]


def _joined(steps: Sequence[Text]) -> Text:
    """Steps one after the other, with a pause between."""
    joined = steps[0]
    for step in steps[1:]:
        joined = T("{before}，{step}", before=joined, step=step)
    return joined


def _places(seen: Outcome) -> list[Text]:
    """The places, in each class apart where they are ranked apart; a shared place is read as one."""
    classes = dict.fromkeys(p.contestant.klass for p in seen.places) if seen.rules.apart else [None]
    lines = []
    for klass in classes:
        ranks: dict[int, list[str]] = {}
        for place in seen.places:
            if place.ranked.rank is not None and klass in (None, place.contestant.klass):
                ranks.setdefault(place.ranked.rank, []).append(place.contestant.unit_name)
        said = [
            T("第{rank}名{units}", rank=rank, units=units)
            if len(units) == 1
            else T("并列第{rank}名{units}", rank=rank, units=units)
            for rank, units in ranks.items()
        ]
        if said and klass:
            lines.append(T("{klass}：{places}。", klass=klass, places=_joined(said)))
        elif said:
            lines.append(T("{places}。", places=_joined(said)))
    return lines
