"""计时: the forum's clock by buttons, and the penalty that the round's rule makes of the time spoken."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.grammar.numerals import number_at
from bot.chat.messages import Button, Reply, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text
from handlers import Ctx
from handlers.rounds import reading
from handlers.rounds.declared import my_round, registry
from handlers.rounds.items import put_item
from handlers.rounds.rulings import Timing, rules_of, timing_words
from storage import adjustments, rounds
from storage.adjustments import Kind
from storage.rounds import Contestant, Round, State

_PRESSED = re.compile(r"c(\d{1,9})\b")
_AGAIN = {"again", "重新开始"}
_STOP = {"stop", "停止", "停", "停表", "时间到", "结束"}
_NOT_OPEN = T("现在没有正在评分的场次。")
_MINUTE = 60


@registry.command(
    "计时",
    ascii="clock",
    aliases=("开始计时",),
    section=Section.ROUNDS,
    help=T("给发言计时：开始、停止，超时按规则扣分"),
    args=(Rest("words", T("单位 用时"), optional=True),),
    roles=(Role.SCOREKEEPER,),
    place=Place.PRIVATE,
    examples=("计时", "计时 大里村 7分48秒"),
)
def clock(ctx: Ctx, words: str | None) -> Reply:
    """Start or stop the clock, or enter a time, for whoever is on or for the contestant named."""
    said = fold(words or "").strip()
    found = _found(ctx, said)
    _rule(found)
    contestant, rest = _contestant(found, said)
    answer = rest.strip(" ,:").casefold()
    return _done(ctx, found, contestant, answer) if answer else _start(ctx, found, contestant)


def _found(ctx: Ctx, said: str) -> Round:
    """The open round of the contestant named, or one in which somebody may be speaking."""

    def fits(one: Round) -> bool:
        named = _named(one, said)
        return named is not None if said else rules_of(one).timing is not None and bool(one.head.reached)

    return my_round(ctx, None, states=(State.OPEN,), none=_NOT_OPEN, roles=(Role.SCOREKEEPER,), fits=fits)


def _named(found: Round, said: str) -> tuple[Contestant, int] | None:
    """The contestant that the words begin with, by number on buttons ("c12"), name or order of appearance."""
    pressed = _PRESSED.match(said)
    if pressed is None:
        return reading.contestant_at(said, found.contestants)
    fits = [contestant for contestant in found.contestants if contestant.id == int(pressed[1])]
    return (fits[0], pressed.end()) if fits else None


def _contestant(found: Round, said: str) -> tuple[Contestant, str]:
    """Whose time it is, and what is said of it."""
    named = _named(found, said)
    if named is not None:
        return named[0], said[named[1] :]
    reached = found.head.reached
    if reached:
        return found.contestants[reached - 1], said
    if reached == 0:
        raise UserError(T("还没有人出场，先按“下一位”。"))
    raise UserError(T("请写明给谁计时，例如：计时 {unit}", unit=found.contestants[0].unit_name))


def _start(ctx: Ctx, found: Round, one: Contestant) -> Reply:
    timing = _rule(found)
    rounds.note(ctx.tx, found.id, "clock", by=ctx.actor.id, now=ctx.now, data={"contestant": one.id})
    ctx.ask("rounds.clock", contestant=one.id)
    ends = ctx.now + timedelta(seconds=timing.most)
    # Commands, not answers: the clock can be stopped whatever else was asked and answered in between.
    steps = (Button(T("停止"), f"clock c{one.id} stop"), Button(T("重新开始"), f"clock c{one.id}"))
    return say(
        title(T("{position}号{unit}", position=one.position, unit=one.unit_name)),
        T("开始计时，到{end}为止。", end=f"{ends.astimezone(ctx.zone):%H:%M:%S}"),
        faint(timing_words(timing)),
        buttons=(steps,),
        replace=True,
    )


def _rule(found: Round) -> Timing:
    timing = rules_of(found).timing
    if timing is None:
        raise UserError(T("这一场没有发言时间的规则，不用计时。"))
    return timing


@registry.dialogue("rounds.clock", figures=True)
def clock_answered(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """While the clock runs: stop it, or say how long it was (7分48秒, 468)."""
    mine = f"c{data['contestant']}"
    found = _found(ctx, mine)
    contestant, _rest = _contestant(found, mine)
    return _done(ctx, found, contestant, said.folded.strip().casefold())


def _done(ctx: Ctx, found: Round, contestant: Contestant, said: str) -> Reply:
    if said in _AGAIN:
        return _start(ctx, found, contestant)
    seconds = _run(ctx, found, contestant) if said in _STOP else spoken_seconds(said)
    if seconds is None:
        raise UserError(T("停表请点“停止”；也可以直接发时间，例如：7分48秒"))
    if ctx.dialogue is not None and ctx.dialogue.kind == "rounds.clock":
        ctx.close()
    return _keep(ctx, found, contestant, seconds)


def _run(ctx: Ctx, found: Round, contestant: Contestant) -> int:
    """The seconds since the clock was started. Raises UserError when it does not run."""
    unit = contestant.unit_name
    for step in reversed(rounds.steps(ctx.tx, found.id)):
        if step.step in ("clock", "timed") and step.data.get("contestant") == contestant.id:
            if step.step == "timed":
                raise UserError(T("{unit}已经停表。要改就直接发时间，例如：计时 {unit} 7分48秒", unit=unit))
            return round((ctx.now - step.at).total_seconds())
    raise UserError(T("{unit}还没有开始计时。", unit=unit))


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
    following = Button(T("下一位"), f"next {found.id} {contestant.position + 1}")
    last = found.head.reached is None or contestant.position == len(found.contestants)
    return say(words, buttons=((Button(T("撤销"), "撤销"), *(() if last else (following,))),), replace=True)


def minutes_words(seconds: int) -> Text:
    """A time as people say it."""
    minutes, rest = divmod(seconds, _MINUTE)
    return T("{minutes}分{seconds}秒", minutes=minutes, seconds=rest)
