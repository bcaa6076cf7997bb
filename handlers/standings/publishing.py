"""Publishing a standing: preview, confirmation, each office group its own view; a correction is a new version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Block, Reply, ToGroup, ToPerson, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.standings.composing import Placed
from handlers.standings.declared import registry
from handlers.standings.gathering import Composite, Period, composite
from handlers.standings.wording import explained, heading, rule_lines, shown, tables
from storage import people, standings, units
from storage.changes import Recorded
from storage.standings import Standing


def again(period: Period) -> str:
    """The command line of a button that begins the publication."""
    return f"standing publish {period.year} " + (f"q{period.quarter}" if period.quarter else "year")


def row(place: Placed, *, named: bool) -> dict[str, Any]:
    """A unit's line in a published version; `named`: in the groups."""
    return {"unit": place.unit.id, "rank": place.rank, "score": shown(place)} | ({"named": True} if named else {})


def announced(version: Standing, unit_id: int) -> dict[str, Any] | None:
    """A unit's line as it was published, but for whether it was named."""
    lines = (line for line in version.ranking if line["unit"] == unit_id)
    return next(({key: line[key] for key in ("unit", "rank", "score")} for line in lines), None)


def preview(ctx: Ctx, root: int, found: Composite, reason: str) -> Reply:
    """Show what will be posted, and ask how much of it. Raises UserError while anything is open."""
    if root not in ctx.actor.units(Role.ORGANIZER):
        raise UserError(T("公布综合成绩由组织者来做。"))
    if found.waiting:
        raise UserError(T("还有{count}项承诺没有评完，发“评诺”接着评，评完再公布。", count=found.waiting))
    before = _before(ctx, root, found.period)
    if before and _same(found, before):
        raise UserError(T("和已经公布的第{version}版一样，不用再公布。", version=before.version))
    if before and not reason:
        raise UserError(
            T("已经公布过第{version}版。要更正请写原因，例如：总成绩 公布 更正一份评分表", version=before.version)
        )
    ctx.ask("standings.publish", year=found.period.year, quarter=found.period.quarter, reason=reason)
    first = ctx.policy.rounds.publish_ranks
    choices = [ctx.choice(T("公布全部名次"), "all"), ctx.choice(T("先不公布"), "wait")]
    if 0 < first < len(found.places):
        choices.insert(0, ctx.choice(T("公布前{count}名", count=first), "first"))
    return say(
        title(T("公布预览：{heading}", heading=heading(found.period))),
        *tables(found, found.places),
        *(faint(line) for line in rule_lines(found, ctx.policy)),
        T("公布前几名时，其余单位由我私下告知各自的成绩。公布后不能收回，只能更正。"),
        buttons=tuple((choice,) for choice in choices),
    )


def _before(ctx: Ctx, root: int, period: Period) -> Standing | None:
    own = [v for v in standings.versions(ctx.tx, root, year=period.year) if v.quarter == period.quarter]
    return own[-1] if own else None


def _same(found: Composite, before: Standing) -> bool:
    now = [row(place, named=False) for place in found.places]
    return now == [announced(before, line["unit"]) for line in before.ranking]


_ANSWERS = {
    "all": "all",
    "公布全部名次": "all",
    "全部": "all",
    "first": "first",
    "前几名": "first",
    "wait": "wait",
    "先不公布": "wait",
    "不": "wait",
}


