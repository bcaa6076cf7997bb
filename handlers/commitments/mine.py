"""我的承诺: a unit's list with bars and lights, and what is sensible to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.messages import Block, Button, Line, Reply, faint, say, title
from bot.chat.people import Post, Role
from bot.chat.texts import T, Text
from handlers import Ctx
from handlers.commitments import scope
from handlers.commitments.declared import registry
from handlers.commitments.describing import bar
from handlers.commitments.history import details
from handlers.commitments.pace import judge
from storage import commitments
from storage.commitments import Commitment, State
from storage.requirements import ensure_required

_MOST_BUTTONS = 3
_COUNTS: tuple[tuple[tuple[State, ...], Text], ...] = (
    ((State.PUBLISHED,), T("办理中{count}项")),
    ((State.DONE, State.CLOSED), T("已办结{count}项")),
    ((State.PROPOSED,), T("待审核{count}项")),
    ((State.RETURNED,), T("已退回{count}项")),
)


@registry.command(
    "我的承诺",
    ascii="my_commitments",
    aliases=("承诺清单", "我的清单"),
    section=Section.COMMITMENTS,
    help=T("本单位的承诺、进度和亮灯；加编号看一项的来龙去脉"),
    args=(Rest("what", T("第几项"), optional=True),),
    roles=(Role.SECRETARY,),
    place=Place.PRIVATE,
    examples=("我的承诺", "我的承诺 2"),
)
def show_mine(ctx: Ctx, what: str | None) -> Reply:
    """The list of the own unit, or one commitment with its history."""
    own = scope.posts(ctx)
    post, rest = _chosen(ctx, own, what or "")
    if rest.strip():
        commitment, _rest = scope.own(ctx, what or "", command="my_commitments", example="我的承诺 2")
        return details(ctx, commitment)
    if post is None and len(own) > 1:
        buttons = tuple((Button(held.unit_name, f"my_commitments u{held.unit_id}"),) for held in own)
        return say(T("您负责几个单位，看哪一个？"), buttons=buttons)
    return _list(ctx, post or own[0])


def _chosen(ctx: Ctx, own: Sequence[Post], what: str) -> tuple[Post | None, str]:
    """The own unit that is named, by button or by name, and the rest."""
    pressed = next((post for post in own if what.strip() == f"u{post.unit_id}"), None)
    return (pressed, "") if pressed else scope.named_post(ctx, what.strip(), keep=False)


def _list(ctx: Ctx, post: Post) -> Reply:
    year = ctx.today.year
    ensure_required(ctx.tx, post.unit_id, year, ctx.now)
    own = commitments.of_unit(ctx.tx, post.unit_id, year=year)
    earlier = commitments.carried_over(ctx.tx, post.unit_id, before=year)
    if not own and not earlier:
        return say(
            T("{unit}今年还没有承诺。", unit=post.unit_name),
            buttons=((Button(T("提一项承诺"), "promise"),),),
        )
    body: list[Block] = [title(T("{unit} {year}年承诺", unit=post.unit_name, year=year)), Line(counts(own))]
    body += [bar(c, judge(c, ctx.today, ctx.policy), this_year=year) for c in own]
    if earlier:
        body.append(Line(T("往年未销号的：")))
        body += [bar(c, judge(c, ctx.today, ctx.policy), this_year=year) for c in earlier]
    body.append(faint(T("看一项的来龙去脉，发：承诺 {number}", number=(own or earlier)[0].number)))
    return say(*body, buttons=_next_steps([*earlier, *own], ctx))


def counts(own: Sequence[Commitment]) -> Text:
    """How many there are, and how many are how far."""
    number = Counter(commitment.state for commitment in own)
    parts = [
        Text(words.msgid, {"count": sum(number[state] for state in states)})
        for states, words in _COUNTS
        if any(number[state] for state in states)
    ]
    return T("共{total}项：{parts}", total=len(own), parts=parts)


def _next_steps(own: Sequence[Commitment], ctx: Ctx) -> tuple[tuple[Button, ...], ...]:
    """What was returned first, then what has reached its target; then reporting, and a new promise."""
    open_ones = [c for c in own if c.state is State.PUBLISHED]
    reached = [c for c in open_ones if (judge(c, ctx.today, ctx.policy).share or 0) >= 1]
    steps = [
        Button(T("重报第{number}项", number=c.number), f"resubmit c{c.id}")
        for c in own
        if c.state is State.RETURNED
    ]
    steps += [Button(T("办结第{number}项", number=c.number), f"done c{c.id}") for c in reached]
    report = (Button(T("报进度"), "progress"),) if len(reached) < len(open_ones) else ()
    return (*((button,) for button in steps[:_MOST_BUTTONS]), (*report, Button(T("再提一项"), "promise")))
