"""Who has not done what an own deadline asks for: 谁没办消防台账, 消防台账办得怎么样, or just its name."""

from __future__ import annotations

import re
from collections import Counter

from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.messages import PAYLOAD_BYTES, Block, Button, Line, Reply, faint, title
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.commitments.scope import office_roots, unit_in_scope
from handlers.deadlines import naming
from handlers.deadlines.by_office import by_office
from handlers.deadlines.calendar import Calendar, Period, load
from handlers.deadlines.declared import registry
from handlers.deadlines.matters import Matter, duties
from handlers.deadlines.showing import due_words
from storage.deadlines import Kind, Setting

#: Before what judges and secretaries say is read as scores or progress.
ORDER = 15
_ASKS = re.compile(r"谁|哪|没|未|情况|进展|怎么样|怎样|如何|多少|几个|名单|who|missing|status", re.IGNORECASE)
#: What may stand beside the matter's name in a question, apart from the name of an office.
_BESIDE = re.compile(
    r"[,.?!:;、]|还|有|都|的|了|谁|哪些?|哪几个?|几个|多少|村|社区|单位|书记|人|没有?|未|办(?!事处)好?|做|完成?|报|交|填|得|"
    r"情况|进展|怎么样|怎样|如何|名单|看看?|查|一下|现在|目前"
)
_LONGEST = 40


@registry.reader(ORDER)
def asked(ctx: Ctx, said: Said) -> Reply | None:
    """An organizer or an office asks about an own matter."""
    if ctx.chat.is_group or not ctx.actor.has(Role.ORGANIZER, Role.OFFICE_ADMINISTRATOR):
        return None
    if len(said.folded) > _LONGEST or said.attachments:
        return None
    return about(ctx, said.text)


def about(ctx: Ctx, words: str) -> Reply | None:
    """How far the own matter is that is named, perhaps in one office; None where none is, or more is said."""
    calendar = load(ctx.tx, ctx.policy, since=ctx.today.year - 1)
    found = naming.named(calendar.own(), words)
    if not found and len(hinted := naming.hinted(calendar.own(), words)) == 1:
        return state(ctx, calendar, hinted[0], office_roots(ctx))
    if len(found) != 1:
        return None
    [own] = found
    rest = naming.without(own, words)
    where = _BESIDE.sub(" ", rest).strip()
    if not where:
        return state(ctx, calendar, own, office_roots(ctx))
    if not _ASKS.search(rest):
        return None
    try:
        unit, _rest = unit_in_scope(ctx, where, roots=office_roots(ctx), command="missing")
    except UserError:
        return None
    return state(ctx, calendar, own, (unit.id,), where=unit.name)


def state(ctx: Ctx, calendar: Calendar, own: Setting, roots: tuple[int, ...], *, where: str = "") -> Reply:
    """How many have done it, and who has not; `where`: the unit that was asked about, where it was one."""
    matter = Matter(Kind.OWN, Period(own.year), own)
    rows = duties(ctx.tx, calendar, matter, roots, ctx.zone)
    name = own.name or ""
    if not rows:
        raise UserError(T("“{what}”不涉及您管理的单位。", what=name))
    late = [row for row in rows if row.owed]
    counts = T("应办{all}、已办{done}、没办{late}", all=len(rows), done=len(rows) - len(late), late=len(late))
    body: list[Block] = [title(name), Line(counts)]
    body += by_office(ctx, [(row.office_id, row.unit_name) for row in late], example=f"{name} 枫杨办事处没办的")
    if not late:
        body.append(Line(T("都办好了。")))
    [(due, _count)] = Counter(row.due for row in rows).most_common(1)
    body.append(faint(due_words(T("截止"), due, ctx.today)))
    payload = f"urge {name} {where}".strip()
    fits = late and len(payload.encode()) <= PAYLOAD_BYTES
    return Reply(tuple(body), ((Button(T("催办"), payload),),) if fits else ())
