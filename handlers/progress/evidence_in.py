"""Photos and files that come in: before the words, with them, or after them. Welcome, never required."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.chat.arguments import Rest, item_at
from bot.chat.commands import Place, Section
from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Attachment, Button, Reply, say
from bot.chat.people import Role
from bot.chat.texts import TN, T
from handlers import Ctx
from handlers.highlights.commands import MADE as HIGHLIGHT_MADE
from handlers.progress.declared import registry
from handlers.progress.duty import evidence_since, named_unit, posts_of, some_items
from handlers.progress.recording import REPORTED
from storage import changes, evidence, reports, reviews
from storage.changes import Recorded
from storage.commitments import Commitment
from storage.evidence import Evidence
from storage.reports import STANDING

#: Photos sent one after the other within this time are answered once.
_SERIES = timedelta(minutes=2)


def only_files(said: Said) -> bool:
    """Whether a message is nothing but photos or files."""
    return bool(said.attachments) and not said.text.strip()


def take(ctx: Ctx) -> None:
    """Keep what came along with words; the report that the words become takes it up."""
    if ctx.inbound.attachments:
        _keep(ctx, None)


def meanwhile(ctx: Ctx) -> Reply | list[Reply]:
    """Photos in the middle of a question: they wait, and the question stays open."""
    ctx.next_dialogue = ctx.dialogue
    sent = evidence.since(ctx.tx, person_id=ctx.actor.id, since=ctx.now - _SERIES)
    take(ctx)
    if any(e.report_id is None for e in sent):
        return []
    return say(T("照片（文件）收到了，这项登记后会自动附上。"))


def receive(ctx: Ctx) -> Reply | list[Reply]:
    """Photos without words: for the report just made or, when there is none, for the next one."""
    sent = evidence.since(ctx.tx, person_id=ctx.actor.id, since=evidence_since(ctx))
    just = changes.last_of(ctx.tx, person_id=ctx.actor.id, since=evidence_since(ctx))
    if just is not None and just.kind == HIGHLIGHT_MADE and just.subject_id is not None:
        return _to_highlight(ctx, just.subject_id)
    if just is None or just.kind != REPORTED:
        _keep(ctx, None)
        return [] if _in_series(ctx, sent, None) else _waiting()
    made = just.data["reports"]
    if len(made) > 1:
        _keep(ctx, None)
        return [] if _in_series(ctx, sent, None) else _to_which(just)
    _keep(ctx, made[0])
    return [] if _in_series(ctx, sent, made[0]) else _attached(ctx.inbound.attachments, just.data["numbers"][0])


def _keep(ctx: Ctx, report_id: int | None) -> None:
    evidence.keep(
        ctx.tx,
        ctx.inbound.attachments,
        person_id=ctx.actor.id,
        chat_id=ctx.chat.id,
        report_id=report_id,
        now=ctx.now,
    )


def _to_highlight(ctx: Ctx, highlight_id: int) -> Reply | list[Reply]:
    """Photos after a highlight was told; a series of them is answered once."""
    before = evidence.of_highlight(ctx.tx, highlight_id)
    _keep(ctx, None)
    since = evidence_since(ctx)
    evidence.attach_to_highlight(ctx.tx, person_id=ctx.actor.id, highlight_id=highlight_id, since=since)
    if any(e.received_at >= ctx.now - _SERIES for e in before):
        return []
    return say(T("照片（文件）已附到亮点。"))


def _in_series(ctx: Ctx, sent: Sequence[Evidence], report_id: int | None) -> bool:
    return any(e.report_id == report_id and e.received_at >= ctx.now - _SERIES for e in sent)


def _waiting() -> Reply:
    return say(T("照片（文件）收到了。说一下是哪项的进展，会自动附上，例如：第2项 80%"))


def _attached(files: Sequence[Attachment], number: int) -> Reply:
    if all(file.is_picture for file in files):
        return say(T("照片已附到第{number}项。", number=number))
    return say(T("文件已附到第{number}项。", number=number))


def _to_which(just: Recorded) -> Reply:
    row = tuple(
        Button(T("第{number}项", number=number), f"evidence r{report_id}")
        for number, report_id in zip(just.data["numbers"], just.data["reports"], strict=True)
    )
    return say(T("照片（文件）收到了，附到哪一项？"), buttons=(row,))


@registry.command(
    "佐证",
    ascii="evidence",
    aliases=("附照片",),
    section=Section.PROGRESS,
    help=T("把刚发的照片、文件附到某一项"),
    args=(Rest("words", T("第几项")),),
    roles=(Role.SECRETARY,),
    place=Place.PRIVATE,
    examples=("佐证 2",),
)
def attach(ctx: Ctx, words: str) -> Reply:
    """Attach what the person has sent lately to the newest report of an item, or of the item just reported."""
    take(ctx)
    report_id, number = _meant(ctx, words)
    count = evidence.attach(ctx.tx, person_id=ctx.actor.id, report_id=report_id, since=evidence_since(ctx))
    if not count:
        minutes = ctx.policy.dialogues.evidence_minutes
        raise UserError(
            T(
                "最近{minutes}分钟内没有等待附上的照片。请先发照片，再发“佐证 {number}”。",
                minutes=minutes,
                number=number,
            )
        )
    return say(
        TN("已附到第{number}项：{count}件", "已附到第{number}项：{count}件", count, number=number), replace=True
    )


def captioned(ctx: Ctx, c: Commitment) -> Reply | None:
    """Photos whose caption only names a commitment: for its newest report; None when it has none."""
    newest = reports.newest_of_unit(ctx.tx, c.unit_id, year=c.year).get(c.id)
    if newest is None:
        return None
    _keep(ctx, newest.id)
    return _attached(ctx.inbound.attachments, c.number)


def _meant(ctx: Ctx, words: str) -> tuple[int, int]:
    """The report meant, and the number of its commitment."""
    if words[:1] == "r" and words[1:].isdecimal():
        mine = {post.unit_id for post in posts_of(ctx)}
        for filed in reviews.filed(ctx.tx, [int(words[1:])]):
            if filed.unit_id in mine and filed.report.state in STANDING:
                return filed.report.id, filed.number
        raise UserError(T("这次上报已经撤销或退回了。请重新报一次，照片会自动附上。"))
    unit_id, text = named_unit(ctx, words)
    if unit_id is None:
        raise UserError(T("请带上村（社区）的名字，例如：佐证 大里村 2"))
    found = item_at(fold(text), 0)
    items = some_items(ctx, unit_id)
    c = items.get(found[0]) if found else None
    newest = reports.newest_of_unit(ctx.tx, unit_id, year=c.year).get(c.id) if c else None
    if c is None or newest is None:
        raise UserError(T("这一项还没有报过进度。先报进度，照片会自动附上，例如：进度 2 80%"))
    return newest.id, c.number
