"""Readings that are being talked over: settled one by one, with questions in between where they are not plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.messages import Reply
from bot.chat.texts import T
from handlers import Ctx
from handlers.progress.answering import answered
from handlers.progress.cards import question_card
from handlers.progress.doubts import Doubt, Question
from handlers.progress.duty import parts_before
from handlers.progress.reading import Reading
from handlers.progress.settling import Draft, settle
from storage.commitments import Commitment


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What a person has said about a unit's commitments so far.

    `kind` is the dialogue that takes the answers. `at_once`: nothing needs to be confirmed any more.
    `later` are the commitments that a quarterly walk has put off.
    """

    unit_id: int
    readings: tuple[Reading, ...]
    kind: str
    at_once: bool = False
    later: tuple[int, ...] = ()


def advance(ctx: Ctx, talk: Talk, items: Mapping[int, Commitment]) -> list[Draft] | Reply:
    """The drafts, at most one for a commitment, when all is plain; otherwise the next question."""
    meant = {reading.number for reading in talk.readings}
    before = parts_before(ctx, [c for number, c in items.items() if number in meant])
    drafts: dict[int, Draft] = {}
    for at, reading in enumerate(talk.readings):
        settled = settle(reading, items, before)
        if isinstance(settled, Doubt):
            ctx.ask(talk.kind, talk=wire(talk), at=at, question=settled.question.value)
            return question_card(ctx, settled)
        drafts[settled.commitment.number] = settled
    return list(drafts.values())


def answer(ctx: Ctx, data: dict[str, Any], said: Said, items: Mapping[int, Commitment]) -> Talk:
    """The talk with a question answered; raises UserError when the answer is not understood."""
    talk, at = from_wire(data["talk"]), int(data["at"])
    found = answered(talk.readings[at], Question(data["question"]), said.text, items)
    if found is None:
        raise UserError(T("没看懂。请点上面的按钮，或直接说，例如：80%。不报了就发“取消”。"))
    # Who has just answered about the only statement there is has seen it: no second tap.
    at_once = talk.at_once or len(talk.readings) == 1 == len(found)
    return replace(talk, readings=(*talk.readings[:at], *found, *talk.readings[at + 1 :]), at_once=at_once)


def wire(talk: Talk) -> dict[str, Any]:
    """The talk as JSON data."""
    data: dict[str, Any] = msgspec.to_builtins(talk)
    return data


def from_wire(data: Any) -> Talk:
    """The inverse of `wire`."""
    return msgspec.convert(data, Talk)
