"""Going through what waits: the next card, yes, no with a reason, and what gives pause."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bot.chat.context import Said
from bot.chat.grammar.folding import fold
from bot.chat.messages import Button, Line, Reply, faint, say
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.commitments import deciding, desk, scope
from handlers.commitments.answers import means_public
from handlers.commitments.declared import registry
from handlers.commitments.desk import Matter, Sort
from storage import examination

_REASONS = (T("目标不具体"), T("期限不合适"), T("和别的承诺重复"))
_UNFINISHED = (T("和实际不符"), T("数量还没达到"), T("请补充照片"))
#: What is typed for no; the reason follows.
REFUSES = re.compile(r"(?:退回承诺|退回|驳回|不通过|不同意|send_back)[\s:,，：]*")


def next_card(
    ctx: Ctx,
    roots: Sequence[int],
    *,
    after: Matter | None = None,
    sorts: Sequence[Sort] = tuple(Sort),
    done: Sequence[Words] = (),
) -> Reply:
    """The card of the next matter, below what was just done; what was put aside comes again at the end."""
    matter = desk.first(ctx, roots, after=after, sorts=sorts) or desk.first(ctx, roots, sorts=sorts)
    if matter is None:
        return _end(ctx, roots, sorts, done)
    ctx.ask("commitments.examining", ref=matter.ref)
    return desk.card(ctx, matter, left=desk.count(ctx, roots, sorts=sorts), remarks=done)


def _end(ctx: Ctx, roots: Sequence[int], sorts: Sequence[Sort], done: Sequence[Words]) -> Reply:
    """Nothing waits any more; what is approved and not announced is pointed out."""
    ctx.close()
    rest = T("没有等您审核的了。") if Sort.PROPOSAL in sorts else T("没有等您销号的了。")
    quiet = examination.unannounced(ctx.tx, roots)
    if not quiet:
        return say(*done, rest, replace=True)
    names = [unit.unit_name for unit in quiet]
    hint = faint(T("已通过、还没在群里公布：{units}", units=names))
    return say(*done, rest, hint, buttons=((Button(T("亮诺"), "announce"),),), replace=True)


def approve_one(ctx: Ctx, matter: Matter) -> Reply:
    warning = deciding.warning_of(matter)
    if warning is not None:
        ctx.ask("commitments.publish", ref=matter.ref)
        row = (ctx.choice(T("能公开，通过"), "public"), Button(T("退回"), f"send_back {matter.ref}"))
        return say(Line(matter.commitment.words, "quote"), warning, buttons=(row,), replace=True)
    return _approved(ctx, matter)


@registry.dialogue("commitments.publish", hears=("通过", "退回", "退回承诺"))
def answer_publish(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Whether what gave pause may be shown to everybody."""
    matter, _rest = desk.matter_named(ctx, data["ref"])
    assert matter is not None
    refuses = REFUSES.match(fold(said.text.strip()))
    if means_public(said.text):
        return _approved(ctx, matter)
    if refuses:
        return send_back_one(ctx, matter, said.text.strip()[refuses.end() :].strip())
    return approve_one(ctx, matter)


def _approved(ctx: Ctx, matter: Matter) -> Reply:
    done = deciding.approve(ctx, matter)
    return next_card(ctx, scope.office_roots(ctx), after=matter, done=done, sorts=_sorts_after(matter))


def _sorts_after(matter: Matter) -> Sequence[Sort]:
    """Who verifies what is done goes on with that alone."""
    return (Sort.CLAIM,) if matter.sort is Sort.CLAIM else tuple(Sort)


def send_back_one(ctx: Ctx, matter: Matter, reason: str) -> Reply:
    if reason:
        done = deciding.send_back(ctx, matter, reason)
        return next_card(ctx, scope.office_roots(ctx), after=matter, done=done, sorts=_sorts_after(matter))
    ctx.ask("commitments.reason", ref=matter.ref)
    offered: Sequence[Text] = _UNFINISHED if matter.sort is Sort.CLAIM else _REASONS
    buttons = tuple((ctx.choice(words, ctx.show(words)),) for words in offered)
    return say(T("为什么退回{item}？写一句话，书记会收到：", item=matter.name), buttons=buttons, replace=True)


@registry.dialogue("commitments.reason", hears=("退回", "退回承诺"))
def answer_reason(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The reason of a return."""
    matter, _rest = desk.matter_named(ctx, data["ref"])
    assert matter is not None
    match = REFUSES.match(fold(said.text.strip()))
    return send_back_one(ctx, matter, said.text.strip()[match.end() if match else 0 :].strip())
