"""利害关系: interests that outlast a round, so that a judge is recused without having to say so each time."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.arguments import Item, Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change
from bot.chat.errors import UserError
from bot.chat.grammar.suggest import closest
from bot.chat.messages import Button, Reply, ToPerson, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.rounds.declared import registry
from handlers.rounds.naming import judges_called
from storage import relations, units
from storage.changes import Recorded
from storage.units import COMMUNITY, OFFICE, VILLAGE, Unit

_KINDS = (VILLAGE, COMMUNITY, OFFICE)
_ENDINGS = ("", "村", "社区", "办事处")


@registry.command(
    "利害关系",
    ascii="relations",
    aliases=("回避关系",),
    section=Section.ROUNDS,
    help=T("登记评委与单位的利害关系，以后自动回避；不带内容就是看已登记的"),
    args=(Rest("words", T("评委 单位 原因"), optional=True),),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("利害关系 郑国平 大里村 配偶在村里任职",),
)
def interests(ctx: Ctx, words: str | None) -> Reply:
    """The relations that stand, or a new one; the judge is told of it."""
    if not words:
        return _listed(ctx)
    name, _, rest = words.strip().partition(" ")
    [person] = judges_called(ctx, [name])
    unit, reason = interest_unit(ctx, rest, ctx.actor.units(Role.ORGANIZER))
    if not reason:
        raise UserError(T("请写明原因，例如：利害关系 {name} {unit} 配偶在村里任职", name=name, unit=unit.name))
    declare(ctx, person, unit, reason)
    told = T("已为您登记：与{unit}有利害关系（{reason}），以后它参评时您自动回避。", unit=unit.name, reason=reason)
    ctx.post(say(told, faint(T("如有不对，请联系组织者。")), to=ToPerson(person)))
    return say(T("已登记：{name}对{unit}回避（{reason}）。", name=name, unit=unit.name, reason=reason))


def _listed(ctx: Ctx) -> Reply:
    found = relations.below(ctx.tx, ctx.actor.units(Role.ORGANIZER))
    lines = [
        T("{number}. {name}对{unit}：{reason}", number=one.id, name=one.person, unit=one.unit, reason=one.reason)
        for one in found
    ]
    rows = tuple((Button(T("解除{number}", number=one.id), f"end_relation {one.id}"),) for one in found)
    if not lines:
        return say(title(T("利害关系")), faint(T("还没有登记。登记：利害关系 评委 单位 原因")))
    return say(title(T("利害关系")), *lines, buttons=rows, replace=True)


def interest_unit(ctx: Ctx, words: str, roots: Sequence[int]) -> tuple[Unit, str]:
    """The village, community or office that the words begin with, and the reason behind it. Raises UserError."""
    name, _, reason = words.strip().partition(" ")
    wanted = [name + ending for ending in _ENDINGS]
    found = units.named(ctx.tx, wanted, roots=roots, kinds=_KINDS) if name else []
    if len(found) == 1:
        return found[0], reason.strip()
    if found:
        raise UserError(T("有不止一个“{name}”，请写全称。", name=name))
    near = closest(name, [unit.name for unit in units.subtree(ctx.tx, roots, kinds=_KINDS)])
    if near:
        raise UserError(T("没有叫“{name}”的单位，是不是{near}？", name=name, near=near))
    raise UserError(T("没有叫“{name}”的单位。", name=name))


def declare(ctx: Ctx, person_id: int, unit: Unit, reason: str) -> None:
    """Keep a relation. Raises UserError when there is one already."""
    if any(one.person_id == person_id and one.unit_id == unit.id for one in relations.below(ctx.tx, [unit.id])):
        raise UserError(T("已经登记过对{unit}回避。", unit=unit.name))
    made = relations.add(ctx.tx, person_id=person_id, unit_id=unit.id, reason=reason, by=ctx.actor.id, now=ctx.now)
    summary = T("登记对{unit}回避", unit=unit.name)
    ctx.record(Change("relation.declared", summary, unit_id=unit.id, subject_id=made))


@registry.command(
    "解除利害关系",
    ascii="end_relation",
    section=Section.ROUNDS,
    help=T("解除一条利害关系"),
    args=(Item("number", T("编号")),),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    hidden=True,
)
def end_relation(ctx: Ctx, number: int) -> Reply:
    """The relation is over: from the next round on the judge scores the unit again; it stays on the record."""
    found = [one for one in relations.below(ctx.tx, ctx.actor.units(Role.ORGANIZER)) if one.id == number]
    if not found or not relations.end(ctx.tx, number, by=ctx.actor.id, now=ctx.now):
        raise UserError(T("没有{number}号利害关系，或者已经解除了。", number=number))
    [one] = found
    summary = T("解除{name}对{unit}的利害关系", name=one.person, unit=one.unit)
    ctx.record(Change("relation.ended", summary, unit_id=one.unit_id, subject_id=number))
    ctx.post(
        say(T("对{unit}的利害关系已解除，以后它参评时您可以打分。", unit=one.unit), to=ToPerson(one.person_id))
    )
    return _listed(ctx)


@registry.undo("relation.declared")
def undeclare(ctx: Ctx, change: Recorded) -> None:
    """A relation that was entered by mistake; whoever it is about cannot take it back."""
    assert change.subject_id is not None
    if not ctx.actor.has(Role.ORGANIZER):
        raise UserError(T("回避已经记录在案，不能撤销。确有错误请联系组织者。"))
    relations.end(ctx.tx, change.subject_id, by=ctx.actor.id, now=ctx.now)
