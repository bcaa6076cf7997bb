"""变更: what the secretary asks for. What the office makes of it is in `amending`."""

from __future__ import annotations

from typing import Any

from bot.chat.arguments import Rest
from bot.chat.caution import caution
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Fields, Line, Reply, quote, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text
from handlers import Ctx
from handlers.commitments import scope
from handlers.commitments.answers import means_change, means_no, means_public, means_yes
from handlers.commitments.declared import OFFICE, registry
from handlers.commitments.describing import differences
from handlers.commitments.drafting import FIELD_WORDS, PROMPTS, due_buttons
from handlers.commitments.drafts import Field, field_named
from handlers.commitments.reviewers import reviewers, tell
from handlers.commitments.wishes import Wish, new_terms, read_wish, split_reason, with_field
from storage import amendments, commitments, units
from storage import terms as promised
from storage.amendments import Consent
from storage.changes import Recorded
from storage.commitments import Commitment, State

_FIELDS = (Field.DUE, Field.TARGET, Field.WORDS)


@registry.command(
    "变更",
    ascii="amend",
    aliases=("申请变更", "变更承诺"),
    section=Section.COMMITMENTS,
    help=T("申请改已公布的承诺，要写原因，办事处同意后生效"),
    args=(Rest("what", T("第几项 改什么 因为什么")),),
    roles=(Role.SECRETARY,),
    place=Place.PRIVATE,
    examples=("变更 2 期限改到明年3月底 因为施工手续还没批下来", "变更 2"),
)
def amend(ctx: Ctx, what: str) -> Reply:
    """Read the wish back as old and new; ask for what is not said."""
    commitment, rest = scope.own(ctx, what, command="amend", example="变更 2 期限改到明年3月底 因为手续没批")
    _check(ctx, commitment)
    wish = read_wish(commitment, rest, ctx.today)
    said, _reason = split_reason(rest)
    return _go_on(ctx, commitment, wish, unread=said if wish.terms is None else "")


def _check(ctx: Ctx, commitment: Commitment) -> None:
    if commitment.state in (State.PROPOSED, State.RETURNED):
        raise UserError(
            T("第{number}项还没有公布，直接改就行：重报 {number}", number=commitment.number),
            buttons=((Button(T("修改重报"), f"resubmit c{commitment.id}"),),),
        )
    if commitment.state is not State.PUBLISHED:
        raise UserError(T("第{number}项已经办结或撤回，不能变更。", number=commitment.number))
    if amendments.pending(ctx.tx, commitment.id):
        raise UserError(
            T("第{number}项已有一个变更在等审核。要改，先发：撤回变更 {number}", number=commitment.number),
            buttons=((Button(T("撤回变更"), f"withdraw_amendment c{commitment.id}"),),),
        )


def _data(commitment: Commitment, wish: Wish) -> dict[str, Any]:
    terms = None if wish.terms is None else promised.to_wire(wish.terms)
    return {"id": commitment.id, "terms": terms, "reason": wish.reason}


def _load(ctx: Ctx, data: dict[str, Any]) -> tuple[Commitment, Wish]:
    commitment, _rest = scope.own(ctx, f"c{data['id']}", command="amend", example="变更 2")
    terms = None if data["terms"] is None else promised.from_wire(data["terms"])
    return commitment, Wish(terms, data["reason"])


def _go_on(ctx: Ctx, commitment: Commitment, wish: Wish, *, unread: str = "") -> Reply:
    """The card once both are known; else the question for what is missing, or what was not understood."""
    if wish.terms is None:
        return _ask_what(ctx, commitment, wish, unread)
    changes = differences(commitment.terms, wish.terms)
    if not changes:
        raise UserError(T("和现在的内容一样，没有变化。"))
    if not wish.reason:
        ctx.ask("commitments.amend_reason", **_data(commitment, wish))
        return say(
            *[Line(change) for change in changes], T("为什么要变更？请写一句话，会在工作群说明。"), replace=True
        )
    return _card(ctx, commitment, wish, changes)


def _ask_what(ctx: Ctx, commitment: Commitment, wish: Wish, unread: str = "") -> Reply:
    ctx.ask("commitments.amend_what", **_data(commitment, wish))
    row = tuple(ctx.choice(FIELD_WORDS[field], field.value) for field in _FIELDS)
    return say(
        quote(commitment.words),
        *([T("没看懂“{said}”要改成什么。", said=unread)] if unread else []),
        T("要变更什么？点按钮，或者直接写，例如：期限改到明年3月底 因为手续没批"),
        buttons=(row,),
        replace=True,
    )


