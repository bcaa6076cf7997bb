"""Publishing the stars: the groups read who has most, everybody else learns their own privately."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Reply, ToGroup, ToPerson, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.yearend.declared import confirmed, registry
from handlers.yearend.rating import Rated, level, rated, row_of_stars, star_line
from storage import people, units
from storage.changes import Recorded


def preview(ctx: Ctx, found: Sequence[Rated], year: int) -> Reply:
    """What the groups will read; ask first. Raises UserError while anything is open."""
    waiting = sum(one.waiting for one in found)
    if waiting:
        raise UserError(T("还有{count}项承诺没有定评，先发“评诺”评完。", count=waiting))
    if not any(one.awards for one in found):
        raise UserError(T("还没有授予过星。"))
    ctx.ask("yearend.publish_stars", year=year)
    return say(
        T("公布预览："),
        *_announcement(ctx, found, year),
        buttons=((ctx.choice(T("公布"), "yes"), Button(T("先不公布"), "取消")),),
    )


def _announcement(ctx: Ctx, found: Sequence[Rated], year: int) -> list[Block | Words]:
    lines: list[Block | Words] = [title(T("{year}年度星级", year=year))]
    for count in sorted({one.count for one in found if one.count}, reverse=True):
        names = [one.unit.name for one in found if one.count == count]
        if count >= ctx.policy.rating.named_from:
            lines.append(T("{level}{count}个：{names}", level=level(count), count=len(names), names=names))
        else:
            lines.append(T("{level}{count}个", level=level(count), count=len(names)))
    if len(_named_ones(ctx, found)) < len(found):
        lines.append(T("没有点名的单位已分别告知。"))
    return lines


def _named_ones(ctx: Ctx, found: Sequence[Rated]) -> list[Rated]:
    return [one for one in found if one.count >= ctx.policy.rating.named_from]


@registry.dialogue("yearend.publish_stars")
def publish_confirmed(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Post to the groups; whoever is not named learns their own stars privately."""
    confirmed(said)
    year, roots = data["year"], ctx.actor.units(Role.ORGANIZER)
    found = rated(ctx, roots, year)
    key = f"stars{roots[0]}:{year}:{ctx.now.isoformat()}"
    body = _announcement(ctx, found, year)
    groups = units.subtree(ctx.tx, roots, kinds=(units.DISTRICT, units.OFFICE))
    for group in groups:
        ctx.post(say(*body, to=ToGroup(group.id), key=key))
    named = {one.unit.id for one in _named_ones(ctx, found)}
    others = [one for one in found if one.unit.id not in named]
    holders = people.holders(ctx.tx, [one.unit.id for one in others], [Role.SECRETARY])
    for one in others:
        for person in holders.get(one.unit.id, []):
            ctx.post(say(*_own(one, year), to=ToPerson(person.id), key=f"{key}:unit{one.unit.id}"))
    ctx.record(Change("stars.published", T("公布{year}年度星级", year=year), unit_id=roots[0]))
    return say(T("{year}年度星级已公布到{count}个工作群。", year=year, count=len(groups)), replace=True)


def _own(one: Rated, year: int) -> list[Block | Words]:
    return [
        title(T("{unit}　{year}年度星级", unit=one.unit.name, year=year)),
        T("{row} {level}", row=row_of_stars(one.count, len(one.findings)), level=level(one.count)),
        *(star_line(one, finding, final=True) for finding in one.findings),
    ]


@registry.undo("stars.published")
def unpublish(ctx: Ctx, change: Recorded) -> None:
    """What the groups have seen cannot be taken back."""
    raise UserError(T("星级已经发到群里，不能撤销。有错请改正后再公布一次。"))
