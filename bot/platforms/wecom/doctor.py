"""`doctor wecom`: the configuration step by step against the server, and what to set where in the console."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx

from bot.chat.clock import Clock
from bot.chat.errors import ConfigurationError
from bot.platforms.findings import Finding
from bot.platforms.wecom.aibot.link import Link
from bot.platforms.wecom.api import Api
from bot.platforms.wecom.crypto import Codec
from bot.platforms.wecom.errors import ApiError
from bot.platforms.wecom.settings import WeComSection, lacks

CONSOLE = "管理后台 work.weixin.qq.com"
#: What a robot answers to a message of a kind that does not exist: its key is right, and nothing was posted.
_KEY_IS_RIGHT = 40008


async def examine(settings: WeComSection, clock: Clock, *, with_bot: bool = False) -> AsyncIterator[Finding]:
    """The steps in order. `with_bot` logs the AI bot in, which cuts off one that is running."""
    if not settings.enabled:
        yield Finding(
            False, "企业微信没有启用", "配置文件 [wecom] 里写 enabled = true，其余见 docs/wecom.zh-CN.md"
        )
        return
    try:
        settings.check()
    except ConfigurationError as error:
        yield Finding(False, "配置", str(error))
        return
    yield Finding(True, "配置齐全")
    api = Api(settings, _Nowhere(), clock)
    try:
        if settings.has_app:
            async for found in _app(settings, api):
                yield found
        if settings.has_callback:
            yield await _callback(settings, clock)
        for unit, key in settings.robots.items():
            yield await _robot(api, unit, key)
        if settings.has_bot:
            yield await _bot(settings, with_bot)
    finally:
        api.close()
    for missing in lacks(settings):
        yield Finding(None, missing)


async def _app(settings: WeComSection, api: Api) -> AsyncIterator[Finding]:
    try:
        await api.fetch_token()
    except ApiError as error:
        where = f"{CONSOLE} → 我的企业 → 企业信息 看企业ID；应用管理 → 该应用 看 Secret"
        yield Finding(False, "自建应用：取 access_token", f"{error.explanation}\n{where}")
        return
    yield Finding(True, "自建应用：企业ID和 Secret 正确")
    try:
        agent = await api.get("agent/get", agentid=settings.agent_id)
    except ApiError as error:
        where = f"{CONSOLE} → 应用管理 → 该应用：核对 AgentId、企业可信IP"
        yield Finding(False, "自建应用：读应用信息", f"{error.explanation}\n{where}")
        return
    yield Finding(True, f"自建应用：{agent.get('name', '')}（AgentId {settings.agent_id}），服务器地址可信")
    users = agent.get("allow_userinfos", {}).get("user", [])
    parties = agent.get("allow_partys", {}).get("partyid", [])
    if users or parties:
        yield Finding(True, f"可见范围：{len(parties)} 个部门、{len(users)} 位成员")
    else:
        yield Finding(False, "可见范围是空的", f"{CONSOLE} → 应用管理 → 该应用 → 可见范围：加上要用的部门")
    if settings.office_groups and 1 not in parties:
        yield Finding(
            False, "建群要求可见范围包含根部门", f"{CONSOLE} → 应用管理 → 该应用 → 可见范围：选最上级部门"
        )


async def _callback(settings: WeComSection, clock: Clock) -> Finding:
    """Ask the running program as WeCom would."""
    try:
        codec = Codec(settings.token, settings.aes_key, settings.corp_id)
    except ValueError:
        where = f"{CONSOLE} → 应用管理 → 该应用 → 接收消息 → 设置API接收：照抄 43 位 EncodingAESKey"
        return Finding(False, "EncodingAESKey 不对", where)
    echo, query = codec.envelope("liangsaibi", now=clock.now())
    address = f"http://{settings.host}:{settings.port}{settings.path}"
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            answer = await client.get(address, params={**query, "echostr": echo})
    except httpx.HTTPError:
        return Finding(None, f"接收消息：程序没有在 {address} 运行，启动后再查这一步")
    if answer.status_code == 200 and answer.text == "liangsaibi":
        where = f"{CONSOLE} → 应用管理 → 该应用 → 接收消息：URL 填外网地址，反向代理到这里"
        return Finding(True, f"接收消息：{address} 应答正确", where)
    return Finding(
        False,
        f"接收消息：{address} 应答 HTTP {answer.status_code}",
        "正在运行的程序用的是另一套 token 或 aes_key，请重启",
    )


async def _robot(api: Api, unit: str, key: str) -> Finding:
    try:
        await api.webhook(key, {"msgtype": "doctor"})
    except ApiError as error:
        if error.code == _KEY_IS_RIGHT:
            return Finding(True, f"群机器人 {unit}：key 正确")
        where = "在该群：群设置 → 群机器人 → 机器人资料 → 复制 Webhook 地址，取 key= 后面的部分"
        return Finding(False, f"群机器人 {unit}", f"{error.explanation}\n{where}")
    return Finding(True, f"群机器人 {unit}：key 正确")


async def _bot(settings: WeComSection, log_in: bool) -> Finding:
    where = f"{CONSOLE} → 管理工具 → 智能机器人 → API 模式 → 使用长连接：核对 Bot ID 和 Secret"
    if not log_in:
        error = await _reachable(settings.bot_url)
        if error:
            return Finding(False, f"智能机器人：连不上 {settings.bot_url}", error)
        return Finding(None, "智能机器人：服务器可达；登录检查会挤掉正在运行的连接，停机后加 --bot 再查")
    link = Link(settings.bot_url, settings.bot_id, settings.bot_secret, _deaf)
    link.start()
    try:
        for _ in range(100):
            if link.number or (link.trouble or "").startswith("智能机器人登录失败"):
                break
            await asyncio.sleep(0.1)
    finally:
        trouble = link.trouble
        connected = link.number > 0
        await link.stop()
    return (
        Finding(True, "智能机器人：登录成功") if connected else Finding(False, "智能机器人", f"{trouble}\n{where}")
    )


async def _reachable(url: str) -> str:
    parts = urlsplit(url)
    secure = ssl.create_default_context() if parts.scheme == "wss" else None
    try:
        opening = asyncio.open_connection(parts.hostname, parts.port or (443 if secure else 80), ssl=secure)
        _reader, writer = await asyncio.wait_for(opening, 5)
    except (OSError, TimeoutError) as error:
        return f"{type(error).__name__}：检查服务器能否访问外网和证书"
    writer.close()
    return ""


async def _deaf(_command: str, _request: str, _body: dict[str, object]) -> None:
    """Nothing is listened to."""


class _Nowhere:
    """A diagnosis remembers nothing."""

    async def get(self, name: str) -> None:
        """Nothing is known."""

    async def put(self, name: str, value: object) -> None:
        """Nothing is kept."""
