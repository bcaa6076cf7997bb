"""Who is told that a due date has changed: those who still owe the matter there, and nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.chat.messages import Reply, ToGroup, ToPerson, faint, say
from bot.chat.people import Role
from bot.chat.texts import T, Text
from handlers import Ctx
from handlers.deadlines.calendar import Calendar
from handlers.deadlines.matters import OF_OFFICES, Duty, Matter, duties
from storage import people, units
from storage.deadlines import Setting
from storage.units import CONTESTING


def announce(
    ctx: Ctx, calendar: Calendar, matter: Matter, setting: Setting, *, before: date | None, after: date | None
) -> Text | None:
    """Tell those concerned; says who that was, None when it was nobody.

    What offices owe is told to their administrators. A change for one village goes to its secretaries, one for an
    office or the district in one line to the groups of the offices where somebody still owes it.
    """
    if before == after or (after is not None and before is not None and before < ctx.today > after):
        return None
    open_ones = _open(ctx, calendar, matter, setting)
    if not open_ones:
        return None
    words = _words(matter, setting, before, after)
    if matter.kind in OF_OFFICES:
        return _to_people(ctx, words, [duty.unit_id for duty in open_ones], Role.OFFICE_ADMINISTRATOR)
    if units.get(ctx.tx, setting.unit_id).kind in CONTESTING:
        return _to_people(ctx, words, [setting.unit_id], Role.SECRETARY)
    offices = list(dict.fromkeys(duty.office_id for duty in open_ones))
    for office_id in offices:
        ctx.post(_reply(words, setting, to=ToGroup(office_id)))
    names = units.get_many(ctx.tx, offices)
    return T("已告诉{names}的群。", names=[names[office_id].name for office_id in offices])


def _open(ctx: Ctx, calendar: Calendar, matter: Matter, setting: Setting) -> list[Duty]:
    """What is still owed by the units for which the statement holds."""
    found = [duty for duty in duties(ctx.tx, calendar, matter, [setting.unit_id], ctx.zone) if duty.owed]
    lines = units.lines(ctx.tx, [duty.unit_id for duty in found])
    return [duty for duty in found if setting.unit_id in lines[duty.unit_id]]


def _to_people(ctx: Ctx, words: Text, unit_ids: Sequence[int], role: Role) -> Text | None:
    held = people.holders(ctx.tx, unit_ids, [role])
    told = {p.id: p for unit_id in unit_ids for p in held.get(unit_id, []) if p.id != ctx.actor.person_id}
    for person_id in told:
        ctx.post(say(words, to=ToPerson(person_id)))
    return T("已告诉{names}。", names=[person.name for person in told.values()]) if told else None


def _words(matter: Matter, setting: Setting, before: date | None, after: date | None) -> Text:
    if after is None:
        return T("{what}不再要求办了。", what=matter.name)
    if before is None:
        return T("新的事项：{what}，{after}截止。", what=matter.name, after=after)
    if setting.reason:
        return T(
            "{what}的截止时间由{before}改到{after}，因为{reason}。",
            what=matter.name,
            before=before,
            after=after,
            reason=setting.reason,
        )
    return T("{what}的截止时间由{before}改到{after}。", what=matter.name, before=before, after=after)


def _reply(words: Text, setting: Setting, *, to: ToGroup) -> Reply:
    return say(words, faint(T("已经报过的不用管。")), to=to)
