"""One commitment in full: its terms, where it stands, and everything that ever happened to it."""

from __future__ import annotations

from datetime import datetime

from bot.chat.messages import Bar, Block, Button, Fields, Line, Reply, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text, Words, plain_number
from handlers import Ctx
from handlers.commitments.describing import STATE_WORDS, differences, terms_fields
from handlers.commitments.pace import judge
from handlers.progress.corrections import corrected_events
from storage import amendments, changes, people, units
from storage import terms as promised
from storage.amendments import Amendment, Consent
from storage.changes import Recorded
from storage.commitments import PUBLIC, Commitment, State

_KINDS = ["commitment.returned", "commitment.resubmitted", "commitment.unclaimed"]


def details(ctx: Ctx, commitment: Commitment) -> Reply:
    """The commitment with its history, old wordings included; for its secretary, buttons for the next step."""
    unit = units.get(ctx.tx, commitment.unit_id)
    asked = amendments.of_commitment(ctx.tx, commitment.id)
    heading = T("{unit} {year}年第{number}项", unit=unit.name, year=commitment.year, number=commitment.number)
    body: list[Block] = [title(heading), terms_fields(commitment.terms, commitment.category)]
    if commitment.state in PUBLIC:
        standing = judge(commitment, ctx.today, ctx.policy)
        body.append(Bar(T("进度"), standing.share, standing.light, standing.words))
    body.append(_standing(commitment))
    body += [Line(_pending(a)) for a in asked if a.state is Consent.ASKED]
    body += [faint(line) for _at, line in _events(ctx, commitment, asked)]
    theirs = commitment.unit_id in ctx.actor.units(Role.SECRETARY)
    return say(*body, buttons=_next_steps(commitment, asked) if theirs else ())


def _standing(commitment: Commitment) -> Fields:
    pairs: list[tuple[Words, Words]] = [(T("状态"), STATE_WORDS[commitment.state])]
    if commitment.return_reason and commitment.state in (State.RETURNED, State.PUBLISHED):
        pairs.append((T("退回原因"), commitment.return_reason))
    if commitment.value is not None:
        pairs.append((T("已报数量"), f"{plain_number(commitment.value)}{commitment.measure or ''}"))
    if commitment.reported_at is not None:
        pairs.append((T("最近报告"), T("{at}", at=commitment.reported_at)))
    return Fields(tuple(pairs))


def _pending(amendment: Amendment) -> Text:
    return T(
        "变更等审核：{changes}。原因：{reason}",
        changes=differences(amendment.old, amendment.new),
        reason=amendment.reason,
    )


def _events(ctx: Ctx, commitment: Commitment, asked: list[Amendment]) -> list[tuple[datetime, Text]]:
    """What happened, oldest first; of two things in the same moment, in the order in which they must have been."""
    recorded = changes.history(ctx.tx, commitment.id, kinds=_KINDS)
    known = [commitment.proposed_by, commitment.examined_by, commitment.closed_by]
    names = {n: p.name for n, p in people.get_many(ctx.tx, [k for k in known if k is not None]).items()}
    set_by_district = commitment.requirement_id is not None
    approved = commitment.state in PUBLIC and not set_by_district
    events = [
        _step(
            _SET if set_by_district else _PROPOSED, commitment.proposed_at, names.get(commitment.proposed_by or 0)
        ),
        *[_recorded(change) for change in recorded if change.undone_at is None],
        _step(_APPROVED, commitment.examined_at if approved else None, names.get(commitment.examined_by or 0)),
        _step(_PUBLISHED, None if set_by_district else commitment.published_at),
        *corrected_events(ctx.tx, commitment.id),
        *[_amended(a) for a in asked if a.state is not Consent.ASKED],
        _step(_DONE, commitment.done_at),
        _step(_CLOSED, commitment.closed_at, names.get(commitment.closed_by or 0)),
    ]
    return sorted((event for event in events if event), key=lambda event: event[0])


def _step(words: Text, at: datetime | None, person: str | None = None) -> tuple[datetime, Text] | None:
    return (at, Text(words.msgid, {"at": at, "person": person or ""})) if at else None


_PROPOSED = T("{at} {person}提出")
_SET = T("{at} 区里下达")
_APPROVED = T("{at} {person}审核通过")
_PUBLISHED = T("{at} 亮诺")
_DONE = T("{at} 报办结")
_CLOSED = T("{at} {person}销号")


def _recorded(change: Recorded) -> tuple[datetime, Text]:
    who = change.person or ""
    if change.kind == "commitment.resubmitted":
        old = promised.from_wire(change.data["old"])
        return change.at, T("{at} {person}重报，原：{words}", at=change.at, person=who, words=old.words)
    reason = change.data["reason"]
    return change.at, T("{at} {person}退回：{reason}", at=change.at, person=who, reason=reason)


def _amended(amendment: Amendment) -> tuple[datetime, Text]:
    at = amendment.decided_at or amendment.asked_at
    what = differences(amendment.old, amendment.new)
    if amendment.state is Consent.CONSENTED:
        return at, T("{at} 同意变更：{changes}。原因：{reason}", at=at, changes=what, reason=amendment.reason)
    if amendment.state is Consent.REFUSED:
        why = amendment.decision_reason or ""
        return at, T("{at} 不同意变更：{changes}。{reason}", at=at, changes=what, reason=why)
    return at, T("{at} 撤回变更申请：{changes}", at=at, changes=what)


def _next_steps(commitment: Commitment, asked: list[Amendment]) -> tuple[tuple[Button, ...], ...]:
    which = f"c{commitment.id}"
    withdraw = Button(T("撤回"), f"withdraw {which}")
    match commitment.state:
        case State.PROPOSED:
            return ((Button(T("修改"), f"resubmit {which}"), withdraw),)
        case State.RETURNED:
            return ((Button(T("修改重报"), f"resubmit {which}"), withdraw),)
        case State.PUBLISHED:
            waits = any(amendment.state is Consent.ASKED for amendment in asked)
            amend = (
                Button(T("撤回变更"), f"withdraw_amendment {which}")
                if waits
                else Button(T("变更"), f"amend {which}")
            )
            return ((Button(T("办结"), f"done {which}"), amend),)
        case _:
            return ()
