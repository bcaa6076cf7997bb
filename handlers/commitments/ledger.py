"""台账: the register of a unit, an office or the district, as a summary in the chat and as a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.chat.arguments import Rest, item_at
from bot.chat.commands import Place, Section
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Block, Button, Line, OutFile, Reply, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.commitments import scope, tally
from handlers.commitments.declared import OFFICE, registry
from handlers.commitments.describing import differences
from handlers.commitments.history import details
from handlers.commitments.tally import Row
from handlers.commitments.workbook import MIME, register_file
from handlers.progress.corrections import corrected_below
from storage import amendments, commitments, requirements, units
from storage.units import Unit

#: Above this many commitments the summary and the file are made office by office: a message must stay quick.
MOST_ROWS = 5_000
#: Up to this many units each has its own line; above, each office has one.
MOST_LINES = 30
_YEAR = re.compile(r"(?:(20\d\d)年?|(去年))\s*")


@registry.command(
    "台账",
    ascii="register",
    aliases=("承诺台账",),
    section=Section.COMMITMENTS,
    help=T("承诺台账：在这里看汇总，另附一份表格；加单位和编号看一项的来龙去脉"),
    args=(Rest("what", T("单位 第几项"), optional=True),),
    roles=(Role.SECRETARY, *OFFICE),
    place=Place.PRIVATE,
    begins_talk=True,
    examples=("台账", "台账 大里村", "台账 大里村 2"),
)
def show_register(ctx: Ctx, what: str | None) -> Reply:
    """The register of everything that the person looks after, of a unit in it, or one commitment in full."""
    year, name = _year(ctx, what or "")
    roots = (*scope.office_roots(ctx), *ctx.actor.units(Role.SECRETARY))
    if name:
        unit, rest = scope.unit_in_scope(ctx, name, roots=roots, command="register")
        item = item_at(fold(rest), 0)
        if item is not None:
            return _one(ctx, unit, item[0], year)
        return _register(ctx, [unit.id], unit.name, year)
    above = [unit_id for unit_id in roots if not _is_below_another(ctx, unit_id, roots)]
    names = [unit.name for unit in units.get_many(ctx.tx, above).values()]
    return _register(ctx, above, names[0] if len(names) == 1 else T("{units}", units=names), year)


def _one(ctx: Ctx, unit: Unit, number: int, year: int) -> Reply:
    commitment = commitments.by_number(ctx.tx, unit.id, number, year=year)
    if commitment is None:
        raise UserError(T("{unit} {year}年没有第{number}项承诺。", unit=unit.name, year=year, number=number))
    return details(ctx, commitment)


def _is_below_another(ctx: Ctx, unit_id: int, roots: Sequence[int]) -> bool:
    return units.is_within(ctx.tx, unit_id, [root for root in roots if root != unit_id])


def _year(ctx: Ctx, text: str) -> tuple[int, str]:
    """The year that is asked for ("去年", "2020年"; this year when none is), and the rest."""
    match = _YEAR.match(fold(text))
    if match is None:
        return ctx.today.year, text.strip()
    year = int(match.group(1)) if match.group(1) else ctx.today.year - 1
    return year, text[match.end() :].strip()


def _register(ctx: Ctx, roots: Sequence[int], name: Words, year: int) -> Reply:
    if year == ctx.today.year:
        for requirement in requirements.in_force(ctx.tx, roots, year=year):
            requirements.hand_out(ctx.tx, requirement, now=ctx.now)
    heading = T("{unit} {year}年承诺台账", unit=name, year=year)
    if sum(commitments.count(ctx.tx, roots, year=year).values()) > MOST_ROWS:
        raise UserError(
            T("承诺太多，一份表放不下，请按办事处要，例如：台账 枫杨办事处"), buttons=_office_buttons(ctx, roots)
        )
    rows = tally.judged(commitments.in_subtree(ctx.tx, roots, year=year), ctx.today, ctx.policy)
    if not rows:
        return say(title(heading), T("还没有承诺。"))
    sums = tally.tally(rows)
    body: list[Block] = [title(heading), Line(tally.circular(sums)), Line(tally.lights(sums))]
    if sums.waiting:
        body.append(faint(tally.waiting(sums)))
    body += _table(ctx, roots, rows)
    return say(*body, files=(_file(ctx, roots, rows, heading, year),))


def _office_buttons(ctx: Ctx, roots: Sequence[int]) -> tuple[tuple[Button, ...], ...]:
    offices = units.subtree(ctx.tx, roots, kinds=[units.OFFICE])
    return tuple((Button(office.name, f"register u{office.id}"),) for office in offices[:MOST_LINES])


def _table(ctx: Ctx, roots: Sequence[int], rows: Sequence[Row]) -> list[Block]:
    """A line for each unit or, where there are many, for each office; none for a single unit."""
    contesting = units.subtree(ctx.tx, roots, kinds=units.CONTESTING)
    if len(contesting) <= 1:
        return []
    if len(contesting) <= MOST_LINES:
        names = _with_others(contesting, rows)
        return [tally.table(rows, lambda placed: placed.commitment.unit_id, names, T("单位"))]
    offices: dict[int | None, str] = {row.placed.office_id: row.placed.office_name or "" for row in rows}
    for office in units.subtree(ctx.tx, roots, kinds=[units.OFFICE]):
        offices.setdefault(office.id, office.name)
    return [tally.table(rows, lambda placed: placed.office_id, list(offices.items()), T("办事处"))]


def _with_others(contesting: Sequence[Unit], rows: Sequence[Row]) -> list[tuple[int, str]]:
    """The units, and those of another kind that have made commitments all the same."""
    names = {unit.id: unit.name for unit in contesting}
    for row in rows:
        names.setdefault(row.placed.commitment.unit_id, row.placed.unit_name)
    return list(names.items())


def _file(ctx: Ctx, roots: Sequence[int], rows: Sequence[Row], heading: Text, year: int) -> OutFile:
    changes = amendments.consented(ctx.tx, roots, year=year)
    amended = {
        commitment_id: [words for amendment in found for words in differences(amendment.old, amendment.new)]
        for commitment_id, found in changes.items()
    }
    name = ctx.show(heading)
    data = register_file(
        rows,
        heading=name,
        show=ctx.show,
        amended=amended,
        corrected=corrected_below(ctx.tx, roots, year=year),
        zone=ctx.zone,
        now=ctx.now,
    )
    return OutFile(ctx.files.put(data), f"{name}.xlsx", MIME)
