"""封评时间: a round that has a closing time is closed by the clock, exactly as if it were closed by hand."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Registry, Section
from bot.chat.context import Context
from bot.chat.errors import UserError
from bot.chat.grammar.dates import dates_in
from bot.chat.grammar.folding import fold
from bot.chat.messages import Button, ChatKind, ChatRef, Inbound, Reply, Sender, ToPerson, faint, say
from bot.chat.people import Actor, Chat, Post, Role
from bot.chat.texts import T
from handlers import Ctx, TickCtx
from handlers.rounds.declared import my_round, numbered, registry
from handlers.rounds.sealing import seal_round
from storage import changes, closings, people, rounds
from storage.closings import Closing
from storage.rounds import Round, State

_TIME = re.compile(r"(\d{1,2})\s*(?::\s*(\d{2})|[点时]\s*(?:(半)|(\d{1,2})分?)?)")
_NONE = ("取消", "不定", "手动", "none")
_LATEST = timedelta(days=60)


@registry.command(
    "封评时间",
    ascii="closing_time",
    aliases=("自动封评", "评分截止"),
    section=Section.ROUNDS,
    help=T("定一个时间，到点自动封评；没交的不计入平均"),
    args=(Rest("words", T("日期和几点"), optional=True),),
    roles=(Role.ORGANIZER, Role.SCOREKEEPER),
    place=Place.PRIVATE,
    examples=("封评时间 18:00",),
)
def closing_time(ctx: Ctx, words: str | None) -> Reply:
    """Set the time, take it back, or show it."""
    number, rest = numbered(words)
    none = T("现在没有正在评分的场次。")
    found = my_round(ctx, number, states=(State.OPEN,), none=none, again="closing_time")
    before = closings.of_round(ctx.tx, found.id)
    if not rest:
        return _show(found, before)
    if rest in _NONE:
        closings.clear(ctx.tx, found.id)
        return say(T("好的，“{name}”等人来封评。", name=found.head.name))
    at = _moment(ctx, rest)
    closings.put(ctx.tx, found.id, at=at, by=ctx.actor.id)
    return say(
        T("好的，“{name}”{at}自动封评。", name=found.head.name, at=at),
        faint(T("到时候没交的不计入平均；还有单位没出场就不封，会告诉您。")),
        buttons=((Button(T("取消自动封评"), f"closing_time r{found.id} 取消"),),),
    )


def _show(found: Round, closing: Closing | None) -> Reply:
    if closing is None:
        return say(T("“{name}”没有定封评时间。要定就发：封评时间 18:00", name=found.head.name))
    return say(
        T("“{name}”{at}自动封评。", name=found.head.name, at=closing.at),
        buttons=((Button(T("取消自动封评"), f"closing_time r{found.id} 取消"),),),
    )


def _moment(ctx: Ctx, words: str) -> datetime:
    """A day, if one is said, and a time of day."""
    said = fold(words)
    days = dates_in(said, ctx.today)
    rest = said[: days[-1].start] + " " + said[days[-1].end :] if days else said
    found = _TIME.search(rest)
    hour = int(found[1]) if found else 99
    minute = 30 if found and found[3] else int((found[2] or found[4] or 0) if found else 0)
    if found and "下午" in rest and hour < 12:
        hour += 12
    if hour > 23 or minute > 59:
        raise UserError(T("请写明几点，例如：封评时间 18:00，或：封评时间 4月30日 17:30"))
    day = days[-1].day if days else ctx.today
    at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ctx.zone)
    if not ctx.now < at <= ctx.now + _LATEST:
        raise UserError(T("{at}已经过了或太远，请写一个两个月以内、还没到的时间。", at=at))
    return at


@registry.tick("round closings")
def close_due(tick: TickCtx) -> None:
    """Close what has its time; where somebody has not appeared yet, tell who set the time, once."""
    for closing in closings.due(tick.tx, tick.now):
        found = rounds.get(tick.tx, closing.round_id)
        missing = [c.unit_name for c in found.contestants if not found.is_on(c)]
        if missing:
            closings.told(tick.tx, found.id, now=tick.now)
            tick.post(
                say(
                    T(
                        "“{name}”到封评时间了，但{names}还没出场，没有自动封评。",
                        name=found.head.name,
                        names=missing,
                    ),
                    to=ToPerson(closing.set_by),
                )
            )
            continue
        ctx = _on_behalf(tick, closing)
        answer = seal_round(ctx, found)
        tick.posts += ctx.posts
        tick.post(Reply(answer.body, answer.buttons, to=ToPerson(closing.set_by)))
        changes.record(
            tick.tx, ctx.changes, now=tick.now, person_id=closing.set_by, account_id=None, inbox_id=None
        )
        closings.clear(tick.tx, found.id)


def _on_behalf(tick: TickCtx, closing: Closing) -> Ctx:
    """The surroundings as if who set the time closed the round now: it is their deed, at the time they chose."""
    person = people.get(tick.tx, closing.set_by)
    posts = tuple(Post(held.role, held.unit_id, held.unit_name) for held in people.posts_of(tick.tx, person.id))
    nowhere = ChatRef("", "", ChatKind.PRIVATE)
    return Context(
        tx=tick.tx,
        now=tick.now,
        zone=tick.zone,
        actor=Actor(0, person.id, person.name, posts, person.language),
        chat=Chat(0, "", "", False),
        inbound=Inbound("", nowhere, Sender("", person.name), "", tick.now),
        policy=tick.policy,
        token="",
        files=tick.files,
        registry=Registry(),
        show=lambda words: tick.show(words, None),
    )
