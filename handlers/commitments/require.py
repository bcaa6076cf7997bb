"""规定动作: what the district requires of all units or of one kind of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from bot.chat.arguments import Rest, item_at
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Bar, Block, Button, Light, Line, Reply, ToGroup, faint, quote, say, title
from bot.chat.people import Post, Role
from bot.chat.texts import TN, T, Text, Words
from handlers import Ctx
from handlers.commitments import scope
from handlers.commitments.answers import means_yes
from handlers.commitments.declared import OFFICE, registry
from handlers.commitments.drafting import KIND_WORDS, show_card, submitters
from handlers.commitments.drafts import Draft, Purpose, drafted
from storage import requirements, units
from storage.changes import Recorded
from storage.commitments import Category, State
from storage.requirements import Requirement
from storage.terms import Terms

_KIND = re.compile(
    r"(?:(村社区|村和社区|全部|所有|全区|所有单位|全部单位)|(?:各|全部|所有)?(?:(社区)|(村)))[\s:,;、]+"
)
_DROP = re.compile(r"(?:撤下|取消|停止)\s*")


@registry.command(
    "规定动作",
    ascii="required",
    section=Section.COMMITMENTS,
    help=T("看规定动作各单位办得怎样；组织者加上内容就是下达"),
    args=(Rest("words", T("村、社区或全部，内容 期限"), optional=True),),
    roles=OFFICE,
    place=Place.PRIVATE,
    examples=("规定动作", "规定动作 社区 为群众办实事10件 年底前"),
)
def require(ctx: Ctx, words: str | None) -> Reply:
    """List the requirements; or, for the organizer, read a new one back as a card."""
    if not words:
        return _list(ctx)
    if not ctx.actor.has(Role.ORGANIZER):
        raise UserError(T("规定动作由组织者下达。看办得怎样，发：规定动作"))
    drop = _DROP.match(fold(words))
    if drop:
        return _ask_drop(ctx, words[drop.end() :])
    post, rest = _district(ctx, words.strip())
    kind, rest = _unit_kind(rest)
    items = drafted(rest, ctx.today, category=Category.REQUIRED)
    required = tuple(replace(item, category=Category.REQUIRED) for item in items)
    return show_card(ctx, Draft(Purpose.REQUIRE, post.unit_id, required, unit_kind=kind))


def _district(ctx: Ctx, words: str) -> tuple[Post, str]:
    """For which of the organizer's districts, and the rest."""
    held = {post.unit_id: post for post in ctx.actor.posts if post.role is Role.ORGANIZER}
    for post in held.values():
        rest = words[len(post.unit_name) :]
        if words.startswith(post.unit_name) and rest[:1].isspace():
            return post, rest.strip()
    if len(held) == 1:
        return next(iter(held.values())), words
    names = [post.unit_name for post in held.values()]
    raise UserError(T("您组织几个单位的活动，请写明是哪个，例如：规定动作 {unit} 内容", unit=names[0]))


def _unit_kind(words: str) -> tuple[str | None, str]:
    """For which kind of unit, and the rest; "村" and the like stand apart from the wording."""
    match = _KIND.match(fold(words))
    if match is None:
        return None, words
    kind = units.COMMUNITY if match.group(2) else units.VILLAGE if match.group(3) else None
    return kind, words[match.end() :]


def submit(ctx: Ctx, draft: Draft) -> Reply:
    """Set the requirements, put them into the lists, and tell every office's group in one message."""
    if draft.unit_id not in ctx.actor.units(Role.ORGANIZER):
        raise UserError(T("规定动作由组织者下达。看办得怎样，发：规定动作"))
    made = [_set(ctx, draft, item.terms) for item in draft.items]
    reached = max(requirements.hand_out(ctx.tx, requirement, now=ctx.now) for requirement in made)
    ctx.record(
        Change(
            kind="requirements.set",
            summary=TN("下达{count}项规定动作", "下达{count}项规定动作", len(made)),
            unit_id=draft.unit_id,
            subject_id=made[0].id,
            data={"ids": [requirement.id for requirement in made]},
        )
    )
    name = units.get(ctx.tx, draft.unit_id).name
    heading = T(
        "{district}下达规定动作，已列入{kind}的承诺清单：", district=name, kind=KIND_WORDS[draft.unit_kind]
    )
    _tell_groups(ctx, made[0], heading, *[Line(_line(requirement.terms)) for requirement in made])
    words = TN(
        "已下达，列入{count}个单位的承诺清单，并通知了工作群。",
        "已下达，列入{count}个单位的承诺清单，并通知了工作群。",
        reached,
    )
    return say(words, replace=True)


submitters[Purpose.REQUIRE] = submit


def _set(ctx: Ctx, draft: Draft, terms: Terms) -> Requirement:
    return requirements.add(
        ctx.tx,
        unit_id=draft.unit_id,
        unit_kind=draft.unit_kind,
        year=ctx.today.year,
        terms=terms,
        by=ctx.actor.id,
        now=ctx.now,
    )


def _line(terms: Terms) -> Text:
    return T("{words}（{due}前）", words=terms.words, due=terms.due)


def _tell_groups(ctx: Ctx, requirement: Requirement, *parts: Words | Block) -> None:
    """One message to each office that has units of the kind; the district's own group where there are none."""
    kinds = units.CONTESTING if requirement.unit_kind is None else (requirement.unit_kind,)
    parents = {unit.parent_id for unit in units.subtree(ctx.tx, [requirement.unit_id], kinds=kinds)}
    offices = units.subtree(ctx.tx, [requirement.unit_id], kinds=[units.OFFICE])
    concerned = [office.id for office in offices if office.id in parents]
    for unit_id in concerned or [office.id for office in offices] or [requirement.unit_id]:
        ctx.post(say(*parts, to=ToGroup(unit_id)))