@registry.dialogue("commitments.amend_what", hears=("截止",))
def answer_what(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The field to change, or the whole wish."""
    commitment, wish = _load(ctx, data)
    field, value = field_named(said.text)
    if field in _FIELDS and not value:
        ctx.ask("commitments.amend_value", field=field.value, **_data(commitment, wish))
        buttons = (due_buttons(ctx),) if field is Field.DUE else ()
        return say(PROMPTS[field], buttons=buttons, replace=True)
    what, reason = split_reason(said.text)
    terms = new_terms(commitment.terms, what, ctx.today)
    if terms is None:
        raise UserError(T("没看懂要改什么。这样写：期限改到明年3月底；目标改为3公里；内容改为……"))
    return _go_on(ctx, commitment, Wish(terms, reason or wish.reason))


@registry.dialogue("commitments.amend_value", hears=("截止",), figures=True)
def answer_amended(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The new value of the field; a reason may come with it."""
    commitment, wish = _load(ctx, data)
    value, reason = split_reason(said.text)
    terms = with_field(commitment.terms, Field(data["field"]), value or said.text, ctx.today)
    return _go_on(ctx, commitment, Wish(terms, reason or wish.reason))


@registry.dialogue("commitments.amend_reason")
def answer_why(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The reason, with or without 因为."""
    commitment, wish = _load(ctx, data)
    before, reason = split_reason(said.text)
    return _go_on(ctx, commitment, Wish(wish.terms, reason or before))


def _card(ctx: Ctx, commitment: Commitment, wish: Wish, changes: list[Text]) -> Reply:
    ctx.ask("commitments.amend_card", **_data(commitment, wish))
    body: list[Block] = [
        title(T("请核对第{number}项的变更", number=commitment.number)),
        *[Line(change) for change in changes],
        Fields(((T("原因"), wish.reason),)),
    ]
    warning = _warning(wish)
    change, leave = ctx.choice(T("修改"), "edit"), ctx.choice(T("取消"), "cancel")
    if warning is None:
        return say(*body, buttons=((ctx.choice(T("提交"), "submit"), change, leave),), replace=True)
    buttons = ((change, leave), (ctx.choice(T("能公开，提交"), "public"),))
    return say(*body, warning, buttons=buttons, replace=True)


def _warning(wish: Wish) -> Text | None:
    return caution(wish.reason, wish.terms.words if wish.terms else "")


@registry.dialogue("commitments.amend_card", hears=("截止",))
def answer_amendment(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Submit, change, leave; or the wish said again."""
    commitment, wish = _load(ctx, data)
    if means_no(said.text):
        return say(T("好的，没有提交。"), replace=True)
    if means_change(said.text):
        return _ask_what(ctx, commitment, Wish(None, wish.reason))
    if means_public(said.text) or (means_yes(said.text) and _warning(wish) is None):
        return _submit(ctx, commitment, wish)
    if means_yes(said.text):
        return _go_on(ctx, commitment, wish)
    what, reason = split_reason(said.text)
    terms = new_terms(commitment.terms, what, ctx.today) if what else wish.terms
    if terms is None:
        raise UserError(T("请点“提交”“修改”或“取消”。"))
    return _go_on(ctx, commitment, Wish(terms, reason or wish.reason))


def _submit(ctx: Ctx, commitment: Commitment, wish: Wish) -> Reply:
    _check(ctx, commitment)
    assert wish.terms is not None
    asked = amendments.ask(
        ctx.tx,
        commitment_id=commitment.id,
        reason=wish.reason,
        old=commitment.terms,
        new=wish.terms,
        by=ctx.actor.id,
        now=ctx.now,
    )
    ctx.record(
        Change(
            kind="amendment.asked",
            summary=T("申请变更第{number}项", number=commitment.number),
            unit_id=commitment.unit_id,
            subject_id=commitment.id,
            data={"amendment": asked},
        )
    )
    # What the district requires only the district changes.
    roles = (Role.ORGANIZER,) if commitment.requirement_id is not None else OFFICE
    name = units.get(ctx.tx, commitment.unit_id).name
    tell(
        ctx,
        reviewers(ctx, commitment.unit_id, roles=roles),
        T("{unit}第{number}项申请变更，等您审核。", unit=name, number=commitment.number),
        buttons=((Button(T("审核"), f"examine u{commitment.unit_id}"),),),
    )
    return say(T("变更已提交，同意后生效；在那之前按原来的内容办。"), replace=True)


@registry.undo("amendment.asked")
def undo_wish(ctx: Ctx, change: Recorded) -> None:
    """Take the wish back while nobody has decided on it."""
    if not amendments.decide(ctx.tx, change.data["amendment"], becomes=Consent.WITHDRAWN, at=ctx.now):
        raise UserError(T("这个变更已经审核过了，不能撤销。"))


@registry.command(
    "撤回变更",
    ascii="withdraw_amendment",
    section=Section.COMMITMENTS,
    help=T("撤回还在等审核的变更"),
    args=(Rest("what", T("第几项")),),
    roles=(Role.SECRETARY,),
    place=Place.PRIVATE,
    examples=("撤回变更 2",),
)
def withdraw_amendment(ctx: Ctx, what: str) -> Reply:
    """Take back the amendment that waits."""
    commitment, _rest = scope.own(ctx, what, command="withdraw_amendment", example="撤回变更 2")
    waiting = amendments.pending(ctx.tx, commitment.id)
    if waiting is None or not amendments.decide(ctx.tx, waiting.id, becomes=Consent.WITHDRAWN, at=ctx.now):
        raise UserError(T("第{number}项没有在等审核的变更。", number=commitment.number))
    ctx.record(
        Change(
            kind="amendment.withdrawn",
            summary=T("撤回第{number}项的变更", number=commitment.number),
            unit_id=commitment.unit_id,
            subject_id=commitment.id,
            data={"amendment": waiting.id},
        )
    )
    return say(T("已撤回变更，第{number}项仍按原来的内容办。", number=commitment.number), replace=True)


@registry.undo("amendment.withdrawn")
def undo_withdrawn(ctx: Ctx, change: Recorded) -> None:
    """The amendment waits again, unless another was asked for since, or the commitment has moved on."""
    amendment = amendments.get(ctx.tx, change.data["amendment"])
    current = commitments.get(ctx.tx, amendment.commitment_id)
    if (
        amendments.pending(ctx.tx, current.id)
        or current.terms != amendment.old
        or not amendments.decide(ctx.tx, amendment.id, before=Consent.WITHDRAWN, becomes=Consent.ASKED)
    ):
        raise UserError(T("这一项后来又有了变化，不能撤销。"))
