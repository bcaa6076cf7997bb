"""Reporting progress: the command, free words in a private chat, and the questions in between."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from bot.chat.arguments import Rest, item_at
from bot.chat.commands import Place, Section
from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Block, Button, Reply, say, title
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.commitments.answers import means_change, means_no, means_yes
from handlers.deadlines.reporting import quarter_now
from handlers.progress import evidence_in
from handlers.progress.answering import is_about_another
from handlers.progress.asking import Talk, advance, answer, from_wire, wire
from handlers.progress.cards import draft_card
from handlers.progress.declared import registry
from handlers.progress.duty import named_unit, open_items, posts_of, refuse_other_unit, some_items
from handlers.progress.reading import Reading, read, tells_figures
from handlers.progress.recording import record
from handlers.progress.settling import Draft
from storage.commitments import Commitment

DOUBT, CONFIRM, UNIT = "progress.doubt", "progress.confirm", "progress.unit"
#: Free-text readers are asked in this order; progress is what people write most.
READER_ORDER = 50
AFTER_ALL = 1000
_ASKS = re.compile(r"没报|[该要]报|报[哪什几]|怎么报|报了[吗没]|进度怎么")


@registry.command(
    "进度",
    ascii="progress",
    aliases=("报进度", "上报进度", "实绩"),
    section=Section.PROGRESS,
    help=T("报一项承诺的进度"),
    args=(Rest("words", T("第几项 进展"), optional=True),),
    roles=(Role.SECRETARY,),
    place=Place.PRIVATE,
    examples=("进度 2 60% 已硬化1.2公里", "进度2 还剩24盏", "进度 第1项 正在办理前期手续", "进度"),
)
def report(ctx: Ctx, words: str | None) -> Reply:
    """Record at once what is plain; ask about the rest, step by step."""
    refuse_other_unit(ctx, words or "")
    evidence_in.take(ctx)
    unit_id, text = named_unit(ctx, words or "")
    _answered_anew(ctx, text)
    if unit_id is None:
        return _ask_unit(ctx, text, command=True)
    return _command(ctx, unit_id, text)


def _answered_anew(ctx: Ctx, text: str) -> None:
    """Who was asked back about one statement and says it again with the command need not answer any more."""
    asked = ctx.dialogue
    if not text.strip() or asked is None or asked.kind != DOUBT:
        return
    if len(from_wire(asked.data["talk"]).readings) == 1:
        ctx.close()


def _command(ctx: Ctx, unit_id: int, text: str) -> Reply:
    items = some_items(ctx, unit_id)
    readings = read(text, list(items.values()), expected=True) if text.strip() else None
    if readings and not readings[0].certain:
        readings = _unknown(text, items) or readings
    if not readings:
        only = next(iter(items)) if len(items) == 1 else None
        readings = (Reading(words=text.strip(), number=only, candidates=tuple(items), certain=only is not None),)
    talk = Talk(unit_id=unit_id, readings=readings, kind=DOUBT, at_once=all(r.certain for r in readings))
    return _go_on(ctx, talk, items)


def _unknown(text: str, items: dict[int, Commitment]) -> tuple[Reading, ...]:
    """A report that begins with a number that there is not, so that this can be said; with all that follows."""
    found = item_at(fold(text), 0)
    if found is None or found[0] in items:
        return ()
    readings = read(text[found[1] :], list(items.values()), expected=True) or ()
    said = [r for r in readings if r.says_something]
    if not said or said[0].certain:
        return ()
    return (replace(said[0], number=found[0], certain=True), *said[1:])


@registry.reader(READER_ORDER)
def overhear(ctx: Ctx, said: Said) -> Reply | list[Reply] | None:
    """A private message without a command word: a report, a photo for one, or none of our business."""
    if not ctx.actor.has(Role.SECRETARY):
        return None
    unit_id, text = named_unit(ctx, said.text) if said.folded[:1] != "u" else (None, said.text)
    units = [unit_id] if unit_id is not None else [post.unit_id for post in posts_of(ctx)]
    for candidate in units:
        items = open_items(ctx, candidate)
        readings = read(text, list(items.values())) if items else None
        if readings and ctx.chat.is_group:
            return say(T("报进度请私聊我：点我的头像发消息，再说一遍。"))
        if readings:
            refuse_other_unit(ctx, text)
            captioned = _captioned(ctx, readings, items) if said.attachments else None
            if captioned is not None:
                return captioned
            evidence_in.take(ctx)
            if unit_id is None and len(units) > 1:
                return _ask_unit(ctx, text, command=False)
            return _go_on(ctx, Talk(unit_id=candidate, readings=readings, kind=DOUBT), items)
    return evidence_in.receive(ctx) if said.attachments and not ctx.chat.is_group else None


def _captioned(ctx: Ctx, readings: tuple[Reading, ...], items: dict[int, Commitment]) -> Reply | None:
    """Photos with a caption that names one commitment and says nothing of how far it is."""
    [only, *others] = readings
    c = items.get(only.number or 0)
    return evidence_in.captioned(ctx, c) if c and not others and not only.says_something else None


@registry.reader(AFTER_ALL)
def hint(ctx: Ctx, said: Said) -> Reply | None:
    """A figure of which nobody can tell what it is about: say how to report."""
    if ctx.chat.is_group or not ctx.actor.has(Role.SECRETARY):
        return None
    if _ASKS.search(said.folded):
        words = T("看还有哪些没报，发“季报”；看自己的承诺和进度，发“我的承诺”。")
        return say(words, buttons=((Button(T("季报"), "quarterly"), Button(T("我的承诺"), "my_commitments")),))
    if not tells_figures(said.folded):
        return None
    if not any(open_items(ctx, post.unit_id) for post in posts_of(ctx)):
        return None
    words = T("没看懂说的是哪一项。报进度请带上第几项，例如：第2项 80%")
    return say(words, buttons=((Button(T("报进度"), "progress"), Button(T("我的承诺"), "my_commitments")),))


def _go_on(ctx: Ctx, talk: Talk, items: dict[int, Commitment]) -> Reply:
    """Ask the next question, have it confirmed, or record."""
    result = advance(ctx, talk, items)
    if isinstance(result, Reply):
        return result
    if talk.at_once:
        return record(ctx, talk.unit_id, result)
    return _read_back(ctx, talk, result)


def _read_back(ctx: Ctx, talk: Talk, drafts: list[Draft]) -> Reply:
    ctx.ask(CONFIRM, talk=wire(talk))
    quarter = str(quarter_now(ctx))
    one = len(drafts) == 1
    heading = T("请核对这项进度") if one else T("请核对这{count}项进度", count=len(drafts))
    body: list[Block] = [title(heading)]
    for draft in drafts:
        body += draft_card(ctx, draft, quarter)
    row = (
        ctx.choice(T("确认"), "yes"),
        ctx.choice(T("改一下"), "change"),
        ctx.choice(T("取消"), "cancel"),
    )
    return Reply(tuple(body), (row,), replace=True)


@registry.dialogue(DOUBT, figures=True)
def settle_doubt(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply | list[Reply]:
    """An answer to what was asked back."""
    if evidence_in.only_files(said):
        return evidence_in.meanwhile(ctx)
    items = some_items(ctx, from_wire(data["talk"]).unit_id)
    talk = answer(ctx, data, said, items)
    if not talk.readings:
        return say(T("好的，没有登记。要报哪一项，直接说就行，例如：第2项 80%"), replace=True)
    return _go_on(ctx, talk, items)


@registry.dialogue(CONFIRM, figures=True)
def confirm(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply | list[Reply]:
    """The answer to a report read back: yes, no, or the report said again."""
    if evidence_in.only_files(said):
        return evidence_in.meanwhile(ctx)
    talk = from_wire(data["talk"])
    if means_no(said.text):
        return say(T("好的，没有登记。"), replace=True)
    items = some_items(ctx, talk.unit_id)
    if means_change(said.text):
        ctx.next_dialogue = ctx.dialogue
        return say(_how_to_change(talk))
    if means_yes(said.text):
        return _go_on(ctx, replace(talk, at_once=True), items)
    return _go_on(ctx, replace(talk, readings=_corrected(talk, said.text, items)), items)


def _how_to_change(talk: Talk) -> Any:
    if len(talk.readings) == 1:
        return T("请把这一项重新说一遍，例如：装了96盏。换一项就带上序号，例如：第3项 96盏。")
    return T("请把要改的那一项重新说一遍，带上序号，例如：第2项 80%。其余的不变。")


def _corrected(talk: Talk, text: str, items: dict[int, Commitment]) -> tuple[Reading, ...]:
    """The readings with those replaced that were said again."""
    only = talk.readings[0].number if len(talk.readings) == 1 else None
    again = read(text, list(items.values()), expected=True) or ()
    if only in items and not any(reading.certain for reading in again):
        if any(is_about_another(r, text, items[only], items) for r in again):
            # "道路硬化1.2公里" while the street lamps are being read back: a second report.
            return (*talk.readings, *again)
        again = read(text, [items[only]], expected=True) or ()
    again = tuple(r for r in again if r.says_something)
    if not again:
        raise UserError(T("没看懂。对的话请点“确认”；要改就重新说一遍，例如：第2项 80%。"))
    if only is not None:
        return again
    newer = {reading.number: reading for reading in again}
    kept = [newer.pop(reading.number, reading) for reading in talk.readings]
    return (*kept, *newer.values())


def _ask_unit(ctx: Ctx, text: str, *, command: bool) -> Reply:
    ctx.ask(UNIT, text=text, command=command)
    rows = tuple((ctx.choice(post.unit_name, f"u{post.unit_id}"),) for post in posts_of(ctx))
    return say(T("这是哪个村（社区）的？"), buttons=rows, replace=True)


@registry.dialogue(UNIT)
def choose_unit(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply | list[Reply]:
    """Which of their units a secretary speaks of."""
    if evidence_in.only_files(said):
        return evidence_in.meanwhile(ctx)
    unit_id, _rest = named_unit(ctx, said.text)
    if unit_id is None:
        raise UserError(T("请点上面的按钮，或说村（社区）的名字。"))
    if data["command"]:
        return _command(ctx, unit_id, data["text"])
    items = some_items(ctx, unit_id)
    readings = read(data["text"], list(items.values()), expected=True) or ()
    return _go_on(ctx, Talk(unit_id=unit_id, readings=readings, kind=DOUBT), items)
