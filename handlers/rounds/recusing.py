"""回避: a judge who may not score somebody says so, for this round or for good; it cannot be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Button, Reply, ToPerson, say
from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.rounds.abstaining import named
from handlers.rounds.declared import registry
from handlers.rounds.interests import declare, interest_unit
from handlers.rounds.seats import Seat, refuse, seat_of, seats
from storage import people, rounds, units

_YES = {"yes", "确定回避", "只这一场", "确定", "是", "好", "对"}
_ALWAYS = {"always", "以后也回避"}


@registry.command(
    "回避",
    ascii="recuse",
    aliases=("申请回避",),
    section=Section.ROUNDS,
    help=T("申报回避：与参评单位有利害关系的，不打分"),
    args=(Rest("words", T("单位 原因")),),
    roles=(Role.JUDGE,),
    place=Place.PRIVATE,
    examples=("回避 大里村 亲属在村里任职",),
)
def recuse(ctx: Ctx, words: str) -> Reply:
    """Ask first: a recusal cannot be taken back, and what was given for the contestant no longer counts.

    While nothing is scored, the relation is declared for the rounds to come.
    """
    if not seats(ctx):
        unit, reason = interest_unit(ctx, words, _roots(ctx))
        ctx.ask("rounds.relate", unit=unit.id, reason=reason)
        return say(
            T("登记后，以后{unit}参评时您都自动回避。确定吗？", unit=unit.name),
            buttons=((ctx.choice(T("确定回避"), "yes"), Button(T("取消"), "取消")),),
        )
    seat, contestant, reason = named(ctx, words)
    if seat.round.recused(seat.judge, contestant):
        refuse(ctx, seat, contestant)
    ctx.ask("rounds.recuse", contestant=contestant.id, reason=reason)
    return say(
        T("申报回避后，您不再给{unit}打分，已打的分也不计入，不能撤回。确定吗？", unit=contestant.unit_name),
        buttons=(
            (ctx.choice(T("确定回避"), "yes"), ctx.choice(T("以后也回避"), "always")),
            (Button(T("取消"), "取消"),),
        ),
    )


def _roots(ctx: Ctx) -> list[int]:
    """The districts that the judge judges in."""
    return [units.ancestors(ctx.tx, unit)[-1].id for unit in ctx.actor.units(Role.JUDGE)]


@registry.dialogue("rounds.relate")
def relation_confirmed(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The judge's own relation to a unit, for the rounds to come."""
    if said.folded.strip().casefold() not in _YES:
        raise UserError(T("要回避就点“确定回避”，不回避就发“取消”。"))
    unit = units.get(ctx.tx, data["unit"])
    reason = data["reason"] or ctx.show(T("本人申报"))
    declare(ctx, ctx.actor.id, unit, reason)
    told = T(
        "评委{judge}登记：与{unit}有利害关系（{reason}），以后都回避。",
        judge=ctx.actor.name,
        unit=unit.name,
        reason=reason,
    )
    _tell_organizers(ctx, [above.id for above in units.ancestors(ctx.tx, unit.id)], told)
    return say(T("已登记：以后{unit}参评时您自动回避。", unit=unit.name), replace=True)


@registry.dialogue("rounds.recuse")
def recusal_confirmed(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Put the recusal on the record and tell those who run the round."""
    answer = said.folded.strip().casefold()
    if answer not in _YES | _ALWAYS:
        raise UserError(T("要回避就点“确定回避”，不回避就发“取消”。"))
    seat, contestant = seat_of(ctx, data["contestant"])
    reason = data["reason"] or ctx.show(T("本人申报"))
    _record(ctx, seat, contestant.id, contestant.unit_name, reason)
    if answer in _ALWAYS:
        declare(ctx, ctx.actor.id, units.get(ctx.tx, contestant.unit_id), reason)
    told = T(
        "“{name}”：评委{judge}对{unit}申报回避（{reason}）。",
        name=seat.round.head.name,
        judge=seat.judge.name,
        unit=contestant.unit_name,
        reason=reason,
    )
    _tell_organizers(ctx, [seat.round.head.unit_id], told)
    return say(T("已记录：您对{unit}回避。", unit=contestant.unit_name), replace=True)


def _record(ctx: Ctx, seat: Seat, contestant_id: int, unit: str, reason: str) -> None:
    rounds.recuse(ctx.tx, seat.judge.id, contestant_id, reason=reason, by=ctx.actor.id, now=ctx.now)
    data = {"contestant": contestant_id, "reason": reason}
    summary = T("对{unit}回避", unit=unit)
    ctx.record(
        Change("judge.recused", summary, unit_id=seat.round.head.unit_id, subject_id=seat.judge.id, data=data)
    )


def _tell_organizers(ctx: Ctx, unit_ids: Sequence[int], words: Words) -> None:
    holders = people.holders(ctx.tx, unit_ids, [Role.ORGANIZER])
    for person in {person.id: person for unit in unit_ids for person in holders.get(unit, [])}.values():
        ctx.post(say(words, to=ToPerson(person.id)))


@registry.undo("judge.recused")
def unrecuse(ctx: Ctx, change: object) -> None:
    """A recusal stands: whoever has declared a relation cannot score after all."""
    raise UserError(T("回避已经记录在案，不能撤销。"))
