"""`doctor telegram`: the configuration step by step against Telegram, and what to change where."""

from __future__ import annotations

from collections.abc import AsyncIterator

from telegram import Bot, User
from telegram.error import InvalidToken, TelegramError

from bot.chat.errors import ConfigurationError
from bot.platforms.findings import Finding
from bot.platforms.telegram.request import AiohttpRequest
from bot.platforms.telegram.secrecy import Veil
from bot.platforms.telegram.settings import TelegramSection


async def examine(settings: TelegramSection) -> AsyncIterator[Finding]:
    """The steps in order. Nothing is changed, and a program that runs is not disturbed."""
    if not settings.enabled:
        advice = "配置文件 [telegram] 里写 enabled = true，其余见 docs/telegram.zh-CN.md"
        yield Finding(False, "Telegram 没有启用", advice)
        return
    try:
        settings.check()
    except ConfigurationError as error:
        yield Finding(False, "配置", str(error))
        return
    yield Finding(True, "配置齐全")
    veil = Veil(settings.token)
    request = AiohttpRequest(proxy=settings.proxy)
    bot = Bot(settings.token, base_url=settings.base_url, request=request, get_updates_request=request)
    await request.initialize()
    try:
        yield _me(await bot.get_me())
        yield _privacy(await bot.get_me())
        yield await _webhook(bot, settings)
    except InvalidToken:
        yield Finding(False, "Telegram 不认这个令牌", "向 @BotFather 发 /token 重新取，填到 telegram.token")
    except TelegramError as error:
        yield Finding(False, "连不上 Telegram", f"{veil.hide(str(error))}\n要代理的话填 telegram.proxy")
    finally:
        await request.shutdown()


def _me(me: User) -> Finding:
    return Finding(True, f"令牌有效：@{me.username}，https://t.me/{me.username}")


def _privacy(me: User) -> Finding:
    if not me.can_join_groups:
        return Finding(False, "机器人不能进群", "向 @BotFather 发 /setjoingroups，选 Enable")
    if me.can_read_all_group_messages:
        return Finding(True, "群里所有的话都看得到")
    return Finding(
        None,
        "群里只看得到“/”命令、对它的回复和按钮（隐私模式，默认）",
        "够用。想让它听懂直接说的话，在群里把它设为管理员",
    )


async def _webhook(bot: Bot, settings: TelegramSection) -> Finding:
    info = await bot.get_webhook_info()
    if settings.mode == "polling":
        if info.url:
            return Finding(None, "现在设着 webhook", "启动后会改为轮询；若有别的程序在用这个令牌，先关掉它")
        return Finding(True, "轮询：没有别人占着")
    if info.url != settings.webhook_url:
        return Finding(None, "webhook 还没有设", "启动时会设好")
    if info.last_error_message and info.pending_update_count:
        waits = f"{info.pending_update_count} 条消息等着"
        return Finding(False, f"Telegram 送不到 webhook，{waits}：{info.last_error_message}", "检查反向代理和证书")
    return Finding(True, "webhook 正常")
