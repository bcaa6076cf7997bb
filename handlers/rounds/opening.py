"""开评: from a draft to a round in which judges score; and 取消场次, when it is not to take place."""

from __future__ import annotations

from bot.chat.arguments import Choice
from bot.chat.commands import Place, Section
from bot.chat.context import Change
from bot.chat.errors import UserError
from bot.chat.messages import Button, Fields, Reply, ToPerson, faint, quote, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.rounds.declared import NUMBER, chairs, my_round, registry
from handlers.rounds.drawing import is_drawn
from handlers.rounds.notice import tell_contestants, tell_dropped
from handlers.rounds.rulings import DRAWN, criteria_words, rules_of
from storage import rounds
from storage.changes import Recorded
from storage.rounds import Judge, Round, State

_LISTED = Choice("order", T("按名单"), optional=True, options=(("按名单", "listed"), ("listed", "listed")))
_NO_DRAFT = T("没有待开评的场次。发“活动”新建一场。")


@registry.command(
    "开评",
    ascii="open",
    section=Section.ROUNDS,
    help=T("开始评分：评委收到名单和评分项"),
    args=(NUMBER, _LISTED),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("开评",),
)
def open_command(ctx: Ctx, number: int | None, order: str | None) -> Reply:
    """Open the round of that number, or the only draft."""
    found = my_round(ctx, number, states=(State.DRAFT,), none=_NO_DRAFT, roles=(Role.ORGANIZER,), again="open ")
    return open_round(ctx, found.id, as_listed=order is not None)


def open_round(ctx: Ctx, round_id: int, *, as_listed: bool = False) -> Reply:
    """Open a draft and tell the judges; contestants who have not had the criteria yet get them now.

    `as_listed`: without the draw that was planned.
    """
    found = rounds.get(ctx.tx, round_id)
    _check(ctx, found)
    _check_draw(ctx, found, as_listed=as_listed)
    if not rounds.set_state(ctx.tx, round_id, state=State.OPEN, expected=State.DRAFT, opened_at=ctx.now):
        raise UserError(T("这一场已经开评了。"))
    rounds.note(ctx.tx, round_id, "opened", by=ctx.actor.id, now=ctx.now)
    summary = T("“{name}”开评", name=found.head.name)
    ctx.record(Change("round.opened", summary, unit_id=found.head.unit_id, subject_id=round_id))
    for judge in found.sitting:
        ctx.post(invitation(found, judge))
    tell_contestants(ctx, found)
    steps = [Button(T("评分进度"), f"scoring {round_id}"), Button(T("封评"), f"close {round_id}")]
    if found.head.reached is not None:
        steps.insert(0, Button(T("下一位"), f"next {round_id} 1"))
    return say(
        T("“{name}”已开评。{count}位评委各收到一份名单。", name=found.head.name, count=len(found.sitting)),
        *_few_judges(found),
        faint(T("分数在启封前谁也看不到，包括您；“评分进度”只显示谁还没交。")),
        buttons=(tuple(steps),),
        replace=True,
    )


def _check(ctx: Ctx, found: Round) -> None:
    """Raises UserError when the round could not come to a result."""
    few = [c.unit_name for c in found.contestants if all(found.recused(j, c) for j in found.sitting)]
    if few:
        raise UserError(T("{names}没有可以打分的评委（都要回避），请先加评委。", names=few))
    missing = [T("监票人")] if not chairs(ctx, found, Role.SCRUTINEER) else []
    missing += [T("计票人")] if not chairs(ctx, found, Role.SCOREKEEPER) else []
    if missing:
        raise UserError(
            T("还没有{roles}：成绩要由监票人和计票人两人签字。请先任命，例如：任命 监票人 姓名", roles=missing)
        )


def _check_draw(ctx: Ctx, found: Round, *, as_listed: bool) -> None:
    """Raises UserError while a draw is planned and has not been held, unless it is given up, on the record."""
    if rules_of(found).order != DRAWN or is_drawn(ctx, found):
        return
    if as_listed:
        rounds.note(ctx.tx, found.id, "not_drawn", by=ctx.actor.id, now=ctx.now)
        return
    raise UserError(
        T("出场顺序定的是抽签，还没有抽。先抽签，或者不抽了、按名单的顺序开评。"),
        buttons=(
            (Button(T("抽签"), f"draw r{found.id}"), Button(T("按名单顺序开评"), f"open {found.id} listed")),
        ),
    )


def _few_judges(found: Round) -> list[Words]:
    """Of whom so few judges may score that nothing will be dropped, while it will be of others."""
    rules = rules_of(found)
    able = {c.unit_name: sum(not found.recused(j, c) for j in found.sitting) for c in found.contestants}
    short = [unit for unit, count in able.items() if count < rules.trim_from]
    if rules.panels or not rules.trim_each_end or len(short) in (0, len(able)):
        return []
    return [
        T(
            "请注意：回避以后，能给{units}打分的评委不满{count}位，它们不去最高最低分，别的单位要去。可以加评委。",
            units=short,
            count=rules.trim_from,
        )
    ]


def invitation(found: Round, judge: Judge) -> Reply:
    """What a judge learns when the round opens, or when they take somebody's place."""
    own = [c for c in found.contestants if not found.recused(judge, c)]
    away = [c.unit_name for c in found.contestants if found.recused(judge, c) and not found.elsewhere(judge, c)]
    example = " ".join([own[0].unit_name if own else "", *(str(int(c.maximum * 9 / 10)) for c in found.criteria)])
    recusal = [T("需要回避、不用打分的：{names}", names=away)] if away else []
    turn = [T("按出场顺序一个一个打，轮到谁会告诉您。")] if found.head.reached is not None else []
    return say(
        title(T("请您评分：{name}", name=found.head.name)),
        Fields(
            (
                (T("出场顺序"), T("{names}", names=[f"{c.position}号{c.unit_name}" for c in own])),
                (T("评分项"), T("{items}", items=criteria_words(found.criteria))),
            )
        ),
        *recusal,
        *turn,
        T("直接发单位和分数就行，例如："),
        quote(example),
        buttons=((Button(T("按按钮打分"), f"sheet {found.id}"), Button(T("评分规则"), f"rules {found.id}")),),
        to=ToPerson(judge.person_id),
        key=f"round{found.id}:open:judge{judge.id}",
    )


@registry.undo("round.opened")
def unopen(ctx: Ctx, change: Recorded) -> None:
    """Opening has been announced and cannot be taken back."""
    raise UserError(T("评委和参评单位已经收到通知，开评不能撤销。不办了就先“封评”，不要公布。"))


@registry.command(
    "取消场次",
    ascii="dropround",
    section=Section.ROUNDS,
    help=T("取消一场还没开评的评分"),
    args=(NUMBER,),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    hidden=True,
)
def drop_round(ctx: Ctx, number: int | None) -> Reply:
    """Drop a draft; the contestants, who have had its criteria, are told."""
    found = my_round(
        ctx, number, states=(State.DRAFT,), none=_NO_DRAFT, roles=(Role.ORGANIZER,), again="dropround "
    )
    if not rounds.set_state(ctx.tx, found.id, state=State.CANCELLED, expected=State.DRAFT):
        raise UserError(T("这一场已经开评了。"))
    rounds.note(ctx.tx, found.id, "cancelled", by=ctx.actor.id, now=ctx.now)
    summary = T("取消“{name}”", name=found.head.name)
    ctx.record(Change("round.dropped", summary, unit_id=found.head.unit_id, subject_id=found.id))
    tell_dropped(ctx, found)
    return say(T("“{name}”已取消，参评单位的书记会收到通知。", name=found.head.name), replace=True)
