"""年度: a unit's whole year in one message; for those who look after several, the table of all as a file."""

from __future__ import annotations

from fractions import Fraction

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, OutFile, Reply, Table, faint, quote, say, title
from bot.chat.people import Role
from bot.chat.rendering import percent
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.commitments.describing import STATE_WORDS
from handlers.commitments.scope import unit_in_scope
from handlers.rounds.grid import XLSX
from handlers.rounds.tally import rounded
from handlers.standings.fulfilment import fulfilment
from handlers.standings.gathering import Period
from handlers.standings.wording import fulfilment_words, heading
from handlers.yearend.declared import EVALUATING, registry, year_at
from handlers.yearend.rating import Rated, level, rated, row_of_stars, star_line
from handlers.yearend.register import Year, gathered, register_file
from handlers.yearend.telling import result_line
from storage import commitments, highlights, standings, units, verdicts
from storage.commitments import PUBLIC, Commitment
from storage.units import Unit
from storage.verdicts import Both

_HIGHLIGHTS = 3


@registry.command(
    "年度",
    ascii="year",
    aliases=("全年", "年度台账"),
    section=Section.ROUNDS,
    help=T("一个单位的全年：承诺兑现、各场名次、亮点、综合成绩、星级"),
    args=(Rest("words", T("单位"), optional=True),),
    roles=(*EVALUATING, Role.SECRETARY),
    place=Place.PRIVATE,
    examples=("年度", "年度 大里村"),
)
def year_command(ctx: Ctx, words: str | None) -> Reply:
    """The own unit's year, the one that is named, or all that the person looks after."""
    year, rest = year_at(words, ctx.today)
    roots = ctx.actor.units(*EVALUATING, Role.SECRETARY)
    if rest:
        unit, _rest = unit_in_scope(ctx, rest, roots=roots, command="year")
        return _of_unit(ctx, unit, year) if unit.kind in units.CONTESTING else _of_many(ctx, [unit.id], year)
    if ctx.actor.has(*EVALUATING):
        return _of_many(ctx, list(ctx.actor.units(*EVALUATING)), year)
    found = units.get_many(ctx.tx, roots)
    if len(found) > 1:
        buttons = tuple((Button(unit.name, f"year {year} u{unit.id}"),) for unit in found.values())
        return say(T("您负责几个单位，看哪一个？"), buttons=buttons)
    return _of_unit(ctx, found[roots[0]], year)


def _of_unit(ctx: Ctx, unit: Unit, year: int) -> Reply:
    """Everything that is known of a unit's year and may be shown to it."""
    own = commitments.of_unit(ctx.tx, unit.id, year=year, states=PUBLIC)
    given = verdicts.standing(ctx.tx, [unit.id], year=year)
    body: list[Block | Words] = [title(T("{unit}　{year}年", unit=unit.name, year=year))]
    body += _stars(ctx, unit, year)
    body += _commitments(ctx, own, given)
    body += _rounds(ctx, unit, year)
    body += _standings(ctx, unit, year)
    body += _highlights(ctx, unit, year)
    if len(body) == 1:
        raise UserError(T("{unit}{year}年还没有记录。", unit=unit.name, year=year))
    return say(*body)


def _stars(ctx: Ctx, unit: Unit, year: int) -> list[Block | Words]:
    found: list[Rated] = [one for one in rated(ctx, [unit.id], year) if one.awards]
    return [
        words
        for one in found
        for words in (
            T("星级：{row} {level}", row=row_of_stars(one.count, len(one.findings)), level=level(one.count)),
            *(star_line(one, f) for f in one.findings if f.star.name in one.awards),
        )
    ]


def _commitments(ctx: Ctx, own: list[Commitment], given: dict[int, Both]) -> list[Block | Words]:
    if not own:
        return []
    summed = fulfilment([given.get(c.id, Both()) for c in own], ctx.policy.standings.partly)
    return [T("承诺：{words}", words=fulfilment_words(summed)), *(_line(c, given.get(c.id, Both())) for c in own)]


