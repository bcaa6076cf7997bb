"""The registry of this feature, and finding units and people within what somebody administers."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.commands import Registry
from bot.chat.errors import UserError
from bot.chat.grammar.suggest import closest
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from storage import people, units
from storage.people import Holder
from storage.units import Unit

registry = Registry()
#: Who looks after a roster: all of the district, or one office.
KEEPERS = (Role.ORGANIZER, Role.OFFICE_ADMINISTRATOR)
_ENDINGS = ("", "村", "社区", "办事处", "街道办事处")


def roots(ctx: Ctx) -> tuple[int, ...]:
    """The units whose roster this person keeps."""
    return ctx.actor.units(*KEEPERS)


def unit_called(ctx: Ctx, name: str, *, kinds: Sequence[str] | None = None) -> Unit:
    """The unit of that name within what the person administers; 村, 社区 or 办事处 may be missing.

    Raises UserError, which names similar ones.
    """
    known = units.subtree(ctx.tx, roots(ctx), kinds=kinds)
    for ending in _ENDINGS:
        fits = [unit for unit in known if unit.name == name + ending]
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise UserError(T("有不止一个“{name}”，请写明是哪个办事处的。", name=name))
    near = closest(name, [unit.name for unit in known])
    if near:
        raise UserError(T("没找到“{name}”，是不是{near}？请改好再发。", name=name, near=near))
    raise UserError(T("您管理的范围里没有“{name}”。", name=name))


def person_called(ctx: Ctx, name: str) -> list[Holder]:
    """The posts of the person of that name within what the actor administers. Raises UserError."""
    everybody = people.posts_below(ctx.tx, roots(ctx))
    held = [holder for holder in everybody if holder.name == name]
    if len({holder.person_id for holder in held}) > 1:
        raise UserError(T("有不止一位“{name}”，请写单位，例如：绑定码 {unit}", name=name, unit=held[0].unit_name))
    if held:
        return held
    near = closest(name, {holder.name for holder in everybody})
    if near:
        raise UserError(T("名册里没有“{name}”，是不是{near}？", name=name, near=near))
    raise UserError(T("您管理的范围里没有“{name}”这个人。", name=name))
