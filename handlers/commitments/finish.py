"""办结: the secretary claims that a commitment is fulfilled; the office then checks and closes it (销号)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.grammar.amounts import convert
from bot.chat.grammar.folding import fold
from bot.chat.grammar.numerals import numbers_in
from bot.chat.messages import Button, Reply, quote, say
from bot.chat.people import Role
from bot.chat.rendering import percent
from bot.chat.texts import T, Text, plain_number
from handlers import Ctx
from handlers.commitments import scope
from handlers.commitments.answers import means_no, means_yes
from handlers.commitments.declared import registry
from handlers.commitments.describing import goal
from handlers.commitments.measuring import figure_of
from handlers.commitments.reviewers import office_name, reviewers, tell
from handlers.progress.compound import full_values
from handlers.progress.counting import share_of
from handlers.progress.recording import keep
from handlers.progress.settling import Draft
from storage import commitments, examination, units
from storage.changes import Recorded
from storage.commitments import Commitment, State, Status
from storage.terms import Kind

_ALL = frozenset(("全部完成", "都完成了", "完成了", "已完成", "全部完成了", "已全部完成", "达到了", "已达到"))
_ALL_IN_ENGLISH = frozenset(("all", "all of it", "all done"))
_NOT_YET = frozenset(("notyet", "还没有", "没有", "还没", "没", "未完成", "not yet"))
_WRONG_STATE: dict[State, Text] = {
    State.PROPOSED: T("这一项还没有审核通过，不能办结。"),
    State.RETURNED: T("这一项被退回了，请先发“重报”。"),
    State.DONE: T("这一项已经报过办结，等办事处销号。"),
    State.CLOSED: T("这一项已经销号了。"),
    State.WITHDRAWN: T("这一项已经撤回了。"),
}


@registry.command(
    "办结",
    ascii="done",
    aliases=("报办结",),
    section=Section.COMMITMENTS,
    help=T("一项承诺完成了，报办事处核实销号"),
    args=(Rest("what", T("第几项")),),
    roles=(Role.SECRETARY,),
    place=Place.PRIVATE,
    examples=("办结 2", "办结 第2项 已完成2公里"),
)
def claim(ctx: Ctx, what: str) -> Reply:
    """Claim that a commitment is fulfilled; how much was reached is asked when that is not known."""
    commitment, rest = scope.own(ctx, what, command="done", example="办结 2")
    if commitment.state is not State.PUBLISHED:
        raise UserError(_WRONG_STATE[commitment.state])
    if commitment.share is not None and commitment.share >= 1:
        return _claim(ctx, commitment)
    if rest:
        return _with_figure(ctx, commitment, rest)
    if not _has_figure(commitment):
        return _claim(ctx, commitment, Draft(commitment, what, share=Decimal(1), status=Status.DONE))
    return _ask(ctx, commitment)


def _has_figure(commitment: Commitment) -> bool:
    return commitment.target is not None or commitment.kind is Kind.COMPOUND


def _ask(ctx: Ctx, commitment: Commitment) -> Reply:
    ctx.ask("commitments.reached", id=commitment.id)
    promised = goal(commitment.terms)
    if commitment.share is None:
        words = T(
            "第{number}项的目标是{goal}，还没有报过数量。全部完成了吗？", number=commitment.number, goal=promised
        )
    else:
        words = T(
            "第{number}项的目标是{goal}，目前报到{share}。全部完成了吗？",
            number=commitment.number,
            goal=promised,
            share=percent(commitment.share),
        )
    row = (ctx.choice(T("全部完成"), "all"), ctx.choice(T("还没有"), "notyet"))
    return say(quote(commitment.words), words, buttons=(row,), replace=True)


@registry.dialogue("commitments.reached", figures=True)
def answer_reached(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """All of it, not yet, or the quantity reached."""
    commitment, _rest = scope.own(ctx, f"c{data['id']}", command="done", example="办结 2")
    if commitment.state is not State.PUBLISHED:
        raise UserError(_WRONG_STATE[commitment.state])
    text = fold(said.text).strip(" \t\r\n.,!").casefold()
    if text in _NOT_YET or means_no(text):
        words = T("好的，没有报办结。有进展直接说，例如：第{number}项 80%", number=commitment.number)
        return say(words, replace=True)
    # The report keeps what the button says, not what it carries.
    return _with_figure(ctx, commitment, ctx.show(T("全部完成")) if text == "all" else said.text)


def _with_figure(ctx: Ctx, commitment: Commitment, text: str) -> Reply:
    """Claim with the figure in the text; "all of it" is the target."""
    if not _has_figure(commitment):
        return _claim(ctx, commitment, Draft(commitment, text, share=Decimal(1), status=Status.DONE))
    figure = _figure(commitment, text)
    bare = fold(text).strip(" \t\r\n.,!").casefold()
    if figure is None and (bare in _ALL | _ALL_IN_ENGLISH or means_yes(bare)):
        return _claim(ctx, commitment, _whole(commitment, text))
    if figure is None or commitment.target is None:
        raise UserError(T("没看懂完成了多少。这样写：办结 {number} 全部完成", number=commitment.number))
    share = share_of(figure, commitment.target)
    if share < 1:
        raise UserError(_short_of(commitment, figure))
    return _claim(ctx, commitment, Draft(commitment, text, figure, share, Status.DONE))


def _short_of(commitment: Commitment, figure: Decimal) -> Text:
    return T(
        "目标是{goal}，{figure}还没达到，不能办结。先报进度：第{number}项 {figure}；目标有变请发“变更”。",
        goal=goal(commitment.terms),
        figure=f"{plain_number(figure)}{commitment.measure or ''}",
        number=commitment.number,
    )


def _figure(commitment: Commitment, text: str) -> Decimal | None:
    """The quantity in the text, in the commitment's measure; a bare number is in that measure too."""
    if commitment.measure is None:
        return None
    found = figure_of(text)
    if found is not None:
        return convert(found[0], found[1], commitment.measure)
    numbers = numbers_in(fold(text))
    return numbers[0].value if len(numbers) == 1 else None