def _line(commitment: Commitment, both: Both) -> Text:
    """What became of a commitment, or before anybody has said so how far it is."""
    evaluated = result_line(commitment, both)
    if evaluated is not None:
        return evaluated
    share = percent(commitment.share) if commitment.share is not None else T("没有数字")
    return T(
        "{number}. {words}：{share}，{state}",
        number=commitment.number,
        words=commitment.words,
        share=share,
        state=STATE_WORDS[commitment.state],
    )


def _rounds(ctx: Ctx, unit: Unit, year: int) -> list[Block | Words]:
    root = units.ancestors(ctx.tx, unit.id)[-1].id
    own = [one for one in standings.scored(ctx.tx, [root], year=year) if one.unit_id == unit.id]
    if not own:
        return []
    rows = tuple(
        (
            T("{quarter}季度", quarter=one.quarter),
            one.name,
            format(one.score, "f") if one.score is not None else T("无有效分"),
            str(one.rank) if one.rank is not None else "—",
        )
        for one in own
    )
    return [T("评分场次："), Table((T("季度"), T("场次"), T("得分"), T("名次")), rows, "llrr")]


def _standings(ctx: Ctx, unit: Unit, year: int) -> list[Block | Words]:
    """The newest published version of each quarter's standing and of the year's."""
    root = units.ancestors(ctx.tx, unit.id)[-1].id
    newest = {version.quarter: version for version in standings.versions(ctx.tx, root, year=year)}
    lines: list[Block | Words] = []
    for quarter in sorted(newest, key=lambda number: number or 5):
        row = next((row for row in newest[quarter].ranking if row["unit"] == unit.id), None)
        if row is not None and row["rank"] is not None:
            name = heading(Period(year, quarter))
            lines.append(
                T("{standing}：{score}分，第{rank}名", standing=name, score=row["score"], rank=row["rank"])
            )
    return lines


def _highlights(ctx: Ctx, unit: Unit, year: int) -> list[Block | Words]:
    found = highlights.of_year(ctx.tx, [unit.id], year=year)
    if not found:
        return []
    best = sorted(found, key=lambda one: (not one.picked, -one.voices, one.id))[:_HIGHLIGHTS]
    return [T("亮点{count}个：", count=len(found)), *(quote(one.words) for one in best)]


def _of_many(ctx: Ctx, roots: list[int], year: int) -> Reply:
    """The sums, and everything unit by unit as a file."""
    found = gathered(ctx, roots, year)
    if not found:
        raise UserError(T("{year}年还没有亮出的承诺。", year=year))
    name = ctx.show(T("{year}年度台账.xlsx", year=year))
    file = OutFile(ctx.files.put(register_file(found, year, ctx.show)), name, XLSX)
    return say(
        title(T("{year}年度", year=year)),
        T("{count}个单位", count=len(found)),
        *_sums(found),
        faint(T("各单位的情况在表里。看一个单位请发：年度 {unit}", unit=found[0].rated.unit.name)),
        files=(file,),
    )


def _sums(found: list[Year]) -> list[Text]:
    given = [one.fulfilment for one in found]
    lines = [
        T(
            "承诺{total}项：兑现{fulfilled}项，部分兑现{partly}项，未兑现{unfulfilled}项，还没评{open}项。",
            total=sum(one.total for one in given),
            fulfilled=sum(one.fulfilled for one in given),
            partly=sum(one.partly for one in given),
            unfulfilled=sum(one.unfulfilled for one in given),
            open=sum(one.open for one in given),
        )
    ]
    shares = [one.share for one in given if one.share is not None]
    if shares:
        mean = rounded(sum(shares, Fraction(0)) / len(shares), 1)
        lines.append(T("兑现率平均{share}%（{count}个单位的平均）。", share=mean, count=len(shares)))
    levels = [one.rated.count for one in found if one.rated.awards]
    if levels:
        parts = [
            T("{level}{count}个", level=level(n), count=levels.count(n)) for n in sorted(set(levels), reverse=True)
        ]
        lines.append(T("星级：{levels}", levels=parts))
    return lines
