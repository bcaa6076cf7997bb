"""异议: within the window after publication, with an answer on the record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.chat.arguments import Item, Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Button, Reply, ToPerson, quote, say
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.rounds.declared import RUNNING, chairs, registry
from storage import people, publications, rounds, units
from storage.changes import Recorded
from storage.publications import Objection
from storage.rounds import Round

_ANSWERING = (Role.ORGANIZER, Role.SCRUTINEER)


@registry.command(
    "异议",
    ascii="objection",
    aliases=("申诉",),
    section=Section.ROUNDS,
    help=T("公布后对成绩有异议，写明理由，一定会有答复"),
    args=(Rest("words", T("理由")),),
    roles=(Role.SECRETARY,),
    place=Place.PRIVATE,
    examples=("异议 超时扣分没有按规则计算",),
)
def objection(ctx: Ctx, words: str) -> Reply:
    """Put an objection to the newest published round of the person's unit on the record."""
    unit_id, found = _round_of(ctx)
    hours = ctx.policy.rounds.objection_hours
    published = publications.versions(ctx.tx, found.id)[-1].published_at
    if ctx.now > published + timedelta(hours=hours):
        raise UserError(
            T(
                "“{name}”公布后{hours}小时内受理异议，已经过了时间。有事请直接联系组织者。",
                name=found.head.name,
                hours=hours,
            )
        )
    made = publications.object_to(ctx.tx, found.id, unit_id=unit_id, words=words, by=ctx.actor.id, now=ctx.now)
    rounds.note(ctx.tx, found.id, "objection", by=ctx.actor.id, now=ctx.now, data={"objection": made})
    summary = T("对“{name}”提出异议", name=found.head.name)
    ctx.record(Change("round.objected", summary, unit_id=unit_id, subject_id=made))
    unit = found_name(found, unit_id)
    for role in _ANSWERING:
        for chair in chairs(ctx, found, role):
            ctx.post(
                say(
                    T("{unit}对“{name}”的成绩有异议：", unit=unit, name=found.head.name),
                    quote(words),
                    buttons=((Button(T("答复"), f"answer {made}"),),),
                    to=ToPerson(chair.id),
                    key=f"objection{made}",
                )
            )
    return say(T("异议已登记为{number}号，会答复您。", number=made))


def found_name(found: Round, unit_id: int) -> str:
    """The unit's name in the round."""
    return next(c.unit_name for c in found.contestants if c.unit_id == unit_id)


def _round_of(ctx: Ctx) -> tuple[int, Round]:
    for unit_id in ctx.actor.units(Role.SECRETARY):
        for head in rounds.published_with(ctx.tx, unit_id)[:1]:
            return unit_id, rounds.get(ctx.tx, head.id)
    raise UserError(T("还没有公布过本单位的成绩。"))


@registry.undo("round.objected")
def unobject(ctx: Ctx, change: Recorded) -> None:
    """Others know of it."""
    raise UserError(T("异议已经转给组织者和监票人，不能撤销；不坚持了请直接告诉他们。"))


@registry.command(
    "答复",
    ascii="answer",
    aliases=("答复异议",),
    section=Section.ROUNDS,
    help=T("答复一条异议，记录在案"),
    args=(Item("number", T("异议编号")), Rest("words", T("答复"), optional=True)),
    roles=RUNNING,
    place=Place.PRIVATE,
    examples=("答复 1 已复核，超时12秒，按规则扣0.2分",),
)
def answer(ctx: Ctx, number: int, words: str | None) -> Reply:
    """Answer an objection; its author learns of it."""
    found = _waiting(ctx, number)
    if not words:
        ctx.ask("rounds.answer", objection=number)
        return say(
            T("{person}的异议：", person=found.person), quote(found.words), T("请发答复，会转给对方并记录在案。")
        )
    return _answered(ctx, found, words)


def _waiting(ctx: Ctx, number: int) -> Objection:
    found = publications.objection(ctx.tx, number)
    if found is None or not units.is_within(
        ctx.tx, rounds.get(ctx.tx, found.round_id).head.unit_id, ctx.actor.units(*RUNNING)
    ):
        raise UserError(T("没有{number}号异议。", number=number))
    if found.answered_at is not None:
        raise UserError(
            T(
                "{number}号异议{person}已经答复：{answer}",
                number=number,
                person=found.answered_by,
                answer=found.answer,
            )
        )
    return found


@registry.dialogue("rounds.answer")
def answer_given(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The words of the answer."""
    return _answered(ctx, _waiting(ctx, data["objection"]), said.text.strip())


def _answered(ctx: Ctx, found: Objection, words: str) -> Reply:
    publications.answer(ctx.tx, found.id, words=words, by=ctx.actor.id, now=ctx.now)
    rounds.note(ctx.tx, found.round_id, "answered", by=ctx.actor.id, now=ctx.now, data={"objection": found.id})
    name = people.get(ctx.tx, ctx.actor.id).name
    ctx.post(
        say(
            T("您的{number}号异议，{person}答复：", number=found.id, person=name),
            quote(words),
            to=ToPerson(found.person_id),
            key=f"objection{found.id}:answer",
        )
    )
    return say(T("已答复{person}。成绩确有错误的，发“重开”改正后再公布。", person=found.person))
