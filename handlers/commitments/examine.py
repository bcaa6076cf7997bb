"""审诺 and 销号: the office goes through what waits, one matter after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bot.chat.arguments import Rest, item_at
from bot.chat.caution import caution
from bot.chat.commands import Place, Section
from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Reply, say
from bot.chat.texts import TN, T, Words
from handlers import Ctx
from handlers.commitments import deciding, desk, scope
from handlers.commitments.announcing import announce
from handlers.commitments.answers import means_yes
from handlers.commitments.declared import OFFICE, registry
from handlers.commitments.desk import Matter, Sort
from handlers.commitments.walking import REFUSES, approve_one, next_card, send_back_one
from storage import commitments, examination, units
from storage.commitments import State
from storage.units import Unit

_ALL_WORDS = re.compile(r"(?:全部|所有|都|all)(?:通过)?$")
_APPROVES = re.compile(r"(?:通过|销号|approve|close)\s*")
_SKIPS = frozenset(("下一件", "下一项", "先看下一件", "跳过", "先放下", "next", "skip"))


@registry.command(
    "审核",
    ascii="examine",
    aliases=("审诺", "待审"),
    section=Section.COMMITMENTS,
    help=T("逐件审核下面报来的承诺、变更和办结"),
    args=(Rest("what", T("单位"), optional=True),),
    roles=OFFICE,
    place=Place.PRIVATE,
    examples=("审核", "审核 大里村"),
)
def examine(ctx: Ctx, what: str | None) -> Reply:
    """The first matter that waits, of one unit when it is named; a button's "p17" means the one behind that."""
    behind, rest = desk.matter_named(ctx, what or "")
    if behind is not None:
        return next_card(ctx, scope.office_roots(ctx), after=behind)
    return next_card(ctx, _roots(ctx, rest, "examine"))


@registry.command(
    "销号",
    ascii="close_out",
    section=Section.COMMITMENTS,
    help=T("核实报了办结的承诺，确认后销号"),
    args=(Rest("what", T("单位 第几项"), optional=True),),
    roles=OFFICE,
    place=Place.PRIVATE,
    examples=("销号", "销号 大里村"),
)
def close_out(ctx: Ctx, what: str | None) -> Reply:
    """The first claim of being done that waits; one of a named unit, or a certain one."""
    if not what:
        return next_card(ctx, scope.office_roots(ctx), sorts=(Sort.CLAIM,))
    matter, unit, _rest = _meant(ctx, what, "close_out")
    if matter is None:
        return next_card(ctx, [unit.id] if unit else scope.office_roots(ctx), sorts=(Sort.CLAIM,))
    if matter.sort is not Sort.CLAIM:
        raise UserError(T("{item}还没有报办结，不能销号。", item=matter.name))
    return approve_one(ctx, matter)


@registry.command(
    "通过",
    ascii="approve",
    aliases=("审核通过",),
    section=Section.COMMITMENTS,
    help=T("通过一项承诺、一个村的承诺，或者全部"),
    args=(Rest("what", T("单位 第几项，或者全部"), optional=True),),
    roles=OFFICE,
    place=Place.PRIVATE,
    examples=("通过 全部", "通过 大里村", "通过 大里村 2"),
)
def approve(ctx: Ctx, what: str | None) -> Reply:
    """Say yes to one matter, to all proposals of a unit, or to all that wait; without words, show the first."""
    if not what:
        return next_card(ctx, scope.office_roots(ctx))
    if _ALL_WORDS.match(fold(what).strip()):
        return _ask_all(ctx)
    matter, unit, _rest = _meant(ctx, what, "approve")
    if matter is not None:
        return approve_one(ctx, matter)
    assert unit is not None
    return _approve_unit(ctx, unit)


@registry.command(
    "退回承诺",
    ascii="send_back",
    section=Section.COMMITMENTS,
    help=T("退回一项承诺、变更或办结，写明原因"),
    args=(Rest("what", T("单位 第几项 原因")),),
    roles=OFFICE,
    place=Place.PRIVATE,
    examples=("退回承诺 大里村 2 期限写得不明确",),
)
def send_back(ctx: Ctx, what: str) -> Reply:
    """Say no to one matter; the reason is asked for when it is not given."""
    matter, _unit, reason = _meant(ctx, what, "send_back")
    if matter is None:
        raise UserError(T("请写明退回哪一项，例如：退回承诺 大里村 2 期限写得不明确"))
    return send_back_one(ctx, matter, reason)


@registry.command(
    "亮诺",
    ascii="announce",
    section=Section.COMMITMENTS,
    help=T("把已通过还没公布的承诺发到工作群"),
    args=(Rest("what", T("单位"), optional=True),),
    roles=OFFICE,
    place=Place.PRIVATE,
    examples=("亮诺", "亮诺 大里村"),
)
def announce_now(ctx: Ctx, what: str | None) -> Reply:
    """Publish what is approved without waiting for the rest of the unit's proposals."""
    found = examination.unannounced(ctx.tx, _roots(ctx, what or "", "announce"))
    if not found:
        return say(T("没有已通过还没亮诺的承诺。"))
    announce(ctx, [unit.unit_id for unit in found])
    names = [unit.unit_name for unit in found]
    return say(T("{units}的承诺已在工作群亮诺。", units=names), replace=True)


