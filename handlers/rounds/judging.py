"""The judge's part: scores by words or by buttons, the own sheet, and changing one's mind until closing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.chat.arguments import Item, Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.grammar.numerals import number_at
from bot.chat.grammar.suggest import closest
from bot.chat.messages import Block, Button, Reply, Table, ToPerson, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.rounds import reading
from handlers.rounds.declared import registry
from storage import rounds
from storage.changes import Recorded
from storage.rounds import Contestant, Judge, Round, Sheet, State

#: So many values are offered for one criterion, from the top downwards.
OFFERED = 8
_A_ROW = 4
_MOST_BUTTONS = 12


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
    def decimals(self) -> int:
        return int(self.round.head.rules["judge_decimals"])


def seats(ctx: Ctx) -> list[Seat]:
    """The open rounds in which the person is a judge."""
    if ctx.actor.person_id is None:
        return []
    found = []
    for head in rounds.judged_by(ctx.tx, ctx.actor.id, states=(State.OPEN,)):
        one = rounds.get(ctx.tx, head.id)
        found.append(Seat(one, next(j for j in one.judges if j.person_id == ctx.actor.id)))
    return found


@registry.command(
    "打分",
    ascii="score",
    aliases=("评分", "给分"),
    section=Section.ROUNDS,
    help=T("给参评单位打分，封评前都可以改"),
    args=(Rest("words", T("单位 分数"), optional=True),),
    roles=(Role.JUDGE,),
    place=Place.PRIVATE,
    examples=("打分 大里村 28 26 19 20", "打分 大里村 92.5"),
)
def score(ctx: Ctx, words: str | None) -> Reply:
    """Score one contestant or several, a line each."""
    taken = seats(ctx)
    if not taken:
        raise UserError(_no_round(ctx))
    if not words:
        return sheet_card(ctx, taken[0])
    return _take(ctx, _seat_for(taken, words), words)


def _no_round(ctx: Ctx) -> Words:
    closed = rounds.judged_by(ctx.tx, ctx.actor.id, states=(State.CLOSED, State.PUBLISHED))
    if closed:
        return T("“{name}”已经封评，分数不能再改。", name=closed[-1].name)
    return T("现在没有需要您评分的场次。开评时会通知您。")


def _seat_for(taken: Sequence[Seat], words: str) -> Seat:
    """The round that the first line's contestant is in; raises UserError when it is in several."""
    first = fold(words.strip().splitlines()[0])
    fits = [seat for seat in taken if reading.contestant_at(first, seat.round.contestants)]
    if len(fits) > 1:
        raise UserError(
            T("这个单位在{names}里都有，请发“评分表”，在那一场下面打分。", names=[s.round.head.name for s in fits])
        )
    return fits[0] if fits else taken[0]


@registry.reader(20)
def scores_said(ctx: Ctx, said: Said) -> Reply | None:
    """Scores without a command word, from a judge of an open round."""
    if not ctx.actor.has(Role.JUDGE) or not any(character.isdigit() for character in said.folded):
        return None
    for seat in seats(ctx):
        if reading.contestant_at(said.folded.splitlines()[0], seat.round.contestants):
            return _take(ctx, seat, said.text)
    return None


def _take(ctx: Ctx, seat: Seat, words: str) -> Reply:
    """Keep all lines of a message, or none."""
    lines = reading.read(words, seat.round.contestants, seat.round.criteria, decimals=seat.decimals)
    for line in lines:
        if line.contestant is None:
            raise UserError(_unknown(seat, words))
        _refuse_recused(seat, line.contestant)
        if line.problem is not None:
            raise UserError(line.problem)
    before = rounds.sheets_of(ctx.tx, seat.round.id, seat.judge.id)
    kept = [(line.contestant, line.scores) for line in lines if line.contestant is not None]
    return _kept(ctx, seat, kept, before)


