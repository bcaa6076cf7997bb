"""建群: have the chat platform make the work groups that are missing, after a look at who will be in them."""

from __future__ import annotations

from typing import Any

from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Line, Reply, ToChat, ToPerson, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import TN, T, Value
from handlers import Ctx, TickCtx
from handlers.roster.declared import agrees, registry
from storage import accounts, group_wishes, units
from storage.group_wishes import PLATFORM, Result
from storage.joining import GroupToKeep

#: A group needs so many people; so many groups and people are named in the look.
_FEWEST, _GROUPS, _PEOPLE = 2, 12, 10


@registry.command(
    "建群",
    ascii="create_groups",
    aliases=("创建群", "建工作群", "建办事处群"),
    section=Section.ROSTER,
    help=T("在企业微信里为还没有群的区和办事处建工作群，建之前先看谁在群里"),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("建群",),
)
def make_groups(ctx: Ctx) -> Reply:
    """Show which groups would be made, and who would be in them or could not be."""
    if not group_wishes.can_be_made(ctx.tx):
        return say(T("只有企业微信的自建应用能建群，这里没有启用。已有的群，在群里发“绑群”就行。"))
    missing = _missing(ctx)
    if not missing:
        return say(T("区和办事处都有工作群了，不用再建。"))
    able = [group for group in missing if len(group.inside) >= _FEWEST]
    body: list[Block] = [title(TN("用企业微信建{count}个工作群", "用企业微信建{count}个工作群", len(able)))]
    for group in able[:_GROUPS]:
        body += _look(group)
    if len(able) > _GROUPS:
        body.append(faint(T("……还有{count}个", count=len(able) - _GROUPS)))
    few = [group.name for group in missing if len(group.inside) < _FEWEST]
    if few:
        body.append(Line(T("绑定了企业微信的不到{count}人，先不建：{units}", count=_FEWEST, units=few[:_GROUPS])))
    if not able:
        return Reply(tuple(body[1:]))
    body.append(faint(T("群里只发通报、成绩和提醒；以后成员随名册增减。")))
    ctx.ask("roster.make_groups", units=[group.unit_id for group in able])
    return Reply(tuple(body), ((ctx.choice(T("建群"), "yes"), Button(T("取消"), "取消")),))


def _missing(ctx: Ctx) -> list[GroupToKeep]:
    return group_wishes.missing(ctx.tx, ctx.actor.units(Role.ORGANIZER))


def _look(group: GroupToKeep) -> list[Block]:
    inside = T("{unit}工作群：{count}人，{people}", unit=group.name, **_some(group.inside))
    lines: list[Block] = [Line(inside)]
    if group.outside:
        lines.append(faint(T("没有企业微信账号、进不了群的{count}人：{people}", **_some(group.outside))))
    return lines


def _some(names: tuple[str, ...]) -> dict[str, Value]:
    shown: list[Value] = list(names[:_PEOPLE])
    people: Value = T("{names}等", names=shown) if len(names) > _PEOPLE else shown
    return {"count": len(names), "people": people}


@registry.dialogue("roster.make_groups")
def confirmed(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Ask the platform for those that are still missing."""
    if not agrees(said.folded, "建群", "建"):
        raise UserError(T("要建就点“建群”，不建就发“取消”。"))
    if not ctx.actor.has(Role.ORGANIZER):
        raise UserError(T("工作群由组织者建。"))
    asked = set(data["units"])
    wanted = [one for one in _missing(ctx) if one.unit_id in asked]
    if not wanted:
        return say(T("区和办事处都有工作群了，不用再建。"), replace=True)
    assert ctx.actor.person_id is not None
    group_wishes.wish(ctx.tx, [one.unit_id for one in wanted], ctx.actor.person_id)
    names = [one.name for one in wanted]
    own = ctx.actor.units(Role.ORGANIZER)[0]
    ctx.record(Change("groups.wished", T("让企业微信建群：{units}", units=names), unit_id=own))
    return say(
        TN("好的，正在建{count}个群，建好了告诉您。", "好的，正在建{count}个群，建好了告诉您。", len(wanted)),
        replace=True,
    )


@registry.tick("office groups")
def tell(tick: TickCtx) -> None:
    """Whoever asked hears what came of it; a new group is greeted, for WeCom shows none that is empty."""
    found = group_wishes.results(tick.tx)
    if not found:
        return
    names = {unit_id: unit.name for unit_id, unit in units.get_many(tick.tx, [r.unit_id for r in found]).items()}
    for result in found:
        if result.chat:
            _greet(tick, result, names[result.unit_id])
    for person_id in dict.fromkeys(result.person_id for result in found):
        mine = [result for result in found if result.person_id == person_id]
        tick.post(say(*_outcome(mine, names), to=ToPerson(person_id)))


def _outcome(mine: list[Result], names: dict[int, str]) -> list[Block]:
    made = [names[result.unit_id] for result in mine if result.chat]
    lines: list[Block] = [Line(T("工作群建好了：{units}。", units=made))] if made else []
    for result in mine:
        if not result.chat:
            lines.append(Line(T("{unit}的群没有建成：{why}", unit=names[result.unit_id], why=result.trouble)))
    if len(made) < len(mine):
        lines.append(faint(T("改好以后再发“建群”。")))
    return lines


def _greet(tick: TickCtx, result: Result, unit: str) -> None:
    chat = accounts.chat_called(tick.tx, PLATFORM, result.chat)
    if chat is not None:
        words = T(
            "这里是{unit}的工作群，通报、成绩和提醒会发到这里，不用回复。报进度、打分等请私聊我。", unit=unit
        )
        tick.post(say(words, to=ToChat(chat.id), key="group greeting"))
