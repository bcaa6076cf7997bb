"""Work groups: which unit a group belongs to."""

from __future__ import annotations

from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Button, Reply, faint, say
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.roster.declared import KEEPERS, agrees, buttons, registry, roots, unit_called
from storage import accounts, binding, parking, units
from storage.changes import Recorded
from storage.units import CONTESTING, Unit

#: So many units are offered as buttons.
_OFFERED = 12


@registry.command(
    "绑群",
    ascii="bindgroup",
    aliases=("绑定群",),
    section=Section.ROSTER,
    help=T("在工作群里发：这个群归哪个单位"),
    args=(Rest("name", T("单位"), optional=True),),
    roles=KEEPERS,
    place=Place.GROUP,
    examples=("绑群 枫杨办事处",),
)
def bind_group(ctx: Ctx, name: str | None) -> Reply:
    """Tie this group to a unit that the person administers; ask first when it belongs to another."""
    _need_group(ctx)
    if name is None:
        return _offer(ctx)
    unit = unit_called(ctx, name, again=lambda which: f"bindgroup {which}")
    bound = ctx.chat.unit_id
    if bound == unit.id:
        return say(T("本群已经是{unit}的工作群。", unit=unit.name))
    if bound is None:
        return _bind(ctx, unit)
    if not units.is_within(ctx.tx, bound, roots(ctx)):
        raise UserError(T("本群已经归别的单位，请那边的管理员先发“解群”。"))
    ctx.ask("roster.rebind", unit=unit.id, before=bound)
    return say(
        T("本群现在是{before}的工作群，改为{after}吗？", before=units.get(ctx.tx, bound).name, after=unit.name),
        buttons=((ctx.choice(T("改为{unit}", unit=unit.name), "yes"), Button(T("取消"), "取消")),),
    )


def _need_group(ctx: Ctx) -> None:
    if not ctx.chat.is_group:
        raise UserError(T("请到那个工作群里发这句话。"))


def _offer(ctx: Ctx) -> Reply:
    """The units that have groups as a rule: all but the villages and communities."""
    administered = units.subtree(ctx.tx, roots(ctx))
    offered = [unit for unit in administered if unit.kind not in CONTESTING][:_OFFERED]
    return say(
        T("本群归哪个单位？请点一下，或者发：绑群 单位名称"),
        buttons=buttons((unit.name, f"bindgroup u{unit.id}") for unit in offered),
    )


@registry.dialogue("roster.rebind")
def rebind_answered(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Tie the group to the other unit, if it still belongs to the one that was asked about."""
    if not agrees(said.folded, "改", "改绑"):
        raise UserError(T("要改就点按钮，不改就发“取消”。"))
    if ctx.chat.unit_id != data["before"] or not _administers_both(ctx, data):
        raise UserError(T("情况有变，没有改。需要的话，请重新发“绑群”。"))
    return _bind(ctx, units.get(ctx.tx, data["unit"]))


def _administers_both(ctx: Ctx, data: dict[str, Any]) -> bool:
    return all(units.is_within(ctx.tx, data[which], roots(ctx)) for which in ("unit", "before"))


def _bind(ctx: Ctx, unit: Unit) -> Reply:
    others = [name for chat, name in binding.groups_of(ctx.tx, unit.id) if chat != ctx.chat.id]
    before = ctx.chat.unit_id
    binding.bind_group(ctx.tx, ctx.chat.id, unit_id=unit.id, by=ctx.actor.id, now=ctx.now)
    parking.follow_unit(ctx.tx, unit.id, into=ctx.chat.id, now=ctx.now)
    _record(ctx, T("本群绑定为{unit}的工作群", unit=unit.name), unit.id, before=before, after=unit.id)
    more: list[Words] = [T("通报和成绩会发到这里，不用回复。报进度、打分等请私聊我。")]
    if others:
        more.append(
            T(
                "{unit}还有别的群：{groups}，通报会同时发去；不用了就在那边发“解群”。",
                unit=unit.name,
                groups=others,
            )
        )
    return say(T("好的，本群是{unit}的工作群了。", unit=unit.name), *map(faint, more), replace=True)


def _record(ctx: Ctx, summary: Text, unit_id: int, *, before: int | None, after: int | None) -> None:
    data = {"before": before, "after": after}
    ctx.record(Change("group.bound", summary, unit_id=unit_id, subject_id=ctx.chat.id, data=data))


@registry.command(
    "解群",
    ascii="unbindgroup",
    aliases=("解绑群",),
    section=Section.ROSTER,
    help=T("在工作群里发：这个群不再归任何单位"),
    roles=KEEPERS,
    place=Place.GROUP,
    examples=("解群",),
)
def unbind_group(ctx: Ctx) -> Reply:
    """Free this group."""
    _need_group(ctx)
    bound = ctx.chat.unit_id
    if bound is None:
        return say(T("本群还没有绑定单位。"))
    if not units.is_within(ctx.tx, bound, roots(ctx)):
        raise UserError(T("本群归别的单位管理，您不能解除。"))
    name = units.get(ctx.tx, bound).name
    binding.bind_group(ctx.tx, ctx.chat.id, unit_id=None, by=ctx.actor.id, now=ctx.now)
    _record(ctx, T("本群不再是{unit}的工作群", unit=name), bound, before=bound, after=None)
    return say(T("好的，本群不再是{unit}的工作群。", unit=name))


@registry.undo("group.bound")
def rebind(ctx: Ctx, change: Recorded) -> None:
    """The group belongs to whom it belonged before, unless somebody has tied it anew since."""
    assert change.subject_id is not None
    if accounts.chat(ctx.tx, change.subject_id).unit_id != change.data["after"]:
        raise UserError(T("这之后群又改过了，不能撤销。"))
    binding.bind_group(ctx.tx, change.subject_id, unit_id=change.data["before"], by=ctx.actor.id, now=ctx.now)
