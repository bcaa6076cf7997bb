"""While a round runs: call one contestant after the other, see who still owes what, nudge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.chat.arguments import Item
from bot.chat.commands import Place, Section
from bot.chat.context import Change
from bot.chat.errors import UserError
from bot.chat.messages import Button, Fields, Reply, ToPerson, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.rounds.declared import NUMBER, my_round, registry
from handlers.rounds.rulings import rules_of
from storage import rounds, sheets
from storage.changes import Recorded
from storage.rounds import Contestant, Judge, Round, State

#: Between two reminders of the same judge.
_PAUSE = timedelta(hours=1)
_NOT_OPEN = T("现在没有正在评分的场次。")


@registry.command(
    "下一位",
    ascii="next",
    aliases=("下一个", "下一家"),
    section=Section.ROUNDS,
    help=T("请下一个单位出场，评委这时才能给它打分"),
    args=(NUMBER, Item("position", T("序号"), optional=True)),
    roles=(Role.ORGANIZER, Role.SCOREKEEPER),
    place=Place.PRIVATE,
    examples=("下一位",),
)
def next_command(ctx: Ctx, number: int | None, position: int | None) -> Reply:
    """It is the next contestant's turn; each judge gets the buttons to score them.

    `position` (on buttons): who is to be called, so that a button pressed twice does not pass over anybody.
    """
    found = my_round(ctx, number, states=(State.OPEN,), none=_NOT_OPEN, again="next ")
    if found.head.reached is None:
        raise UserError(T("这一场是同时打分，不分先后。"))
    if found.head.reached >= len(found.contestants):
        raise UserError(T("{count}个单位都出场了。可以“封评”了。", count=len(found.contestants)))
    if position is not None and position != found.head.reached + 1:
        return _now_on(found, found.contestants[found.head.reached - 1])
    contestant = found.contestants[found.head.reached]
    rounds.reach(ctx.tx, found.id, contestant.position)
    rounds.note(ctx.tx, found.id, "next", by=ctx.actor.id, now=ctx.now, data={"contestant": contestant.id})
    summary = T("{position}号{unit}出场", position=contestant.position, unit=contestant.unit_name)
    data = {"round": found.id, "position": contestant.position}
    ctx.record(Change("round.next", summary, unit_id=found.head.unit_id, subject_id=contestant.id, data=data))
    for judge in found.sitting:
        if not found.recused(judge, contestant):
            ctx.post(_call(found, judge, contestant))
    return _now_on(found, contestant)


def _now_on(found: Round, contestant: Contestant) -> Reply:
    last = contestant.position == len(found.contestants)
    following = Button(T("下一位"), f"next {found.id} {contestant.position + 1}")
    after = Button(T("封评"), f"close {found.id}") if last else following
    timing = (Button(T("开始计时"), f"clock c{contestant.id}"),) if rules_of(found).timing else ()
    return say(
        T("{position}号{unit}出场，评委可以打分了。", position=contestant.position, unit=contestant.unit_name),
        buttons=((*timing, after, Button(T("评分进度"), f"scoring {found.id}")),),
        replace=True,
    )


@registry.undo("round.next")
def call_back(ctx: Ctx, change: Recorded) -> None:
    """Somebody was called too early: it is the turn of the one before again, unless a judge has scored already."""
    found = rounds.get(ctx.tx, change.data["round"])
    called = change.data["position"]
    if found.head.state is not State.OPEN or found.head.reached != called:
        raise UserError(T("后面的已经出场，不能撤销。"))
    contestant = found.contestants[called - 1]
    if any(sheet.contestant_id == contestant.id for sheet in sheets.standing(ctx.tx, found.id)):
        raise UserError(T("已经有评委给{unit}打了分，不能撤销。", unit=contestant.unit_name))
    rounds.reach(ctx.tx, found.id, called - 1)
    rounds.note(ctx.tx, found.id, "called_back", by=ctx.actor.id, now=ctx.now, data={"contestant": contestant.id})


def _call(found: Round, judge: Judge, contestant: Contestant) -> Reply:
    return say(
        T("请给{position}号{unit}打分。", position=contestant.position, unit=contestant.unit_name),
        buttons=((Button(T("打分"), f"pad {contestant.id}"),),),
        to=ToPerson(judge.person_id),
        key=f"round{found.id}:call{contestant.id}:judge{judge.id}",
    )


@registry.command(
    "评分进度",
    ascii="scoring",
    section=Section.ROUNDS,
    help=T("看谁还没交分（看不到分数）"),
    args=(NUMBER,),
    roles=(Role.ORGANIZER, Role.SCOREKEEPER, Role.SCRUTINEER),
    place=Place.PRIVATE,
    examples=("评分进度",),
)
def scoring_progress(ctx: Ctx, number: int | None) -> Reply:
    """Completeness only: nothing that would give a score away."""
    found = my_round(ctx, number, states=(State.OPEN,), none=_NOT_OPEN, again="scoring ")
    left = owing(ctx, found)
    wanted = sum(len(owed) for owed in found.owed().values())
    missing = sum(len(names) for _judge, names in left)
    nudging = (Button(T("催一下"), f"nudge {found.id}"),) if left else ()
    return say(
        title(found.head.name),
        T("应交{wanted}份，已交{done}份，未交{left}份", wanted=wanted, done=wanted - missing, left=missing),
        *([Fields(tuple(owing_words(left)))] if left else []),
        buttons=((Button(T("刷新"), f"scoring {found.id}"), *nudging, Button(T("封评"), f"close {found.id}")),),
        replace=True,
    )


def owing(ctx: Ctx, found: Round) -> list[tuple[Judge, list[Contestant]]]:
    """Who still owes a sheet for whom, of those whose turn has come."""
    given: dict[int, set[int]] = {}
    for sheet in sheets.standing(ctx.tx, found.id):
        given.setdefault(sheet.judge_id, set()).add(sheet.contestant_id)
    owed = found.owed()
    left = []
    for judge in found.sitting:
        place = (judge, *found.mates(judge))
        done = set().union(*(given.get(each.id, set()) for each in place))
        missing = [found.contestant(c) for c in owed[judge.id] if c not in done]
        if missing:
            left.append((judge, missing))
    return left


def owing_words(left: Sequence[tuple[Judge, list[Contestant]]]) -> list[tuple[Words, Words]]:
    """A line for each judge."""
    return [(judge.name, T("还差{names}", names=[c.unit_name for c in each])) for judge, each in left]


@registry.command(
    "催分",
    ascii="nudge",
    section=Section.ROUNDS,
    help=T("私下提醒还没交分的评委，一小时内只提醒一次"),
    args=(NUMBER,),
    roles=(Role.ORGANIZER, Role.SCOREKEEPER),
    place=Place.PRIVATE,
    examples=("催分",),
)
def nudge(ctx: Ctx, number: int | None) -> Reply:
    """Remind those who owe something, each with exactly what and a button to do it."""
    found = my_round(ctx, number, states=(State.OPEN,), none=_NOT_OPEN, again="nudge ")
    left = owing(ctx, found)
    if not left:
        return say(T("都交齐了，不用催。"), buttons=((Button(T("封评"), f"close {found.id}"),),))
    lately = _reminded(ctx, found)
    fresh = [(judge, missing) for judge, missing in left if judge.id not in lately]
    if not fresh:
        raise UserError(T("一小时内都提醒过了，过一会儿再催。"))
    for judge, missing in fresh:
        ctx.post(
            say(
                T("“{name}”还差您的分：{units}", name=found.head.name, units=[c.unit_name for c in missing]),
                buttons=((Button(T("打分"), f"pad {missing[0].id}"),),),
                to=ToPerson(judge.person_id),
            )
        )
    data = {"judges": [judge.id for judge, _missing in fresh]}
    rounds.note(ctx.tx, found.id, "nudged", by=ctx.actor.id, now=ctx.now, data=data)
    return say(T("已提醒{names}。", names=[judge.name for judge, _missing in fresh]), replace=True)


def _reminded(ctx: Ctx, found: Round) -> set[int]:
    """The judges who were reminded within the last hour, whoever asked for it."""
    steps = [step for step in rounds.steps(ctx.tx, found.id) if step.step == "nudged"]
    return {judge for step in steps if step.at > ctx.now - _PAUSE for judge in step.data["judges"]}
