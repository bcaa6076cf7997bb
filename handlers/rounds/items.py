"""加分 and 扣分: bonus and penalty items with reasons, entered by the scorekeeper, added after averaging."""

from __future__ import annotations

from decimal import Decimal

from bot.chat.arguments import Item, Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.grammar.numerals import number_at
from bot.chat.messages import Block, Button, Reply, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.rounds import reading
from handlers.rounds.declared import my_round, registry
from storage import adjustments, rounds
from storage.adjustments import Kind
from storage.changes import Recorded
from storage.rounds import Contestant, Round, State

#: Until it is published, an item may be entered; signatures given before then are void.
_STATES = (State.OPEN, State.CLOSED, State.COMPUTED, State.SIGNED)
_NONE = T("现在没有正在进行的场次。")


@registry.command(
    "加分",
    ascii="bonus",
    section=Section.ROUNDS,
    help=T("给一个单位加分，写明原因"),
    args=(Rest("words", T("单位 分数 原因")),),
    roles=(Role.SCOREKEEPER,),
    place=Place.PRIVATE,
    examples=("加分 大里村 0.5 获市级先进",),
)
def bonus(ctx: Ctx, words: str) -> Reply:
    """Add points to a result, with the reason."""
    return _entered(ctx, words, Kind.BONUS)


@registry.command(
    "扣分",
    ascii="penalty",
    section=Section.ROUNDS,
    help=T("给一个单位扣分，写明原因"),
    args=(Rest("words", T("单位 分数 原因")),),
    roles=(Role.SCOREKEEPER,),
    place=Place.PRIVATE,
    examples=("扣分 大里村 0.2 迟到",),
)
def penalty(ctx: Ctx, words: str) -> Reply:
    """Take points off a result, with the reason."""
    return _entered(ctx, words, Kind.PENALTY)


def _entered(ctx: Ctx, words: str, kind: Kind) -> Reply:
    found = my_round(
        ctx,
        None,
        states=_STATES,
        none=_NONE,
        roles=(Role.SCOREKEEPER,),
        fits=lambda one: reading.contestant_at(fold(words), one.contestants) is not None,
    )
    contestant, points, reason = read_item(words, found, bonus=kind is Kind.BONUS)
    signed = points if kind is Kind.BONUS else -points
    put_item(ctx, found, contestant, kind=kind, points=signed, reason=reason, seconds=None)
    line = (
        T("{unit}加{points}分：{reason}", unit=contestant.unit_name, points=points, reason=reason)
        if kind is Kind.BONUS
        else T("{unit}扣{points}分：{reason}", unit=contestant.unit_name, points=points, reason=reason)
    )
    return say(
        T("已记下：{what}", what=line),
        *void_signatures(ctx, found),
        buttons=((Button(T("撤销"), "撤销"), Button(T("加减分"), f"items {found.id}")),),
    )


def read_item(words: str, found: Round, *, bonus: bool) -> tuple[Contestant, Decimal, str]:
    """Contestant, points above zero and reason. Raises UserError saying what is missing."""
    folded = fold(words)
    named = reading.contestant_at(folded, found.contestants)
    if named is None:
        raise UserError(T("没认出是哪个单位。这一场有：{names}", names=[c.unit_name for c in found.contestants]))
    contestant, at = named
    at += len(folded[at:]) - len(folded[at:].lstrip(" ,:+-加扣"))
    number = number_at(folded, at)
    reason = words[number.end :].strip().removeprefix("分").strip(" ，,：:") if number else ""
    if number is None or number.value <= 0 or not reason:
        raise UserError(
            T("请写明加几分和原因，例如：加分 {unit} 0.5 获市级先进", unit=contestant.unit_name)
            if bonus
            else T("请写明扣几分和原因，例如：扣分 {unit} 0.2 迟到", unit=contestant.unit_name)
        )
    return contestant, number.value, reason


