"""评分纸: score sheets to print, the backup for the day on which no network is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bot.chat.arguments import Item
from bot.chat.commands import Place, Section
from bot.chat.messages import OutFile, Reply, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.rounds.declared import my_round, registry
from handlers.rounds.document import (
    DOCX,
    HEADING,
    SMALL_SIZE,
    TITLE,
    TITLE_SIZE,
    new_page,
    paragraph,
    saved,
    table,
)
from handlers.rounds.rulings import criteria_words, rules_of
from storage.rounds import Contestant, Round, State

#: Millimetres: top, bottom, left, right; the width that is left, and that of the first column.
_MARGINS = (20, 18, 18, 18)
_WIDTH, _UNIT, _JUDGE, _SIGNATURE = 174, 44, 26, 30
#: High enough to write in by hand.
_ROW = 12
_BLANK = "＿＿＿＿＿＿"
Show = Callable[[Words], str]
#: A page: whose it is, and the lines of its table, each with whether it is recused.
_Page = tuple[Words, Sequence[tuple[str, bool]]]


@registry.command(
    "评分纸",
    ascii="forms",
    aliases=("打印评分表", "纸质评分表"),
    section=Section.ROUNDS,
    help=T("打印用的评分表：每位评委一张、每个单位一张"),
    args=(Item("number", T("场次编号"), optional=True),),
    roles=(Role.ORGANIZER, Role.SCOREKEEPER),
    place=Place.PRIVATE,
    examples=("评分纸",),
)
def forms(ctx: Ctx, number: int | None) -> Reply:
    """Both kinds of sheets of a round that is not closed yet."""
    none = T("没有待开评或正在评分的场次。")
    found = my_round(ctx, number, states=(State.DRAFT, State.OPEN), none=none, again="forms ")
    made = (
        (by_judge(found, ctx.show), T("{name}评分表（按评委）.docx", name=found.head.name)),
        (by_contestant(found, ctx.show), T("{name}评分表（按单位）.docx", name=found.head.name)),
    )
    return say(
        title(found.head.name),
        faint(T("收回的纸质表由计票人用“代录”录入，评委会马上知道。")),
        files=tuple(OutFile(ctx.files.put(data), ctx.show(name), DOCX) for data, name in made),
    )


def by_judge(found: Round, show: Show) -> bytes:
    """A page for each judge with a line for each contestant."""
    pages: list[_Page] = [
        (T("评委：{name}", name=judge.name), [(_called(c), found.recused(judge, c)) for c in found.contestants])
        for judge in found.sitting
    ]
    return _pages(found, pages, T("参评单位"), show, signed_by_line=False)


def by_contestant(found: Round, show: Show) -> bytes:
    """A page for each contestant with a line for each judge."""
    pages: list[_Page] = [
        (
            T("参评单位：{name}", name=_called(c)),
            [(judge.name, found.recused(judge, c)) for judge in found.sitting],
        )
        for c in found.contestants
    ]
    return _pages(found, pages, T("评委"), show, signed_by_line=True)


def _called(contestant: Contestant) -> str:
    return f"{contestant.position} {contestant.unit_name}"


def _pages(found: Round, pages: Sequence[_Page], first: Words, show: Show, *, signed_by_line: bool) -> bytes:
    """`signed_by_line`: every line is another judge's, who signs beside it."""
    document = new_page(_MARGINS)
    heading = show(T("{name}评分表", name=found.head.name))
    for at, (whose, lines) in enumerate(pages):
        top = paragraph(document, heading, TITLE, TITLE_SIZE, "centre")
        top.paragraph_format.page_break_before = at > 0
        paragraph(document, show(whose), HEADING, where="left")
        _table(document, found, lines, show(first), show, signed_by_line=signed_by_line)
        _below(document, found, show, signed_by_line=signed_by_line)
    return saved(document)


def _table(
    document: Any,
    found: Round,
    lines: Sequence[tuple[str, bool]],
    first: str,
    show: Show,
    *,
    signed_by_line: bool,
) -> None:
    heads = [*criteria_words(found.criteria), T("合计")]
    rows = [(name, *(("／" if recused else ""),) * len(heads)) for name, recused in lines]
    name = _JUDGE if signed_by_line else _UNIT
    left = _WIDTH - name - (_SIGNATURE if signed_by_line else 0)
    widths = [name, *(max(12, left // len(heads)),) * len(heads)]
    shown = [first, *(show(head) for head in heads)]
    if signed_by_line:
        shown.append(show(T("评委签名")))
        widths.append(_SIGNATURE)
        rows = [(*row, "／" if recused else "") for row, (_name, recused) in zip(rows, lines, strict=True)]
    table(document, shown, rows, widths, _ROW)


def _below(document: Any, found: Round, show: Show, *, signed_by_line: bool) -> None:
    step = rules_of(found).step
    lines = (
        T("满分{maximum}分，打分最小单位{step}分。", maximum=found.maximum, step=step),
        T("“／”表示回避，不打分。涂改处请评委签名。"),
        *(() if signed_by_line else (T("评委签名：{line}", line=_BLANK),)),
        T("监票人：{scrutineer}　计票人：{scorekeeper}", scrutineer=_BLANK, scorekeeper=_BLANK),
        T("日期：____年____月____日"),
    )
    for line in lines:
        paragraph(document, show(line), where="left", size=SMALL_SIZE)
