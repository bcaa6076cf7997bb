"""弃权: a judge who gives no score says so, on the record."""

from __future__ import annotations

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Button, Reply, say
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.rounds import reading
from handlers.rounds.declared import registry
from handlers.rounds.keeping import put, version
from handlers.rounds.seats import Seat, refuse, seat_for, seat_of, some_seats
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
    seat, contestant, _rest = named(ctx, words)
    refuse(ctx, seat, contestant)
    abstained = version(ctx, seat, contestant.id, (), Status.ABSTAINED)
    put(ctx, seat, [abstained], seat.given(ctx), T("对{unit}弃权", unit=contestant.unit_name))
    return say(
        T("已记录：您对{unit}弃权，不计入平均。封评前还可以打分。", unit=contestant.unit_name),
        buttons=((Button(T("撤销"), "撤销"),),),
        replace=True,
    )


def named(ctx: Ctx, words: str) -> tuple[Seat, Contestant, str]:
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
