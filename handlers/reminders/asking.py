"""提醒: what will be sent when, to whom, and why; in a group, at what time of day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.chat.arguments import Rest
from bot.chat.commands import Section
from bot.chat.errors import UserError
from bot.chat.messages import Block, Line, Reply, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text
from handlers import Ctx
from handlers.deadlines.matters import OF_OFFICES, Duty, Matter, matters, possible_dues
from handlers.reminders.declared import registry
from handlers.reminders.due import owing, policy_for
from handlers.reminders.policy import Stage, Step, clock_time, hours, minutes_of, moment, stages
from handlers.reminders.scene import Scene, scene
from storage import reminders
from storage.reminders import Marks

_AHEAD = timedelta(days=30)
_SHOWN = 20
_OFFICE = (Role.ORGANIZER, Role.OFFICE_ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Planned:
    """One reminder that will be sent if those who owe still do."""

    at: datetime
    stage: Stage
    matter: Matter
    due: date
    duties: tuple[Duty, ...]


@registry.command(
    "提醒",
    ascii="reminders",
    aliases=("提醒安排",),
    section=Section.DEADLINES,
    help=T("看看什么时候会提醒谁、为什么；在群里可以定本群的提醒时间"),
    args=(Rest("words", T("时间 几点"), optional=True),),
    examples=("提醒", "提醒 时间 8:30"),
)
def show_reminders(ctx: Ctx, words: str | None) -> Reply:
    """The plan of the coming month, or a group's time of day."""
    said = (words or "").strip()
    if ctx.chat.is_group:
        return _group_time(ctx, said)
    if said.startswith("时间"):
        raise UserError(T("各群的提醒时间请在群里定：在那个群里发“提醒 时间 8:30”。"))
    return _plan(ctx)


def _group_time(ctx: Ctx, said: str) -> Reply:
    words = said.removeprefix("时间").removeprefix("time").strip()
    if not words:
        minutes = reminders.times(ctx.tx).get(ctx.chat.id)
        at = hours(ctx.policy.reminders).group
        shown = f"{minutes // 60}:{minutes % 60:02}" if minutes is not None else f"{at.hour}:{at.minute:02}"
        return say(T("本群的提醒在工作日{at}发。要改就发：提醒 时间 8:30", at=shown))
    if not ctx.actor.has(*_OFFICE):
        raise UserError(T("群里的提醒时间由组织者或办事处管理员定。"))
    try:
        at = clock_time(words)
    except ValueError:
        raise UserError(T("没看出是几点。这样发：提醒 时间 8:30")) from None
    if hours(ctx.policy.reminders).is_quiet(at):
        raise UserError(
            T(
                "{start}到{end}不打扰大家，请换个时间。",
                start=ctx.policy.reminders.quiet_from,
                end=ctx.policy.reminders.quiet_until,
            )
        )
    reminders.set_time(ctx.tx, ctx.chat.id, minutes_of(at))
    return say(T("好的，本群的提醒以后在工作日{at}发。", at=f"{at.hour}:{at.minute:02}"))


def now_scene(ctx: Ctx) -> Scene:
    """What is known at this moment."""
    since = Marks(ctx.now, ctx.now)
    return scene(ctx.tx, now=ctx.now, zone=ctx.zone, policy=ctx.policy, since=since)


def _plan(ctx: Ctx) -> Reply:
    seen = now_scene(ctx)
    found = sorted(planned(ctx, seen), key=lambda one: (one.at, one.matter.key, one.due))
    body: list[Block] = [title(T("今后30天的提醒"))]
    if not found:
        body.append(Line(T("眼下没有要提醒的：该办的都办了，或还没到时候。")))
    body += [Line(_line(ctx, one)) for one in found[:_SHOWN]]
    if len(found) > _SHOWN:
        body.append(faint(T("……还有{count}条", count=len(found) - _SHOWN)))
    if found:
        body.append(faint(T("到时候办好了、当天催办过的就不发；同一个人同一时间的合成一条。")))
    until = reminders.muted(ctx.tx, ctx.today).get(ctx.actor.id)
    if until:
        body.append(faint(T("您的免打扰到{until}；最后一次提醒照发。", until=until)))
    return Reply(tuple(body))


def planned(ctx: Ctx, seen: Scene) -> Iterator[Planned]:
    """The coming reminders about what is owed now and concerns the person."""
    last = seen.now + _AHEAD
    for matter in matters(seen.calendar, seen.today):
        for due in possible_dues(matter, seen.calendar, seen.roots, seen.lines):
            for stage in stages(due, policy_for(seen, matter), seen.calendar.days):
                at = seen.hours.group if stage.step is Step.GROUP else seen.hours.private
                comes = moment(stage.on, at, seen.zone)
                beyond = stage.step in _NOT_OF_OFFICES and matter.kind in OF_OFFICES
                # The chasers that follow the first are said with it.
                follows = stage.step is Step.OVERDUE and stage.number > 1
                if beyond or follows or not seen.now < comes <= last:
                    continue
                mine = tuple(duty for duty in owing(seen, matter, due) if _concerns(ctx, stage, duty))
                if mine:
                    yield Planned(comes, stage, matter, due, mine)


_NOT_OF_OFFICES = (Step.OFFICE, Step.GROUP)


def _concerns(ctx: Ctx, stage: Stage, duty: Duty) -> bool:
    if ctx.actor.has(Role.ORGANIZER):
        return True
    if duty.office_id in ctx.actor.units(Role.OFFICE_ADMINISTRATOR):
        return stage.step is not Step.ORGANIZER
    mine = duty.unit_id in ctx.actor.units(Role.SECRETARY)
    return mine and stage.step in (Step.BEFORE, Step.OVERDUE)


def _line(ctx: Ctx, one: Planned) -> Text:
    people = one.stage.step in (Step.BEFORE, Step.OVERDUE)
    to = T("您") if people and not ctx.actor.has(*_OFFICE) else _to(one)
    return T(
        "{at} {to}：{what}（{why}）",
        at=one.at,
        to=to,
        what=one.matter.name,
        why=why(one.stage, ctx.policy.reminders.overdue_days),
    )


def _to(one: Planned) -> Text:
    names = [duty.unit_name for duty in one.duties[:3]]
    more = T("等{count}个", count=len(one.duties)) if len(one.duties) > len(names) else ""
    match one.stage.step:
        case Step.GROUP:
            return T("{count}个办事处的群", count=len({duty.office_id for duty in one.duties}))
        case Step.OFFICE:
            return T("{count}个办事处", count=len({duty.office_id for duty in one.duties}))
        case Step.ORGANIZER:
            return T("组织者本人")
        case _:
            return T("{names}{more}私下", names=names, more=more)


def why(stage: Stage, chasers: int) -> Text:
    """The reason for a reminder; `chasers`: how many come after the due date."""
    match stage.step:
        case Step.BEFORE | Step.GROUP if stage.number:
            return T("截止前{days}天", days=stage.number)
        case Step.BEFORE | Step.GROUP:
            return T("截止当天")
        case Step.OVERDUE:
            return T("逾期后每个工作日一次，共{count}次", count=chasers)
        case Step.OFFICE:
            return T("提醒书记之后仍逾期")
        case Step.ORGANIZER:
            return T("告诉办事处之后仍逾期")
