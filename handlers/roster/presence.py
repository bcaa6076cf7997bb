"""Groups that the bot comes into and is put out of, and whoever opens a chat with it for the first time."""

from __future__ import annotations

from bot.chat.messages import PRIVATELY, Block, Button, Notice, NoticeKind, Reply, ToPerson, faint, say, title
from bot.chat.people import Chat
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.roster.declared import KEEPERS, registry
from storage import accounts, people, units

_PRIVATE = Button(T("私聊我"), PRIVATELY)


@registry.notice(NoticeKind.ADDED)
def greet(ctx: Ctx, notice: Notice) -> Reply:
    """Say who may bind the group and how; several events may tell of the same arrival, so once a day."""
    key = f"group.added:{ctx.today}"
    if ctx.chat.unit_id is not None:
        unit = units.get(ctx.tx, ctx.chat.unit_id)
        return say(T("我回来了。本群仍是{unit}的工作群。", unit=unit.name), key=key)
    body: list[Block | Words] = [
        title(T("大家好，我是亮赛比机器人")),
        T("请组织者或办事处管理员点“绑定本群”，告诉我本群归哪个单位；也可以发：/bindgroup 单位名称"),
        faint(T("绑定以后，通报和成绩会发到这里。报进度、打分等请私聊我，要先在私聊里绑定身份。")),
    ]
    if notice.hears_all is False:
        body.append(faint(_hears_little()))
    return say(*body, buttons=((Button(T("绑定本群"), "bindgroup"), _PRIVATE),), key=key)


def _hears_little() -> Words:
    return T(
        "在本群我只看得到“/”开头的命令、对我的回复和按钮，例如 /help。"
        "想让我也听懂直接说的话，请群主把我设为管理员。"
    )


@registry.notice(NoticeKind.REMOVED)
def tell_keepers(ctx: Ctx, _notice: Notice) -> list[Reply]:
    """Tell those who look after the unit, once: the group hears nothing any more."""
    chats = (ctx.chat, *accounts.topics_of(ctx.tx, ctx.chat))
    return [reply for chat in chats if chat.unit_id is not None for reply in _tell(ctx, chat, chat.unit_id)]


def _tell(ctx: Ctx, chat: Chat, unit_id: int) -> list[Reply]:
    above = units.ancestors(ctx.tx, unit_id)
    holders = people.holders(ctx.tx, [unit.id for unit in above], KEEPERS)
    nearest = next((holders[unit.id] for unit in above if unit.id in holders), [])
    unit = above[0].name
    words = T(
        "机器人不在“{group}”里了，{unit}的通报不会再发到那里。要恢复，请把机器人重新拉进群。",
        group=chat.title or unit,
        unit=unit,
    )
    key = f"group.removed:{chat.id}:{ctx.today}"
    return [say(words, to=ToPerson(person.id), key=key) for person in nearest]


@registry.notice(NoticeKind.ANONYMOUS)
def ask_for_a_name(ctx: Ctx, _notice: Notice) -> Reply:
    """Anonymous administrators all look the same."""
    words = T("您是以群的名义匿名发言的，我分不清是谁。请在群设置里关掉“匿名”，或私聊我。")
    return say(words, buttons=((_PRIVATE,),), key=f"group.anonymous:{ctx.today}")


@registry.notice(NoticeKind.ENTERED)
def welcome(ctx: Ctx, _notice: Notice) -> Reply | None:
    """Only whom the bot does not know has something to learn, and once a day is enough."""
    if ctx.actor.is_bound:
        return None
    return say(
        title(T("您好，我是亮赛比机器人")),
        T("请先绑定身份：把组织者给您的绑定码发给我，例如：绑定 8F3K-2274"),
        key=f"welcome:{ctx.today}",
    )
