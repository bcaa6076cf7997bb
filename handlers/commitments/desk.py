"""What waits on the office's desk, one matter after the other: proposals, amendments, claims of being done."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.chat.caution import caution
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Fields, Line, Reply, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import TN, T, Text, Words, plain_number
from handlers import Ctx
from handlers.commitments.declared import OFFICE
from handlers.commitments.describing import differences, terms_fields
from storage import amendments, commitments, examination, people, units
from storage.amendments import Amendment
from storage.commitments import Commitment, State


class Sort(StrEnum):
    """What kind of matter waits. The letter is in the payload of its buttons."""

    PROPOSAL = "p"
    AMENDMENT = "a"
    CLAIM = "d"


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing to decide. `id` is the commitment's, or for an amendment its own."""

    sort: Sort
    id: int
    commitment: Commitment
    unit_name: str
    amendment: Amendment | None = None

    @property
    def ref(self) -> str:
        """How a button names it."""
        return f"{self.sort.value}{self.id}"

    @property
    def name(self) -> Text:
        """Unit and number."""
        return T("{unit}第{number}项", unit=self.unit_name, number=self.commitment.number)


#: A person who approves all at once has not read more than this anyway.
MOST_AT_ONCE = 1000
_REF = re.compile(r"([pad])(\d{1,12})\b")
_STATES = {Sort.PROPOSAL: State.PROPOSED, Sort.CLAIM: State.DONE}
_ALL = (Sort.PROPOSAL, Sort.AMENDMENT, Sort.CLAIM)


def matter_named(ctx: Ctx, text: str) -> tuple[Matter | None, str]:
    """The matter that a button's "p17" names, and the rest; None when the text names none.

    Raises UserError when it is not this person's to decide or was decided already.
    """
    match = _REF.match(text.strip())
    if match is None:
        return None, text
    matter = _load(ctx, Sort(match.group(1)), int(match.group(2)))
    if matter is None or not may_decide(ctx, matter):
        raise UserError(T("这件事不归您审核，或者已经不在了。发“审核”看待办。"))
    return matter, text.strip()[match.end() :].strip()


def _load(ctx: Ctx, sort: Sort, matter_id: int) -> Matter | None:
    try:
        amendment = amendments.get(ctx.tx, matter_id) if sort is Sort.AMENDMENT else None
        commitment = commitments.get(ctx.tx, amendment.commitment_id if amendment else matter_id)
    except LookupError:
        return None
    return Matter(sort, matter_id, commitment, units.get(ctx.tx, commitment.unit_id).name, amendment)


def may_decide(ctx: Ctx, matter: Matter) -> bool:
    """The office decides for its units; what the district requires, only the organizer may change."""
    required = matter.sort is Sort.AMENDMENT and matter.commitment.requirement_id is not None
    roles = (Role.ORGANIZER,) if required else OFFICE
    return units.is_within(ctx.tx, matter.commitment.unit_id, ctx.actor.units(*roles))


def of_commitment(ctx: Ctx, commitment: Commitment, unit_name: str) -> Matter | None:
    """What waits about this commitment, if anything does."""
    for sort, state in _STATES.items():
        if commitment.state is state:
            return Matter(sort, commitment.id, commitment, unit_name)
    amendment = amendments.pending(ctx.tx, commitment.id)
    return Matter(Sort.AMENDMENT, amendment.id, commitment, unit_name, amendment) if amendment else None


def first(
    ctx: Ctx, roots: Sequence[int], *, after: Matter | None = None, sorts: Sequence[Sort] = _ALL
) -> Matter | None:
    """The first matter that waits at or below the roots; `after`: the first behind that one."""
    begin = sorts.index(after.sort) if after and after.sort in sorts else 0
    for sort in sorts[begin:]:
        behind = after if after and sort is after.sort else None
        found = (
            _first_amendment(ctx, roots, behind) if sort is Sort.AMENDMENT else _first(ctx, roots, sort, behind)
        )
        if found:
            return found
    return None


def _first(ctx: Ctx, roots: Sequence[int], sort: Sort, behind: Matter | None) -> Matter | None:
    after = (behind.commitment.unit_id, behind.commitment.id) if behind else (0, 0)
    waiting = examination.waiting(ctx.tx, roots, state=_STATES[sort], after=after)
    return next((Matter(sort, w.commitment.id, w.commitment, w.unit_name) for w in waiting), None)


