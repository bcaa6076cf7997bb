"""评分表: a judge's own sheet, and scores built up by buttons, criterion by criterion."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import Any

from bot.chat.arguments import Item
from bot.chat.commands import Place, Section
from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.grammar.numerals import number_at
from bot.chat.messages import Button, Reply, Table, faint, in_rows, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Words, plain_number
from handlers import Ctx
from handlers.rounds import reading
from handlers.rounds.declared import registry
from handlers.rounds.keeping import keep, said_scores
from handlers.rounds.seats import Seat, no_round, refuse, seat_of, seats
from storage import rounds
from storage.rounds import Contestant, Judge, State
from storage.sheets import Sheet

#: So many values are offered for one criterion, from the top downwards.
OFFERED = 8
_A_ROW = 4
_MOST_BUTTONS = 12
#: Up to this maximum every point is offered, above it every second.
_SMALL_SCALE = 40
_TEN_POINTS = 10
_ONE, _HALF = Decimal(1), Decimal("0.5")


@registry.command(
    "评分表",
    ascii="sheet",
    aliases=("我的评分", "打分表"),
    section=Section.ROUNDS,
    help=T("您自己的评分表，还差哪些"),
    args=(Item("number", T("场次编号"), optional=True),),
    roles=(Role.JUDGE,),
    place=Place.PRIVATE,
    examples=("评分表",),
)
def own_sheet(ctx: Ctx, number: int | None) -> list[Reply]:
    """The judge's own sheet of each open round, or of the one of that number, with buttons to go on."""
    taken = seats(ctx)
    chosen = [seat for seat in taken if number in (None, seat.round.id)] or taken
    if not chosen:
        return [_sealed_sheet(ctx)]
    return [sheet_card(ctx, seat) for seat in chosen]


def sheet_card(ctx: Ctx, seat: Seat) -> Reply:
    """One round's own sheet."""
    open_ones = seat.left(ctx) or seat.now_on
    buttons = [Button(c.unit_name, f"pad {c.id}") for c in open_ones[:_MOST_BUTTONS]]
    return say(
        title(seat.round.head.name),
        _table(ctx, seat),
        faint(T("点单位打分，或直接发：单位 分数")),
        buttons=in_rows(buttons, 3),
        replace=True,
    )


def _sealed_sheet(ctx: Ctx) -> Reply:
    """The newest sheet of the judge that is sealed and not published yet, to be looked at only."""
    heads = rounds.judged_by(ctx.tx, ctx.actor.id, states=(State.CLOSED, State.COMPUTED, State.SIGNED))
    if not heads:
        raise UserError(no_round(ctx))
    found = rounds.get(ctx.tx, heads[-1].id)
    seat = Seat(found, next(judge for judge in found.judges if judge.person_id == ctx.actor.id))
    return say(title(found.head.name), _table(ctx, seat), faint(T("已经封评，分数不能再改。公布后可以发“核验”。")))


def _table(ctx: Ctx, seat: Seat) -> Table:
    given, mates = seat.given(ctx), seat.given_by_mates(ctx)
    rows = tuple(
        (str(c.position), c.unit_name, _shown(seat, c, given.get(c.id), mates.get(c.id)))
        for c in seat.round.contestants
    )
    return Table((T("序号"), T("单位"), T("我的分")), rows, "rlr")


def _shown(seat: Seat, contestant: Contestant, sheet: Sheet | None, mate: Judge | None) -> Words:
    if seat.round.elsewhere(seat.judge, contestant):
        return T("别组评")
    if seat.round.recused(seat.judge, contestant):
        return T("回避")
    if sheet is None and mate is not None:
        return T("{judge}已打", judge=mate.name)
    if sheet is None:
        return T("未打") if seat.round.is_on(contestant) else T("未出场")
    return T("弃权") if sheet.total is None else T("{total}", total=sheet.total)


@registry.command(
    "按钮打分",
    ascii="pad",
    section=Section.ROUNDS,
    help=T("用按钮给一个单位打分"),
    args=(Item("contestant", T("参评编号")),),
    roles=(Role.JUDGE,),
    place=Place.PRIVATE,
    hidden=True,
)
def pad(ctx: Ctx, contestant: int) -> Reply:
    """Begin a sheet by buttons."""
    seat, own = seat_of(ctx, contestant)
    refuse(ctx, seat, own)
    return _ask_score(ctx, seat, own, [])


def _ask_score(ctx: Ctx, seat: Seat, contestant: Contestant, given: list[str]) -> Reply:
    """The next criterion of a sheet, with the running total."""
    criteria = seat.round.criteria
    criterion = criteria[len(given)]
    ctx.ask("rounds.pad", contestant=contestant.id, given=given)
    lines: list[Words] = [
        T("{name}：{score}", name=c.name, score=s) for c, s in zip(criteria, given, strict=False)
    ]
    if given:
        so_far = zip(criteria, given, strict=False)
        total = sum((c.weight * Decimal(s) for c, s in so_far), Decimal(0))
        lines.append(T("小计：{total}分", total=total))
    values = [ctx.choice(str(v), str(v)) for v in offered(criterion.maximum, seat.step)]
    back = ctx.choice(T("上一项"), "back")
    other = (back if given else Button(T("弃权"), f"abstain {contestant.id}"),)
    return say(
        title(T("{position}号 {unit}", position=contestant.position, unit=contestant.unit_name)),
        *lines,
        T("{name}（满分{maximum}）打几分？", name=criterion.name, maximum=criterion.maximum),
        faint(T("没有合适的就直接发数字。")),
        buttons=(*in_rows(values, _A_ROW), other),
        replace=True,
    )


def offered(maximum: Decimal, step: Decimal) -> list[Decimal]:
    """Values to choose from, all of them permitted, from the top downwards.

    Half points of a ten-point scale, every point of a small scale, every second of a large one; wider where the
    permitted step is.
    """
    wanted = _HALF if maximum <= _TEN_POINTS else _ONE if maximum <= _SMALL_SCALE else 2 * _ONE
    apart = (wanted / step).to_integral_value(ROUND_CEILING) * step
    top = maximum // min(apart, max(step, _ONE)) * min(apart, max(step, _ONE))
    values = [top - apart * at for at in range(OFFERED)]
    return [Decimal(plain_number(value)) for value in values if value >= 0]


@registry.dialogue("rounds.pad", figures=True)
def pad_answered(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """One criterion's score; after the last one the sheet is kept."""
    seat = next((s for s in seats(ctx) if any(c.id == data["contestant"] for c in s.round.contestants)), None)
    if seat is None:
        raise UserError(no_round(ctx))
    contestant = seat.round.contestant(data["contestant"])
    refuse(ctx, seat, contestant)
    if data["given"] and said.folded.strip() in ("back", "上一项"):
        return _ask_score(ctx, seat, contestant, data["given"][:-1])
    criterion = seat.round.criteria[len(data["given"])]
    number = number_at(said.folded.strip(), 0)
    if number is None or said.folded.strip()[number.end :].strip() not in ("", "分"):
        whole: Reply | None = said_scores(ctx, said)
        if whole is not None:
            return whole
        raise UserError(T("请发一个数字，最高{maximum}；不打了就发“取消”。", maximum=criterion.maximum))
    problem = reading.out_of_range(contestant, (number.value,), (criterion,), seat.step)
    if problem is not None:
        raise UserError(problem)
    given = [*data["given"], str(number.value)]
    if len(given) < len(seat.round.criteria):
        return _ask_score(ctx, seat, contestant, given)
    return keep(ctx, seat, [(contestant, [Decimal(s) for s in given])])
