"""弃权 and 回避: a judge who gives no score, or may not give one, says so, on the record."""

from __future__ import annotations

from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Button, Reply, ToPerson, say
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.rounds import reading
from handlers.rounds.declared import registry
from handlers.rounds.keeping import put, version
from handlers.rounds.seats import Seat, refuse, seat_for, seat_of, some_seats
from storage import people, rounds
from storage.rounds import Contestant
from storage.sheets import Status

_LONGEST_ID = 9


@registry.command(
    "弃权",
    ascii="abstain",
    section=Section.ROUNDS,
    help=T("不给一个单位打分，记录在案"),
    args=(Rest("words", T("单位")),),
    roles=(Role.JUDGE,),
    place=Place.PRIVATE,
    examples=("弃权 大里村",),
)
def abstain(ctx: Ctx, words: str) -> Reply:
    """Give no score for a contestant; a score may still be given until the round is sealed."""
    seat, contestant, _rest = _named(ctx, words)
    refuse(ctx, seat, contestant)
    abstained = version(ctx, seat, contestant.id, (), Status.ABSTAINED)
    put(ctx, seat, [abstained], seat.given(ctx), T("对{unit}弃权", unit=contestant.unit_name))
    return say(
        T("已记录：您对{unit}弃权，不计入平均。封评前还可以打分。", unit=contestant.unit_name),
        buttons=((Button(T("撤销"), "撤销"),),),
        replace=True,
    )


def _named(ctx: Ctx, words: str) -> tuple[Seat, Contestant, str]:
    """The contestant that the words begin with, by name, order of appearance or (on buttons) number."""
    first, _, rest = words.strip().partition(" ")
    if first.isdecimal() and len(first) <= _LONGEST_ID:
        seat, contestant = seat_of(ctx, int(first))
        return seat, contestant, rest.strip()
    seat = seat_for(some_seats(ctx), words)
    found = reading.contestant_at(fold(words), seat.round.contestants)
    if found is None:
        names = [c.unit_name for c in seat.own]
        raise UserError(T("没认出是哪个单位。这一场有：{names}", names=names))
    return seat, found[0], words[found[1] :].strip(" ，,：:")


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
    """Ask first: a recusal cannot be taken back, and what was given for the contestant no longer counts."""
    seat, contestant, reason = _named(ctx, words)
    if seat.round.recused(seat.judge, contestant):
        refuse(ctx, seat, contestant)
    ctx.ask("rounds.recuse", contestant=contestant.id, reason=reason)
    return say(
        T("申报回避后，您不再给{unit}打分，已打的分也不计入，不能撤回。确定吗？", unit=contestant.unit_name),
        buttons=((ctx.choice(T("确定回避"), "yes"), Button(T("取消"), "取消")),),
    )


@registry.dialogue("rounds.recuse")
def recusal_confirmed(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Put the recusal on the record and tell those who run the round."""
    if said.folded.strip().casefold() not in {"yes", "确定回避", "确定", "是", "好", "对"}:
        raise UserError(T("要回避就点“确定回避”，不回避就发“取消”。"))
    seat, contestant = seat_of(ctx, data["contestant"])
    reason = data["reason"] or ctx.show(T("本人申报"))
    rounds.recuse(ctx.tx, seat.judge.id, contestant.id, reason=reason, by=ctx.actor.id, now=ctx.now)
    summary = T("对{unit}回避", unit=contestant.unit_name)
    ctx.record(
        Change("judge.recused", summary, unit_id=seat.round.head.unit_id, subject_id=seat.judge.id, data=data)
    )
    for organizer in people.holders(ctx.tx, [seat.round.head.unit_id], [Role.ORGANIZER]).get(
        seat.round.head.unit_id, []
    ):
        ctx.post(
            say(
                T(
                    "“{name}”：评委{judge}对{unit}申报回避（{reason}）。",
                    name=seat.round.head.name,
                    judge=seat.judge.name,
                    unit=contestant.unit_name,
                    reason=reason,
                ),
                to=ToPerson(organizer.id),
            )
        )
    return say(T("已记录：您对{unit}回避。", unit=contestant.unit_name), replace=True)


@registry.undo("judge.recused")
def unrecuse(ctx: Ctx, change: object) -> None:
    """A recusal stands: whoever has declared a relation cannot score after all."""
    raise UserError(T("回避已经记录在案，不能撤销。"))