def _unknown(seat: Seat, words: str) -> Words:
    head = fold(words.strip()).split(maxsplit=1)[0].rstrip("0123456789.")
    near = closest(head, [c.unit_name for c in seat.round.contestants]) if head else []
    if near:
        return T("这一场没有“{name}”，是不是{near}？请改好再发。", name=head, near=near)
    return T("没认出是哪个单位。请先写单位，再写分数，例如：{name} 90", name=seat.round.contestants[0].unit_name)


def _refuse_recused(seat: Seat, contestant: Contestant) -> None:
    if seat.round.recused(seat.judge, contestant):
        raise UserError(T("{unit}是您所在办事处的单位，按规定由您回避，不用打分。", unit=contestant.unit_name))


def _kept(
    ctx: Ctx,
    seat: Seat,
    lines: Sequence[tuple[Contestant, Sequence[Decimal]]],
    before: dict[int, Sheet],
) -> Reply:
    ids = []
    for contestant, scores in lines:
        rounds.add_sheet(
            ctx.tx,
            judge_id=seat.judge.id,
            contestant_id=contestant.id,
            scores=scores,
            total=sum(scores, Decimal(0)),
            entered_by=ctx.actor.id,
            now=ctx.now,
        )
        ids.append(contestant.id)
    # No score in the record's words: it may be read by others.
    names = [contestant.unit_name for contestant, _scores in lines]
    previous = {str(c): [str(s) for s in before[c].scores] for c in ids if c in before}
    data = {"round": seat.round.id, "judge": seat.judge.id, "contestants": ids, "before": previous}
    ctx.record(
        Change("score.entered", T("给{names}打分", names=names), unit_id=seat.round.head.unit_id, data=data)
    )
    left = [c for c in seat.own if c.id not in before and c.id not in ids]
    body: list[Block | Words] = [_line_kept(c, scores, before.get(c.id), seat.round) for c, scores in lines]
    if ctx.chat.is_group:
        body.append(faint(T("分数请私下发给我；群里的那条建议您撤回。")))
    buttons = [Button(T("撤销"), "撤销")]
    if left:
        body.append(T("还差{count}个：{names}", count=len(left), names=[c.unit_name for c in left]))
        buttons.insert(0, Button(T("下一个：{unit}", unit=left[0].unit_name), f"pad {left[0].id}"))
    else:
        body.append(T("您的评分都交齐了，谢谢。封评前还可以改。"))
    return say(*body, buttons=(tuple(buttons),), replace=True)


def _line_kept(contestant: Contestant, scores: Sequence[Decimal], before: Sheet | None, found: Round) -> Words:
    total = sum(scores, Decimal(0))
    parts: Words = ""
    if len(scores) == len(found.criteria) > 1:
        named = zip(found.criteria, scores, strict=True)
        parts = T("（{items}）", items=[T("{name}{score}", name=c.name, score=s) for c, s in named])
    if before is not None and before.total != total:
        return T(
            "{unit}：{total}分{parts}，原来是{old}分",
            unit=contestant.unit_name,
            total=total,
            parts=parts,
            old=before.total,
        )
    return T("{unit}：{total}分{parts}，已记下", unit=contestant.unit_name, total=total, parts=parts)


@registry.undo("score.entered")
def take_back(ctx: Ctx, change: Recorded) -> Reply:
    """The version before counts again, or none; nothing of the record is deleted."""
    data = change.data
    found = rounds.get(ctx.tx, data["round"])
    if found.head.state is not State.OPEN:
        raise UserError(T("“{name}”已经封评，分数不能再改。", name=found.head.name))
    names = {c.id: c.unit_name for c in found.contestants}
    lines: list[Words] = []
    for contestant in data["contestants"]:
        scores = [Decimal(s) for s in data["before"].get(str(contestant), [])]
        total = sum(scores, Decimal(0)) if scores else None
        rounds.add_sheet(
            ctx.tx,
            judge_id=data["judge"],
            contestant_id=contestant,
            scores=scores,
            total=total,
            entered_by=ctx.actor.id,
            now=ctx.now,
        )
        if total is None:
            lines.append(T("{unit}现在没有分数。", unit=names[contestant]))
        else:
            lines.append(T("{unit}恢复为{total}分。", unit=names[contestant], total=total))
    return say(*lines, to=ToPerson(ctx.actor.id))


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
    taken = seats(ctx)
    chosen = [seat for seat in taken if seat.round.id == number] or taken
    if not chosen:
        raise UserError(_no_round(ctx))
    return sheet_card(ctx, chosen[0])


