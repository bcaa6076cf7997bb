"""催办: remind now, after a look at whom it reaches and how much reaches them already; then not again so soon."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Line, Reply, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.commitments.scope import unit_in_scope
from handlers.deadlines import naming, wishes
from handlers.deadlines.calendar import lasting
from handlers.deadlines.matters import Duty, Matter, matters, possible_dues
from handlers.deadlines.matters import duties as duties_of
from handlers.deadlines.weight import weight_of
from handlers.reminders.asking import now_scene
from handlers.reminders.declared import registry
from handlers.reminders.due import Parcel
from handlers.reminders.parts import Writer
from handlers.reminders.policy import Stage, Step, hours
from handlers.reminders.scene import Scene
from handlers.reminders.wording import when
from storage import people, reminders, units
from storage.deadlines import Kind
from storage.people import Person

_CONFIRM = "reminders.nudge"
_OFFICE = (Role.ORGANIZER, Role.OFFICE_ADMINISTRATOR)
_YES = {"send", "发送", "发", "确定", "是", "好", "好的", "ok", "yes"}
#: What is due so soon, or was due so long ago, is worth a nudge.
_SOON, _PAST = timedelta(days=14), timedelta(days=60)
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Nudges:
    """What would be sent to whom; who heard of it a short while ago, or wants to be left in peace, waits."""

    send: dict[int, list[Parcel]]
    names: dict[int, str]
    waiting: list[str]
    quiet: list[str]


@registry.command(
    "催办",
    ascii="urge",
    aliases=("催一下", "催报"),
    section=Section.DEADLINES,
    help=T("现在就提醒还没办的人，发之前先看发给谁；刚提醒过的不再发"),
    args=(Rest("what", T("事项或单位"), optional=True),),
    roles=_OFFICE,
    place=Place.PRIVATE,
    examples=("催办", "催办 季报", "催办 大里村"),
)
def urge(ctx: Ctx, what: str | None) -> Reply:
    """Show whom a nudge would reach."""
    _refuse_at_night(ctx)
    found = _nudges(ctx, what or "")
    if not found.send:
        return _nobody(found)
    ctx.ask(_CONFIRM, what=what or "")
    body: list[Block] = [title(T("现在提醒{count}人", count=len(found.send)))]
    for matter, due, names in _by_matter(found):
        shown = names[:_NAMED]
        more = T("等{count}人", count=len(names)) if len(names) > _NAMED else ""
        body.append(
            Line(
                T(
                    "{what}{when}：{names}{more}",
                    what=matter.name,
                    when=when(due, ctx.today),
                    names=shown,
                    more=more,
                )
            )
        )
    body += [faint(words) for words in _held_back(found)]
    body += weight_of(ctx, {person_id: found.names[person_id] for person_id in found.send})
    return Reply(tuple(body), ((ctx.choice(T("发送"), "send"), Button(T("取消"), "取消")),))


@registry.dialogue(_CONFIRM)
def confirmed(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Send it."""
    if said.folded.strip().casefold() not in _YES:
        raise UserError(T("请点“发送”；不发就点“取消”。"))
    _refuse_at_night(ctx)
    found = _nudges(ctx, data["what"])
    notes = {parcel.sent for parcels in found.send.values() for parcel in parcels}
    fresh = reminders.claim(ctx.tx, notes, now=ctx.now)
    wanted = [p for parcels in found.send.values() for p in parcels if p.sent in fresh]
    writer = Writer(now_scene(ctx), wanted)
    count = 0
    for person_id, parcels in found.send.items():
        mine = [parcel for parcel in parcels if parcel.sent in fresh]
        if mine:
            ctx.post(writer.reply(f"p{person_id}", parcels=mine))
            count += 1
    if not count:
        return _nobody(found)
    pause = ctx.policy.reminders.nudge_hours
    words = T("已提醒{count}人。今天不再自动提醒他们这件事，{hours}小时内也不会再催。", count=count, hours=pause)
    return say(words, replace=True)


def _refuse_at_night(ctx: Ctx) -> None:
    local = ctx.now.astimezone(ctx.zone)
    if hours(ctx.policy.reminders).is_quiet(local.time()):
        raise UserError(T("现在是免打扰时间，{end}以后再催。", end=ctx.policy.reminders.quiet_until))


def _nobody(found: Nudges) -> Reply:
    held = _held_back(found)
    return say(T("没有要催的。") if not held else T("眼下都不用再催。"), *[faint(words) for words in held])


def _held_back(found: Nudges) -> Iterator[Any]:
    if found.waiting:
        yield T("刚提醒过，先不发：{names}", names=found.waiting[:_NAMED])
    if found.quiet:
        yield T("设了免打扰，不发：{names}", names=found.quiet[:_NAMED])


def _by_matter(found: Nudges) -> list[tuple[Matter, date, list[str]]]:
    grouped: dict[tuple[str, date], tuple[Matter, list[str]]] = {}
    for person_id, parcels in found.send.items():
        for parcel in parcels:
            entry = grouped.setdefault((parcel.matter.key, parcel.due), (parcel.matter, []))
            entry[1].append(_unit_and_person(parcel, found.names[person_id]))
    return [(matter, due, names) for (_key, due), (matter, names) in grouped.items()]