def _roots(ctx: Ctx, text: str, command: str) -> Sequence[int]:
    """Everything that the person looks after, or the unit that the text names."""
    roots = scope.office_roots(ctx)
    if not text.strip() or _ALL_WORDS.match(fold(text).strip()):
        return roots
    unit, _rest = scope.unit_in_scope(ctx, text, roots=roots, command=command)
    return [unit.id]


def _meant(ctx: Ctx, text: str, command: str) -> tuple[Matter | None, Unit | None, str]:
    """The matter, or only the unit, that a text names, and what follows: "p17 …", "大里村 2 …", "大里村"."""
    matter, rest = desk.matter_named(ctx, text)
    if matter is not None:
        return matter, None, rest
    unit, rest = scope.unit_in_scope(ctx, text, roots=scope.office_roots(ctx), command=command)
    item = item_at(fold(rest), 0)
    if item is None:
        return None, unit, rest
    number, rest = item[0], rest[item[1] :].strip()
    commitment = commitments.by_number(ctx.tx, unit.id, number, year=ctx.today.year)
    found = desk.of_commitment(ctx, commitment, unit.name) if commitment else None
    if found is None or not desk.may_decide(ctx, found):
        raise UserError(T("{unit}第{number}项没有要审核的事。发“审核”看待办。", unit=unit.name, number=number))
    return found, unit, rest


@registry.dialogue("commitments.examining", hears=("通过", "销号", "退回", "退回承诺"))
def answer_matter(ctx: Ctx, data: dict[str, Any], said: Said) -> Any:
    """What is typed below the card of a matter: 通过, 退回 with a reason, 下一件."""
    text = said.text.strip()
    folded = fold(text)
    matter, _rest = desk.matter_named(ctx, data["ref"])
    assert matter is not None
    approves, refuses = _APPROVES.match(folded), REFUSES.match(folded)
    if folded.casefold() in _SKIPS:
        return next_card(ctx, scope.office_roots(ctx), after=matter)
    if refuses:
        return send_back_one(ctx, matter, text[refuses.end() :].strip())
    if approves and folded[approves.end() :]:
        return approve(ctx, text[approves.end() :])
    if approves or means_yes(text):
        return approve_one(ctx, matter)
    if _ALL_WORDS.match(folded):
        return _ask_all(ctx)
    return _something_else(ctx, data, said)


def _something_else(ctx: Ctx, data: dict[str, Any], said: Said) -> Any:
    """The card stays open, and who is also a secretary may report in between."""
    ctx.ask("commitments.examining", **data)
    for _order, reader in ctx.registry.readers:
        replies = reader(ctx, said)
        if replies is not None:
            return replies
    raise UserError(T("请点“通过”或“退回”，也可以写：退回 期限写得不明确"))


def _approve_unit(ctx: Ctx, unit: Unit) -> Reply:
    done = _approve_all(ctx, [unit.id])
    if not done:
        raise UserError(T("{unit}没有要审核的承诺。", unit=unit.name))
    return next_card(ctx, scope.office_roots(ctx), done=done)


def _approve_all(ctx: Ctx, roots: Sequence[int]) -> list[Words]:
    """Approve all proposals at or below the roots, except those that need a second look."""
    waiting = examination.waiting(ctx.tx, roots, state=State.PROPOSED, most=desk.MOST_AT_ONCE)
    plain = [w.commitment for w in waiting if not caution(w.commitment.words)]
    done = deciding.approve_proposals(ctx, plain) if plain else []
    if len(plain) < len(waiting):
        left = len(waiting) - len(plain)
        done.append(
            TN("有{count}项的文字要多看一眼，没有一起通过。", "有{count}项的文字要多看一眼，没有一起通过。", left)
        )
    return done


def _ask_all(ctx: Ctx) -> Reply:
    roots = scope.office_roots(ctx)
    counted = examination.count_waiting(ctx.tx, roots, state=State.PROPOSED)
    if not counted:
        return next_card(ctx, roots)
    if len(counted) == 1:
        return _approve_unit(ctx, units.get(ctx.tx, counted[0].unit_id))
    ctx.ask("commitments.approve_all")
    total = sum(unit.count for unit in counted)
    words = T("{units}个单位的{count}项承诺全部通过，并在工作群亮诺？", units=len(counted), count=total)
    buttons = ((ctx.choice(T("全部通过"), "yes"), ctx.choice(T("逐件看"), "no")),)
    return say(words, buttons=buttons, replace=True)


@registry.dialogue("commitments.approve_all", hears=("通过",))
def answer_all(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Whether really all are to be approved; anything else goes on one by one."""
    roots = scope.office_roots(ctx)
    answer = fold(said.text).strip()
    if means_yes(answer) or _ALL_WORDS.match(answer) or _APPROVES.match(answer):
        return next_card(ctx, roots, done=_approve_all(ctx, roots))
    return next_card(ctx, roots)
