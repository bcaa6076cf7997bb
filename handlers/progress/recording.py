"""Putting reports on the record, and taking them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.chat.context import Change
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Line, Reply, faint
from bot.chat.texts import TN, T, Text
from handlers import Ctx
from handlers.progress.cards import after, bar, draft_words, parts_lines
from handlers.progress.declared import registry
from handlers.progress.duty import evidence_since, quarter_now
from handlers.progress.settling import Draft
from storage import commitments, evidence, reports
from storage.changes import Recorded
from storage.reports import STANDING, Review

REPORTED = "progress.reported"


@dataclass(frozen=True, slots=True)
class Kept:
    """What was put on the record: a summary, how things stand now, and what became of photos that waited."""

    summary: Text
    bars: tuple[Block, ...]
    photos: tuple[Block, ...]
    buttons: tuple[tuple[Button, ...], ...]


def record(ctx: Ctx, unit_id: int, drafts: Sequence[Draft]) -> Reply:
    """Record the drafts as one change, and read back what is recorded."""
    kept = keep(ctx, unit_id, drafts)
    undo = (Button(T("撤销"), "undo"),)
    return Reply((Line(T("已登记：{what}", what=kept.summary)), *kept.lines), (*kept.buttons, undo), replace=True)


def keep(ctx: Ctx, unit_id: int, drafts: Sequence[Draft]) -> Kept:
    """Record the drafts as one change."""
    quarter = str(quarter_now(ctx))
    made, waits = [], False
    bars: list[Block] = []
    for draft in drafts:
        added = _add(ctx, draft, quarter)
        made.append(added.id)
        waits = waits or added.evidence_waits
        bars.append(bar(ctx, after(ctx, draft, quarter)))
        bars += parts_lines(draft.commitment, draft.parts)
    numbers = [draft.commitment.number for draft in drafts]
    summary = _summary(drafts)
    data = {"reports": made, "numbers": numbers}
    ctx.record(Change(REPORTED, summary, unit_id=unit_id, subject_id=made[0], data=data))
    photos, buttons = _evidence(ctx, made, numbers) if waits else ([], [])
    return Kept(summary, tuple(bars), tuple(photos), tuple(buttons))


def _add(ctx: Ctx, draft: Draft, quarter: str) -> reports.Added:
    c, then = draft.commitment, after(ctx, draft, quarter)
    added = reports.add(
        ctx.tx,
        commitment_id=c.id,
        quarter=quarter,
        person_id=ctx.actor.id,
        words=draft.words,
        value=draft.value,
        share=draft.share,
        status=draft.status,
        parts=draft.parts,
        now=ctx.now,
        evidence_since=evidence_since(ctx),
    )
    commitments.set_progress(
        ctx.tx,
        c.id,
        share=then.share,
        value=then.value,
        status=then.status,
        reported_at=then.reported_at,
        quarter=then.reported_quarter,
    )
    return added


def _summary(drafts: Sequence[Draft]) -> Text:
    each = [T("第{number}项 {figure}", number=d.commitment.number, figure=draft_words(d)) for d in drafts]
    return (
        each[0]
        if len(each) == 1
        else TN("{count}项进度：{items}", "{count}项进度：{items}", len(each), items=each)
    )


def _evidence(
    ctx: Ctx, made: Sequence[int], numbers: Sequence[int]
) -> tuple[list[Block], list[tuple[Button, ...]]]:
    """Attach what waits; with several reports, ask to which."""
    if len(made) > 1:
        row = tuple(
            Button(T("附到第{number}项", number=number), f"evidence r{report_id}")
            for number, report_id in zip(numbers, made, strict=True)
        )
        return [Line(T("您发来的照片（文件）附到哪一项？"))], [row]
    count = evidence.attach(ctx.tx, person_id=ctx.actor.id, report_id=made[0], since=evidence_since(ctx))
    return [faint(TN("附上佐证{count}件", "附上佐证{count}件", count))], []


@registry.undo(REPORTED)
def take_back(ctx: Ctx, change: Recorded) -> None:
    """Withdraw the reports of one message; their photos wait again."""
    made = [int(report_id) for report_id in change.data["reports"]]
    withdrawn = reports.review(ctx.tx, made, before=Review.REPORTED, becomes=Review.WITHDRAWN)
    if withdrawn != sorted(made):
        raise UserError(T("办事处已经处理了这次上报，不能撤销。数字有变，请重新报一次。"))
    evidence.detach(ctx.tx, made)
    for filed in reports.filed(ctx.tx, made):
        restore(ctx, filed.report.commitment_id)


def restore(ctx: Ctx, commitment_id: int) -> None:
    """Set the commitment's progress by the reports that stand: the newest one, and the newest figure."""
    standing = [r for r in reports.history(ctx.tx, commitment_id) if r.state in STANDING]
    newest = standing[0] if standing else None
    figure = next((r for r in standing if r.share is not None), None)
    commitments.set_progress(
        ctx.tx,
        commitment_id,
        share=figure.share if figure else None,
        value=figure.value if figure else None,
        status=newest.status if newest else None,
        reported_at=newest.said_at if newest else None,
        quarter=newest.quarter if newest else None,
    )