def _unit_and_person(parcel: Parcel, person: str) -> str:
    """The unit and who answers for it."""
    return f"{parcel.duties[0].unit_name}{person}"


def _nudges(ctx: Ctx, what: str) -> Nudges:
    seen = now_scene(ctx)
    open_ones = [duty for duty in _open(ctx, seen) if _is_mine(ctx, duty)]
    duties = _named(ctx, seen, open_ones, what)
    held = _holders(ctx, duties)
    parcels = [_parcel(ctx, duty, person) for duty in duties for person in held[duty.matter.role, duty.unit_id]]
    names = {person.id: person.name for persons in held.values() for person in persons}
    last = reminders.last_sent(ctx.tx, {parcel.sent.about for parcel in parcels})
    pause = timedelta(hours=ctx.policy.reminders.nudge_hours)
    muted = reminders.muted(ctx.tx, ctx.today)
    send: dict[int, list[Parcel]] = defaultdict(list)
    waiting: dict[str, None] = {}
    quiet: dict[str, None] = {}
    for parcel in parcels:
        person_id = int(parcel.recipient[1:])
        before = last.get((parcel.recipient, parcel.sent.about))
        if person_id in muted:
            quiet[names[person_id]] = None
        elif before is not None and ctx.now - before < pause:
            waiting[names[person_id]] = None
        else:
            send[person_id].append(parcel)
    return Nudges(dict(send), names, list(waiting), list(quiet))


def _open(ctx: Ctx, seen: Scene) -> Iterator[Duty]:
    """Everything that is owed and due soon, or is past and can still be made up for."""
    for matter in matters(seen.calendar, seen.today):
        dues = {
            due
            for due in possible_dues(matter, seen.calendar, seen.roots, seen.lines)
            if due - _SOON <= seen.today <= due + _PAST
            and not (matter.kind is Kind.REPORT and seen.today > lasting([due], seen.policy))
        }
        if dues:
            yield from (duty for duty in _concerned(ctx, seen, matter) if duty.owed and duty.due in dues)


def _concerned(ctx: Ctx, seen: Scene, matter: Matter) -> list[Duty]:
    """Those of a matter below whoever asks: an office reads its own, who asks for everybody those who owe it."""
    roots = ctx.actor.units(*_OFFICE)
    if set(roots).intersection(seen.roots):
        return seen.lacking(matter)
    return duties_of(ctx.tx, seen.calendar, matter, roots, ctx.zone)


def _is_mine(ctx: Ctx, duty: Duty) -> bool:
    """An organizer reminds everybody below, an office its own villages, nobody themselves."""
    if duty.office_id in ctx.actor.units(Role.OFFICE_ADMINISTRATOR):
        return duty.matter.role is Role.SECRETARY
    return ctx.actor.has(Role.ORGANIZER)


def _named(ctx: Ctx, seen: Scene, duties: list[Duty], what: str) -> list[Duty]:
    """Those of a matter or a unit that was named."""
    wish = wishes.read(what, seen.calendar, ctx.today)
    if wish.kind is None and len(meant := naming.named(seen.calendar.own(), wish.rest)) == 1:
        wish = replace(wish, kind=Kind.OWN, own=meant[0], rest=naming.without(meant[0], wish.rest))
    if wish.kind is not None:
        duties = [
            duty
            for duty in duties
            if duty.matter.kind is wish.kind and (wish.own is None or duty.matter.own == wish.own)
        ]
    if wish.rest:
        unit = unit_in_scope(ctx, wish.rest, roots=ctx.actor.units(*_OFFICE), command="urge")[0]
        lines = units.lines(ctx.tx, {duty.unit_id for duty in duties})
        duties = [duty for duty in duties if unit.id in lines[duty.unit_id]]
    roots = set(ctx.actor.units(*_OFFICE))
    lines = units.lines(ctx.tx, {duty.unit_id for duty in duties})
    return [duty for duty in duties if roots.intersection(lines[duty.unit_id])]


def _holders(ctx: Ctx, duties: Sequence[Duty]) -> dict[tuple[Role, int], list[Person]]:
    found: dict[tuple[Role, int], list[Person]] = defaultdict(list)
    for role in {duty.matter.role for duty in duties}:
        wanted = {duty.unit_id for duty in duties if duty.matter.role is role}
        for unit_id, persons in people.holders(ctx.tx, wanted, [role]).items():
            found[role, unit_id] = persons
    return found


def _parcel(ctx: Ctx, duty: Duty, person: Person) -> Parcel:
    step = Step.OVERDUE if duty.due < ctx.today else Step.BEFORE
    stage = Nudge(step, 0, ctx.today, at=f"{ctx.now:%Y%m%dT%H%M%S}")
    return Parcel(f"p{person.id}", duty.matter, stage, duty.due, (duty,))


@dataclass(frozen=True, slots=True)
class Nudge(Stage):
    """A reminder that somebody asks for, each one by itself."""

    at: str = ""

    @property
    def key(self) -> str:
        return f"{reminders.NUDGE}:{self.at}"
