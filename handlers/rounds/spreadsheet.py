"""A round's results as a spreadsheet that a reader can check: ranking, every sheet, and the arithmetic."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter

from bot.chat.texts import T, Words
from handlers.rounds.counting import Outcome, Place
from handlers.rounds.document import clean
from handlers.rounds.rulings import DOWN, HALF_UP, Rules, rules_words
from handlers.rounds.tally import rounded
from storage.rounds import Contestant, Judge
from storage.sheets import Sheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Show = Callable[[Words], str]
_HEAD_ROW = 3
#: Decimals of a mean that is shown before it is rounded.
_MEAN = 6
_ROUND = {HALF_UP: "ROUND", DOWN: "ROUNDDOWN"}


def results_file(seen: Outcome, show: Show) -> bytes:
    """The results as .xlsx. Judges go by number, as in the published bundle; names are not in it."""
    book = Workbook()
    _ranking(book.active, seen, show)
    _details(book.create_sheet(), seen, show)
    _arithmetic(book.create_sheet(), seen, show)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _ranking(sheet: Any, seen: Outcome, show: Show) -> None:
    sheet.title = show(T("成绩"))
    _put(sheet, 1, 1, seen.round.head.name)
    _put(sheet, 2, 1, show(rules_words(seen.rules)))
    heads = [T("类别"), T("名次"), T("序号"), T("单位"), T("办事处"), T("得分"), T("有效分个数"), T("加减分")]
    _heads(sheet, heads, (10, 8, 8, 26, 18, 12, 12, 12), show)
    for at, place in enumerate(seen.places, _HEAD_ROW + 1):
        c, result = place.contestant, place.ranked.result
        cells = (
            c.klass,
            place.ranked.rank,
            c.position,
            c.unit_name,
            c.office_name,
            place.ranked.shown,
            result.valid,
        )
        for column, value in enumerate((*cells, result.points or None), 1):
            _put(sheet, at, column, value)
        if place.ranked.shown is not None:
            sheet.cell(at, 6).number_format = _format(place.ranked.shown)
    sheet.merge_cells("A1:H1")
    sheet.merge_cells("A2:H2")
    sheet["A1"].font = Font(bold=True, size=16)
    sheet["A2"].alignment = Alignment(wrap_text=True, vertical="top")
    sheet.row_dimensions[2].height = 48


def _details(sheet: Any, seen: Outcome, show: Show) -> None:
    found = seen.round
    sheet.title = show(T("评分明细"))
    _put(sheet, 1, 1, show(T("评分明细")))
    heads: list[Words] = [T("参评单位"), T("评委"), T("评委组"), *(c.name for c in found.criteria)]
    heads += [T("合计"), T("状态"), T("代录人")]
    _heads(sheet, heads, (26, 12, 14, *(14 for _ in found.criteria), 12, 10, 14), show)
    given = {(s.judge_id, s.contestant_id): s for s in seen.sheets}
    pairs = [(c, judge) for c in found.contestants for judge in found.judges]
    for at, (contestant, judge) in enumerate(pairs, _HEAD_ROW + 1):
        one = given.get((judge.id, contestant.id))
        label = show(T("评委{number}", number=found.judges.index(judge) + 1))
        cells = (contestant.unit_name, label, judge.panel, *_scores(one, len(found.criteria)))
        after = (
            one.total if one else None,
            show(_state(seen, judge, contestant, one)),
            one.keyed_by if one else None,
        )
        for column, value in enumerate((*cells, *after), 1):
            _put(sheet, at, column, value)


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


def _arithmetic(sheet: Any, seen: Outcome, show: Show) -> None:
    """Values first; beside them formulas over the scores that count, for readers to compare."""
    sheet.title = show(T("计算"))
    _put(sheet, 1, 1, show(T("“验算”各列是公式，由计入的分重新算出。")))
    panels = [(place, panel) for place in seen.places for panel in place.ranked.result.panels]
    most = max((len(panel.kept) for _place, panel in panels), default=0)
    counted = [T("计入{number}", number=number) for number in range(1, most + 1)]
    heads: list[Words] = [T("参评单位"), T("评委组"), *counted, T("去掉的分"), T("平均分"), T("权重"), T("加减分")]
    heads += [T("最后得分"), T("验算平均"), T("验算得分")]
    _heads(sheet, heads, (26, 14, *(10 for _ in counted), 16, 14, 10, 10, 12, 14, 12), show)
    for at, (place, panel) in enumerate(panels, _HEAD_ROW + 1):
        result = place.ranked.result
        kept = [given.score for given in panel.kept]
        cells: list[Any] = [place.contestant.unit_name, panel.panel, *kept, *([None] * (most - len(kept)))]
        cells += [" ".join(str(given.score) for given in panel.dropped), rounded(panel.mean, _MEAN)]
        cells += [panel.weight, result.points, result.score]
        for column, value in enumerate(cells, 1):
            _put(sheet, at, column, value)
        _formulas(sheet, at, most, place, alone=len(result.panels) == 1, rules=seen.rules)


def _formulas(sheet: Any, at: int, most: int, place: Place, *, alone: bool, rules: Rules) -> None:
    after = most + 3
    mean = f"AVERAGE(C{at}:{get_column_letter(most + 2)}{at})"
    sheet.cell(at, after + 5).value = f"={mean}"
    if alone and place.ranked.result.score is not None:
        sheet.cell(at, after + 4).number_format = _format(place.ranked.result.score)
        points = f"{get_column_letter(after + 3)}{at}"
        # A spreadsheet has no function that rounds half to even.
        if rules.rounding in _ROUND:
            sheet.cell(at, after + 6).value = f"={_ROUND[rules.rounding]}({mean}+{points},{rules.decimals})"
        sheet.cell(at, after + 6).number_format = _format(place.ranked.result.score)


def _format(score: Decimal) -> str:
    """As many decimals as the score is announced with."""
    decimals = -int(score.as_tuple().exponent)
    return f"0.{'0' * decimals}" if decimals > 0 else "0"


def _put(sheet: Any, row: int, column: int, value: str | int | Decimal | None) -> None:
    """A name is text whatever it begins with: "=1+1" is never computed."""
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        cell.value = clean(value)[:32000]
        if cell.value:
            cell.data_type, cell.quotePrefix = "s", True
    else:
        cell.value = value


def _heads(sheet: Any, heads: Sequence[Words], widths: Sequence[int], show: Show) -> None:
    line = Side(style="thin", color="808080")
    for column, (head, width) in enumerate(zip(heads, widths, strict=True), 1):
        _put(sheet, _HEAD_ROW, column, show(head))
        cell = sheet.cell(_HEAD_ROW, column)
        cell.font, cell.border = Font(bold=True), Border(bottom=line, top=line)
        cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = sheet.cell(_HEAD_ROW + 1, 1)
    sheet.print_title_rows = f"{_HEAD_ROW}:{_HEAD_ROW}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
