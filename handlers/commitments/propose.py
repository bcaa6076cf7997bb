"""提诺: a secretary promises something for the year, and says it again better when it was returned."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import PAYLOAD_BYTES, Button, Reply, faint, quote, say
from bot.chat.people import Post, Role
from bot.chat.texts import TN, T
from handlers import Ctx
from handlers.commitments import scope
from handlers.commitments.declared import registry
from handlers.commitments.drafting import due_buttons, show_card, submitters
from handlers.commitments.drafts import (
    Draft,
    Field,
    Item,
    Purpose,
    changed,
    drafted,
    from_data,
    to_data,
)
from handlers.commitments.history import details
from handlers.commitments.reviewers import office_name, reviewers, tell
from handlers.deadlines.registration import refuse_if_closed
from storage import commitments, examination
from storage import terms as promised
from storage.changes import Recorded
from storage.commitments import Category, Commitment, State

#: Asked before the readers of progress.
PROMISED = 40
_WE_PROMISE = re.compile(r"\s*(?:我|咱|本)们?[村社区]{0,2}(?:今年)?(?:承诺|保证)(?!书|事项|已|的|过)[:,\s]*")
_PROGRESS = re.compile(
    r"(?:事项)?(?:第\s*)?(\d{1,3})\s*[项号条]?\s*"
    r"(?=已|完成|进度|正在|正常|推进|基本|没|未|还没|开工|停工|\d{1,3}(?:\.\d+)?%|[一二三四五六七八九]成|百分之)"
)
MINE = Button(T("我的承诺"), "my_commitments")


@registry.command(
    "承诺",
    ascii="promise",
    aliases=("提诺",),
    section=Section.COMMITMENTS,
    help=T("提出今年的承诺；一行一项，可以一次提几项"),
    args=(Rest("words", T("内容 期限 类别"), optional=True),),
    roles=(Role.SECRETARY,),
    place=Place.PRIVATE,
    examples=("承诺 硬化村内道路2公里 12月底前 自选", "承诺"),
)
def promise(ctx: Ctx, words: str | None) -> Reply:
    """Read a promise, or several, back as a card; without words, ask step by step; a number shows that one."""
    post, rest = scope.named_post(ctx, words or "", keep=True)
    if words and scope.is_number(ctx, rest):
        commitment, _rest = scope.own(ctx, words, command="my_commitments", example="承诺 2")
        return details(ctx, commitment)
    _refuse_progress(rest)
    own = scope.posts(ctx)
    if post is None and len(own) > 1:
        return _ask_unit(ctx, own, rest)
    return _begin(ctx, (post or own[0]).unit_id, rest.strip())


@registry.reader(PROMISED)
def overhear(ctx: Ctx, said: Said) -> Reply | None:
    """ "我村承诺年底前硬化道路2公里": the command's word, though not at the beginning."""
    match = _WE_PROMISE.match(said.folded)
    if match is None or ctx.chat.is_group or not ctx.actor.has(Role.SECRETARY):
        return None
    reply: Reply = promise(ctx, said.text[match.end() :])
    return reply


def _refuse_progress(words: str) -> None:
    """Raise UserError when the words say how far a promise is, and promise nothing: "承诺2已开工"."""
    match = _PROGRESS.match(fold(words))
    if match is None:
        return
    line = f"progress {match.group(1)} {words[match.end() :].strip()}"
    fits = len(line.encode()) <= PAYLOAD_BYTES
    button = Button(
        T("报第{number}项的进度", number=match.group(1)), line if fits else f"progress {match.group(1)}"
    )
    raise UserError(T("这像是报进度，不是新的承诺。报进度直接说就行，例如：第2项 80%"), buttons=((button,),))


def _ask_unit(ctx: Ctx, own: tuple[Post, ...], words: str) -> Reply:
    ctx.ask("commitments.unit", words=words)
    buttons = tuple((ctx.choice(post.unit_name, f"u{post.unit_id}"),) for post in own)
    return say(T("您负责几个单位，这是哪个单位的承诺？"), buttons=buttons, replace=True)