def put_item(
    ctx: Ctx,
    found: Round,
    contestant: Contestant,
    *,
    kind: Kind,
    points: Decimal,
    reason: str,
    seconds: int | None,
) -> None:
    """Keep an item so that it can be taken back."""
    made = adjustments.add(
        ctx.tx,
        contestant.id,
        kind=kind,
        points=points,
        reason=reason,
        seconds=seconds,
        by=ctx.actor.id,
        now=ctx.now,
    )
    summary = T("给{unit}记加减分", unit=contestant.unit_name)
    data = {"round": found.id}
    ctx.record(Change("item.entered", summary, unit_id=found.head.unit_id, subject_id=made, data=data))


def void_signatures(ctx: Ctx, found: Round) -> list[Words]:
    """What was signed is not what there is any more: back to signing, and say so."""
    if found.head.state not in (State.COMPUTED, State.SIGNED):
        return []
    rounds.note(ctx.tx, found.id, "computed", by=ctx.actor.id, now=ctx.now)
    if found.head.state is State.SIGNED:
        rounds.set_state(ctx.tx, found.id, state=State.COMPUTED, expected=State.SIGNED)
    return [T("成绩有变，之前的签字作废，请监票人、计票人重新签字。")]


@registry.undo("item.entered")
def unput(ctx: Ctx, change: Recorded) -> None:
    """The item no longer counts; it stays on the record."""
    assert change.subject_id is not None
    found = rounds.get(ctx.tx, change.data["round"])
    if found.head.state not in _STATES or not adjustments.withdraw(
        ctx.tx, change.subject_id, by=ctx.actor.id, now=ctx.now
    ):
        raise UserError(T("成绩已经公布或这一项已经撤过，不能撤销。"))
    void_signatures(ctx, found)


@registry.command(
    "加减分",
    ascii="items",
    section=Section.ROUNDS,
    help=T("看一场的加分、扣分和超时扣分"),
    args=(Item("number", T("场次编号"), optional=True),),
    roles=(Role.ORGANIZER, Role.SCOREKEEPER, Role.SCRUTINEER),
    place=Place.PRIVATE,
    examples=("加减分",),
)
def items(ctx: Ctx, number: int | None) -> Reply:
    """All items that count, each with a button to take it off."""
    found = my_round(ctx, number, states=(*_STATES, State.PUBLISHED), none=_NONE, again="items ")
    names = {c.id: c.unit_name for c in found.contestants}
    body: list[Block | Words] = [title(found.head.name)]
    rows: list[tuple[Button, ...]] = []
    for item in adjustments.standing(ctx.tx, found.id):
        body.append(
            T(
                "{number}. {unit} {points}分：{reason}（{person}记）",
                number=item.id,
                unit=names[item.contestant_id],
                points=f"{item.points:+f}",
                reason=item.reason,
                person=item.entered_by,
            )
        )
        if ctx.actor.has(Role.SCOREKEEPER) and found.head.state in _STATES:
            rows.append((Button(T("撤掉{number}", number=item.id), f"drop_item {item.id}"),))
    if len(body) == 1:
        body.append(faint(T("还没有加减分。")))
    return say(*body, buttons=tuple(rows), replace=True)


@registry.command(
    "撤掉加减分",
    ascii="drop_item",
    section=Section.ROUNDS,
    help=T("撤掉一项加减分"),
    args=(Item("number", T("编号")),),
    roles=(Role.SCOREKEEPER,),
    place=Place.PRIVATE,
    hidden=True,
)
def drop_item(ctx: Ctx, number: int) -> Reply:
    """Take one item off; it stays on the record with who took it off."""
    found = my_round(
        ctx,
        None,
        states=_STATES,
        none=_NONE,
        roles=(Role.SCOREKEEPER,),
        fits=lambda one: any(item.id == number for item in adjustments.standing(ctx.tx, one.id)),
    )
    if all(item.id != number for item in adjustments.standing(ctx.tx, found.id)):
        raise UserError(T("没有{number}号加减分，或者已经撤掉了。", number=number))
    adjustments.withdraw(ctx.tx, number, by=ctx.actor.id, now=ctx.now)
    rounds.note(ctx.tx, found.id, "item_off", by=ctx.actor.id, now=ctx.now, data={"item": number})
    notes = void_signatures(ctx, found)
    shown = items(ctx, found.id)
    return say(*shown.body, *notes, buttons=shown.buttons, replace=True)
