"""What the office decides about proposals and claims: approve, return with a reason, close; and take it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.chat.caution import caution
from bot.chat.context import Change
from bot.chat.errors import UserError
from bot.chat.messages import Button, ToGroup, quote, say
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.commitments import amending
from handlers.commitments.announcing import announce
from handlers.commitments.declared import registry
from handlers.commitments.desk import Matter, Sort
from handlers.commitments.reviewers import group_of, tell_secretaries
from storage import commitments, examination, units
from storage.changes import Recorded
from storage.commitments import Commitment, State

LATE = T("这一件刚才已经处理过了。发“审核”看还有什么。")


def warning_of(matter: Matter) -> Text | None:
    """What gives pause about making the matter public."""
    if matter.sort is Sort.CLAIM:
        return None
    if matter.amendment is not None:
        return caution(matter.amendment.new.words, matter.amendment.reason)
    return caution(matter.commitment.words)


def approve(ctx: Ctx, matter: Matter) -> list[Words]:
    """Say yes to one matter; returns what to tell who said it. Raises UserError when it was decided already."""
    match matter.sort:
        case Sort.PROPOSAL:
            return approve_proposals(ctx, [matter.commitment])
        case Sort.AMENDMENT:
            return amending.consent(ctx, matter)
        case Sort.CLAIM:
            return close(ctx, [matter.commitment])


def send_back(ctx: Ctx, matter: Matter, reason: str) -> list[Words]:
    """Say no to one matter, with a reason that the secretary is told."""
    match matter.sort:
        case Sort.PROPOSAL:
            return _return_proposal(ctx, matter, reason)
        case Sort.AMENDMENT:
            return amending.refuse(ctx, matter, reason)
        case Sort.CLAIM:
            return _return_claim(ctx, matter, reason)


def approve_proposals(ctx: Ctx, proposals: Sequence[Commitment]) -> list[Words]:
    """Approve them together; a unit of which nothing waits any more is announced at once."""
    approved = examination.approve(ctx.tx, [c.id for c in proposals], by=ctx.actor.id, now=ctx.now)
    if not approved:
        raise UserError(LATE)
    done = [c for c in proposals if c.id in approved]
    announced = _announce_finished(ctx, [c.unit_id for c in done])
    _record(ctx, "commitments.approved", T("通过{items}", items=_named(ctx, done)), done, announced)
    return [T("已通过：{items}", items=_named(ctx, done)), *_announced(ctx, announced)]


def _announce_finished(ctx: Ctx, unit_ids: Sequence[int]) -> list[int]:
    """Publish for those of the units of which no proposal waits any more."""
    still = {unit.unit_id for unit in examination.count_waiting(ctx.tx, unit_ids, state=State.PROPOSED)}
    return announce(ctx, [unit_id for unit_id in unit_ids if unit_id not in still])


def _announced(ctx: Ctx, ids: Sequence[int]) -> list[Words]:
    public = commitments.get_many(ctx.tx, ids).values()
    names = [unit.name for unit in units.get_many(ctx.tx, [c.unit_id for c in public]).values()]
    return [T("{units}的承诺已在工作群亮诺。", units=names)] if names else []


def _record(ctx: Ctx, kind: str, summary: Text, done: Sequence[Commitment], announced: Sequence[int]) -> None:
    ctx.record(
        Change(
            kind=kind,
            summary=summary,
            unit_id=done[0].unit_id,
            subject_id=done[0].id,
            data={"ids": [c.id for c in done], "announced": list(announced)},
        )
    )


def _named(ctx: Ctx, done: Sequence[Commitment]) -> list[Text]:
    """Unit by unit, the numbers."""
    names = units.get_many(ctx.tx, [c.unit_id for c in done])
    numbers: dict[int, list[int]] = {}
    for commitment in done:
        numbers.setdefault(commitment.unit_id, []).append(commitment.number)
    return [
        T("{unit}第{numbers}项", unit=names[unit_id].name, numbers=found) for unit_id, found in numbers.items()
    ]


@registry.undo("commitments.approved")
def undo_approval(ctx: Ctx, change: Recorded) -> None:
    """Proposals again, unless something was reported meanwhile; a group that had been told is told."""
    ids = change.data["ids"]
    if examination.revoke(ctx.tx, ids) != sorted(ids):
        raise UserError(T("其中已有报过进度或办结的，不能撤销。要改，请书记发“变更”。"))
    told = [c for c in commitments.get_many(ctx.tx, ids).values() if c.id in change.data["announced"]]
    for group in dict.fromkeys(group_of(ctx, unit_id) for unit_id in dict.fromkeys(c.unit_id for c in told)):
        mine = [c for c in told if group_of(ctx, c.unit_id) == group]
        words = T("更正：{items}承诺还要再审，暂不作数。", items=_named(ctx, mine))
        ctx.post(say(words, to=ToGroup(group)))


def _return_proposal(ctx: Ctx, matter: Matter, reason: str) -> list[Words]:
    commitment = matter.commitment
    if not commitments.set_state(
        ctx.tx,
        commitment.id,
        state=State.RETURNED,
        expected=[State.PROPOSED],
        return_reason=reason,
        examined_by=ctx.actor.id,
        examined_at=ctx.now,
    ):
        raise UserError(LATE)
    _record_return(ctx, "commitment.returned", matter, reason)
    tell_secretaries(
        ctx,
        commitment.unit_id,
        T(
            "{unit}第{number}项承诺被退回：{reason}",
            unit=matter.unit_name,
            number=commitment.number,
            reason=reason,
        ),
        quote(commitment.words),
        buttons=((Button(T("修改重报"), f"resubmit c{commitment.id}"),),),
    )
    announced = _announce_finished(ctx, [commitment.unit_id])
    return [T("已退回：{item}，已私信书记。", item=matter.name), *_announced(ctx, announced)]


def _return_claim(ctx: Ctx, matter: Matter, reason: str) -> list[Words]:
    commitment = matter.commitment
    if not commitments.set_state(
        ctx.tx,
        commitment.id,
        state=State.PUBLISHED,
        expected=[State.DONE],
        done_at=None,
        return_reason=reason,
    ):
        raise UserError(LATE)
    _record_return(ctx, "commitment.unclaimed", matter, reason)
    tell_secretaries(
        ctx,
        commitment.unit_id,
        T(
            "{unit}第{number}项办结被退回：{reason}",
            unit=matter.unit_name,
            number=commitment.number,
            reason=reason,
        ),
        quote(commitment.words),
        buttons=((Button(T("重新办结"), f"done c{commitment.id}"),),),
    )
    return [T("已退回：{item}，已私信书记。", item=matter.name)]


def _record_return(ctx: Ctx, kind: str, matter: Matter, reason: str) -> None:
    before = matter.commitment
    ctx.record(
        Change(
            kind=kind,
            summary=T("退回{item}", item=matter.name),
            unit_id=before.unit_id,
            subject_id=before.id,
            data={
                "reason": reason,
                "before": before.return_reason,
                "done_at": before.done_at.isoformat() if before.done_at else None,
            },
        )
    )


@registry.undo("commitment.returned")
def undo_return(ctx: Ctx, change: Recorded) -> None:
    """The proposal waits again, unless the secretary has already changed or withdrawn it."""
    assert change.subject_id is not None
    if not commitments.set_state(
        ctx.tx,
        change.subject_id,
        state=State.PROPOSED,
        expected=[State.RETURNED],
        return_reason=change.data["before"],
    ):
        raise UserError(T("书记已经重报或撤回了这一项，不能撤销。"))
    _tell_undone(ctx, change)


@registry.undo("commitment.unclaimed")
def undo_unclaim(ctx: Ctx, change: Recorded) -> None:
    """The claim waits again, unless something has happened to the commitment since."""
    assert change.subject_id is not None
    now = commitments.get(ctx.tx, change.subject_id)
    if now.return_reason != change.data["reason"] or not commitments.set_state(
        ctx.tx,
        change.subject_id,
        state=State.DONE,
        expected=[State.PUBLISHED],
        done_at=datetime.fromisoformat(change.data["done_at"]),
        return_reason=change.data["before"],
    ):
        raise UserError(T("这一项后来又有了变化，不能撤销。"))
    _tell_undone(ctx, change)


def _tell_undone(ctx: Ctx, change: Recorded) -> None:
    assert change.unit_id is not None
    tell_secretaries(ctx, change.unit_id, T("刚才的退回已撤销：{what}", what=change.summary))


def close(ctx: Ctx, claims: Sequence[Commitment]) -> list[Words]:
    """Confirm that they are done; each unit's secretaries get one line."""
    closed = examination.close(ctx.tx, [c.id for c in claims], by=ctx.actor.id, now=ctx.now)
    if not closed:
        raise UserError(LATE)
    done = [c for c in claims if c.id in closed]
    _record(ctx, "commitments.closed", T("销号{items}", items=_named(ctx, done)), done, [])
    for unit_id in dict.fromkeys(c.unit_id for c in done):
        mine = [c for c in done if c.unit_id == unit_id]
        tell_secretaries(ctx, unit_id, T("已核实销号：{items}", items=_named(ctx, mine)))
    return [T("已销号：{items}", items=_named(ctx, done))]


@registry.undo("commitments.closed")
def undo_closing(ctx: Ctx, change: Recorded) -> None:
    """They wait to be verified again; the secretaries had been told and are told."""
    ids = change.data["ids"]
    if examination.reopen(ctx.tx, ids) != sorted(ids):
        raise UserError(T("这一项后来又有了变化，不能撤销。"))
    for unit_id in dict.fromkeys(c.unit_id for c in commitments.get_many(ctx.tx, ids).values()):
        tell_secretaries(ctx, unit_id, T("刚才的销号已撤销，等重新核实：{what}", what=change.summary))
