"""总成绩: the quarter's or the year's standing, and how one unit's came about."""

from __future__ import annotations

from bot.chat.arguments import Rest
from bot.chat.commands import Place as Where
from bot.chat.commands import Section
from bot.chat.errors import UserError
from bot.chat.messages import Button, Reply, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.commitments.scope import unit_in_scope
from handlers.rounds.declared import RUNNING
from handlers.standings import publishing
from handlers.standings.asked import Asked, read
from handlers.standings.composing import Placed
from handlers.standings.declared import registry
from handlers.standings.gathering import Composite, Period, composite, newest
from handlers.standings.wording import explained, heading, period_words, rule_lines, tables
from storage import standings, units
from storage.standings import Standing


@registry.command(
    "总成绩",
    ascii="standing",
    aliases=("综合成绩", "总排名"),
    section=Section.ROUNDS,
    help=T("季度、年度综合成绩；加单位看是怎么算出来的，组织者发“总成绩 公布”公布"),
    args=(Rest("words", T("季度或全年、单位"), optional=True),),
    roles=(*RUNNING, Role.OFFICE_ADMINISTRATOR, Role.SECRETARY, Role.JUDGE),
    place=Where.PRIVATE,
    examples=("总成绩", "总成绩 全年 大里村", "总成绩 公布"),
)
def standing(ctx: Ctx, words: str | None) -> Reply:
    """The table, one unit's arithmetic, or the beginning of publication."""
    asked = read(words or "", ctx.today.year)
    root = units.ancestors(ctx.tx, ctx.actor.posts[0].unit_id)[-1].id
    period = _period(ctx, root, asked)
    found = composite(ctx.tx, root, period, ctx.policy)
    if not found.places:
        raise UserError(T("{period}还没有公布过评分场次的成绩。", period=period_words(period)))
    if asked.publish:
        return publishing.preview(ctx, root, found, asked.rest)
    versions = _versions(ctx, root, period)
    if not ctx.actor.has(*RUNNING) and not versions:
        raise UserError(T("{heading}还没有公布。", heading=heading(period)))
    shown = found.places if ctx.actor.has(*RUNNING) else _visible(ctx, found, versions[-1])
    if asked.rest:
        return _one(ctx, root, found, shown, versions, asked.rest)
    may = ctx.actor.has(Role.ORGANIZER)
    buttons = ((Button(T("公布"), publishing.again(period)),),) if may else ()
    lines = [faint(line) for line in rule_lines(found, ctx.policy)]
    return say(title(heading(period)), *tables(found, shown), *lines, buttons=buttons)


def _period(ctx: Ctx, root: int, asked: Asked) -> Period:
    """What was asked for; by default the newest quarter with a result."""
    year = asked.year or ctx.today.year
    if asked.quarter is not None:
        return Period(year, asked.quarter)
    quarter = newest(standings.scored(ctx.tx, [root], year=year))
    if quarter is None:
        raise UserError(T("{year}年还没有公布过评分场次的成绩。", year=year))
    return Period(year, quarter)


def _versions(ctx: Ctx, root: int, period: Period) -> list[Standing]:
    return [v for v in standings.versions(ctx.tx, root, year=period.year) if v.quarter == period.quarter]


def _visible(ctx: Ctx, found: Composite, version: Standing) -> list[Placed]:
    """What everybody was shown, and the person's own units."""
    named = {row["unit"] for row in version.ranking if row["named"]}
    own = set(ctx.actor.units(Role.SECRETARY))
    offices = list(ctx.actor.units(Role.OFFICE_ADMINISTRATOR))
    own |= {unit.id for unit in units.subtree(ctx.tx, offices, kinds=units.CONTESTING)}
    return [place for place in found.places if place.unit.id in named | own]


def _one(
    ctx: Ctx,
    root: int,
    found: Composite,
    shown: list[Placed] | tuple[Placed, ...],
    versions: list[Standing],
    name: str,
) -> Reply:
    unit, _rest = unit_in_scope(ctx, name, roots=[root], command="standing")
    if found.place_of(unit.id) is None:
        raise UserError(T("{unit}没有参加{period}的评分。", unit=unit.name, period=period_words(found.period)))
    place = next((place for place in shown if place.unit.id == unit.id), None)
    if place is None:
        raise UserError(T("“{unit}”的名次没有公开，只有本单位自己看得到。", unit=unit.name))
    body = explained(found, place, ctx.policy)
    if versions and publishing.row(place, named=False) != publishing.announced(versions[-1], unit.id):
        body.append(T("公布之后成绩有更正，以组织者重新公布的为准。"))
    return say(*body)
