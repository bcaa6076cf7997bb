"""A judge's place in an open round, and which of several is meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Button
from bot.chat.texts import T, Text, Words
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

    def given_by_mates(self, ctx: Ctx) -> dict[int, Judge]:
        """For which contestants somebody else who sat or sits in this place has given something."""
        return {
            contestant: mate
            for mate in self.round.mates(self.judge)
            for contestant in sheets.of_judge(ctx.tx, self.round.id, mate.id)
        }

    def left(self, ctx: Ctx) -> list[Contestant]:
        """Who is still to be scored; whom somebody else in the same place has scored need not be."""
        done = self.given(ctx).keys() | self.given_by_mates(ctx).keys()
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
    """The round that is meant: of those with the first line's contestant, the one in which all lines are good.

    Raises UserError with buttons when there are several.
    """
    first = next((line for line in fold(words).splitlines() if not reading.is_heading(line)), "")
    fits = [seat for seat in taken if reading.contestant_at(first, seat.round.contestants)] or list(taken[:1])
    if len(fits) > 1:
        fits = [seat for seat in fits if _all_good(seat, words)] or fits
    if len(fits) > 1:
        raise UserError(
            T("这个单位在{names}里都有，请选在哪一场打分：", names=[s.round.head.name for s in fits]),
            buttons=tuple((Button(s.round.head.name, f"sheet {s.round.id}"),) for s in fits),
        )
    return fits[0]


def _all_good(seat: Seat, words: str) -> bool:
    """Whether every line could be kept in this round, but those that the judge need not give in it."""
    lines = reading.read(words, seat.round.contestants, seat.round.criteria, rules=rules_of(seat.round))
    asked = [line for line in lines if line.contestant is None or spared(seat, line.contestant) is None]
    return bool(asked) and all(
        line.problem is None and line.contestant is not None and refusal(seat, line.contestant) is None
        for line in asked
    )


def seat_of(ctx: Ctx, contestant_id: int) -> tuple[Seat, Contestant]:
    """The judge's seat in the round of a contestant; raises UserError when they have none there."""
    for seat in some_seats(ctx):
        for contestant in seat.round.contestants:
            if contestant.id == contestant_id:
                return seat, contestant
    raise UserError(no_round(ctx))


def refuse(ctx: Ctx, seat: Seat, contestant: Contestant, *, on_behalf: bool = False) -> None:
    """Raises UserError when the judge may not score the contestant, or not yet."""
    refused = refusal(seat, contestant, seat.given_by_mates(ctx), on_behalf=on_behalf)
    if refused is not None:
        raise UserError(refused)


def refusal(
    seat: Seat, contestant: Contestant, mates: Mapping[int, Judge] | None = None, *, on_behalf: bool = False
) -> Text | None:
    """Why the judge may not score the contestant, or not yet; None when they may.

    `mates`: for whom somebody else in the same place has given something. `on_behalf`: it is said to somebody
    who keys in the judge's sheet.
    """
    found, unit = seat.round, contestant.unit_name
    needless = spared(seat, contestant, mates, on_behalf=on_behalf)
    if needless is not None or found.is_on(contestant):
        return needless
    if not found.head.reached:
        return T("还没开始，请等1号{unit}出场。", unit=found.contestants[0].unit_name)
    current = found.contestants[found.head.reached - 1]
    return T(
        "还没轮到{position}号{unit}，现在是{current}号{other}。",
        position=contestant.position,
        unit=unit,
        current=current.position,
        other=current.unit_name,
    )


def spared(
    seat: Seat, contestant: Contestant, mates: Mapping[int, Judge] | None = None, *, on_behalf: bool = False
) -> Text | None:
    """Why the judge need not score the contestant in this round at all; None when they should, now or later."""
    found, unit = seat.round, contestant.unit_name
    if found.elsewhere(seat.judge, contestant):
        return T("{unit}由别的组评，不用打分。", unit=unit)
    if found.recused(seat.judge, contestant):
        return _behalf_refusal(seat, contestant) if on_behalf else _recusal(seat, contestant)
    mate = (mates or {}).get(contestant.id)
    if mate is not None:
        return T("{unit}已由{judge}打过分，分数保留，不用再打。", unit=unit, judge=mate.name)
    return None


def _recusal(seat: Seat, contestant: Contestant) -> Text:
    if seat.round.of_own_office(seat.judge, contestant):
        return T("{unit}是您所在办事处的单位，按规定由您回避，不用打分。", unit=contestant.unit_name)
    if (seat.judge.id, contestant.id) not in seat.round.declared:
        return T("您和{unit}登记过利害关系，按规定由您回避，不用打分。", unit=contestant.unit_name)
    return T("您已经对{unit}申报回避，不用打分。", unit=contestant.unit_name)


def _behalf_refusal(seat: Seat, contestant: Contestant) -> Text:
    if seat.round.of_own_office(seat.judge, contestant):
        return T(
            "{unit}是{judge}所在办事处的单位，按规定回避，不能代录。",
            unit=contestant.unit_name,
            judge=seat.judge.name,
        )
    return T("{judge}已经对{unit}申报回避，不能代录。", unit=contestant.unit_name, judge=seat.judge.name)
