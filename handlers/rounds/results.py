"""Results: computed from the sheets of a closed round, shown to the chair, published to the groups."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Fields, OutFile, Reply, Table, ToGroup, ToPerson, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text, Words, plain_number
from handlers import Ctx
from handlers.rounds import tally
from handlers.rounds.declared import my_round, registry, rules_of, rules_words
from handlers.rounds.tally import Ranked
from storage import people, rounds, units
from storage.changes import Recorded
from storage.database import Tx
from storage.rounds import Contestant, Round, State

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def ranking(tx: Tx, found: Round) -> list[tuple[Ranked, Contestant]]:
    """The places of a closed or published round, best first. Raises ValueError while scores are still hidden."""
    if found.head.state not in (State.CLOSED, State.PUBLISHED):
        raise ValueError(f"the scores of round {found.id} are hidden while it is {found.head.state}")
    rules = rules_of(found.head)
    given: dict[int, list[Any]] = {c.id: [] for c in found.contestants}
    recused = {(j.id, c.id) for j in found.judges for c in found.contestants if found.recused(j, c)}
    for sheet in rounds.sheets(tx, found.id):
        if (sheet.judge_id, sheet.contestant_id) not in recused:
            given[sheet.contestant_id].append(sheet.total)
    results = [tally.tally(contestant, scores, rules) for contestant, scores in given.items()]
    contestants = {c.id: c for c in found.contestants}
    return [(ranked, contestants[ranked.result.contestant]) for ranked in tally.rank(results, rules)]


def _table(places: Sequence[tuple[Ranked, Contestant]]) -> Table:
    rows = tuple(
        (
            str(ranked.rank) if ranked.rank is not None else "—",
            contestant.unit_name,
            _fixed(ranked) if ranked.shown is not None else T("无有效分"),
            str(ranked.result.valid),
        )
        for ranked, contestant in places
    )
    return Table((T("名次"), T("单位"), T("得分"), T("有效分")), rows, "rlrr")


def _fixed(ranked: Ranked) -> str:
    # Scores keep their decimals: 91.50 is announced as 91.50.
    return format(ranked.shown, "f") if ranked.shown is not None else ""


def private_table(ctx: Ctx, found: Round) -> Reply:
    """All results, for the organizer, with the file and the next step."""
    places = ranking(ctx.tx, found)
    buttons = ((Button(T("公布"), f"publish {found.id}"),),) if found.head.state is State.CLOSED else ()
    return say(
        title(found.head.name),
        _table(places),
        faint(rules_words(rules_of(found.head))),
        files=(_file(ctx, found, places),),
        buttons=buttons,
    )


def _file(ctx: Ctx, found: Round, places: Sequence[tuple[Ranked, Contestant]]) -> OutFile:
    name = ctx.show(T("{name}成绩.xlsx", name=found.head.name))
    return OutFile(ctx.files.put(results_file(found, places, ctx.show)), name, XLSX)


def results_file(found: Round, places: Sequence[tuple[Ranked, Contestant]], show: Callable[[Words], str]) -> bytes:
    """The results as a spreadsheet: places, kept and dropped scores without the judges' names."""
    book = Workbook()
    sheet = book.active
    sheet.title = show(T("成绩"))
    sheet.append([found.head.name])
    sheet.append([show(rules_words(rules_of(found.head)))])
    heads = (T("名次"), T("单位"), T("得分"), T("有效分个数"), T("计入的分"), T("去掉的分"))
    sheet.append([show(head) for head in heads])
    for ranked, contestant in places:
        sheet.append(
            [
                ranked.rank,
                contestant.unit_name,
                ranked.shown,
                ranked.result.valid,
                " ".join(plain_number(s) for s in ranked.result.kept),
                " ".join(plain_number(s) for s in ranked.result.dropped),
            ]
        )
    for cell in sheet[3]:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(horizontal="center")
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.freeze_panes = "A4"
    for column, width in zip("ABCDEF", (8, 20, 12, 12, 48, 20), strict=True):
        sheet.column_dimensions[column].width = width
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@registry.command(
    "公布",
    ascii="publish",
    aliases=("公布成绩", "公布结果"),
    section=Section.ROUNDS,
    help=T("把成绩发到各办事处工作群"),
    args=(Rest("words", T("场次编号"), optional=True),),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("公布",),
)
def publish(ctx: Ctx, words: str | None) -> Reply:
    """Show what will be posted, and ask how much of it."""
    number = int(words) if words and words.isdecimal() and len(words) < 10 else None
    found = my_round(ctx, number, states=(State.CLOSED,), none=T("没有封评后待公布的场次。"))
    places = ranking(ctx.tx, found)
    first = ctx.policy.rounds.publish_ranks
    ctx.ask("rounds.publish", round=found.id)
    choices = [ctx.choice(T("公布全部名次"), "all"), ctx.choice(T("先不公布"), "wait")]
    if 0 < first < len(places):
        choices.insert(0, ctx.choice(T("公布前{count}名", count=first), "first"))
    return say(
        title(T("公布预览：{name}", name=found.head.name)),
        _table(places),
        T("公布前几名时，其余单位由我私下告知各自的成绩。公布后不能收回。"),
        buttons=tuple((choice,) for choice in choices),
    )


