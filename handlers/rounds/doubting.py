"""A courteous question instead of a silent correction: a score that looks like a slip is asked about, privately.

Far from what the judge gave to others: then the judge's own range is named. Outside what others gave to the same
contestant: then nothing is named, not even whether it is high or low, so that the question tells nobody's score.
Each sheet is asked about once only, so that nobody can feel their way to the others' scores by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from statistics import median

from bot.chat.arguments import Item
from bot.chat.commands import Place, Section
from bot.chat.messages import Button, Reply, ToPerson, say
from bot.chat.people import Role
from bot.chat.texts import T, Text
from handlers import Ctx
from handlers.rounds.declared import registry
from handlers.rounds.seats import Seat, seat_of
from storage import sheets
from storage.rounds import Contestant, Judge, Round

#: With fewer sheets of one's own there is no pattern to be far from.
_ENOUGH = 3
#: With fewer scores of others there is no field, and being asked would tell too much of them.
_FIELD = 4
#: Iglewicz and Hoaglin, How to Detect and Handle Outliers (1993): a modified z-score above 3.5 is an outlier.
_LIMIT = Decimal("3.5")
_CONSISTENCY = Decimal("0.6745")
#: Judges who give nearly the same to all have a spread of almost nothing: so much of the maximum is no slip.
_LEAST_SPREAD = Decimal("0.025")


def ask(ctx: Ctx, seat: Seat, fresh: Sequence[Contestant]) -> None:
    """Ask the judge about those of the new scores that are far from their pattern, and whoever of the judges of
    these contestants is now seen to be outside the field."""
    given = {c: sheet.total for c, sheet in seat.given(ctx).items() if sheet.total is not None}
    asked = set()
    for contestant in fresh:
        score = given[contestant.id]
        others = [total for c, total in given.items() if c != contestant.id]
        if is_far(score, others, seat.round.maximum):
            asked.add((seat.judge.id, contestant.id))
            _post(ctx, seat.round, seat.judge, contestant, _own_words(contestant, score, others))
    field = sheets.totals_about(ctx.tx, [contestant.id for contestant in fresh])
    for contestant in fresh:
        valid = _valid(seat.round, contestant, field[contestant.id])
        for judge in outside(valid, seat.round.maximum):
            if (judge.id, contestant.id) not in asked:
                _post(ctx, seat.round, judge, contestant, _field_words(contestant, valid[judge]))


def _valid(found: Round, contestant: Contestant, totals: Mapping[int, Decimal]) -> dict[Judge, Decimal]:
    return {j: totals[j.id] for j in found.judges if j.id in totals and not found.recused(j, contestant)}


def outside(totals: Mapping[Judge, Decimal], maximum: Decimal) -> list[Judge]:
    """The judges whose score for a contestant lies outside what the others gave."""
    found = []
    for judge, score in totals.items():
        others = [other for each, other in totals.items() if each is not judge]
        if len(others) >= _FIELD and is_far(score, others, maximum):
            found.append(judge)
    return found


def is_far(score: Decimal, others: Sequence[Decimal], maximum: Decimal) -> bool:
    """Whether the modified z-score of a score among others is above 3.5."""
    if len(others) < _ENOUGH:
        return False
    middle = median(others)
    spread = max(median([abs(other - middle) for other in others]), maximum * _LEAST_SPREAD)
    return _CONSISTENCY * abs(score - middle) / spread > _LIMIT


def _own_words(contestant: Contestant, score: Decimal, others: Sequence[Decimal]) -> Text:
    low, high = min(others), max(others)
    return T(
        "请您看一眼：{unit}打的是{score}分，您给其他单位打的是{low}到{high}分。没错就不用管。",
        unit=contestant.unit_name,
        score=score,
        low=low,
        high=high,
    )


def _field_words(contestant: Contestant, score: Decimal) -> Text:
    return T("请您看一眼：{unit}打的是{score}分。没错就不用管。", unit=contestant.unit_name, score=score)


def _post(ctx: Ctx, found: Round, judge: Judge, contestant: Contestant, words: Text) -> None:
    ctx.post(
        say(
            words,
            buttons=(
                (
                    Button(T("没错"), f"keep_score {contestant.id}"),
                    Button(T("改{unit}的分", unit=contestant.unit_name), f"pad {contestant.id}"),
                ),
            ),
            to=ToPerson(judge.person_id),
            # Once for a sheet, whoever's message gives rise to it and however often the score changes.
            key=f"round{found.id}:doubt:judge{judge.id}:contestant{contestant.id}",
        )
    )


@registry.command(
    "分数没错",
    ascii="keep_score",
    section=Section.ROUNDS,
    help=T("确认打的分没有错"),
    args=(Item("contestant", T("参评编号")),),
    roles=(Role.JUDGE,),
    place=Place.PRIVATE,
    hidden=True,
)
def keep_score(ctx: Ctx, contestant: int) -> Reply:
    """The judge stands by the score; nothing changes."""
    seat, own = seat_of(ctx, contestant)
    sheet = seat.given(ctx).get(own.id)
    if sheet is None or sheet.total is None:
        return say(T("{unit}现在没有分数。", unit=own.unit_name), replace=True)
    return say(T("好的，{unit}就是{score}分。", unit=own.unit_name, score=sheet.total), replace=True)
