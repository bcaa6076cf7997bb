"""免打扰 and 负担: to be left in peace until a day, and how much reaches people."""

from __future__ import annotations

from datetime import date, timedelta

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.errors import UserError
from bot.chat.grammar.dates import dates_in
from bot.chat.grammar.folding import fold
from bot.chat.messages import Block, Button, Line, Reply, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.deadlines.weight import weight_of
from handlers.reminders.declared import registry
from storage import burdens, people, reminders
from storage.burdens import Burden

_LONGEST = timedelta(days=60)
_OFF = ("关", "关闭", "取消", "结束", "恢复", "off")
_OFFICE = (Role.ORGANIZER, Role.OFFICE_ADMINISTRATOR)


@registry.command(
    "免打扰",
    ascii="mute",
    aliases=("别提醒", "勿扰"),
    section=Section.DEADLINES,
    help=T("到哪一天之前不提醒您（最后一次提醒除外）"),
    args=(Rest("words", T("到哪天"), optional=True),),
    place=Place.PRIVATE,
    examples=("免打扰 到10月10日", "免打扰 3天", "免打扰 关"),
)
def mute(ctx: Ctx, words: str | None) -> Reply:
    """Set, end, or show it."""
    said = fold(words or "").strip()
    until = reminders.muted(ctx.tx, ctx.today).get(ctx.actor.id)
    if said in _OFF:
        reminders.unmute(ctx.tx, ctx.actor.id)
        return say(T("好的，恢复提醒。"))
    if not said:
        if until is None:
            return say(T("现在照常提醒您。要清静几天就发：免打扰 到10月10日"))
        return say(T("免打扰到{until}。", until=until), buttons=((Button(T("恢复提醒"), "免打扰 关"),),))
    day = _day(said, ctx.today)
    if day is None or day < ctx.today:
        raise UserError(T("没看出到哪一天。这样发：免打扰 到10月10日，或：免打扰 3天"))
    if day > ctx.today + _LONGEST:
        raise UserError(T("最长到{last}。再久的话，请到时候再设一次。", last=ctx.today + _LONGEST))
    reminders.mute(ctx.tx, ctx.actor.id, day)
    return say(
        T("好的，{until}以前不提醒您。", until=day),
        faint(T("截止当天和逾期后的最后一次提醒照发；别人直接发来的审核、退回不受影响。")),
        buttons=((Button(T("恢复提醒"), "免打扰 关"),),),
    )


def _day(said: str, today: date) -> date | None:
    found = dates_in(said, today) or dates_in(f"{said}后", today)
    return found[-1].day if found else None


@registry.command(
    "负担",
    ascii="burden",
    aliases=("通知数",),
    section=Section.DEADLINES,
    help=T("本月收到多少条通知、几条要办事"),
    place=Place.PRIVATE,
    examples=("负担",),
)
def burden(ctx: Ctx) -> Reply:
    """One's own month; for those who send, also that of the people below them. There is no ranking."""
    month = burdens.month_of(ctx.now, ctx.zone)
    own = burdens.of_people(ctx.tx, [ctx.actor.id], month=month).get(ctx.actor.id, Burden(ctx.actor.id, 0, 0))
    body: list[Block] = [
        title(T("本月的通知")),
        Line(T("您收到{sent}条，其中{asked}条要办事。", sent=own.sent, asked=own.asked)),
    ]
    if ctx.actor.has(*_OFFICE):
        holders = people.in_role_below(ctx.tx, ctx.actor.units(*_OFFICE), Role.SECRETARY)
        body += weight_of(ctx, {holder.person_id: holder.name for holder in holders})
    body.append(faint(T("只数程序主动发的；您问它答的不算。")))
    return Reply(tuple(body))
