"""投递: what became of the messages of the last days, what did not arrive and why, and what to do about it."""

from __future__ import annotations

import re
from datetime import timedelta

from bot.chat.arguments import Item, Rest
from bot.chat.commands import Place, Section
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Block, Button, Fields, Reply, faint, say, title
from bot.chat.people import Role
from bot.chat.rendering import body_from_wire, plain_text
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.announcements.declared import SENDERS, registry
from handlers.announcements.reasons import plain
from handlers.announcements.unreachable import WORDS, unreachable
from storage import deliveries, units
from storage.deliveries import Parked, Troubled

_DAYS, _MOST_DAYS, _LISTED, _EXCERPT = 3, 14, 6, 20


@registry.command(
    "投递",
    ascii="delivery",
    aliases=("投递情况", "发送情况"),
    section=Section.ANNOUNCEMENTS,
    help=T("最近几天的消息发到了没有，没发到的是为什么；“投递 失联”看谁联系不上、怎么办"),
    args=(Rest("what", T("最近几天，或：失联"), optional=True),),
    roles=SENDERS,
    place=Place.PRIVATE,
    examples=("投递", "投递 7", "投递 失联"),
)
def delivery(ctx: Ctx, what: str | None) -> Reply:
    """What became of messages, or who cannot be reached."""
    words = fold(what or "").strip()
    for name in WORDS:
        if words.casefold().startswith(name):
            return unreachable(ctx, words[len(name) :].strip())
    days = re.search(r"\d{1,3}", words)
    return _lately(ctx, int(days[0]) if days else _DAYS)


def _lately(ctx: Ctx, days: int) -> Reply:
    """A summary first, then who cannot be reached, then what failed."""
    span = max(1, min(days, _MOST_DAYS))
    since, scope = ctx.now - timedelta(days=span), _scope(ctx)
    counts = deliveries.counts(ctx.tx, scope, since=since, now=ctx.now)
    parked = deliveries.parked(ctx.tx, scope, most=_LISTED)
    troubled = deliveries.troubled(ctx.tx, scope, since=since, most=_LISTED)
    facts: list[tuple[Words, Words]] = [(T("已送到平台"), T("{count}条", count=counts.sent))]
    for label, count in (
        (T("等待发出"), counts.waiting),
        (T("联系不上，等恢复"), counts.parked),
        (T("不确定送到没有"), counts.unknown),
        (T("没发成"), counts.failed),
        (T("不再发的"), counts.cancelled),
    ):
        if count:
            facts.append((label, T("{count}条", count=count)))
    body: list[Block | Words] = [title(T("最近{days}天的投递", days=span)), Fields(tuple(facts))]
    body += [_parked(one) for one in parked]
    body += [_failed(one) for one in troubled]
    if not parked and not troubled:
        body.append(faint(T("没有没发到的。")))
    who = (Button(T("谁联系不上"), "delivery unreachable"),)
    return say(*body, buttons=(*(_buttons(one) for one in troubled), who))


def _scope(ctx: Ctx) -> list[int] | None:
    """The units whose chats the person may see; None: all, for the organizer of a whole deployment."""
    roots = ctx.actor.units(*SENDERS)
    highest = {unit.id for unit in units.roots(ctx.tx)}
    return None if highest <= set(ctx.actor.units(Role.ORGANIZER)) else list(roots)


def _parked(one: Parked) -> Words:
    return T(
        "{who}：{why}（{waiting}条在等）",
        who=one.person or one.title or "?",
        why=plain(one.trouble),
        waiting=one.waiting,
    )


def _failed(one: Troubled) -> Words:
    words = plain_text(body_from_wire(one.content["body"])).replace("\n", " ")[:_EXCERPT]
    return T(
        "{number}号 {at} 给{who}的「{words}」：{why}",
        number=one.id,
        at=one.created_at,
        who=one.person or one.title or "?",
        words=words,
        why=plain(one.error),
    )


def _buttons(one: Troubled) -> tuple[Button, ...]:
    return (
        Button(T("重发{number}号", number=one.id), f"send_again {one.id}"),
        Button(T("不发{number}号", number=one.id), f"let_go {one.id}"),
    )


@registry.command(
    "重发",
    ascii="send_again",
    section=Section.ANNOUNCEMENTS,
    help=T("把没发成的一条消息再发一次，编号见“投递”"),
    args=(Item("number", T("编号")),),
    roles=SENDERS,
    place=Place.PRIVATE,
    examples=("重发 1",),
    hidden=True,
)
def send_again(ctx: Ctx, number: int) -> Reply:
    """Once more, at the end of its chat's queue or where it stood."""
    _theirs(ctx, number)
    deliveries.again(ctx.tx, number, now=ctx.now)
    return say(T("{number}号正在重发。", number=number))


@registry.command(
    "不发",
    ascii="let_go",
    section=Section.ANNOUNCEMENTS,
    help=T("不再发一条没发成的消息，编号见“投递”"),
    args=(Item("number", T("编号")),),
    roles=SENDERS,
    place=Place.PRIVATE,
    examples=("不发 1",),
    hidden=True,
)
def let_go(ctx: Ctx, number: int) -> Reply:
    """It is not wanted any more."""
    _theirs(ctx, number)
    deliveries.let_go(ctx.tx, number)
    return say(T("{number}号不再发送。", number=number))


def _theirs(ctx: Ctx, number: int) -> None:
    if not deliveries.is_theirs(ctx.tx, number, _scope(ctx)):
        raise UserError(T("没有没发成的{number}号消息。发“投递”看看有哪些。", number=number))