def _whole(commitment: Commitment, text: str) -> Draft:
    parts = full_values(commitment.parts) if commitment.kind is Kind.COMPOUND else ()
    return Draft(commitment, text, commitment.target, Decimal(1), Status.DONE, parts)


def _claim(ctx: Ctx, commitment: Commitment, report: Draft | None = None) -> Reply:
    """Note the claim, with a report of what was reached when there is none yet, and tell the office."""
    waits = bool(examination.count_waiting(ctx.tx, [commitment.unit_id], state=State.DONE))
    if report is not None:
        keep(ctx, commitment.unit_id, [report])
    commitments.set_state(
        ctx.tx,
        commitment.id,
        state=State.DONE,
        expected=[State.PUBLISHED],
        done_at=ctx.now,
        return_reason=None,
    )
    ctx.record(
        Change(
            kind="commitment.done",
            summary=T("第{number}项报办结", number=commitment.number),
            unit_id=commitment.unit_id,
            subject_id=commitment.id,
            data={"reason": commitment.return_reason},
        )
    )
    if not waits:
        _tell_office(ctx, commitment)
    office = office_name(ctx, commitment.unit_id)
    words = T("第{number}项已报办结，等{office}核实销号。", number=commitment.number, office=office)
    return say(words, quote(commitment.words), replace=True)


def _tell_office(ctx: Ctx, commitment: Commitment) -> None:
    name = units.get(ctx.tx, commitment.unit_id).name
    tell(
        ctx,
        reviewers(ctx, commitment.unit_id),
        T("{unit}第{number}项报办结，等您核实销号。", unit=name, number=commitment.number),
        buttons=((Button(T("去核实"), f"close_out u{commitment.unit_id}"),),),
    )


@registry.undo("commitment.done")
def undo_claim(ctx: Ctx, change: Recorded) -> None:
    """Not claimed any more, unless the office has closed or returned it; the report stays."""
    assert change.subject_id is not None
    if not commitments.set_state(
        ctx.tx,
        change.subject_id,
        state=State.PUBLISHED,
        expected=[State.DONE],
        done_at=None,
        return_reason=change.data["reason"],
    ):
        raise UserError(T("办事处已经处理了这次办结，不能撤销。"))
