"""计时: the forum's clock by buttons, and the penalty that the round's rule makes of the time spoken."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.chat.arguments import Item
from bot.chat.commands import Place, Section
from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.grammar.numerals import number_at
from bot.chat.messages import Button, Reply, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text
from handlers import Ctx
from handlers.rounds.declared import my_round, registry
from handlers.rounds.items import put_item
from handlers.rounds.rulings import Timing, rules_of, timing_words
from storage import adjustments, rounds
from storage.adjustments import Kind
from storage.rounds import Contestant, Round, State

_NOT_OPEN = T("现在没有正在评分的场次。")
_MINUTE = 60


@registry.command(
    "计时",
    ascii="clock",
    aliases=("开始计时",),
    section=Section.ROUNDS,
    help=T("给发言计时：开始、停止，超时按规则扣分"),
    args=(Item("contestant", T("参评编号"), optional=True),),
    roles=(Role.SCOREKEEPER,),
    place=Place.PRIVATE,
    examples=("计时",),
)
def clock(ctx: Ctx, contestant: int | None) -> Reply:
    """Start the clock for whoever is on, or for the contestant of that number (on buttons)."""
    found = _found(ctx, contestant)
    return _start(ctx, found, _contestant(found, contestant))


def _found(ctx: Ctx, contestant: int | None) -> Round:
    """The open round that the contestant is in, or one in which somebody may be speaking."""

    def fits(one: Round) -> bool:
        if contestant is not None:
            return any(each.id == contestant for each in one.contestants)
        return rules_of(one).timing is not None and bool(one.head.reached)

    return my_round(ctx, None, states=(State.OPEN,), none=_NOT_OPEN, roles=(Role.SCOREKEEPER,), fits=fits)


def _start(ctx: Ctx, found: Round, one: Contestant) -> Reply:
    timing = _rule(found)
    started = ctx.now.isoformat()
    ctx.ask("rounds.clock", contestant=one.id, started=started)
    ends = ctx.now + timedelta(seconds=timing.most)
    return say(
        title(T("{position}号{unit}", position=one.position, unit=one.unit_name)),
        T("开始计时，到{end}为止。", end=f"{ends.astimezone(ctx.zone):%H:%M:%S}"),
        faint(timing_words(timing)),
        buttons=((ctx.choice(T("停止"), "stop"), ctx.choice(T("重新开始"), "again")),),
        replace=True,
    )


def _rule(found: Round) -> Timing:
    timing = rules_of(found).timing
    if timing is None:
        raise UserError(T("这一场没有发言时间的规则，不用计时。"))
    return timing


def _contestant(found: Round, contestant_id: int | None) -> Contestant:
    if contestant_id is not None:
        for contestant in found.contestants:
            if contestant.id == contestant_id:
                return contestant
    reached = found.head.reached
    if reached:
        return found.contestants[reached - 1]
    raise UserError(T("还没有人出场，先按“下一位”。"))


@registry.dialogue("rounds.clock", figures=True)
def stopped(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The clock is stopped, or a time is typed (7分48秒, 468)."""
    found = _found(ctx, data["contestant"])
    contestant = found.contestant(data["contestant"])
    answer = said.folded.strip().casefold()
    if answer in {"again", "重新开始"}:
        return _start(ctx, found, contestant)
    if answer in {"stop", "停止", "停", "时间到", "结束"}:
        seconds = round((ctx.now - datetime.fromisoformat(data["started"])).total_seconds())
    else:
        typed = spoken_seconds(answer)
        if typed is None:
            raise UserError(T("停表请点“停止”；也可以直接发时间，例如：7分48秒"))
        seconds = typed
    return _keep(ctx, found, contestant, seconds)


def spoken_seconds(text: str) -> int | None:
    """`7分48秒`, `7:48`, `468秒` as seconds; None for anything else."""
    numbers: list[tuple[int, str]] = []
    at = 0
    while at < len(text):
        number = number_at(text, at)
        if number is None or number.value != int(number.value) or number.value < 0:
            return None
        behind = text[number.end :].lstrip()
        at = len(text) - len(behind) + len(mark(behind))
        numbers.append((int(number.value), mark(behind)))
        while at < len(text) and text[at].isspace():
            at += 1
    match numbers:
        case [(minutes, "分" | "分钟")]:
            return minutes * _MINUTE
        case [(minutes, "分" | "分钟" | ":"), (seconds, "秒" | "")] if seconds < _MINUTE:
            return minutes * _MINUTE + seconds
        case [(seconds, "秒" | "")]:
            return seconds
    return None


def mark(text: str) -> str:
    """The unit of time that a text begins with; empty for none."""
    return next((each for each in ("分钟", "分", "秒", ":") if text.startswith(each)), "")


def _keep(ctx: Ctx, found: Round, contestant: Contestant, seconds: int) -> Reply:
    """Record the time; a newer one takes the place of an older one."""
    penalty = _rule(found).penalty(seconds)
    for item in adjustments.standing(ctx.tx, found.id):
        if item.contestant_id == contestant.id and item.kind is Kind.TIME:
            adjustments.withdraw(ctx.tx, item.id, by=ctx.actor.id, now=ctx.now)
    spoken = minutes_words(seconds)
    reason = ctx.show(T("发言{time}", time=spoken))
    put_item(ctx, found, contestant, kind=Kind.TIME, points=-penalty, reason=reason, seconds=seconds)
    rounds.note(ctx.tx, found.id, "timed", by=ctx.actor.id, now=ctx.now, data={"contestant": contestant.id})
    words = (
        T("{unit}发言{time}，扣{penalty}分。", unit=contestant.unit_name, time=spoken, penalty=penalty)
        if penalty
        else T("{unit}发言{time}，不扣分。", unit=contestant.unit_name, time=spoken)
    )
    steps = (Button(T("撤销"), "撤销"), Button(T("下一位"), f"next {found.id}"))
    return say(words, buttons=(steps,), replace=True)


def minutes_words(seconds: int) -> Text:
    """A time as people say it."""
    minutes, rest = divmod(seconds, _MINUTE)
    return T("{minutes}分{seconds}秒", minutes=minutes, seconds=rest)