@registry.undo("requirements.set")
def undo_requirements(ctx: Ctx, change: Recorded) -> None:
    """Require them no longer; not when a unit has reported on one of them."""
    for requirement_id in change.data["ids"]:
        if requirements.touched(ctx.tx, requirement_id) or not requirements.end(
            ctx.tx, requirement_id, now=ctx.now
        ):
            raise UserError(T("已有单位报过进度，不能撤销。要停止，发：撤下规定动作"))
    ended = [requirements.get(ctx.tx, requirement_id) for requirement_id in change.data["ids"]]
    lines = [quote(requirement.terms.words) for requirement in ended]
    _tell_groups(ctx, ended[0], T("更正：刚才下达的规定动作已撤回："), *lines)


def _in_force(ctx: Ctx) -> list[Requirement]:
    """What is required in the person's area; units that were added later get it now."""
    found = requirements.in_force(ctx.tx, scope.office_roots(ctx), year=ctx.today.year)
    for requirement in found:
        requirements.hand_out(ctx.tx, requirement, now=ctx.now)
    return found


def _list(ctx: Ctx) -> Reply:
    found = _in_force(ctx)
    if not found:
        words = T("今年还没有规定动作。")
        if ctx.actor.has(Role.ORGANIZER):
            return say(words, T("下达这样发：规定动作 全部 开展主题党日12次 年底前"))
        return say(words)
    standing = requirements.standing(ctx.tx, [r.id for r in found], scope.office_roots(ctx))
    body: list[Block] = [title(T("{year}年规定动作", year=ctx.today.year))]
    body += [_bar(ctx, n, requirement, standing[requirement.id]) for n, requirement in enumerate(found, 1)]
    if ctx.actor.has(Role.ORGANIZER):
        body.append(faint(T("不再要求的，发：撤下规定动作 1")))
    return say(*body)


def _bar(ctx: Ctx, number: int, requirement: Requirement, states: Mapping[State, int]) -> Bar:
    """How many units have done it. The bar is the share of units, not of the work."""
    done = states.get(State.DONE, 0) + states.get(State.CLOSED, 0)
    still = states.get(State.PUBLISHED, 0)
    due = requirement.terms.due
    late = due is not None and due < ctx.today and still > 0
    kind = KIND_WORDS[requirement.unit_kind]
    words = T("{kind}：已办结{done}个，办理中{still}个", kind=kind, done=done, still=still)
    if late:
        words = T("{kind}：已办结{done}个，逾期{still}个", kind=kind, done=done, still=still)
    share = Decimal(done) / (done + still) if done + still else None
    return Bar(f"{number}. {requirement.terms.words}", share, Light.RED if late else None, words)


@registry.command(
    "撤下规定动作",
    ascii="drop_required",
    section=Section.COMMITMENTS,
    help=T("不再要求一项规定动作"),
    args=(Rest("what", T("第几项")),),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("撤下规定动作 1",),
)
def drop_required(ctx: Ctx, what: str) -> Reply:
    """Ask before a requirement leaves the lists of all units."""
    return _ask_drop(ctx, what)


def _ask_drop(ctx: Ctx, what: str) -> Reply:
    found = _in_force(ctx)
    item = item_at(fold(what), 0)
    if item is None or item[0] > len(found):
        raise UserError(
            T("请写第几项，例如：撤下规定动作 1。发“规定动作”看清单。"),
            buttons=((Button(T("规定动作"), "required"),),),
        )
    requirement = found[item[0] - 1]
    _check_organizer(ctx, requirement)
    ctx.ask("commitments.drop_required", id=requirement.id)
    touched = requirements.touched(ctx.tx, requirement.id)
    buttons = ((ctx.choice(T("撤下"), "yes"), ctx.choice(T("不撤"), "no")),)
    note = TN(
        "已有{count}个单位报过进度，这些单位的保留。", "已有{count}个单位报过进度，这些单位的保留。", touched
    )
    parts: list[Words | Block] = [T("这项规定动作不再要求，从各单位清单里撤下？"), quote(requirement.terms.words)]
    return say(*parts, *([note] if touched else []), buttons=buttons, replace=True)


@registry.dialogue("commitments.drop_required")
def answer_drop(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Whether the requirement is really to end."""
    if not means_yes(said.text) and fold(said.text).strip() != "撤下":
        return say(T("好的，没有撤下。"), replace=True)
    requirement = requirements.get(ctx.tx, data["id"])
    _check_organizer(ctx, requirement)
    if not requirements.end(ctx.tx, requirement.id, now=ctx.now):
        raise UserError(T("这项规定动作已经撤下了。"))
    ctx.record(
        Change(
            kind="requirement.ended",
            summary=T("撤下规定动作“{words}”", words=requirement.terms.words),
            unit_id=requirement.unit_id,
            subject_id=requirement.id,
        )
    )
    _tell_groups(ctx, requirement, T("这项规定动作不再要求："), quote(requirement.terms.words))
    return say(T("已撤下，并通知了工作群。"), replace=True)


def _check_organizer(ctx: Ctx, requirement: Requirement) -> None:
    if not units.is_within(ctx.tx, requirement.unit_id, ctx.actor.units(Role.ORGANIZER)):
        raise UserError(T("这项规定动作不是您下达的。"))
