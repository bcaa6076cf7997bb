"""代录 and 替补: a paper sheet keyed in for a judge, and somebody who takes a judge's place."""

from __future__ import annotations

from bot.chat.arguments import Item, Rest, Word
from bot.chat.commands import Place, Section
from bot.chat.context import Change
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.grammar.suggest import closest
from bot.chat.messages import Button, Reply, ToPerson, faint, say
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.rounds import doubting, reading
from handlers.rounds.declared import my_round, registry
from handlers.rounds.keeping import line_kept, put_all, read
from handlers.rounds.opening import invitation
from handlers.rounds.seats import Seat
from storage import people, publications, rounds
from storage.rounds import Judge, Round, State

_NOT_OPEN = T("现在没有正在评分的场次。")


@registry.command(
    "代录",
    ascii="key_in",
    section=Section.ROUNDS,
    help=T("把评委的纸质评分表录进来，评委马上知道"),
    args=(Word("name", T("评委姓名")), Rest("words", T("单位 分数"))),
    roles=(Role.SCOREKEEPER,),
    place=Place.PRIVATE,
    examples=("代录 郑国平 大里村 28 26 19 20",),
)
def key_in(ctx: Ctx, name: str, words: str) -> Reply:
    """Keep a paper sheet as the judge's; it is marked as keyed in, and the judge is told at once."""
    found = my_round(ctx, None, states=(State.OPEN,), none=_NOT_OPEN, fits=lambda one: _fits(one, name, words))
    # A sheet on paper may be that of a judge who had to leave.
    judge = _judge_called(found, name, left=True)
    if judge.person_id == ctx.actor.id:
        raise UserError(T("自己的分请直接发，不用代录。"))
    seat = Seat(found, judge)
    lines = read(ctx, seat, words, on_behalf=True)
    before = seat.given(ctx)
    put_all(ctx, seat, lines, before)
    told = [line_kept(contestant, scores, before.get(contestant.id), found) for contestant, scores in lines]
    ctx.post(
        say(
            T("计票人{name}按纸质评分表替您录入：", name=ctx.actor.name),
            *told,
            faint(T("不对的话，封评前直接发正确的分数就行，或点“有异议”。")),
            buttons=((Button(T("有异议"), f"dispute {found.id}"),),),
            to=ToPerson(judge.person_id),
        )
    )
    doubting.ask(ctx, seat, [contestant for contestant, scores in lines if scores])
    # What the judge had given before is for the judge's eyes alone.
    kept = [line_kept(contestant, scores, None, found) for contestant, scores in lines]
    return say(T("已替{name}录入：", name=judge.name), *kept, buttons=((Button(T("撤销"), "撤销"),),))


def _fits(found: Round, name: str, words: str | None = None) -> bool:
    """Whether somebody of that name judges the round, and the words begin with one of its contestants."""
    judges = any(judge.name == name for judge in found.judges)
    return judges and (words is None or reading.contestant_at(fold(words), found.contestants) is not None)


def _judge_called(found: Round, name: str, *, left: bool = False) -> Judge:
    """The judge of that name; with `left` also one whose place somebody has taken."""
    known = found.judges if left else found.sitting
    fits = [judge for judge in known if judge.name == name]
    if len(fits) > 1:
        raise UserError(T("有不止一位评委叫“{name}”，请先在名册里区分开。", name=name))
    if fits:
        return fits[0]
    near = closest(name, [judge.name for judge in known])
    if near:
        raise UserError(T("这一场的评委里没有“{name}”，是不是{near}？", name=name, near=near))
    raise UserError(
        T("这一场的评委里没有“{name}”。评委有：{names}", name=name, names=[judge.name for judge in known])
    )


@registry.command(
    "有异议",
    ascii="dispute",
    section=Section.ROUNDS,
    help=T("对替您录入的分数有异议"),
    args=(Item("number", T("场次编号")),),
    roles=(Role.JUDGE,),
    place=Place.PRIVATE,
    hidden=True,
)
def dispute(ctx: Ctx, number: int) -> Reply:
    """Put a judge's objection on the record; those who run the round learn of it."""
    heads = rounds.judged_by(ctx.tx, ctx.actor.id, states=tuple(State))
    head = next((head for head in heads if head.id == number), None)
    if head is None:
        raise UserError(T("您不是这一场的评委。"))
    words = ctx.show(T("对代录的分数有异议"))
    made = publications.object_to(ctx.tx, head.id, unit_id=None, words=words, by=ctx.actor.id, now=ctx.now)
    ctx.record(Change("round.disputed", T("对代录提出异议"), unit_id=head.unit_id, subject_id=made))
    keepers = people.holders(ctx.tx, [head.unit_id], [Role.ORGANIZER, Role.SCOREKEEPER])
    for keeper in keepers.get(head.unit_id, []):
        ctx.post(
            say(
                T(
                    "“{name}”：评委{judge}对代录的分数有异议，请核对纸质评分表。",
                    name=head.name,
                    judge=ctx.actor.name,
                ),
                buttons=((Button(T("答复"), f"answer {made}"),),),
                to=ToPerson(keeper.id),
            )
        )
    return say(T("已记录，会有人和您核对。封评前您也可以直接发正确的分数。"), replace=True)


@registry.command(
    "替补",
    ascii="substitute",
    aliases=("替换评委",),
    section=Section.ROUNDS,
    help=T("请另一位评委接替，已打的分保留"),
    args=(Word("name", T("原评委")), Word("successor", T("替补评委"))),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("替补 郑国平 冯雪梅",),
)
def substitute(ctx: Ctx, name: str, successor: str) -> Reply:
    """Let another judge of the roster take a judge's place; what was given stays and is not asked again."""
    found = my_round(ctx, None, states=(State.OPEN,), none=_NOT_OPEN, fits=lambda one: _fits(one, name))
    judge = _judge_called(found, name)
    known = people.in_role_below(ctx.tx, ctx.actor.units(Role.ORGANIZER), Role.JUDGE)
    fits = {holder.person_id for holder in known if holder.name == successor}
    if len(fits) != 1:
        near = closest(successor, [holder.name for holder in known])
        raise UserError(
            T("评委里没有“{name}”，是不是{near}？", name=successor, near=near)
            if near
            else T("评委里没有“{name}”。请先任命：任命 评委 {name} 单位", name=successor)
        )
    person = fits.pop()
    if any(each.person_id == person for each in found.judges):
        raise UserError(T("{name}已经是这一场的评委。", name=successor))
    rounds.substitute(ctx.tx, judge, round_id=found.id, person_id=person, now=ctx.now)
    data = {"left": judge.id, "person": person}
    rounds.note(ctx.tx, found.id, "substituted", by=ctx.actor.id, now=ctx.now, data=data)
    now_there = rounds.get(ctx.tx, found.id)
    ctx.post(invitation(now_there, next(j for j in now_there.sitting if j.person_id == person)))
    return say(T("{name}接替{before}评分，{before}已打的分保留。", name=successor, before=judge.name))