@registry.dialogue("commitments.unit")
def answer_unit(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The unit, by button or by name."""
    own = scope.posts(ctx)
    named, _rest = scope.named_post(ctx, said.text.strip(), keep=False)
    pressed = next((post for post in own if said.text.strip() == f"u{post.unit_id}"), None)
    post = pressed or named
    return _begin(ctx, post.unit_id, data["words"]) if post else _ask_unit(ctx, own, data["words"])


def _begin(ctx: Ctx, unit_id: int, words: str) -> Reply:
    refuse_if_closed(ctx, unit_id)
    if words:
        return show_card(ctx, Draft(Purpose.PROPOSE, unit_id, drafted(words, ctx.today)))
    ctx.ask("commitments.words", unit=unit_id)
    return say(
        T("承诺什么事？一句话写清内容和数量，例如：硬化村内道路2公里"),
        faint(T("一行一项，可以一次发几项；不想提了发“取消”。")),
    )


@registry.dialogue("commitments.words")
def answer_words(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The wording; the due date is asked for when it was not said with it."""
    draft = Draft(Purpose.PROPOSE, data["unit"], drafted(said.text, ctx.today))
    if len(draft.items) > 1 or draft.items[0].due_said:
        return show_card(ctx, draft)
    ctx.ask("commitments.due", **to_data(draft))
    return say(T("什么时候完成？"), buttons=(due_buttons(ctx),))


@registry.dialogue("commitments.due", hears=("截止",), figures=True)
def answer_due(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The due date, then the card."""
    draft = from_data(data)
    return show_card(ctx, draft.with_item(0, changed(draft.items[0], Field.DUE, said.text, ctx.today)))


def submit(ctx: Ctx, draft: Draft) -> Reply:
    """Hand the promises in; the office hears of it unless something of this unit waits there already."""
    _check_post(ctx, draft.unit_id)
    refuse_if_closed(ctx, draft.unit_id)
    waits = bool(examination.count_waiting(ctx.tx, [draft.unit_id], state=State.PROPOSED))
    made = [_add(ctx, draft.unit_id, item) for item in draft.items]
    numbers = [c.number for c in made]
    ctx.record(
        Change(
            kind="commitments.proposed",
            summary=T("提出第{numbers}项承诺", numbers=numbers),
            unit_id=draft.unit_id,
            subject_id=made[0].id,
            data={"ids": [c.id for c in made]},
        )
    )
    if not waits:
        _announce_waiting(ctx, draft.unit_id, len(made))
    again = Button(T("再提一项"), "promise")
    office = office_name(ctx, draft.unit_id)
    words = T("已提交第{numbers}项，等{office}审核。退回会私信告诉您。", numbers=numbers, office=office)
    return say(words, buttons=((again, MINE),), replace=True)


submitters[Purpose.PROPOSE] = submit


def _add(ctx: Ctx, unit_id: int, item: Item) -> Commitment:
    terms = item.terms
    return commitments.add(
        ctx.tx,
        unit_id=unit_id,
        year=ctx.today.year,
        category=item.category,
        words=terms.words,
        kind=terms.kind,
        target=terms.target,
        measure=terms.measure,
        parts=terms.parts,
        due=terms.due,
        proposed_by=ctx.actor.id,
        proposed_at=ctx.now,
    )


def _announce_waiting(ctx: Ctx, unit_id: int, count: int) -> None:
    name = next(post.unit_name for post in scope.posts(ctx) if post.unit_id == unit_id)
    tell(
        ctx,
        reviewers(ctx, unit_id),
        TN("{unit}提了{count}项承诺，等您审核。", "{unit}提了{count}项承诺，等您审核。", count, unit=name),
        buttons=((Button(T("审核"), f"examine u{unit_id}"),),),
    )


def _check_post(ctx: Ctx, unit_id: int) -> None:
    """Posts may change while a card is open."""
    if unit_id not in ctx.actor.units(Role.SECRETARY):
        raise UserError(T("您现在不是这个单位的书记，不能提交。"))


@registry.undo("commitments.proposed")
def undo_proposal(ctx: Ctx, change: Recorded) -> None:
    """Take proposals back, unless the office has looked at one of them."""
    for commitment_id in change.data["ids"]:
        if not commitments.set_state(ctx.tx, commitment_id, state=State.WITHDRAWN, expected=[State.PROPOSED]):
            raise UserError(T("这几项里已有审核过的，不能撤销。要改已亮诺的内容，发“变更”。"))


@registry.command(
    "重报",
    ascii="resubmit",
    aliases=("修改重报",),
    section=Section.COMMITMENTS,
    help=T("修改退回的或还在等审核的承诺，再报一次"),
    args=(Rest("what", T("第几项 新的内容")),),
    roles=(Role.SECRETARY,),
    place=Place.PRIVATE,
    examples=("重报 2", "重报 2 硬化村内道路3公里 10月底前"),
)
def resubmit(ctx: Ctx, what: str) -> Reply:
    """Open the card of a returned or waiting proposal again, with new words when some are given."""
    commitment, words = scope.own(ctx, what, command="resubmit", example="重报 2")
    if commitment.state not in (State.RETURNED, State.PROPOSED):
        raise UserError(
            T("第{number}项已经审核通过。要改，发：变更 {number} 改什么 因为什么", number=commitment.number)
        )
    item = Item(commitment.terms, commitment.category)
    if words:
        again = drafted(words, ctx.today, category=commitment.category)[0]
        due = again.terms.due if again.due_said else commitment.due
        item = replace(again, terms=replace(again.terms, due=due), due_said=True)
    draft = Draft(Purpose.RESUBMIT, commitment.unit_id, (item,), subject_id=commitment.id)
    reason = commitment.return_reason
    return show_card(ctx, draft, remark=T("退回原因：{reason}", reason=reason) if reason else None)


def submit_again(ctx: Ctx, draft: Draft) -> Reply:
    """Put the changed proposal back into the office's queue; what it said before stays on the record."""
    _check_post(ctx, draft.unit_id)
    assert draft.subject_id is not None
    before = commitments.get(ctx.tx, draft.subject_id)
    item = draft.items[0]
    expected = [State.RETURNED, State.PROPOSED]
    waits = bool(examination.count_waiting(ctx.tx, [draft.unit_id], state=State.PROPOSED))
    if not commitments.set_terms(ctx.tx, before.id, item.terms, share=None, expected=expected):
        raise UserError(T("第{number}项刚刚审核过了。发“我的承诺”看结果。", number=before.number))
    commitments.set_category(ctx.tx, before.id, item.category)
    commitments.set_state(ctx.tx, before.id, state=State.PROPOSED, expected=expected)
    ctx.record(_resubmitted(before))
    if not waits:
        _announce_waiting(ctx, draft.unit_id, 1)
    office = office_name(ctx, draft.unit_id)
    words = T("第{number}项已重新提交，等{office}审核。", number=before.number, office=office)
    return say(words, buttons=((MINE,),), replace=True)


submitters[Purpose.RESUBMIT] = submit_again


def _resubmitted(before: Commitment) -> Change:
    return Change(
        kind="commitment.resubmitted",
        summary=T("重报第{number}项承诺", number=before.number),
        unit_id=before.unit_id,
        subject_id=before.id,
        data={
            "old": promised.to_wire(before.terms),
            "category": before.category.value,
            "state": before.state.value,
        },
    )


@registry.undo("commitment.resubmitted")
def undo_resubmission(ctx: Ctx, change: Recorded) -> None:
    """Back to the wording and state before."""
    assert change.subject_id is not None
    old = promised.from_wire(change.data["old"])
    if not commitments.set_terms(ctx.tx, change.subject_id, old, share=None, expected=[State.PROPOSED]):
        raise UserError(T("这一项已经审核过了，不能撤销。"))
    commitments.set_category(ctx.tx, change.subject_id, Category(change.data["category"]))
    state = State(change.data["state"])
    commitments.set_state(ctx.tx, change.subject_id, state=state, expected=[State.PROPOSED])


@registry.command(
    "撤回承诺",
    ascii="withdraw",
    section=Section.COMMITMENTS,
    help=T("撤回还没有审核通过的承诺"),
    args=(Rest("what", T("第几项")),),
    roles=(Role.SECRETARY,),
    place=Place.PRIVATE,
    examples=("撤回承诺 2",),
)
def withdraw(ctx: Ctx, what: str) -> Reply:
    """Take a proposal back that is waiting or was returned."""
    commitment, _rest = scope.own(ctx, what, command="withdraw", example="撤回承诺 2")
    expected = [State.PROPOSED, State.RETURNED]
    if not commitments.set_state(ctx.tx, commitment.id, state=State.WITHDRAWN, expected=expected):
        raise UserError(
            T("第{number}项不在审核中，不能撤回。要改已亮诺的内容，发“变更”。", number=commitment.number)
        )
    ctx.record(
        Change(
            kind="commitment.withdrawn",
            summary=T("撤回第{number}项承诺", number=commitment.number),
            unit_id=commitment.unit_id,
            subject_id=commitment.id,
            data={"state": commitment.state.value},
        )
    )
    return say(
        T("已撤回第{number}项：", number=commitment.number),
        quote(commitment.words),
        buttons=((MINE,),),
        replace=True,
    )


@registry.undo("commitment.withdrawn")
def undo_withdrawal(ctx: Ctx, change: Recorded) -> None:
    """The proposal waits, or stands returned, as before."""
    assert change.subject_id is not None
    commitments.set_state(ctx.tx, change.subject_id, state=State(change.data["state"]), expected=[State.WITHDRAWN])
