"""评分表: a judge's own sheet, and scores built up by buttons, criterion by criterion."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from bot.chat.arguments import Item
from bot.chat.commands import Place, Section
from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.grammar.numerals import number_at
from bot.chat.messages import Button, Reply, Table, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.rounds import reading
from handlers.rounds.declared import registry
from handlers.rounds.keeping import keep, said_scores
from handlers.rounds.rulings import rules_of
from handlers.rounds.seats import Seat, no_round, refuse, seat_of, seats, some_seats
from storage.rounds import Contestant
from storage.sheets import Sheet

#: So many values are offered for one criterion, from the top downwards.
OFFERED = 8
_A_ROW = 4
_MOST_BUTTONS = 12
#: Up to this maximum every point is offered, above it every second.
_SMALL_SCALE = 40


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
def own_sheet(ctx: Ctx, number: int | None) -> Reply:
    """The judge's own sheet with what is missing, and buttons to go on."""
    taken = some_seats(ctx)
    chosen = [seat for seat in taken if seat.round.id == number] or taken
    return sheet_card(ctx, chosen[0])


def sheet_card(ctx: Ctx, seat: Seat) -> Reply:
    """One round's own sheet."""
    given = seat.given(ctx)
    rows = tuple((str(c.position), c.unit_name, _shown(seat, c, given.get(c.id))) for c in seat.round.contestants)
    open_ones = seat.left(ctx) or seat.now_on
    buttons = [Button(c.unit_name, f"pad {c.id}") for c in open_ones[:_MOST_BUTTONS]]
    return say(
        title(seat.round.head.name),
        Table((T("序号"), T("单位"), T("我的分")), rows, "rlr"),
        faint(T("点单位打分，或直接发：单位 分数")),
        buttons=in_rows(buttons, 3),
        replace=True,
    )


def _shown(seat: Seat, contestant: Contestant, sheet: Sheet | None) -> Words:
    if seat.round.elsewhere(seat.judge, contestant):
        return T("别组评")
    if seat.round.recused(seat.judge, contestant):
        return T("回避")
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
    refuse(seat, own)
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
        lines.append(T("小计：{total}分", total=sum((Decimal(s) for s in given), Decimal(0))))
    values = [ctx.choice(str(v), str(v)) for v in offered(criterion.maximum)]
    other = (Button(T("弃权"), f"abstain {contestant.id}"),) if not given else ()
    return say(
        title(T("{position}号 {unit}", position=contestant.position, unit=contestant.unit_name)),
        *lines,
        T("{name}（满分{maximum}）打几分？", name=criterion.name, maximum=criterion.maximum),
        faint(T("没有合适的就直接发数字。")),
        buttons=(*in_rows(values, _A_ROW), other),
        replace=True,
    )


def offered(maximum: Decimal) -> list[Decimal]:
    """Values to choose from, from the top downwards: every point of a small scale, every second of a large one."""
    step = 1 if maximum <= _SMALL_SCALE else 2
    top = int(maximum)
    return [Decimal(top - step * i) for i in range(OFFERED) if top - step * i >= 0]


@registry.dialogue("rounds.pad")
def pad_answered(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """One criterion's score; after the last one the sheet is kept."""
    seat = next((s for s in seats(ctx) if any(c.id == data["contestant"] for c in s.round.contestants)), None)
    if seat is None:
        raise UserError(no_round(ctx))
    contestant = seat.round.contestant(data["contestant"])
    refuse(seat, contestant)
    criterion = seat.round.criteria[len(data["given"])]
    number = number_at(said.folded.strip(), 0)
    if number is None or said.folded.strip()[number.end :].strip() not in ("", "分"):
        whole: Reply | None = said_scores(ctx, said)
        if whole is not None:
            return whole
        raise UserError(T("请发一个数字，最高{maximum}；不打了就发“取消”。", maximum=criterion.maximum))
    problem = reading.out_of_range(contestant, (number.value,), (criterion,), rules_of(seat.round).step)
    if problem is not None:
        raise UserError(problem)
    given = [*data["given"], str(number.value)]
    if len(given) < len(seat.round.criteria):
        return _ask_score(ctx, seat, contestant, given)
    return keep(ctx, seat, [(contestant, [Decimal(s) for s in given])])


def in_rows(buttons: Sequence[Button], width: int) -> tuple[tuple[Button, ...], ...]:
    """Buttons in rows of so many."""
    return tuple(tuple(buttons[i : i + width]) for i in range(0, len(buttons), width))
