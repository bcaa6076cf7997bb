"""变更: a published commitment is changed with a reason and the office's consent; the old wording stays."""

from __future__ import annotations

from decimal import Decimal

from bot.chat.context import Change
from bot.chat.errors import UserError
from bot.chat.messages import Button, Line, ToGroup, say, title
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.commitments.declared import registry
from handlers.commitments.describing import differences
from handlers.commitments.desk import Matter
from handlers.commitments.reviewers import group_of, tell_secretaries
from handlers.commitments.wishes import share_under
from storage import amendments, commitments
from storage.amendments import Amendment, Consent
from storage.changes import Recorded
from storage.commitments import State

_LATE = T("这一件刚才已经处理过了。发“审核”看还有什么。")


def consent(ctx: Ctx, matter: Matter) -> list[Words]:
    """Let the new terms hold, and tell the group; raises UserError when it is too late for that."""
    amendment, before = matter.amendment, matter.commitment
    assert amendment is not None
    if not amendments.decide(ctx.tx, amendment.id, becomes=Consent.CONSENTED, by=ctx.actor.id, at=ctx.now):
        raise UserError(_LATE)
    share = share_under(before, amendment.new)
    if not commitments.set_terms(ctx.tx, before.id, amendment.new, share=share, expected=[State.PUBLISHED]):
        raise UserError(T("{item}已经报了办结，不用再变更；请点“退回”。", item=matter.name))
    ctx.record(_change("amendment.consented", T("同意{item}变更", item=matter.name), amendment, before.share))
    heading = T("{unit}第{number}项承诺变更", unit=matter.unit_name, number=before.number)
    lines = [Line(line) for line in differences(amendment.old, amendment.new)]
    if amendment.old.words == amendment.new.words:
        lines = [Line(amendment.old.words), *lines]
    reason = T("原因：{reason}", reason=amendment.reason)
    ctx.post(say(title(heading), *lines, reason, to=ToGroup(group_of(ctx, before.unit_id))))
    return [T("已同意：{item}变更，已在工作群说明。", item=matter.name)]


def refuse(ctx: Ctx, matter: Matter, reason: str) -> list[Words]:
    """Let the old terms hold; the secretary is told why."""
    amendment = matter.amendment
    assert amendment is not None
    if not amendments.decide(
        ctx.tx, amendment.id, becomes=Consent.REFUSED, by=ctx.actor.id, at=ctx.now, why=reason
    ):
        raise UserError(_LATE)
    ctx.record(_change("amendment.refused", T("退回{item}变更", item=matter.name), amendment, None))
    tell_secretaries(
        ctx,
        amendment.unit_id,
        T(
            "{unit}第{number}项变更没有同意：{reason}",
            unit=matter.unit_name,
            number=amendment.number,
            reason=reason,
        ),
        T("承诺仍按原来的内容办。"),
        buttons=((Button(T("再申请变更"), f"amend c{amendment.commitment_id}"),),),
    )
    return [T("已退回：{item}，已私信书记。", item=matter.name)]


def _change(kind: str, summary: Text, amendment: Amendment, share: Decimal | None) -> Change:
    return Change(
        kind=kind,
        summary=summary,
        unit_id=amendment.unit_id,
        subject_id=amendment.commitment_id,
        data={"amendment": amendment.id, "share": None if share is None else str(share)},
    )


@registry.undo("amendment.consented")
def undo_consent(ctx: Ctx, change: Recorded) -> None:
    """The old terms again, and the wish waits; not when something was reported meanwhile."""
    amendment = amendments.get(ctx.tx, change.data["amendment"])
    commitment = commitments.get(ctx.tx, amendment.commitment_id)
    newer = commitment.reported_at is not None and commitment.reported_at > change.at
    share = None if change.data["share"] is None else Decimal(change.data["share"])
    if (
        newer
        or commitment.terms != amendment.new
        or not commitments.set_terms(ctx.tx, commitment.id, amendment.old, share=share, expected=[State.PUBLISHED])
    ):
        raise UserError(T("这一项后来又有了变化，不能撤销。"))
    amendments.decide(ctx.tx, amendment.id, before=Consent.CONSENTED, becomes=Consent.ASKED)
    words = T(
        "更正：{unit}第{number}项承诺暂按原来的内容办，变更还要再审。",
        unit=amendment.unit_name,
        number=amendment.number,
    )
    ctx.post(say(words, to=ToGroup(group_of(ctx, amendment.unit_id))))


@registry.undo("amendment.refused")
def undo_refusal(ctx: Ctx, change: Recorded) -> None:
    """The wish waits again, unless the secretary has asked anew."""
    amendment = amendments.get(ctx.tx, change.data["amendment"])
    if amendments.pending(ctx.tx, amendment.commitment_id) or not amendments.decide(
        ctx.tx, amendment.id, before=Consent.REFUSED, becomes=Consent.ASKED
    ):
        raise UserError(T("这一项后来又有了变化，不能撤销。"))
    tell_secretaries(ctx, amendment.unit_id, T("刚才的退回已撤销：{what}", what=change.summary))
