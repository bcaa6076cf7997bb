"""办好: a secretary says that an own matter is done, by button or by its name; then nobody is reminded of it."""

from __future__ import annotations

import re

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Button, Reply, say
from bot.chat.people import Post, Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.deadlines.calendar import Calendar, load
from handlers.deadlines.declared import registry
from storage import fulfilments, units
from storage.changes import Recorded
from storage.deadlines import Setting

_PRESSED = re.compile(r"d(\d{1,12})\s+u(\d{1,12})$")


@registry.command(
    "办好",
    ascii="handled",
    aliases=("办好了", "已办好"),
    section=Section.DEADLINES,
    help=T("组织者布置的事项办好了，说一声就不再提醒"),
    args=(Rest("what", T("事项"), optional=True),),
    roles=(Role.SECRETARY,),
    place=Place.PRIVATE,
    examples=("办好",),
)
def handled(ctx: Ctx, what: str | None) -> Reply:
    """Note it for the unit; ask which matter when that is not plain."""
    open_ones = _open(ctx, load(ctx.tx, ctx.policy, since=ctx.today.year - 1))
    if not open_ones:
        raise UserError(T("现在没有等您办的其他事项。报进度请发“进度”。"))
    fitting = _fitting(open_ones, (what or "").strip())
    if len(fitting) != 1:
        rows = tuple(
            (Button(T("{what}（{unit}）", what=own.name or "", unit=post.unit_name), _payload(own, post)),)
            for own, post in fitting or open_ones
        )
        return say(T("哪一件办好了？"), buttons=rows)
    own, post = fitting[0]
    fulfilments.fulfil(ctx.tx, own.id, unit_id=post.unit_id, by=ctx.actor.id, now=ctx.now)
    summary = T("{what}办好了", what=own.name or "")
    ctx.record(Change("deadline.handled", summary, unit_id=post.unit_id, subject_id=own.id))
    return say(
        T("记下了：{unit}的“{what}”已办好，不再提醒。", unit=post.unit_name, what=own.name or ""),
        buttons=((Button(T("撤销"), "undo"),),),
        replace=True,
    )


@registry.undo("deadline.handled")
def unhandled(ctx: Ctx, change: Recorded) -> None:
    """It is still to be done."""
    assert change.subject_id is not None
    assert change.unit_id is not None
    fulfilments.unfulfil(ctx.tx, change.subject_id, unit_id=change.unit_id)


def _payload(own: Setting, post: Post) -> str:
    return f"handled d{own.id} u{post.unit_id}"


def _open(ctx: Ctx, calendar: Calendar) -> list[tuple[Setting, Post]]:
    """The own matters that the person's units have not done."""
    posts = {post.unit_id: post for post in ctx.actor.posts if post.role is Role.SECRETARY}
    lines, owns = units.lines(ctx.tx, posts), calendar.own()
    done = fulfilments.fulfilled(ctx.tx, [own.id for own in owns], posts)
    return [
        (own, post)
        for own in owns
        for post in posts.values()
        if own.unit_id in lines[post.unit_id] and (own.id, post.unit_id) not in done
    ]


def _fitting(open_ones: list[tuple[Setting, Post]], words: str) -> list[tuple[Setting, Post]]:
    pressed = _PRESSED.match(words)
    if pressed:
        wanted = (int(pressed[1]), int(pressed[2]))
        return [(own, post) for own, post in open_ones if (own.id, post.unit_id) == wanted]
    said = fold(words)
    return [(own, post) for own, post in open_ones if said in fold(f"{own.name} {post.unit_name}")]
