"""Putting reports on the record, and taking them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.chat.context import Change
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Line, Reply, faint
from bot.chat.texts import TN, T, Text
from handlers import Ctx
from handlers.commitments.pace import judge, next_look
from handlers.deadlines.reporting import quarter_now
from handlers.progress.cards import after, bar, draft_words, parts_lines
from handlers.progress.declared import registry
from handlers.progress.duty import evidence_since
from handlers.progress.settling import Draft
from storage import commitments, evidence, reports, reviews
from storage.changes import Recorded
from storage.commitments import Commitment, State, Status
from storage.reports import STANDING, Review
from storage.terms import Kind

REPORTED = "progress.reported"


@dataclass(frozen=True, slots=True)
class Kept:
    """What was put on the record: a summary, how things stand now, and what became of photos that waited.

    `made` are the new reports in the order of their statements.
    """

    made: tuple[int, ...]
    summary: Text
    bars: tuple[Block, ...]
    photos: tuple[Block, ...]
    buttons: tuple[tuple[Button, ...], ...]


def record(ctx: Ctx, unit_id: int, drafts: Sequence[Draft]) -> Reply:
    """Record the drafts as one change, and read back what is recorded."""
    kept = keep(ctx, unit_id, drafts)
    body = (Line(T("已登记：{what}", what=kept.summary)), *kept.bars, *kept.photos)
    last = [Button(T("撤销"), "undo")]
    if len(drafts) == 1 and _may_claim(ctx, drafts[0]):
        last.append(Button(T("办结"), f"done c{drafts[0].commitment.id}"))
    return Reply(body, (*kept.buttons, tuple(last)), replace=True)


def _may_claim(ctx: Ctx, draft: Draft) -> bool:
    """Whether the next step would be to claim the commitment done. A rate has to be held to the end."""
    c = draft.commitment
    reached = draft.status is Status.DONE and c.state is State.PUBLISHED and c.kind is not Kind.THRESHOLD
    return reached and ctx.registry.named("done") is not None


def keep(ctx: Ctx, unit_id: int, drafts: Sequence[Draft], *, instead_of: Mapping[int, int] | None = None) -> Kept:
    """Record the drafts as one change.

    `instead_of`: of an edited message, by the number of the commitment the report that stood there before.
    """
    before = instead_of or {}
    quarter = str(quarter_now(ctx))
    made, waits = [], False
    bars: list[Block] = []
    unclaimed: dict[str, str] = {}
    for draft in drafts:
        then = after(ctx, draft, quarter)
        added = _add(ctx, draft, then, quarter, corrects=before.get(then.number))
        made.append(added.id)
        waits = waits or added.evidence_waits
        unclaimed |= _unclaim(ctx, then)
        bars.append(bar(ctx, then))
        bars += parts_lines(draft.commitment, draft.parts)
    numbers = [draft.commitment.number for draft in drafts]
    summary = _summary(drafts)
    data: dict[str, Any] = {"reports": made, "numbers": numbers, "unclaimed": unclaimed}
    if before:
        data["corrects"] = [before.get(number) for number in numbers]
    ctx.record(Change(REPORTED, summary, unit_id=unit_id, subject_id=made[0], data=data))
    photos, buttons = _evidence(ctx, made, numbers) if waits else ([], [])
    return Kept(tuple(made), summary, tuple(bars), tuple(photos), tuple(buttons))


def _add(ctx: Ctx, draft: Draft, then: Commitment, quarter: str, *, corrects: int | None) -> reports.Added:
    added = reports.add(
        ctx.tx,
        commitment_id=then.id,
        quarter=quarter,
        person_id=ctx.actor.id,
        words=draft.words,
        value=draft.value,
        share=draft.share,
        status=draft.status,
        parts=draft.parts,
        corrects=corrects,
        now=ctx.now,
        evidence_since=evidence_since(ctx),
    )
    commitments.set_progress(
        ctx.tx,
        then.id,
        share=then.share,
        value=then.value,
        status=then.status,
        reported_at=then.reported_at,
        quarter=then.reported_quarter,
        light=judge(then, ctx.today, ctx.policy).light,
        look_on=next_look(then, ctx.today, ctx.policy),
    )
    return added


def _unclaim(ctx: Ctx, then: Commitment) -> dict[str, str]:
    """A claim of being done does not survive a report that says less; what is needed to put it back."""
    done = then.share >= 1 if then.share is not None else then.status is Status.DONE
    if then.state is not State.DONE or done:
        return {}
    commitments.set_state(ctx.tx, then.id, state=State.PUBLISHED, expected=[State.DONE], done_at=None)
    return {str(then.id): then.done_at.isoformat() if then.done_at else ""}


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
    if not withdraw(ctx, change):
        raise UserError(T("办事处已经处理了这次上报，不能撤销。数字有变，请重新报一次。"))
    evidence.detach(ctx.tx, made_by(change))


def made_by(change: Recorded) -> list[int]:
    """The reports that a change made."""
    return [int(report_id) for report_id in change.data["reports"]]


def withdraw(ctx: Ctx, change: Recorded) -> bool:
    """Withdraw the reports that a change made; False when the office has dealt with one of them."""
    made = made_by(change)
    withdrawn = reviews.review(ctx.tx, made, before=Review.REPORTED, becomes=Review.WITHDRAWN)
    if withdrawn != sorted(made):
        return False
    for filed in reviews.filed(ctx.tx, made):
        restore(ctx, filed.report.commitment_id)
    for commitment_id, done_at in change.data["unclaimed"].items():
        at = datetime.fromisoformat(done_at) if done_at else None
        commitments.set_state(ctx.tx, int(commitment_id), state=State.DONE, expected=[State.PUBLISHED], done_at=at)
    return True


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
