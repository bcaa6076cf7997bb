"""While a round runs: open it, call one contestant after the other, see who still owes what, nudge."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.arguments import Item
from bot.chat.commands import Place, Section
from bot.chat.context import Change
from bot.chat.errors import UserError
from bot.chat.messages import Button, Fields, Reply, ToPerson, faint, quote, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.rounds.declared import chairs, my_round, registry
from handlers.rounds.rulings import criteria_words, rules_of, rules_words
from storage import people, rounds, sheets
from storage.changes import Recorded
from storage.rounds import Contestant, Judge, Round, State

NUMBER = Item("number", T("场次编号"), optional=True)
_NO_DRAFT = T("没有待开评的场次。发“活动”新建一场。")
_NOT_OPEN = T("现在没有正在评分的场次。")


@registry.command(
    "开评",
    ascii="open",
    section=Section.ROUNDS,
    help=T("开始评分：评委收到名单，参评单位收到评分项"),
    args=(NUMBER,),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("开评",),
)
def open_command(ctx: Ctx, number: int | None) -> Reply:
    """Open the round of that number, or the only draft."""
    found = my_round(ctx, number, states=(State.DRAFT,), none=_NO_DRAFT, again="open")
    return open_round(ctx, found.id)


def open_round(ctx: Ctx, round_id: int) -> Reply:
    """Open a draft and tell, once each, the judges and the secretaries of the contestants."""
    rounds.set_state(ctx.tx, round_id, state=State.OPEN, expected=State.DRAFT, opened_at=ctx.now)
    found = rounds.get(ctx.tx, round_id)
    _check(ctx, found)
    rounds.note(ctx.tx, round_id, "opened", by=ctx.actor.id, now=ctx.now)
    summary = T("“{name}”开评", name=found.head.name)
    ctx.record(Change("round.opened", summary, unit_id=found.head.unit_id, subject_id=round_id))
    for judge in found.sitting:
        ctx.post(invitation(found, judge))
    _tell_contestants(ctx, found)
    steps = [Button(T("评分进度"), f"scoring {round_id}"), Button(T("封评"), f"close {round_id}")]
    if found.head.reached is not None:
        steps.insert(0, Button(T("下一位"), f"next {round_id}"))
    return say(
        T("“{name}”已开评。{count}位评委各收到一份名单。", name=found.head.name, count=len(found.sitting)),
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


def _tell_contestants(ctx: Ctx, found: Round) -> None:
    secretaries = people.holders(ctx.tx, [c.unit_id for c in found.contestants], [Role.SECRETARY])
    for contestant in found.contestants:
        for secretary in secretaries.get(contestant.unit_id, []):
            ctx.post(
                say(
                    title(found.head.name),
                    T("{unit}第{position}个出场。", unit=contestant.unit_name, position=contestant.position),
                    Fields(
                        (
                            (T("评分项"), T("{items}", items=criteria_words(found.criteria))),
                            (T("计分"), rules_words(rules_of(found))),
                        )
                    ),
                    buttons=((Button(T("评分规则"), f"rules {found.id}"),),),
                    to=ToPerson(secretary.id),
                    key=f"round{found.id}:open:unit{contestant.unit_id}",
                )
            )


@registry.undo("round.opened")
def unopen(ctx: Ctx, change: Recorded) -> None:
    """Opening has been announced and cannot be taken back."""
    raise UserError(T("评委和参评单位已经收到通知，开评不能撤销。不办了就先“封评”，不要公布。"))


@registry.command(
    "下一位",
    ascii="next",
    aliases=("下一个", "下一家"),
    section=Section.ROUNDS,
    help=T("请下一个单位出场，评委这时才能给它打分"),
    args=(NUMBER,),
    roles=(Role.ORGANIZER, Role.SCOREKEEPER),
    place=Place.PRIVATE,
    examples=("下一位",),
)
def next_command(ctx: Ctx, number: int | None) -> Reply:
    """It is the next contestant's turn; each judge gets the buttons to score them."""
    found = my_round(ctx, number, states=(State.OPEN,), none=_NOT_OPEN, again="next")
    if found.head.reached is None:
        raise UserError(T("这一场是同时打分，不分先后。"))
    if found.head.reached >= len(found.contestants):
        raise UserError(T("{count}个单位都出场了。可以“封评”了。", count=len(found.contestants)))
    contestant = found.contestants[found.head.reached]
    rounds.reach(ctx.tx, found.id, contestant.position)
    rounds.note(ctx.tx, found.id, "next", by=ctx.actor.id, now=ctx.now, data={"contestant": contestant.id})
    for judge in found.sitting:
        if not found.recused(judge, contestant):
            ctx.post(_call(found, judge, contestant))
    last = contestant.position == len(found.contestants)
    after = Button(T("封评"), f"close {found.id}") if last else Button(T("下一位"), f"next {found.id}")
    timing = (Button(T("开始计时"), f"clock {contestant.id}"),) if rules_of(found).timing else ()
    return say(
        T("{position}号{unit}出场，评委可以打分了。", position=contestant.position, unit=contestant.unit_name),
        buttons=((*timing, after, Button(T("评分进度"), f"scoring {found.id}")),),
        replace=True,
    )


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
    found = my_round(ctx, number, states=(State.OPEN,), none=_NOT_OPEN, again="scoring")
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
    found = my_round(ctx, number, states=(State.OPEN,), none=_NOT_OPEN, again="nudge")
    left = owing(ctx, found)
    if not left:
        return say(T("都交齐了，不用催。"), buttons=((Button(T("封评"), f"close {found.id}"),),))
    for judge, missing in left:
        ctx.post(
            say(
                T("“{name}”还差您的分：{units}", name=found.head.name, units=[c.unit_name for c in missing]),
                buttons=((Button(T("打分"), f"pad {missing[0].id}"),),),
                to=ToPerson(judge.person_id),
                # The key lets one reminder through in an hour, whoever asks for it and how often.
                key=f"round{found.id}:nudge:judge{judge.id}:{ctx.now:%Y%m%d%H}",
            )
        )
    return say(T("已提醒{names}。", names=[judge.name for judge, _missing in left]), replace=True)


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
    """Drop a draft."""
    found = my_round(ctx, number, states=(State.DRAFT,), none=_NO_DRAFT, again="dropround")
    rounds.set_state(ctx.tx, found.id, state=State.CANCELLED, expected=State.DRAFT)
    rounds.note(ctx.tx, found.id, "cancelled", by=ctx.actor.id, now=ctx.now)
    return say(T("“{name}”已取消。", name=found.head.name), replace=True)