def sheet_card(ctx: Ctx, seat: Seat) -> Reply:
    """One round's own sheet."""
    sheets = rounds.sheets_of(ctx.tx, seat.round.id, seat.judge.id)
    rows: list[tuple[Words, ...]] = []
    for contestant in seat.round.contestants:
        sheet = sheets.get(contestant.id)
        if seat.round.recused(seat.judge, contestant):
            shown: Words = T("回避")
        else:
            shown = T("{total}", total=sheet.total) if sheet else T("未打")
        rows.append((str(contestant.position), contestant.unit_name, shown))
    open_ones = [c for c in seat.own if c.id not in sheets] or seat.own
    buttons = [Button(c.unit_name, f"pad {c.id}") for c in open_ones[:_MOST_BUTTONS]]
    return say(
        title(seat.round.head.name),
        Table((T("序号"), T("单位"), T("我的分")), tuple(rows), "rlr"),
        faint(T("点单位打分，或直接发：单位 分数")),
        buttons=_in_rows(buttons, 3),
        replace=True,
    )


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
    for seat in seats(ctx):
        for own in seat.round.contestants:
            if own.id == contestant:
                _refuse_recused(seat, own)
                return _ask_score(ctx, seat, own, [])
    raise UserError(_no_round(ctx))


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
    return say(
        title(T("{position}号 {unit}", position=contestant.position, unit=contestant.unit_name)),
        *lines,
        T("{name}（满分{maximum}）打几分？", name=criterion.name, maximum=criterion.maximum),
        faint(T("没有合适的就直接发数字。")),
        buttons=_in_rows(values, _A_ROW),
        replace=True,
    )


def offered(maximum: Decimal) -> list[Decimal]:
    """Values to choose from, from the top downwards: every point of a small scale, every second of a large one."""
    step = 1 if maximum <= 40 else 2
    top = int(maximum)
    return [Decimal(top - step * i) for i in range(OFFERED) if top - step * i >= 0]


@registry.dialogue("rounds.pad")
def pad_answered(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """One criterion's score; after the last one the sheet is kept."""
    for seat in seats(ctx):
        contestant = next((c for c in seat.own if c.id == data["contestant"]), None)
        if contestant is not None:
            break
    else:
        raise UserError(_no_round(ctx))
    criterion = seat.round.criteria[len(data["given"])]
    number = number_at(said.folded.strip(), 0)
    if number is None or said.folded.strip()[number.end :].strip() not in ("", "分"):
        whole: Reply | None = scores_said(ctx, said)
        if whole is not None:
            return whole
        raise UserError(T("请发一个数字，最高{maximum}；不打了就发“取消”。", maximum=criterion.maximum))
    given = [*data["given"], str(number.value)]
    filled = " ".join([contestant.unit_name, *given, *("0" for _ in seat.round.criteria[len(given) :])])
    [line] = reading.read(filled, [contestant], seat.round.criteria, decimals=seat.decimals)
    if line.problem is not None:
        raise UserError(line.problem)
    if len(given) < len(seat.round.criteria):
        return _ask_score(ctx, seat, contestant, given)
    before = rounds.sheets_of(ctx.tx, seat.round.id, seat.judge.id)
    return _kept(ctx, seat, [(contestant, [Decimal(s) for s in given])], before)


def _in_rows(buttons: Sequence[Button], width: int) -> tuple[tuple[Button, ...], ...]:
    return tuple(tuple(buttons[i : i + width]) for i in range(0, len(buttons), width))
