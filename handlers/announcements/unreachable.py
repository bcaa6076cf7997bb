"""投递 失联: who cannot be written to, why, and what to do about it; groups as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.chat.messages import Block, Button, Line, Reply, faint, say, title
from bot.chat.texts import T, Text
from handlers import Ctx
from handlers.announcements.declared import SENDERS
from handlers.announcements.reasons import plain
from handlers.commitments.scope import unit_in_scope
from storage import accounts, deliveries, reaching, units
from storage.reaching import Obstacle, Unreached
from storage.units import OFFICE

#: By these words after the command it is meant; the rest may name a unit.
WORDS = ("失联", "联系不上", "没绑定", "未绑定", "unreachable")
#: So many people are named for each reason, so many groups in all.
_NAMED, _GROUPS = 30, 10


def unreachable(ctx: Ctx, where: str) -> Reply:
    """Below the person, or in the unit that is named: people by reason, then groups."""
    roots: Sequence[int] = ctx.actor.units(*SENDERS)
    unit = None
    if where:
        unit = unit_in_scope(ctx, where, roots=roots, command="delivery unreachable")[0]
        roots = [unit.id]
    found = reaching.unreached(ctx.tx, roots)
    # Where everybody has an account by nature, as in the practice room, nobody is missed.
    reached = ctx.reach([one.person_id for one in found]) if found else set()
    missed = [one for one in found if one.person_id not in reached]
    numbers = T("联系不上的人：{count}人（共{whole}人）", count=len(missed), whole=reaching.count(ctx.tx, roots))
    body: list[Block] = [title(T("{unit}：{what}", unit=unit.name, what=numbers) if unit else numbers)]
    body += _people(missed)
    body += _groups(ctx, roots)
    if len(body) == 1:
        body.append(Line(T("都联系得上。")))
    unbound = any(one.obstacle is Obstacle.UNBOUND for one in missed)
    return say(*body, buttons=((Button(T("发绑定码"), "codes"),),) if unbound else ())


def _people(missed: Iterable[Unreached]) -> Iterator[Block]:
    by_reason: dict[str, tuple[Text, list[Unreached]]] = {}
    for one in missed:
        why = _why(one)
        by_reason.setdefault(why.msgid, (why, []))[1].append(one)
    for why, people in sorted(by_reason.values(), key=lambda entry: -len(entry[1])):
        names = [f"{one.unit_name}{one.name}" for one in people[:_NAMED]]
        more = T("等{count}人", count=len(people)) if len(people) > _NAMED else ""
        yield Line(T("{count}人：{names}{more}", count=len(people), names=names, more=more))
        yield faint(why)
    if by_reason and max(len(people) for _why_, people in by_reason.values()) > _NAMED:
        yield faint(T("只看一个单位：投递 失联 单位名称"))


def _why(one: Unreached) -> Text:
    match one.obstacle:
        case Obstacle.UNBOUND:
            return T("还没有绑定：把绑定码给本人，在私聊里发给机器人就行")
        case Obstacle.NEVER_PRIVATE:
            return T("绑定了，但没有私聊过机器人：请本人打开机器人（群里点“私聊我”）发一句话")
        case Obstacle.PARKED:
            return plain(one.trouble)


def _groups(ctx: Ctx, roots: Sequence[int]) -> Iterator[Block]:
    """Groups in which the bot cannot speak, and offices without any."""
    troubled = deliveries.parked_groups(ctx.tx, roots, most=_GROUPS)
    offices = units.subtree(ctx.tx, roots, kinds=[OFFICE])
    bound = accounts.reach_groups(ctx.tx, [office.id for office in offices])
    without = [office.name for office in offices if office.id not in bound]
    if troubled or without:
        yield title(T("联系不上的群"))
    for one in troubled:
        yield Line(T("{group}：{why}", group=one.title or "?", why=plain(one.trouble)))
    if without:
        yield Line(T("没有工作群：{names}", names=without[:_NAMED]))
        yield faint(T("把机器人拉进群，在群里点“绑定本群”。"))
