"""A judge's place in an open round, and which of several is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.rounds import reading
from handlers.rounds.rulings import rules_of
from storage import rounds, sheets
from storage.rounds import Contestant, Judge, Round, State
from storage.sheets import Sheet


@dataclass(frozen=True, slots=True)
class Seat:
    """A judge's place in an open round."""

    round: Round
    judge: Judge

    @property
    def own(self) -> list[Contestant]:
        """Whom this judge scores."""
        return [c for c in self.round.contestants if not self.round.recused(self.judge, c)]

    @property
    def now_on(self) -> list[Contestant]:
        """Those of them whose turn has come."""
        return [c for c in self.own if self.round.is_on(c)]

    @property
    def step(self) -> Decimal:
        """The smallest difference between two scores."""
        return rules_of(self.round).step

    def given(self, ctx: Ctx) -> dict[int, Sheet]:
        """The judge's own sheets by contestant."""
        return sheets.of_judge(ctx.tx, self.round.id, self.judge.id)

    def left(self, ctx: Ctx) -> list[Contestant]:
        """Who is still to be scored; what a judge before in the same place has given need not be."""
        done = set(self.given(ctx))
        for before in self.round.before(self.judge):
            done |= set(sheets.of_judge(ctx.tx, self.round.id, before))
        return [c for c in self.now_on if c.id not in done]


def seats(ctx: Ctx) -> list[Seat]:
    """The open rounds in which the person is a judge."""
    if ctx.actor.person_id is None:
        return []
    found = []
    for head in rounds.judged_by(ctx.tx, ctx.actor.id, states=(State.OPEN,)):
        one = rounds.get(ctx.tx, head.id)
        found.append(Seat(one, next(j for j in one.sitting if j.person_id == ctx.actor.id)))
    return found


def some_seats(ctx: Ctx) -> list[Seat]:
    """The same; raises UserError when there are none."""
    taken = seats(ctx)
    if not taken:
        raise UserError(no_round(ctx))
    return taken


def no_round(ctx: Ctx) -> Words:
    """Why a judge has nothing to score."""
    closed = rounds.judged_by(ctx.tx, ctx.actor.id, states=(State.CLOSED, State.COMPUTED, State.SIGNED))
    if closed:
        return T("“{name}”已经封评，分数不能再改。", name=closed[-1].name)
    return T("现在没有需要您评分的场次。开评时会通知您。")


def seat_for(taken: Sequence[Seat], words: str) -> Seat:
    """The round that the first line's contestant is in; raises UserError when it is in several."""
    first = fold(words.strip().splitlines()[0])
    fits = [seat for seat in taken if reading.contestant_at(first, seat.round.contestants)]
    if len(fits) > 1:
        raise UserError(
            T("这个单位在{names}里都有，请发“评分表”，在那一场下面打分。", names=[s.round.head.name for s in fits])
        )
    return fits[0] if fits else taken[0]


def seat_of(ctx: Ctx, contestant_id: int) -> tuple[Seat, Contestant]:
    """The judge's seat in the round of a contestant; raises UserError when they have none there."""
    for seat in some_seats(ctx):
        for contestant in seat.round.contestants:
            if contestant.id == contestant_id:
                return seat, contestant
    raise UserError(no_round(ctx))


def refuse(seat: Seat, contestant: Contestant) -> None:
    """Raises UserError when the judge may not score the contestant, or not yet."""
    found = seat.round
    if found.elsewhere(seat.judge, contestant):
        raise UserError(T("{unit}由别的组评，您不用打分。", unit=contestant.unit_name))
    if found.of_own_office(seat.judge, contestant):
        raise UserError(T("{unit}是您所在办事处的单位，按规定由您回避，不用打分。", unit=contestant.unit_name))
    if found.recused(seat.judge, contestant):
        raise UserError(T("您已经对{unit}申报回避，不用打分。", unit=contestant.unit_name))
    if not found.is_on(contestant):
        current = found.contestants[(found.head.reached or 1) - 1]
        if found.head.reached:
            raise UserError(
                T(
                    "还没轮到{position}号{unit}，现在是{current}号{other}。",
                    position=contestant.position,
                    unit=contestant.unit_name,
                    current=current.position,
                    other=current.unit_name,
                )
            )
        raise UserError(T("还没开始，请等1号{unit}出场。", unit=current.unit_name))
