"""活动: the organizer's rounds, and a new one in as few questions as possible."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Block, Button, Fields, OutFile, Reply, faint, in_rows, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text
from handlers import Ctx
from handlers.rounds import defining, definition_book, drafting
from handlers.rounds.card import card
from handlers.rounds.declared import KIND_WORDS, STATE_WORDS, my_round, registry
from handlers.rounds.grid import XLSX
from handlers.rounds.naming import units_called
from handlers.rounds.plan import begun, default_name, defined, like, of_round
from storage import rounds, units
from storage.rounds import Head, Kind, State

#: What the organizer can do next with a round in a state: label, and command up to the number.
NEXT: dict[State, tuple[tuple[Text, str], ...]] = {
    State.DRAFT: (
        (T("开评"), "open "),
        (T("抽签"), "draw r"),
        (T("修改"), "round edit "),
        (T("取消这一场"), "dropround "),
    ),
    State.OPEN: ((T("评分进度"), "scoring "), (T("封评"), "close ")),
    State.COMPUTED: ((T("成绩"), "results "),),
    State.SIGNED: ((T("成绩"), "results "), (T("公布"), "publish ")),
}
_ALL_STATES = (State.DRAFT, State.OPEN, State.CLOSED, State.COMPUTED, State.SIGNED, State.PUBLISHED)
_A_ROW = 2
#: On buttons: a round like the one of that number, or that draft itself.
_PRESSED = re.compile(r"(copy|edit) (\d{1,9})")


@registry.command(
    "活动",
    ascii="round",
    aliases=("场次", "新建活动", "比学", "观摩"),
    section=Section.ROUNDS,
    help=T("新建一场评分，或看已有的场次"),
    args=(Rest("words", T("观摩/比学、名称、参评单位"), optional=True),),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("活动", "活动 观摩 一季度逐办观摩 大里村、公园道社区、欢河村", "活动 模板"),
)
def round_command(ctx: Ctx, words: str | None) -> Reply:
    """Without words the rounds there are; with words the beginning of a new one."""
    if not words:
        return _overview(ctx)
    if words.strip() in ("模板", "template"):
        name = ctx.show(T("评分场次模板.xlsx"))
        file = OutFile(ctx.files.put(definition_book.template()), name, XLSX)
        return say(T("填好这张表发给我，先给您看一遍，点“创建”才算数。"), files=(file,))
    pressed = _PRESSED.fullmatch(fold(words).strip())
    if pressed:
        return _from_round(ctx, pressed[1], int(pressed[2]))
    draft = drafting.read(words)
    if draft.kind is None:
        raise UserError(
            T("请先说是哪种评分。例如：活动 观摩 一季度逐办观摩 大里村、公园道社区"), buttons=(_kind_buttons(),)
        )
    name = draft.name or default_name(ctx, draft.kind)
    if not draft.names:
        return _ask_units(ctx, draft.kind, name)
    return card(ctx, begun(ctx, draft.kind, name, units_called(ctx, draft.names)))


def _from_round(ctx: Ctx, how: str, number: int) -> Reply:
    """A round like an earlier one, or the changing of a draft."""
    none = T("没有这一场。")
    if how == "copy":
        return card(ctx, like(ctx, my_round(ctx, number, states=_ALL_STATES, none=none)))
    found = my_round(ctx, number, states=(State.DRAFT,), none=none, roles=(Role.ORGANIZER,))
    return card(ctx, replace(of_round(ctx, found), revises=found.id))


@registry.reader(4)
def definition_sent(ctx: Ctx, said: Said) -> Reply | None:
    """A round defined in a file that an organizer sends: read back as a card. Any other file is left alone."""
    if ctx.chat.is_group or not ctx.actor.has(Role.ORGANIZER):
        return None
    for file in said.attachments:
        if file.name.casefold().endswith((".toml", ".xlsx")):
            found = defining.read(file.name, ctx.files.get(file.key))
            if found is not None:
                return card(ctx, defined(ctx, found))
    return None


def _kind_buttons() -> tuple[Button, ...]:
    kinds = (Kind.OBSERVATION, Kind.FORUM, Kind.EVALUATION, Kind.OTHER)
    return tuple(Button(KIND_WORDS[kind], f"round {kind.value}") for kind in kinds)


def _overview(ctx: Ctx) -> Reply:
    heads = rounds.below(ctx.tx, ctx.actor.units(Role.ORGANIZER), states=_ALL_STATES, most=5)
    body: list[Block] = [title(T("评分场次"))]
    rows: list[tuple[Button, ...]] = []
    if heads:
        body.append(Fields(tuple((head.name, STATE_WORDS[head.state]) for head in heads)))
    else:
        body.append(faint(T("还没有场次。")))
    for head in heads:
        steps = NEXT.get(head.state, ())
        buttons = [_step(head, label, command, len(heads) > 1) for label, command in steps]
        rows += in_rows(buttons, _A_ROW)
    body.append(faint(T("新建一场请选：")))
    like = [Button(T("照“{name}”再建一场", name=head.name), f"round copy {head.id}") for head in heads[:2]]
    return say(*body, buttons=(*rows, _kind_buttons(), *((button,) for button in like)))


def _step(head: Head, label: Text, command: str, several: bool) -> Button:
    words = T("{step}：{name}", step=label, name=head.name) if several else label
    return Button(words, f"{command}{head.id}")


def _ask_units(ctx: Ctx, kind: Kind, name: str) -> Reply:
    ctx.ask("rounds.units", kind=kind.value, name=name)
    before = _last_units(ctx)
    rows = ((ctx.choice(T("同上一场（{count}个单位）", count=len(before)), "same"),),) if before else ()
    return say(
        title(name),
        T("请按出场顺序把参评单位发给我，用顿号或换行隔开。"),
        faint(T("例如：大里村、公园道社区、庄王村")),
        buttons=rows,
    )


def _last_units(ctx: Ctx) -> list[int]:
    heads = rounds.below(ctx.tx, ctx.actor.units(Role.ORGANIZER), states=_ALL_STATES, most=1)
    return [c.unit_id for c in rounds.get(ctx.tx, heads[0].id).contestants] if heads else []


@registry.dialogue("rounds.units", figures=True)
def units_named(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The contestants, as typed or as in the round before."""
    if said.text == "same":
        chosen = list(units.get_many(ctx.tx, _last_units(ctx)).values())
        chosen.sort(key=lambda unit: _last_units(ctx).index(unit.id))
    else:
        chosen = units_called(ctx, drafting.unit_names(said.text))
    return card(ctx, begun(ctx, Kind(data["kind"]), data["name"], chosen))
