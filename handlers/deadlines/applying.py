"""What was confirmed about a due date: set, announced to those concerned, and taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Button, Line, Reply, faint, say
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.deadlines import wishes
from handlers.deadlines.announcing import announce
from handlers.deadlines.calendar import Calendar, Period, load
from handlers.deadlines.declared import registry
from handlers.deadlines.matters import Matter
from storage import deadlines, units
from storage.changes import Recorded
from storage.deadlines import YEARLY, Kind

CONFIRM = "deadlines.confirm"
_YES = {"yes", "确定", "是", "好", "好的", "可以", "确认", "ok"}


def refuse_others(ctx: Ctx) -> None:
    """Raises UserError for whoever is no organizer."""
    if not ctx.actor.has(Role.ORGANIZER):
        raise UserError(T("截止时间由组织者定。您可以发“截止”看看。"))


@registry.dialogue(CONFIRM)
def confirmed(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Set it, and tell those whom it concerns."""
    if said.folded.strip().casefold() not in _YES:
        raise UserError(T("请点“确定”；不改就点“取消”。"))
    refuse_others(ctx)
    calendar = load(ctx.tx, ctx.policy, since=ctx.today.year - 1)
    kind, period = Kind(data["kind"]), Period(data["year"], data["quarter"])
    due = date.fromisoformat(data["due"]) if data["due"] else None
    line = units.lines(ctx.tx, [data["unit"]])[data["unit"]]
    own = deadlines.get(ctx.tx, data["own"]) if data["own"] else None
    before = None if data["name"] else Matter(kind, period, own).due(calendar, line)
    made = deadlines.add(
        ctx.tx,
        kind=kind,
        of_id=data["own"],
        year=period.year,
        quarter=period.quarter if kind not in YEARLY else 0,
        unit_id=data["unit"],
        name=data["name"],
        due=due,
        rule=data["rule"],
        standing=data["rule"] is not None,
        reason=data["reason"] or None,
        by=ctx.actor.id,
        now=ctx.now,
    )
    setting = deadlines.get(ctx.tx, made)
    matter = Matter(kind, period, own or (setting if kind is Kind.OWN else None))
    changed = load(ctx.tx, ctx.policy, since=ctx.today.year - 1)
    after = matter.due(changed, line)
    told = announce(ctx, changed, matter, setting, before=before, after=after)
    ctx.record(
        Change(
            "deadline.set",
            T("{what}截止时间", what=matter.name),
            unit_id=data["unit"],
            subject_id=made,
            data={
                "before": before.isoformat() if before else None,
                "year": period.year,
                "quarter": period.quarter,
            },
        )
    )
    return say(
        T("定了：{what}{due}截止。", what=matter.name, due=after),
        Line(told) if told else faint(T("没有人因此要改安排，不另外通知。")),
        buttons=((Button(T("撤销"), "undo"),),),
        replace=True,
    )


@registry.undo("deadline.set")
def unset(ctx: Ctx, change: Recorded) -> None:
    """Take it back, and tell those who were told."""
    assert change.subject_id is not None
    setting = deadlines.get(ctx.tx, change.subject_id)
    calendar = load(ctx.tx, ctx.policy, since=ctx.today.year - 1)
    first = setting if setting.of_id is None else deadlines.get(ctx.tx, setting.of_id)
    own = first if setting.kind is Kind.OWN else None
    matter = Matter(setting.kind, Period(change.data["year"], change.data["quarter"]), own)
    line = units.lines(ctx.tx, [setting.unit_id])[setting.unit_id]
    was = matter.due(calendar, line)
    deadlines.withdraw(ctx.tx, setting.id, now=ctx.now)
    after = load(ctx.tx, ctx.policy, since=ctx.today.year - 1)
    back = None if own is setting else matter.due(after, line)
    # What was asked for by this statement alone is looked up as it stood: afterwards nobody owes it.
    shown = calendar if back is None else after
    announce(ctx, shown, matter, replace(setting, reason=None), before=was, after=back)


def withdraw(ctx: Ctx, calendar: Calendar, words: str) -> Reply:
    """Ask no longer for an own matter, and tell those who have not done it."""
    refuse_others(ctx)
    wish = wishes.read(words, calendar, ctx.today)
    roots = ctx.actor.units(Role.ORGANIZER)
    if wish.own is None or not units.is_within(ctx.tx, wish.own.unit_id, roots):
        names = [own.name or "" for own in calendar.own()]
        raise UserError(
            T("可以撤下的自设事项：{names}", names=names) if names else T("没有自己设的事项可以撤下。")
        )
    matter = Matter(Kind.OWN, Period(wish.own.year), wish.own)
    told = announce(ctx, calendar, matter, wish.own, before=wish.own.due, after=None)
    deadlines.withdraw(ctx.tx, wish.own.id, now=ctx.now)
    return say(T("“{name}”已撤下，不再提醒。", name=wish.own.name or ""), *([told] if told else []))
