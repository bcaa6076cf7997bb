"""The quarterly report: a walk through what a unit has not yet reported this quarter, to be left and resumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Block, Button, Line, Reply, faint, quote, say, title
from bot.chat.people import Role
from bot.chat.texts import TN, T, Text
from handlers import Ctx
from handlers.deadlines.reporting import late_until, quarter_now, report_due
from handlers.progress import evidence_in
from handlers.progress.answering import answered
from handlers.progress.asking import Talk, advance, answer, from_wire
from handlers.progress.cards import bar, state_words
from handlers.progress.declared import registry
from handlers.progress.doubts import NONE, SAME, Option, Question, how_far
from handlers.progress.duty import is_owed, named_unit, open_items, posts_of, some_items
from handlers.progress.quarters import Quarter
from handlers.progress.reading import Reading
from handlers.progress.recording import keep
from storage import reports, units
from storage.commitments import Commitment
from storage.reports import Report

WALK, DOUBT = "progress.quarter", "progress.quarter_doubt"
_SKIP = frozenset(("skip", "跳过", "下一个", "下一项", "先跳过", "不报", NONE))
_STOP = frozenset(("stop", "先到这里", "以后再填", "以后再说", "停", "不填了"))


@registry.command(
    "季报",
    ascii="quarterly",
    aliases=("填季报", "报季报"),
    section=Section.PROGRESS,
    help=T("一项一项报完本季度的进度，中途可以停"),
    args=(Rest("words", T("村（社区）"), optional=True),),
    roles=(Role.SECRETARY,),
    place=Place.PRIVATE,
    examples=("季报",),
)
def quarterly(ctx: Ctx, words: str | None) -> Reply:
    """Go through what is missing, or show that nothing is."""
    unit_id, _rest = named_unit(ctx, words or "")
    if unit_id is None:
        rows = tuple((Button(post.unit_name, f"quarterly u{post.unit_id}"),) for post in posts_of(ctx))
        return say(T("填哪个村（社区）的季报？"), buttons=rows)
    return _next(ctx, unit_id, some_items(ctx, unit_id))


def _next(
    ctx: Ctx,
    unit_id: int,
    items: Mapping[int, Commitment],
    *,
    later: Sequence[int] = (),
    lead: Sequence[Block] = (),
    buttons: Sequence[tuple[Button, ...]] = (),
) -> Reply:
    """The next commitment to report, or the summary when all have had their turn."""
    missing = _missing(ctx, items)
    turn = [c for c in missing if c.number not in later]
    if not turn:
        return summary_card(ctx, unit_id, items, lead=lead, buttons=buttons)
    return _card(ctx, unit_id, turn[0], len(missing), later=later, lead=lead, buttons=buttons)


def _missing(ctx: Ctx, items: Mapping[int, Commitment]) -> list[Commitment]:
    quarter = quarter_now(ctx)
    return [c for c in items.values() if is_owed(ctx, c, quarter) and c.reported_quarter != str(quarter)]


def _card(
    ctx: Ctx,
    unit_id: int,
    c: Commitment,
    missing: int,
    *,
    later: Sequence[int],
    lead: Sequence[Block],
    buttons: Sequence[tuple[Button, ...]],
) -> Reply:
    quarter = quarter_now(ctx)
    ctx.ask(WALK, unit=unit_id, number=c.number, later=list(later))
    heading = TN(
        "{quarter}季报：还有{count}项没报", "{quarter}季报：还有{count}项没报", missing, quarter=quarter.name
    )
    body: list[Block] = [*lead, title(heading)]
    if not lead and not later:
        body.append(faint(_calendar(ctx, quarter, unit_id)))
    body += [bar(ctx, c), *_last_words(ctx, c)]
    body.append(Line(how_far(c).words))
    return Reply(tuple(body), (*buttons, *_choices(ctx, c)), replace=True)


def _calendar(ctx: Ctx, quarter: Quarter, unit_id: int) -> Text:
    opens, due = quarter.opens(ctx.policy.activity), report_due(ctx, quarter, unit_id)
    if ctx.today < opens:
        return T("{opens}开始报，{due}截止；现在报也算数。", opens=opens, due=due)
    if ctx.today > due:
        last = late_until(ctx, due)
        return T("已过截止日{due}，{last}前补报仍算本季度。", due=due, last=last)
    return T("{due}截止。", due=due)


def _last_words(ctx: Ctx, c: Commitment) -> list[Block]:
    """What was said about it last time."""
    if c.reported_at is None:
        return []
    newest = _newest(ctx, c)
    if newest is None:
        return []
    said = state_words(c, newest.value, newest.share, newest.status)
    return [Line(T("上次（{day}）：{what}", day=newest.said_at, what=said)), quote(newest.words)]


def _newest(ctx: Ctx, c: Commitment) -> Report | None:
    return reports.newest_of_unit(ctx.tx, c.unit_id, year=c.year).get(c.id)


def _repeated(ctx: Ctx, reading: Reading, items: Mapping[int, Commitment]) -> Reading:
    """No change: the words of last time, so that who reads the report need not look them up."""
    c = items.get(reading.number or 0)
    newest = _newest(ctx, c) if c and reading.unchanged and not reading.figures else None
    if newest is None:
        return reading
    return replace(reading, words=f"无变化：{newest.words.removeprefix('无变化：')}")


def _choices(ctx: Ctx, c: Commitment) -> list[tuple[Button, ...]]:
    rows: list[tuple[Option, ...]] = [tuple(o for o in row if o.answer != SAME) for row in how_far(c).options]
    if c.reported_at is not None:
        rows.insert(0, (Option(T("无变化"), SAME),))
    rows.append((Option(T("跳过"), "skip"), Option(T("先到这里"), "stop")))
    return [tuple(ctx.choice(o.label, o.answer) for o in row) for row in rows if row]


@registry.dialogue(WALK, figures=True)
def step(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply | list[Reply]:
    """The answer about one commitment of the walk."""
    if evidence_in.only_files(said):
        return evidence_in.meanwhile(ctx)
    evidence_in.take(ctx)
    unit_id, number, later = int(data["unit"]), int(data["number"]), tuple(data["later"])
    items = some_items(ctx, unit_id)
    word = fold(said.text).strip().casefold()
    if word in _STOP:
        return _stopped(ctx, unit_id, items)
    if word in _SKIP or number not in items:
        return _next(ctx, unit_id, items, later=(*later, number))
    found = answered(Reading(words="", number=number), Question.HOW_FAR, said.text, items)
    if not found:
        raise UserError(T("没看懂。请点上面的按钮，或直接说，例如：80%。不想报这一项就说“跳过”。"))
    readings = tuple(_repeated(ctx, reading, items) for reading in found)
    talk = Talk(unit_id=unit_id, readings=readings, kind=DOUBT, at_once=True, later=later)
    return _go_on(ctx, talk, items)


@registry.dialogue(DOUBT, figures=True)
def settle_doubt(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply | list[Reply]:
    """The answer to a question within the walk."""
    if evidence_in.only_files(said):
        return evidence_in.meanwhile(ctx)
    talk = from_wire(data["talk"])
    items = some_items(ctx, talk.unit_id)
    if fold(said.text).strip().casefold() in _SKIP:
        number = talk.readings[int(data["at"])].number or 0
        return _next(ctx, talk.unit_id, items, later=(*talk.later, number))
    return _go_on(ctx, answer(ctx, data, said, items), items)


def _go_on(ctx: Ctx, talk: Talk, items: Mapping[int, Commitment]) -> Reply:
    result = advance(ctx, talk, items)
    if isinstance(result, Reply):
        return result
    kept = keep(ctx, talk.unit_id, result)
    lead = [Line(T("已登记：{what}", what=kept.summary)), *kept.photos]
    now = open_items(ctx, talk.unit_id)
    return _next(ctx, talk.unit_id, now, later=talk.later, lead=lead, buttons=kept.buttons)


def _stopped(ctx: Ctx, unit_id: int, items: Mapping[int, Commitment]) -> Reply:
    missing = [T("第{number}项", number=c.number) for c in _missing(ctx, items)]
    again = (Button(T("继续填"), f"quarterly u{unit_id}"),)
    words = T("好的，报过的都已登记。还没报：{missing}。随时发“季报”接着填。", missing=missing)
    return say(words, buttons=(again,), replace=True)


def summary_card(
    ctx: Ctx,
    unit_id: int,
    items: Mapping[int, Commitment],
    *,
    lead: Sequence[Block] = (),
    buttons: Sequence[tuple[Button, ...]] = (),
) -> Reply:
    """A unit's quarter on one card, with what is missing."""
    quarter = quarter_now(ctx)
    owed = [c for c in items.values() if is_owed(ctx, c, quarter)]
    missing = _missing(ctx, items)
    name = units.get(ctx.tx, unit_id).name
    body: list[Block] = [*lead, title(T("{unit} {quarter}", unit=name, quarter=quarter.name))]
    body += [bar(ctx, c) for c in items.values()]
    body.append(Line(_coverage(owed, missing)))
    rows = [*buttons]
    if missing and unit_id in {post.unit_id for post in posts_of(ctx)}:
        rows.append((Button(T("继续填"), f"quarterly u{unit_id}"),))
    return Reply(tuple(body), tuple(rows), replace=bool(lead))


def _coverage(owed: Sequence[Commitment], missing: Sequence[Commitment]) -> Text:
    if not owed:
        return T("这个季度没有要报的承诺。")
    if not missing:
        return TN("应报{count}项，都报齐了。", "应报{count}项，都报齐了。", len(owed))
    return T(
        "应报{owed}项、已报{reported}项，还没报：{missing}。",
        owed=len(owed),
        reported=len(owed) - len(missing),
        missing=[T("第{number}项", number=c.number) for c in missing],
    )