@registry.dialogue("rounds.publish")
def publish_answered(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Post, or wait."""
    answer = said.folded.strip().casefold()
    found = my_round(ctx, data["round"], states=(State.CLOSED,), none=T("这一场已经公布过了。"))
    if answer in {"all", "公布全部名次", "全部", "全部公布"}:
        return _post(ctx, found, 0)
    if answer in {"first", "前几名", "公布前几名"} or answer.startswith(("公布前", "前")):
        return _post(ctx, found, ctx.policy.rounds.publish_ranks)
    if answer in {"wait", "先不公布", "不", "再等等"}:
        return say(T("好的，先不公布。"), replace=True)
    raise UserError(T("请点“公布全部名次”“公布前几名”或“先不公布”。"))


def _post(ctx: Ctx, found: Round, first: int) -> Reply:
    """Publish the first ranks (0: all) to the groups; who is not named learns their own result privately."""
    rounds.set_state(
        ctx.tx,
        found.id,
        state=State.PUBLISHED,
        expected=State.CLOSED,
        published_at=ctx.now,
        published_by=ctx.actor.id,
    )
    places = ranking(ctx.tx, found)
    named = [p for p in places if not first or (p[0].rank is not None and p[0].rank <= first)]
    groups = units.subtree(ctx.tx, [found.head.unit_id], kinds=(units.DISTRICT, units.OFFICE))
    body = _announcement(found, named, whole=len(named) == len(places))
    for unit in groups:
        ctx.post(say(*body, to=ToGroup(unit.id), key=f"round{found.id}:published"))
    named_ids = {contestant.id for _ranked, contestant in named}
    _tell_the_others(ctx, found, [p for p in places if p[1].id not in named_ids])
    ctx.record(
        Change(
            "round.published",
            T("公布“{name}”", name=found.head.name),
            unit_id=found.head.unit_id,
            subject_id=found.id,
        )
    )
    return say(T("“{name}”已公布到{count}个工作群。", name=found.head.name, count=len(groups)), replace=True)


def _announcement(found: Round, named: Sequence[tuple[Ranked, Contestant]], *, whole: bool) -> list[Block | Words]:
    heading = T("{name}　成绩", name=found.head.name) if whole else T("{name}　优胜单位", name=found.head.name)
    return [title(heading), _table(named), faint(rules_words(rules_of(found.head)))]


def _tell_the_others(ctx: Ctx, found: Round, others: Sequence[tuple[Ranked, Contestant]]) -> None:
    secretaries = people.holders(ctx.tx, [contestant.unit_id for _ranked, contestant in others], [Role.SECRETARY])
    for ranked, contestant in others:
        for secretary in secretaries.get(contestant.unit_id, []):
            ctx.post(
                say(
                    *_own_result(found, ranked, contestant),
                    to=ToPerson(secretary.id),
                    key=f"round{found.id}:own:unit{contestant.unit_id}",
                )
            )


def _own_result(found: Round, ranked: Ranked, contestant: Contestant) -> list[Block | Words]:
    if ranked.shown is None:
        return [title(found.head.name), T("{unit}没有收到有效分。", unit=contestant.unit_name)]
    result = ranked.result
    pairs: list[tuple[Words, Words]] = [
        (T("得分"), _fixed(ranked)),
        (T("名次"), T("第{rank}名，共{count}个单位", rank=ranked.rank, count=len(found.contestants))),
        (T("计入的分"), " ".join(plain_number(s) for s in result.kept)),
    ]
    if result.dropped:
        pairs.append((T("去掉的分"), " ".join(plain_number(s) for s in result.dropped)))
    heading = T("{unit}　{name}", unit=contestant.unit_name, name=found.head.name)
    return [title(heading), Fields(tuple(pairs)), faint(rules_words(rules_of(found.head)))]


@registry.undo("round.published")
def unpublish(ctx: Ctx, change: Recorded) -> None:
    """What the groups have seen cannot be taken back."""
    raise UserError(T("成绩已经发到群里，不能撤销。"))


@registry.undo("round.closed")
def unclose(ctx: Ctx, change: Recorded) -> None:
    """Whoever has seen the scores cannot let judges go on."""
    raise UserError(T("封评后成绩已经算出，不能撤销。"))


@registry.command(
    "成绩",
    ascii="results",
    aliases=("名次", "得分"),
    section=Section.ROUNDS,
    help=T("看成绩：本单位公布后的得分，组织者看封评后的全部"),
    args=(Rest("words", T("单位或场次编号"), optional=True),),
    roles=(Role.ORGANIZER, Role.SECRETARY),
    place=Place.PRIVATE,
    examples=("成绩",),
)
def results(ctx: Ctx, words: str | None) -> Reply:
    """The organizer's whole table, or a secretary's own results once published."""
    if ctx.actor.has(Role.ORGANIZER):
        return _for_organizer(ctx, words)
    body: list[Block | Words] = []
    for unit_id in ctx.actor.units(Role.SECRETARY):
        for head in rounds.published_with(ctx.tx, unit_id)[:2]:
            found = rounds.get(ctx.tx, head.id)
            for ranked, contestant in ranking(ctx.tx, found):
                if contestant.unit_id == unit_id:
                    body += _own_result(found, ranked, contestant)
    if not body:
        raise UserError(_nothing_yet())
    return say(*body)


def _nothing_yet() -> Text:
    return T("还没有公布过本单位的成绩。")


def _for_organizer(ctx: Ctx, words: str | None) -> Reply:
    states = (State.CLOSED, State.PUBLISHED)
    none = T("还没有封评的场次；封评前谁也看不到分数。")
    if words and words.isdecimal() and len(words) < 10:
        return private_table(ctx, my_round(ctx, int(words), states=states, none=none))
    heads = rounds.below(ctx.tx, ctx.actor.units(Role.ORGANIZER), states=states, most=1)
    if not heads:
        raise UserError(none)
    found = rounds.get(ctx.tx, heads[0].id)
    if not words:
        return private_table(ctx, found)
    for ranked, contestant in ranking(ctx.tx, found):
        if contestant.unit_name.startswith(words.strip()):
            return say(*_own_result(found, ranked, contestant))
    raise UserError(T("“{name}”里没有“{unit}”。", name=found.head.name, unit=words))
