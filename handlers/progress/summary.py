"""Summaries: a unit's quarter, an office by its units, a district by its offices."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.messages import Block, Light, Line, Reply, Table, faint, title
from bot.chat.people import Role
from bot.chat.rendering import percent
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.commitments.scope import office_roots, unit_in_scope
from handlers.deadlines.reporting import quarter_now
from handlers.progress.declared import registry
from handlers.progress.duty import open_items, posts_of
from handlers.progress.quarterly import summary_card
from handlers.progress.tally import Tally, average_words, lights_words, sentence, tally
from storage import commitments, units
from storage.commitments import PUBLIC, Placed
from storage.units import CONTESTING, DISTRICT, Unit

#: So many lines fit a message; the rest is looked at one office at a time.
_MOST_ROWS = 60


@registry.command(
    "汇总",
    ascii="summary",
    aliases=("进度汇总", "总体情况"),
    section=Section.PROGRESS,
    help=T("完成多少、亮什么灯、报了多少"),
    args=(Rest("where", T("单位"), optional=True),),
    roles=(Role.SECRETARY, Role.OFFICE_ADMINISTRATOR, Role.ORGANIZER),
    place=Place.PRIVATE,
    examples=("汇总",),
)
def summary(ctx: Ctx, where: str | None) -> Reply | list[Reply]:
    """Sum up what the person looks after: their village, their office, the district."""
    own = [post.unit_id for post in posts_of(ctx)]
    roots = [*office_roots(ctx), *own]
    if where:
        chosen, _rest = unit_in_scope(ctx, where, roots=roots, command="summary")
        return _of_unit(ctx, chosen)
    if office_roots(ctx):
        found = units.get_many(ctx.tx, office_roots(ctx))
        return [_of_unit(ctx, unit) for unit in found.values()]
    return [summary_card(ctx, unit_id, open_items(ctx, unit_id)) for unit_id in own]


def _of_unit(ctx: Ctx, unit: Unit) -> Reply:
    if unit.kind in CONTESTING:
        return summary_card(ctx, unit.id, open_items(ctx, unit.id))
    quarter = quarter_now(ctx)
    placed = commitments.in_subtree(ctx.tx, [unit.id], year=quarter.year, states=PUBLIC)
    heading = title(T("{unit} {quarter}汇总", unit=unit.name, quarter=quarter.name))
    if not placed:
        return Reply((heading, Line(T("还没有亮出的承诺。"))))
    total = _tally(ctx, placed)
    missing = total.count - total.reported
    lines = (
        sentence(total),
        average_words(total),
        lights_words(total),
        T("本季度已报{reported}项，未报{missing}项。", reported=total.reported, missing=missing),
    )
    body: list[Block] = [heading, *(Line(words) for words in lines)]
    body += _table(ctx, placed, by_office=unit.kind == DISTRICT)
    return Reply(tuple(body))


def _tally(ctx: Ctx, placed: Sequence[Placed]) -> Tally:
    return tally((p.commitment for p in placed), quarter=str(quarter_now(ctx)), today=ctx.today, policy=ctx.policy)


def _table(ctx: Ctx, placed: Sequence[Placed], *, by_office: bool) -> list[Block]:
    """One row for each office of a district, or each village of an office."""
    groups: dict[tuple[int, str], list[Placed]] = {}
    for p in placed:
        key = (p.office_id or p.commitment.unit_id, p.office_name or p.unit_name)
        groups.setdefault(key if by_office else (p.commitment.unit_id, p.unit_name), []).append(p)
    rows = [_row(name, _tally(ctx, group)) for (_id, name), group in list(groups.items())[:_MOST_ROWS]]
    header = (T("单位"), T("项数"), T("完成"), T("平均"), T("绿灯"), T("黄灯"), T("红灯"), T("已报"))
    blocks: list[Block] = [Table(header, tuple(rows), "lrrrrrrr")]
    if len(groups) > _MOST_ROWS:
        more = len(groups) - _MOST_ROWS
        blocks.append(faint(T("还有{count}个没有列出，请说出单位，例如：汇总 枫杨办事处", count=more)))
    return blocks


def _row(name: str, total: Tally) -> tuple[Words, ...]:
    average = percent(total.average) if total.average is not None else "—"
    lights = (str(total.lights[light]) for light in (Light.GREEN, Light.YELLOW, Light.RED))
    return (name, str(total.count), str(total.done), average, *lights, str(total.reported))
