"""A report's message was edited: the report is corrected, and said to be a correction."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.messages import Button, Line, Reply, faint
from bot.chat.texts import T
from handlers import Ctx
from handlers.progress.asking import Talk, advance
from handlers.progress.declared import registry
from handlers.progress.duty import named_unit, some_items
from handlers.progress.reading import read
from handlers.progress.recording import REPORTED, Kept, keep, made_by, withdraw
from handlers.progress.settling import Draft
from storage import evidence
from storage.changes import Recorded


@registry.correction(REPORTED)
def correct(ctx: Ctx, change: Recorded, said: Said) -> Reply:
    """Withdraw what the old words said and record the new ones; photos go along. Unclear words change nothing."""
    assert change.unit_id is not None
    if not withdraw(ctx, change):
        raise UserError(T("办事处已经处理了这次上报，改消息不会改动它。数字有变，请重新报一次。"))
    drafts = _drafts(ctx, change, said)
    kept = keep(ctx, change.unit_id, drafts, instead_of=_instead_of(change, drafts))
    _hand_on_photos(ctx, change, kept)
    return Reply(
        (Line(T("已更正：{what}", what=kept.summary)), faint(T("原来：{what}", what=change.summary)), *kept.bars),
        ((Button(T("撤销"), "undo"),),),
    )


def _drafts(ctx: Ctx, change: Recorded, said: Said) -> list[Draft]:
    """What the new words say, when that is plain."""
    assert change.unit_id is not None
    found = ctx.registry.find(said.folded)
    text = said.text[found.start :] if found and found.command.ascii == "progress" else said.text
    _unit, words = named_unit(ctx, text)
    items = some_items(ctx, change.unit_id)
    readings = read(words, list(items.values()), expected=True) or ()
    before = change.data["numbers"]
    if readings and all(reading.certain or reading.number in before for reading in readings):
        talk = Talk(unit_id=change.unit_id, readings=readings, kind="progress.doubt", at_once=True)
        drafts = advance(ctx, talk, items)
        if isinstance(drafts, list) and drafts:
            return drafts
    raise UserError(
        T("您改过的那句话我没把握，登记的没有变：{what}。要改，请重新发一条，例如：第2项 80%", what=change.summary)
    )


def _instead_of(change: Recorded, drafts: Sequence[Draft]) -> dict[int, int]:
    """By the number of the commitment the report in whose place the new one comes.

    Of the same commitment where there is one; else the number itself was corrected.
    """
    old = dict(zip(change.data["numbers"], made_by(change), strict=True))
    new = [draft.commitment.number for draft in drafts]
    renamed = zip([n for n in new if n not in old], [r for n, r in old.items() if n not in new], strict=False)
    return {n: old[n] for n in new if n in old} | dict(renamed)


def _hand_on_photos(ctx: Ctx, change: Recorded, kept: Kept) -> None:
    """To the report about the same commitment, or to the first one."""
    new = dict(zip(ctx.changes[-1].data["numbers"], kept.made, strict=True))
    for number, old in zip(change.data["numbers"], made_by(change), strict=True):
        evidence.hand_on(ctx.tx, from_report=old, to_report=new.get(number, kept.made[0]))
