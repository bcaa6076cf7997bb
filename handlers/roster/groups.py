"""Work groups: which unit a group belongs to."""

from __future__ import annotations

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change
from bot.chat.errors import UserError
from bot.chat.messages import Button, Reply, say
from bot.chat.texts import T
from handlers import Ctx
from handlers.roster.declared import KEEPERS, registry, roots, unit_called
from storage import binding, units
from storage.changes import Recorded


@registry.command(
    "绑群",
    ascii="bindgroup",
    aliases=("绑定群",),
    section=Section.ROSTER,
    help=T("在工作群里发：这个群归哪个单位"),
    args=(Rest("name", T("单位")),),
    roles=KEEPERS,
    place=Place.GROUP,
    examples=("绑群 枫杨办事处",),
)
def bind_group(ctx: Ctx, name: str) -> Reply:
    """Tie this group to a unit that the person administers."""
    _need_group(ctx)
    unit = unit_called(ctx, name.removesuffix(" 换"))
    bound = ctx.chat.unit_id
    if bound == unit.id:
        return say(T("本群已经是{unit}的工作群。", unit=unit.name))
    if bound is not None:
        if not units.is_within(ctx.tx, bound, roots(ctx)):
            raise UserError(T("本群已经归别的单位，请那边的管理员先发“解群”。"))
        if not name.endswith(" 换"):
            now_named = units.get(ctx.tx, bound).name
            return say(
                T("本群现在是{before}的工作群，改为{after}吗？", before=now_named, after=unit.name),
                buttons=((Button(T("改为{unit}", unit=unit.name), _payload(unit.name)),),),
            )
    binding.bind_group(ctx.tx, ctx.chat.id, unit_id=unit.id, by=ctx.actor.id, now=ctx.now)
    ctx.record(
        Change(
            "group.bound",
            T("本群绑定为{unit}的工作群", unit=unit.name),
            unit_id=unit.id,
            subject_id=ctx.chat.id,
            data={"before": bound},
        )
    )
    return say(T("好的，本群是{unit}的工作群了，公示和成绩会发到这里。", unit=unit.name), replace=True)


def _payload(name: str) -> str:
    return f"绑群 {name} 换"


def _need_group(ctx: Ctx) -> None:
    if not ctx.chat.is_group:
        raise UserError(T("请到要绑定的工作群里发这句话。"))


@registry.command(
    "解群",
    ascii="unbindgroup",
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
    binding.bind_group(ctx.tx, ctx.chat.id, unit_id=None, by=ctx.actor.id, now=ctx.now)
    name = units.get(ctx.tx, bound).name
    ctx.record(
        Change(
            "group.bound",
            T("本群不再是{unit}的工作群", unit=name),
            unit_id=bound,
            subject_id=ctx.chat.id,
            data={"before": bound},
        )
    )
    return say(T("好的，本群不再是{unit}的工作群。", unit=name))


@registry.undo("group.bound")
def rebind(ctx: Ctx, change: Recorded) -> None:
    """The group belongs to whom it belonged before."""
    assert change.subject_id is not None
    binding.bind_group(ctx.tx, change.subject_id, unit_id=change.data["before"], by=ctx.actor.id, now=ctx.now)