def _first_amendment(ctx: Ctx, roots: Sequence[int], behind: Matter | None) -> Matter | None:
    after = behind.id if behind else 0
    waiting = amendments.waiting(ctx.tx, roots, organized=_organized(ctx, roots), after=after)
    for amendment in waiting:
        commitment = commitments.get(ctx.tx, amendment.commitment_id)
        return Matter(Sort.AMENDMENT, amendment.id, commitment, amendment.unit_name, amendment)
    return None


def count(ctx: Ctx, roots: Sequence[int], *, sorts: Sequence[Sort] = _ALL) -> int:
    """How many matters wait at or below the roots."""
    total = sum(
        unit.count
        for sort in sorts
        if sort in _STATES
        for unit in examination.count_waiting(ctx.tx, roots, state=_STATES[sort])
    )
    if Sort.AMENDMENT in sorts:
        total += amendments.count_waiting(ctx.tx, roots, organized=_organized(ctx, roots))
    return total


def _organized(ctx: Ctx, roots: Sequence[int]) -> list[int]:
    """Those of the roots where this person decides as the organizer."""
    own = ctx.actor.units(Role.ORGANIZER)
    return [root for root in roots if units.is_within(ctx.tx, root, own)]


def card(ctx: Ctx, matter: Matter, *, left: int, remarks: Sequence[Words] = ()) -> Reply:
    """The matter with its buttons. `left`: how many wait, this one included; `remarks` come first."""
    body: list[Block] = [Line(remark) for remark in remarks]
    body += [title(_heading(matter)), *_body(ctx, matter)]
    if left > 1:
        body.append(faint(TN("还有{count}件等着。", "还有{count}件等着。", left - 1)))
    return say(*body, buttons=_buttons(ctx, matter, left), replace=True)


def _heading(matter: Matter) -> Text:
    unit, number = matter.unit_name, matter.commitment.number
    match matter.sort:
        case Sort.PROPOSAL:
            return T("请审核：{unit}第{number}项承诺", unit=unit, number=number)
        case Sort.AMENDMENT:
            return T("请审核：{unit}第{number}项申请变更", unit=unit, number=number)
        case Sort.CLAIM:
            return T("请核实：{unit}第{number}项报办结", unit=unit, number=number)


def _body(ctx: Ctx, matter: Matter) -> list[Block]:
    commitment, amendment = matter.commitment, matter.amendment
    if amendment is not None:
        changes = [Line(line) for line in differences(amendment.old, amendment.new)]
        asked = T("{person}，{at}", person=amendment.asker, at=amendment.asked_at)
        same_words = amendment.old.words == amendment.new.words
        said = Fields(((T("原因"), amendment.reason), (T("提出"), asked)))
        return [*([Line(amendment.old.words, "quote")] if same_words else []), *changes, said]
    body: list[Block] = [terms_fields(commitment.terms, commitment.category)]
    if matter.sort is Sort.CLAIM:
        body.append(_claimed(commitment))
        return body
    pairs: list[tuple[Words, Words]] = []
    if commitment.proposed_by is not None:
        who = people.get(ctx.tx, commitment.proposed_by).name
        pairs.append((T("提出"), T("{person}，{at}", person=who, at=commitment.proposed_at)))
    if commitment.return_reason:
        pairs.append((T("上次退回"), commitment.return_reason))
    body += [Fields(tuple(pairs))] if pairs else []
    warning = caution(commitment.words)
    return [*body, Line(warning)] if warning else body


def _claimed(commitment: Commitment) -> Fields:
    pairs: list[tuple[Words, Words]] = []
    if commitment.value is not None:
        pairs.append((T("已报数量"), f"{plain_number(commitment.value)}{commitment.measure or ''}"))
    if commitment.done_at is not None:
        pairs.append((T("报办结"), T("{at}", at=commitment.done_at)))
    return Fields(tuple(pairs))


def _buttons(ctx: Ctx, matter: Matter, left: int) -> tuple[tuple[Button, ...], ...]:
    yes = T("销号") if matter.sort is Sort.CLAIM else T("通过")
    decide = (Button(yes, f"approve {matter.ref}"), Button(T("退回"), f"send_back {matter.ref}"))
    rows: list[tuple[Button, ...]] = [decide]
    unit_id = matter.commitment.unit_id
    if matter.sort is Sort.PROPOSAL:
        own = examination.count_waiting(ctx.tx, [unit_id], state=State.PROPOSED)
        waits = next((unit.count for unit in own if unit.unit_id == unit_id), 0)
        if waits > 1:
            rows.append(
                (Button(T("{unit}{count}项全部通过", unit=matter.unit_name, count=waits), f"approve u{unit_id}"),)
            )
    if left > 1:
        rows.append((Button(T("先看下一件"), f"examine {matter.ref}"),))
    return tuple(rows)
