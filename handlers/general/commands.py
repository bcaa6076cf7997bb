"""What belongs to no part of the activity: help, cancel, undo, language."""

from __future__ import annotations

from datetime import timedelta

from bot.chat.arguments import Choice, Rest
from bot.chat.commands import Command, Place, Registry, Section
from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import bared
from bot.chat.grammar.suggest import closest
from bot.chat.messages import Block, Button, Fields, Line, Reply, faint, quote, say, title
from bot.chat.people import ROLE_WORDS, Role
from bot.chat.texts import CHINESE, ENGLISH, Name, T, Words
from handlers import Ctx
from storage import accounts, changes

registry = Registry()
#: After every other reader.
POLITE = 2000


def _any_of(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_THANKS = _any_of("谢谢 谢谢您 谢谢你 多谢 感谢 辛苦了 收到 收到谢谢 知道了 明白 明白了 👍 👌 🙏 thanks thankyou")
_YES = _any_of("好 好的 是 是的 对 对的 行 可以 嗯 确认 同意 没错 没问题 ok yes")


@registry.command(
    "帮助",
    ascii="help",
    aliases=("菜单", "怎么用", "你好", "您好"),
    section=Section.GENERAL,
    help=T("看看您能做的事，或某条命令怎么用"),
    args=(Rest("topic", T("命令"), optional=True),),
    strangers=True,
    place=Place.PRIVATE,
    everyday=True,
    examples=("帮助", "帮助 语言"),
)
def show_help(ctx: Ctx, topic: str | None) -> Reply:
    """All that this person may do, grouped; or one command in detail."""
    if topic:
        return _detail(ctx, topic)
    if not ctx.actor.is_bound:
        return say(
            title(T("您好，我是亮赛比机器人")),
            T("请先绑定身份：把组织者给您的绑定码发给我，例如：绑定 8F3K-2274"),
        )
    first = _first(ctx)
    body: list[Block] = [title(T("您可以这样说"))]
    for section in Section:
        commands = [c for c in _offered(ctx) if c.section is section]
        if commands:
            commands.sort(key=lambda c: c not in first)
            body.append(Line(section.value, "title"))
            body.append(Fields(tuple((c.label, c.help) for c in commands)))
    if ctx.actor.has(Role.SECRETARY):
        # At the end, where a phone shows it without scrolling.
        body.append(Line(T("报进度不用记命令，直接说就行，例如：第2项完成80%了")))
    buttons = (tuple(Button(c.label, c.name) for c in first),) if first else ()
    return say(*body, buttons=buttons)


#: What each role does most: first in its section, and as buttons.
_MOST_USED: dict[Role, tuple[str, ...]] = {
    Role.SECRETARY: ("进度", "我的承诺", "季报"),
    Role.JUDGE: ("打分", "评分表"),
    Role.SCOREKEEPER: ("评分进度", "代录"),
    Role.SCRUTINEER: ("启封", "签字"),
    Role.OFFICE_ADMINISTRATOR: ("审核", "核实", "未报"),
    Role.ORGANIZER: ("汇总", "未报", "活动"),
}


def _first(ctx: Ctx) -> list[Command]:
    """What this person most likely wants, by the first of the roles above that they hold."""
    role = next((role for role in _MOST_USED if ctx.actor.has(role)), None)
    found = [ctx.registry.named(name) for name in _MOST_USED[role]] if role else []
    return [command for command in found if command]


def _offered(ctx: Ctx) -> list[Command]:
    return [c for c in ctx.registry.commands.values() if c.allows(ctx.actor) and not c.hidden]


def _detail(ctx: Ctx, topic: str) -> Reply:
    command = ctx.registry.named(topic.lstrip("/"))
    if command is None or (command.hidden and not command.allows(ctx.actor)):
        near = closest(topic, [c.name for c in _offered(ctx)])
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


@registry.reader(POLITE)
def politeness(ctx: Ctx, said: Said) -> Reply | list[Reply] | None:
    """Thanks need no answer; a yes to nothing gets one, so that nobody believes that something was confirmed."""
    words = bared(said.text)
    if words in _THANKS and not said.attachments:
        return []
    if words in _YES and not ctx.chat.is_group:
        return say(T("现在没有等您答复的事。刚才的问题如果已过期，请重新发一遍。"))
    return None


@registry.command(
    "取消",
    ascii="cancel",
    aliases=("算了", "不填了", "退出"),
    section=Section.GENERAL,
    help=T("结束正在问的问题"),
    strangers=True,
    everyday=True,
    examples=("取消",),
)
def cancel(ctx: Ctx) -> Reply:
    """End the open question; nothing of it is kept."""
    if ctx.dialogue is None:
        return say(T("现在没有正在填写的内容。"))
    ctx.close()
    return say(T("好的，刚才的填写已取消，没有保存。"), replace=True)


@registry.command(
    "撤销",
    ascii="undo",
    aliases=("撤回", "收回"),
    section=Section.GENERAL,
    help=T("收回您刚才的一步，十分钟内有效"),
    examples=("撤销",),
)
def undo(ctx: Ctx) -> Reply:
    """Take back the person's own last change and say exactly what was taken back."""
    minutes = ctx.policy.dialogues.undo_minutes
    last = changes.last_of(ctx.tx, person_id=ctx.actor.id, since=ctx.now - timedelta(minutes=minutes))
    if last is None:
        raise UserError(T("最近{minutes}分钟内没有可以撤销的操作。", minutes=minutes))
    undoer = ctx.registry.undoers.get(last.kind)
    if undoer is None:
        raise UserError(T("您的上一步是“{what}”，这一步不能撤销。", what=last.summary))
    replies = undoer(ctx, last)
    changes.mark_undone(ctx.tx, last.id, now=ctx.now)
    for reply in [replies] if isinstance(replies, Reply) else (replies or ()):
        ctx.post(reply)
    return say(T("已撤销：{what}", what=last.summary))


@registry.command(
    "语言",
    ascii="language",
    aliases=("lang",),
    section=Section.GENERAL,
    help=T("中文或英文"),
    args=(
        Choice(
            "language",
            T("中文/English"),
            optional=True,
            options=(
                ("中文", CHINESE),
                ("汉语", CHINESE),
                ("zh", CHINESE),
                ("chinese", CHINESE),
                ("英文", ENGLISH),
                ("英语", ENGLISH),
                ("english", ENGLISH),
                ("en", ENGLISH),
            ),
        ),
    ),
    strangers=True,
    everyday=True,
    examples=("语言 中文", "语言 English"),
)
def set_language(ctx: Ctx, language: str | None) -> Reply:
    """The language of this person or, in a group, of the group (for those who run it)."""
    offer = ((Button("中文", "语言 中文"), Button("English", "语言 English")),)
    if language is None:
        return say(T("请选择语言："), buttons=offer)
    if not ctx.chat.is_group:
        accounts.speak(ctx.tx, ctx.actor, language)
        # The answer is already in the new language, which the engine does not know of yet.
        return say("好的，以后用中文。" if language == CHINESE else "From now on I will answer in English.")
    if not ctx.actor.has(Role.ORGANIZER, Role.OFFICE_ADMINISTRATOR):
        raise UserError(T("群里的语言由组织者或办事处管理员设置；您自己的语言请在私聊里设置。"))
    accounts.speak_in(ctx.tx, ctx.chat.id, language)
    return say("好的，本群以后用中文。" if language == CHINESE else "From now on this group reads English.")
