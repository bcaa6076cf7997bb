"""A round's results as a spreadsheet that a reader can check: ranking, every sheet, and the arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from openpyxl.utils import get_column_letter

from bot.chat.texts import T, Words
from handlers.rounds.counting import Outcome, Place
from handlers.rounds.grid import HEAD_ROW, Column, Formula, Page, Show, Value, workbook
from handlers.rounds.rulings import DOWN, HALF_UP, Rules, rules_words
from handlers.rounds.tally import PanelMean, rounded
from storage.rounds import Contestant, Judge
from storage.sheets import Sheet

#: Decimals of a mean or factor that is shown before it is rounded.
_MEAN = 6
#: Spreadsheets have no function for the third kind of rounding.
_ROUND = {HALF_UP: "ROUND", DOWN: "ROUNDDOWN"}


def results_file(seen: Outcome, show: Show) -> bytes:
    """The results as .xlsx. Judges go by number, as in the published bundle; names are not in it."""
    return workbook([_ranking(seen), _details(seen, show), _arithmetic(seen)], show)


def _ranking(seen: Outcome) -> Page:
    columns = [
        Column(T("类别"), 10),
        Column(T("名次"), 8),
        Column(T("序号"), 8),
        Column(T("单位"), 26, left=True),
        Column(T("办事处"), 20, left=True),
        Column(T("得分"), 12),
        Column(T("有效分个数"), 12),
        Column(T("加减分"), 12),
        Column(T("未修正的得分"), 14, optional=True),
        Column(T("未修正的名次"), 14, optional=True),
    ]
    rows = [_rank_row(place) for place in seen.places]
    name = seen.round.head.name
    return Page(T("成绩"), T("{name}成绩", name=name), columns, rows, rules_words(seen.rules))


def _rank_row(place: Place) -> list[Value]:
    c, ranked, plain = place.contestant, place.ranked, place.plain
    cells: list[Value] = [c.klass, ranked.rank, c.position, c.unit_name, c.office_name, ranked.shown]
    cells += [ranked.result.valid, ranked.result.points or None]
    return [*cells, plain.shown if plain else None, plain.rank if plain else None]


def _details(seen: Outcome, show: Show) -> Page:
    found = seen.round
    columns = [Column(T("参评单位"), 26, left=True), Column(T("评委"), 12), Column(T("评委组"), 14, optional=True)]
    columns += [Column(criterion.name, 14) for criterion in found.criteria]
    columns += [Column(T("合计"), 12), Column(T("状态"), 10), Column(T("代录人"), 14, optional=True)]
    given = {(s.judge_id, s.contestant_id): s for s in seen.sheets}
    rows: list[list[Value]] = []
    for contestant in found.contestants:
        for number, judge in enumerate(found.judges, 1):
            one = given.get((judge.id, contestant.id))
            scores = _scores(one, len(found.criteria))
            state = show(_state(seen, judge, contestant, one))
            label = show(T("评委{number}", number=number))
            head: list[Value] = [contestant.unit_name, label, judge.panel]
            rows.append([*head, *scores, one.total if one else None, state, one.keyed_by if one else None])
    note = T("评委按编号列出，和核验包里的编号一样。")
    return Page(T("评分明细"), T("评分明细"), columns, rows, note)


def _scores(sheet: Sheet | None, criteria: int) -> Sequence[Decimal | None]:
    """The scores by criterion; one whole score stands in the column of the sum only."""
    if sheet is None or len(sheet.scores) != criteria:
        return [None] * criteria
    return sheet.scores


def _state(seen: Outcome, judge: Judge, contestant: Contestant, sheet: Sheet | None) -> Words:
    if seen.round.elsewhere(judge, contestant):
        return T("别组评")
    if seen.round.recused(judge, contestant):
        return T("回避")
    if sheet is None:
        return T("未交")
    if sheet.total is None:
        return T("弃权")
    place = seen.place_of(contestant.unit_id)
    assert place is not None
    dropped = {given.judge for panel in place.ranked.result.panels for given in panel.dropped}
    return T("去掉") if judge.id in dropped else T("计入")


def _arithmetic(seen: Outcome) -> Page:
    """Values first; beside them formulas over the scores that count, for readers to compare."""
    panels = [panel for place in seen.places for panel in place.ranked.result.panels]
    most = max((len(panel.kept) for panel in panels), default=0)
    columns = [Column(T("参评单位"), 26, left=True), Column(T("评委组"), 14, optional=True)]
    columns += [Column(T("计入{number}", number=number), 10) for number in range(1, most + 1)]
    columns += [
        Column(T("去掉的分"), 16),
        Column(T("平均分"), 12),
        Column(T("权重"), 8),
        Column(T("拉平系数"), 12, optional=True),
    ]
    columns += [
        Column(T("加减分"), 10),
        Column(T("最后得分"), 12),
        Column(T("验算平均"), 12),
        Column(T("验算得分"), 12),
    ]
    rows = list(_steps(seen, most))
    return Page(T("计算"), T("计算"), columns, rows, T("“验算”各列是公式，由计入的分重新算出。"))


def _steps(seen: Outcome, most: int) -> Iterator[list[Value]]:
    """A row for each panel of each contestant; the last of a contestant has the check of the result."""
    at = HEAD_ROW
    for place in seen.places:
        result = place.ranked.result
        first, last = at + 1, at + len(result.panels)
        for panel in result.panels:
            at += 1
            kept: list[Value] = [given.score for given in panel.kept]
            kept += [None] * (most - len(kept))
            dropped = " ".join(str(given.score) for given in panel.dropped)
            level = _short(panel.level) if seen.rules.levelled else None
            cells: list[Value] = [place.contestant.unit_name, panel.panel, *kept, dropped, _short(panel.mean)]
            cells += [panel.weight, level, result.points, result.score, _mean(at, panel)]
            check = _check(place, first, last, most, seen.rules) if at == last else None
            yield [*cells, check]


def _short(value: Fraction) -> Decimal:
    """A figure before it is rounded, without zeros at its end."""
    figure = rounded(value, _MEAN).normalize()
    return figure if int(figure.as_tuple().exponent) <= 0 else figure.quantize(Decimal(1))


def _mean(at: int, panel: PanelMean) -> Formula:
    return Formula(f"AVERAGE(C{at}:{get_column_letter(2 + len(panel.kept))}{at})")


def _check(place: Place, first: int, last: int, most: int, rules: Rules) -> Value:
    """The result from the means beside it: by weight and level, then bonus and penalty, then rounded."""
    function = _ROUND.get(rules.rounding)
    if place.ranked.result.score is None or function is None:
        return None
    weight, level, points, mean = (get_column_letter(most + after) for after in (5, 6, 7, 9))
    levelled = any(panel.level != 1 for panel in place.ranked.result.panels)
    factors = [f"{mean}{first}:{mean}{last}", f"{weight}{first}:{weight}{last}"]
    factors += [f"{level}{first}:{level}{last}"] if levelled else []
    whole = f"SUMPRODUCT({','.join(factors)})/SUM({weight}{first}:{weight}{last})"
    return Formula(f"{function}({whole}+{points}{last},{rules.decimals})", rules.decimals)
