"""What belongs to no part of the activity: help, cancel, undo, language."""

from __future__ import annotations

from datetime import timedelta

from bot.chat.arguments import Choice, Rest
from bot.chat.commands import Place, Registry, Section
from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import bared
from bot.chat.messages import Button, Reply, say, title
from bot.chat.people import Role
from bot.chat.texts import CHINESE, ENGLISH, T
from handlers import Ctx
from handlers.general import helping
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
    args=(Rest("topic", T("命令或一类"), optional=True),),
    strangers=True,
    place=Place.PRIVATE,
    everyday=True,
    examples=("帮助", "帮助 语言", "帮助 全部"),
)
def show_help(ctx: Ctx, topic: str | None) -> Reply:
    """What this person does most and the sections of the rest; one section, all, or one command in detail."""
    if not ctx.actor.is_bound and not topic:
        return say(
            title(T("您好，我是亮赛比机器人")),
            T("请先绑定身份：把组织者给您的绑定码发给我，例如：绑定 8F3K-2274"),
        )
    return helping.about(ctx, topic) if topic else helping.overview(ctx)


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
