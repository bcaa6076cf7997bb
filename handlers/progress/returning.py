"""退回: a report, or a proposal, goes back to the secretary with a reason."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from bot.chat.arguments import Rest, item_at
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Button, Reply, quote, say
from bot.chat.texts import T
from handlers import Ctx
from handlers.commitments import deciding, desk
from handlers.commitments.declared import OFFICE
from handlers.commitments.reviewers import tell_secretaries
from handlers.commitments.scope import office_roots, unit_in_scope
from handlers.deadlines.reporting import quarter_now
from handlers.progress.declared import registry
from handlers.progress.recording import restore
from handlers.progress.verifying import name_of, refuse_superseded, report_in_scope, show_next
from storage import commitments, reports, reviews
from storage.changes import Recorded
from storage.commitments import Commitment
from storage.reports import STANDING, Review
from storage.reviews import Filed
from storage.units import Unit

RETURNED, REASON = "progress.returned", "progress.return_reason"
_REPORT = re.compile(r"#(\d{1,12})\b\s*")
_EDGES = " \t\r\n,，、:：;；。"
_USUAL = (T("照片看不清"), T("数字请再核对"), T("请说得具体一些"))


@registry.command(
    "退回",
    ascii="return",
    aliases=("打回",),
    section=Section.PROGRESS,
    help=T("退回一项进度（或待审的承诺），写明原因，书记会收到"),
    args=(Rest("what", T("村（社区）第几项 原因")),),
    roles=OFFICE,
    place=Place.PRIVATE,
    examples=("退回 大里村 2 照片看不清",),
)
def send_back(ctx: Ctx, what: str) -> Reply | list[Reply]:
    """Return what is named; the reason is asked for when it is missing."""
    pressed = _REPORT.match(what)
    if pressed:
        filed = report_in_scope(ctx, int(pressed.group(1)))
        return _with_reason(ctx, filed, what[pressed.end() :])
    unit, rest = unit_in_scope(ctx, what, roots=office_roots(ctx), command="return")
    item = item_at(fold(rest), 0) if rest else None
    if item is None:
        raise UserError(T("请写明第几项和原因，例如：退回 {unit} 2 照片看不清", unit=unit.name))
    reason = rest[item[1] :]
    c = commitments.by_number(ctx.tx, unit.id, item[0], year=quarter_now(ctx).year)
    if c is None:
        raise UserError(T("{unit}没有第{number}项承诺。", unit=unit.name, number=item[0]))
    standing = [r for r in reports.history(ctx.tx, c.id) if r.state in STANDING]
    waiting = standing[0] if standing and standing[0].state is Review.REPORTED else None
    if waiting is None:
        other = _other_matter(ctx, c, unit, reason)
        if other is not None:
            return other
    if not standing:
        raise UserError(T("{unit}第{number}项没有可以退回的进度。", unit=unit.name, number=c.number))
    return _with_reason(ctx, reviews.filed(ctx.tx, [standing[0].id])[0], reason)


def _other_matter(ctx: Ctx, c: Commitment, unit: Unit, reason: str) -> Reply | None:
    """What else of the commitment waits for a decision: a proposal, an amendment, a claim of being done."""
    matter = desk.of_commitment(ctx, c, unit.name)
    if matter is None or not desk.may_decide(ctx, matter):
        return None
    if not reason.strip(_EDGES):
        raise UserError(T("请写明原因，例如：退回 {unit} {number} 期限不明确", unit=unit.name, number=c.number))
    return say(*deciding.send_back(ctx, matter, reason.strip(_EDGES)))


def _with_reason(ctx: Ctx, filed: Filed, reason: str) -> Reply | list[Reply]:
    if filed.report.state not in STANDING:
        raise UserError(T("这条进度刚才已经处理过了。发“核实”看还有什么。"))
    refuse_superseded(ctx, filed)
    if reason.strip(_EDGES):
        return _return(ctx, filed, reason.strip(_EDGES))
    ctx.ask(REASON, report=filed.report.id)
    rows = tuple((ctx.choice(words, words.msgid),) for words in _USUAL)
    question = T("{unit}第{number}项为什么退回？书记会看到。", unit=filed.unit_name, number=filed.number)
    return say(question, buttons=(*rows, (ctx.choice(T("取消"), "cancel"),)))


@registry.dialogue(REASON)
def hear_reason(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply | list[Reply]:
    """The reason for returning a report."""
    reason = said.text.strip(_EDGES)
    if reason == "cancel":
        return say(T("好的，没有退回。"), replace=True)
    if not reason:
        raise UserError(T("请写一句原因，例如：照片看不清"))
    return _with_reason(ctx, report_in_scope(ctx, int(data["report"])), reason)


def _return(ctx: Ctx, filed: Filed, reason: str) -> list[Reply]:
    report = filed.report
    moved = reviews.review(
        ctx.tx,
        [report.id],
        before=report.state,
        becomes=Review.RETURNED,
        by=ctx.actor.id,
        at=ctx.now,
        why=reason,
    )
    if not moved:
        raise UserError(T("这条进度刚才已经处理过了。发“核实”看还有什么。"))
    restore(ctx, report.commitment_id)
    name = name_of(ctx, filed)
    _record(ctx, filed)
    tell_secretaries(
        ctx,
        filed.unit_id,
        T("{what}被退回：{reason}", what=name, reason=reason),
        quote(report.words),
        buttons=((Button(T("重新报"), f"progress u{filed.unit_id} {filed.number}"),),),
    )
    done = say(T("已退回：{what}，已私信书记。", what=name), buttons=((Button(T("撤销"), "undo"),),), replace=True)
    following = show_next(ctx, office_roots(ctx), after=(filed.unit_id, filed.number))
    return [done, following] if following else [done]


def _record(ctx: Ctx, filed: Filed) -> None:
    before = filed.report
    data = {
        "report": before.id,
        "commitment": before.commitment_id,
        "state": before.state.value,
        "by": before.verified_by,
        "at": before.verified_at.isoformat() if before.verified_at else None,
    }
    summary = T("退回{what}", what=name_of(ctx, filed))
    ctx.record(Change(RETURNED, summary, unit_id=filed.unit_id, subject_id=before.id, data=data))


@registry.undo(RETURNED)
def undo_returning(ctx: Ctx, change: Recorded) -> None:
    """The report stands again, unless the secretary has already reported anew; who had been told is told."""
    data = change.data
    history = reports.history(ctx.tx, data["commitment"])
    if any(r.id > data["report"] and r.state in STANDING for r in history):
        raise UserError(T("书记已经重新报了，不能撤销。"))
    at = datetime.fromisoformat(data["at"]) if data["at"] else None
    moved = reviews.review(
        ctx.tx,
        [data["report"]],
        before=Review.RETURNED,
        becomes=Review(data["state"]),
        by=data["by"],
        at=at,
    )
    if not moved:
        raise UserError(T("这条进度后来又处理过了，不能撤销。"))
    restore(ctx, data["commitment"])
    assert change.unit_id is not None
    tell_secretaries(ctx, change.unit_id, T("刚才的退回已撤销，不用重报：{what}", what=change.summary))
