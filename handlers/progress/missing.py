"""Who has reported this quarter and who has not, for those who look after them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.messages import Block, Line, Reply, faint, title
from bot.chat.texts import TN, T, Words
from handlers import Ctx
from handlers.commitments.declared import OFFICE
from handlers.commitments.scope import office_roots, unit_in_scope
from handlers.deadlines import asking
from handlers.deadlines.by_office import by_office
from handlers.deadlines.reporting import quarter_now, report_dues
from handlers.progress.declared import registry
from handlers.progress.duty import quarter_end
from storage import reports, units
from storage.reports import Coverage
from storage.units import CONTESTING


@registry.command(
    "未报",
    ascii="missing",
    aliases=("谁没报", "未报名单"),
    section=Section.PROGRESS,
    help=T("本季度应报、已报、未报，未报的列出名字"),
    args=(Rest("where", T("办事处"), optional=True),),
    roles=OFFICE,
    place=Place.PRIVATE,
    examples=("未报", "未报 枫杨办事处"),
)
def missing(ctx: Ctx, where: str | None) -> Reply:
    """Count the units that owe a report and name those that have not made it."""
    roots: Sequence[int] = office_roots(ctx)
    if where:
        if (told := asking.about(ctx, where)) is not None:
            return told
        roots = (unit_in_scope(ctx, where, roots=roots, command="missing")[0].id,)
    quarter = quarter_now(ctx)
    rows = reports.coverage(
        ctx.tx,
        roots,
        year=quarter.year,
        quarter=str(quarter),
        before=quarter_end(ctx, quarter),
        kinds=CONTESTING,
    )
    owing = [row for row in rows if row.owed]
    late = [row for row in owing if row.reported < row.owed]
    body: list[Block] = [
        title(quarter.name),
        Line(_counts(len(owing), len(late))),
    ]
    listed = [(row.office_id, _name(row)) for row in late]
    body += by_office(ctx, listed, example="未报 枫杨办事处")
    if owing and not late:
        body.append(Line(T("都报齐了。")))
    without = sum(not row.promised for row in rows)
    if without:
        body.append(faint(TN("另有{count}个单位还没有亮出承诺。", "另有{count}个单位还没有亮出承诺。", without)))
    dues = report_dues(ctx, quarter, [row.unit_id for row in rows])
    overdue = sum(dues[row.unit_id] < ctx.today for row in late)
    if overdue:
        body.append(Line(TN("🔴红灯：{count}个单位逾期未报。", "🔴红灯：{count}个单位逾期未报。", overdue)))
    body += _due_lines(ctx, dues, rows)
    return Reply(tuple(body))


def _due_lines(ctx: Ctx, dues: Mapping[int, date], rows: Sequence[Coverage]) -> list[Block]:
    """When the report is due, for most and for those who have another day."""
    common = Counter(dues.values()).most_common()
    if not common:
        return []
    offices: dict[date, dict[int, None]] = {}
    for row in rows:
        offices.setdefault(dues[row.unit_id], {})[row.office_id] = None
    names = units.get_many(ctx.tx, [row.office_id for row in rows]) if len(common) > 1 else {}
    lines: list[Block] = []
    for place, (due, _count) in enumerate(common):
        past = ctx.today > due
        if place == 0:
            lines.append(faint(T("已过截止日{due}。", due=due) if past else T("{due}截止。", due=due)))
            continue
        where = [names[office_id].name for office_id in offices[due]]
        lines.append(
            faint(
                T("{where}已过截止日{due}。", where=where, due=due)
                if past
                else T("{where}{due}截止。", where=where, due=due)
            )
        )
    return lines


def _counts(owing: int, late: int) -> Words:
    return T("应报{owing}、已报{reported}、未报{late}", owing=owing, reported=owing - late, late=late)


def _name(row: Coverage) -> Words:
    """A unit that owes; with how far it is, when it has begun."""
    if not row.reported:
        return row.unit_name
    return T("{unit}（报了{reported}/{owed}项）", unit=row.unit_name, reported=row.reported, owed=row.owed)