@registry.dialogue("standings.publish")
def answered(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Post, or wait."""
    text = said.folded.strip().casefold()
    answer = "first" if text.startswith(("公布前", "前")) else _ANSWERS.get(text)
    if answer is None:
        raise UserError(T("请点“公布全部名次”“公布前几名”或“先不公布”。"))
    if answer == "wait":
        return say(T("好的，先不公布。"), replace=True)
    root = ctx.actor.units(Role.ORGANIZER)[0]
    found = composite(ctx.tx, root, Period(data["year"], data["quarter"]), ctx.policy)
    return _post(ctx, root, found, ctx.policy.rounds.publish_ranks if answer == "first" else 0, data["reason"])


def _post(ctx: Ctx, root: int, found: Composite, first: int, reason: str) -> Reply:
    """Publish the first ranks (0: all) to the groups; the others learn their own privately."""
    named = [p for p in found.places if not first or (p.rank is not None and p.rank <= first)]
    before = _before(ctx, root, found.period)
    version = before.version + 1 if before else 1
    standings.publish(
        ctx.tx,
        root,
        year=found.period.year,
        quarter=found.period.quarter,
        version=version,
        ranking=[row(place, named=False) | {"named": place in named} for place in found.places],
        reason=reason or None,
        by=ctx.actor.id,
        now=ctx.now,
    )
    name = heading(found.period)
    key = f"standing{root}:{found.period.year}:{found.period.quarter}:{version}"
    body = _announcement(ctx, found, named, before, reason)
    groups = units.subtree(ctx.tx, [root], kinds=(units.DISTRICT, units.OFFICE))
    offices = _offices(ctx, groups, named)
    for group in groups:
        ctx.post(say(*body, *offices.get(group.id, []), to=ToGroup(group.id), key=key))
    _tell_privately(ctx, found, [p for p in found.places if p.rank is not None and p not in named], key)
    ctx.record(Change("standing.published", T("公布{name}", name=name), unit_id=root, data={"version": version}))
    return say(T("{name}已公布到{count}个工作群。", name=name, count=len(groups)), replace=True)


def _announcement(
    ctx: Ctx, found: Composite, named: Sequence[Placed], before: Standing | None, reason: str
) -> list[Block | Words]:
    body: list[Block | Words] = [title(heading(found.period))]
    if before:
        who = people.get(ctx.tx, ctx.actor.id).name
        body.append(
            T(
                "更正（第{version}版），{person}公布，原因：{reason}",
                version=before.version + 1,
                person=who,
                reason=reason,
            )
        )
        body += _differences(named, before)
    return [*body, *tables(found, named), *(faint(line) for line in rule_lines(found, ctx.policy))]


def _differences(named: Sequence[Placed], before: Standing) -> list[Text]:
    """What a correction changes, of those who are named: old and new."""
    lines = []
    for place in named:
        was, now = announced(before, place.unit.id), row(place, named=False)
        if was and was != now:
            lines.append(
                T(
                    "{unit}：{old}分第{old_rank}名 → {new}分第{new_rank}名",
                    unit=place.unit.name,
                    old=was["score"],
                    old_rank=was["rank"],
                    new=now["score"],
                    new_rank=now["rank"],
                )
            )
    return lines


def _offices(ctx: Ctx, groups: Sequence[units.Unit], named: Sequence[Placed]) -> dict[int, list[Text]]:
    """For each office's group the line about its own units, of those who are named."""
    office_of = units.offices_of(ctx.tx, [place.unit.id for place in named])
    lines: dict[int, list[Text]] = {}
    for group in groups:
        own = [
            T("{unit}第{rank}名", unit=place.unit.name, rank=place.rank)
            for place in named
            if office_of.get(place.unit.id) == group.id and place.rank is not None
        ]
        if own:
            lines[group.id] = [T("本办事处：{units}", units=own)]
    return lines


def _tell_privately(ctx: Ctx, found: Composite, others: Sequence[Placed], key: str) -> None:
    secretaries = people.holders(ctx.tx, [place.unit.id for place in others], [Role.SECRETARY])
    for place in others:
        for secretary in secretaries.get(place.unit.id, []):
            ctx.post(
                say(
                    *explained(found, place, ctx.policy),
                    to=ToPerson(secretary.id),
                    key=f"{key}:unit{place.unit.id}",
                )
            )


@registry.undo("standing.published")
def unpublish(ctx: Ctx, change: Recorded) -> None:
    """What the groups have seen cannot be taken back."""
    raise UserError(T("综合成绩已经发到群里，不能撤销。有错请改正后再公布一版，并写明原因。"))
