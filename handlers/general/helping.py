"""The help as it fits a phone: what somebody does most at first, the rest by sections, all of it on request."""

from __future__ import annotations

from collections.abc import Iterable

from bot.chat.commands import Command, Section
from bot.chat.errors import UserError
from bot.chat.grammar.folding import bared
from bot.chat.grammar.suggest import closest
from bot.chat.messages import Block, Button, Fields, Line, Reply, faint, quote, say, title
from bot.chat.people import ROLE_WORDS, Role
from bot.chat.texts import Name, T, Words
from handlers import Ctx

#: What each role does most, in this order.
_MOST_USED: dict[Role, tuple[str, ...]] = {
    Role.SECRETARY: ("进度", "季报", "我的承诺", "承诺", "截止"),
    Role.JUDGE: ("打分", "评分表", "评分规则", "回避", "核验"),
    Role.SCOREKEEPER: ("评分进度", "代录", "计时", "加减分", "签字"),
    Role.SCRUTINEER: ("评分进度", "启封", "签字", "场次记录"),
    Role.OFFICE_ADMINISTRATOR: ("审核", "核实", "未报", "催办", "台账", "通报"),
    Role.ORGANIZER: ("汇总", "未报", "活动", "通报", "审核", "截止"),
}
_ANYBODY = ("截止", "提醒", "我是谁", "语言")
#: So many of them are buttons as well.
_PRESSED = 3
_ALL = frozenset(("全部", "所有", "all", "everything"))
_IN_A_ROW = 2


def overview(ctx: Ctx) -> Reply:
    """One screen: what this person does most, and where the rest is."""
    first = _first(ctx)
    body: list[Block] = [title(T("您可以这样说")), _listed(first)]
    if ctx.actor.has(Role.SECRETARY):
        body.append(Line(T("报进度不用记命令，直接说就行，例如：第2项完成80%了")))
    body.append(
        faint(
            T(
                "其他的点下面的分类看；一条命令怎么用，发“帮助 {name}”；全部命令发“帮助 全部”。",
                name=first[0].label,
            )
        )
    )
    sections = [Button(section.value, f"帮助 {section.value.msgid}") for section in _sections(ctx)]
    rows = [sections[at : at + _IN_A_ROW] for at in range(0, len(sections), _IN_A_ROW)]
    pressed = tuple(Button(command.label, command.name) for command in first[:_PRESSED])
    return say(*body, buttons=(pressed, *map(tuple, rows)))


def about(ctx: Ctx, topic: str) -> Reply:
    """A section, everything, or one command. Raises UserError for what is none of these."""
    words = bared(topic)
    if words in _ALL:
        return say(title(T("您可以这样说")), *(block for s in _sections(ctx) for block in _section(ctx, s)))
    for section in _sections(ctx):
        if words in (bared(section.value.msgid), bared(ctx.show(section.value))):
            return say(*_section(ctx, section))
    return _detail(ctx, topic)


def _first(ctx: Ctx) -> list[Command]:
    """What this person most likely wants, by the first of the roles above that they hold."""
    role = next((role for role in _MOST_USED if ctx.actor.has(role)), None)
    found = [ctx.registry.named(name) for name in (_MOST_USED[role] if role else _ANYBODY)]
    return [command for command in found if command and command.allows(ctx.actor)] or ctx.registry.offered(
        ctx.actor
    )


def _sections(ctx: Ctx) -> list[Section]:
    """Those in which there is something for this person."""
    return list(dict.fromkeys(command.section for command in ctx.registry.offered(ctx.actor)))


def _section(ctx: Ctx, section: Section) -> list[Block]:
    return [title(section.value), _listed(c for c in ctx.registry.offered(ctx.actor) if c.section is section)]


def _listed(commands: Iterable[Command]) -> Fields:
    return Fields(tuple((command.label, command.help) for command in commands))


def _detail(ctx: Ctx, topic: str) -> Reply:
    command = ctx.registry.named(topic.lstrip("/"))
    if command is None or (command.hidden and not command.allows(ctx.actor)):
        near = closest(topic, [c.name for c in ctx.registry.offered(ctx.actor)])
        rows = (tuple(Button(name, f"帮助 {name}") for name in near),) if near else ()
        raise UserError(T("没有“{topic}”这条命令。发“帮助”看全部。", topic=topic), buttons=rows)
    pairs: list[tuple[Words, Words]] = []
    if command.args:
        pairs.append((T("写法"), command.usage))
    if command.aliases:
        pairs.append((T("也可以说"), T("{aliases}", aliases=list(command.aliases))))
    if command.roles:
        pairs.append((T("谁能用"), T("{roles}", roles=[ROLE_WORDS[r] for r in Role if r in command.roles])))
    body: list[Block] = [title(command.label), Line(command.help)]
    if pairs:
        body.append(Fields(tuple(pairs)))
    if command.examples:
        body.append(faint(T("例如：")))
        body += [quote(_example(command, example)) for example in command.examples]
    return say(*body)


def _example(command: Command, example: str) -> Words:
    """An example as a reader of each language would type it."""
    if not example.startswith(command.name):
        return example
    return Name(example, f"/{command.ascii} {example.removeprefix(command.name).strip()}".strip())
