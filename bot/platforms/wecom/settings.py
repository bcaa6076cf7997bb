"""How WeCom is reached. Any subset of the three ways may be set: app, AI bot, robots."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bot.chat.errors import ConfigurationError
from bot.chat.ports import MOST_AT_ONCE
from bot.chat.settings import Section, SendsAtOnce


class WeComSection(Section, frozen=True):
    """企业微信：自建应用、智能机器人、群机器人，可任选 / WeCom: app, AI bot, group robots; any of them"""

    enabled: Annotated[bool, Meta(description="是否启用企业微信 / Whether WeCom is used")] = False
    corp_id: Annotated[str, Meta(description="企业ID（我的企业 → 企业信息） / The corp id")] = ""
    agent_id: Annotated[
        int, Meta(ge=0, description="自建应用的 AgentId，0 = 不用 / The app's AgentId; 0 = none")
    ] = 0
    secret: Annotated[str, Meta(description="自建应用的 Secret / The app's secret")] = ""
    token: Annotated[str, Meta(description="接收消息的 Token / The token for receiving messages")] = ""
    aes_key: Annotated[
        str, Meta(description="接收消息的 EncodingAESKey，43 位 / The EncodingAESKey, 43 characters")
    ] = ""
    host: Annotated[
        str, Meta(description="接收消息的监听地址，前面放反向代理 / Where callbacks are taken, behind a proxy")
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="接收消息的端口 / Port for callbacks")] = 8322
    path: Annotated[str, Meta(pattern="^/", description="接收消息的路径 / Path of the callback address")] = (
        "/wecom/callback"
    )
    base_url: Annotated[
        str,
        Meta(
            description="接口地址；私有部署时改成自己的 / Address of the API; change it for a private deployment"
        ),
    ] = "https://qyapi.weixin.qq.com"
    menu: Annotated[
        bool, Meta(description="启动时按命令生成应用菜单 / Make the app's menu from the commands at start")
    ] = True
    markdown: Annotated[
        bool,
        Meta(
            description="私聊用 markdown；在微信里看企业消息的人看不到，默认用纯文本 / "
            "Markdown in private chats; people who read in WeChat cannot see it, so plain text by default"
        ),
    ] = False
    bot_id: Annotated[str, Meta(description="智能机器人的 Bot ID / The AI bot's id")] = ""
    bot_secret: Annotated[
        str, Meta(description="智能机器人长连接的 Secret / The AI bot's secret for the long connection")
    ] = ""
    bot_name: Annotated[
        str, Meta(description="智能机器人在群里的名字，用来去掉“@名字” / The AI bot's name, to take off “@name”")
    ] = "亮赛比"
    bot_url: Annotated[str, Meta(description="智能机器人长连接地址 / Address of the AI bot's long connection")] = (
        "wss://openws.work.weixin.qq.com"
    )
    robots: Annotated[
        dict[str, str],
        Meta(
            description='群机器人：单位名称 = webhook 的 key，例如 {"枫杨办事处" = "693a91f6-…"} / '
            "Group robots: unit = key of the webhook"
        ),
    ] = msgspec.field(default_factory=dict)
    bind_by: Annotated[
        Literal["code", "mobile", "userid"],
        Meta(
            description="怎样认人：code 只用绑定码；mobile 按名册手机号自动绑定；"
            "userid 按名册的“企业微信账号”，没填的账号名就是手机号 / How people are recognised: code; mobile (the "
            "roster's numbers); userid (the roster's accounts; where none is told, named like the mobile number)"
        ),
    ] = "code"
    office_groups: Annotated[
        bool,
        Meta(
            description="由应用自动为还没有群的区和办事处建群，成员随名册增减；不开也可由组织者发“建群” / "
            "Have the app create groups by itself for the district and offices that have none, in step with the "
            "roster; without it organizers may say /create_groups"
        ),
    ] = False
    sends_at_once: SendsAtOnce = MOST_AT_ONCE

    @property
    def has_app(self) -> bool:
        """Whether the self-built app is used."""
        return bool(self.agent_id or self.secret)

    @property
    def has_callback(self) -> bool:
        """Whether the app takes messages; without it, it only sends."""
        return self.has_app and bool(self.token or self.aes_key)

    @property
    def has_bot(self) -> bool:
        """Whether the AI bot is used."""
        return bool(self.bot_id or self.bot_secret)

    def check(self) -> None:
        """Raises ConfigurationError when what is needed for a chosen way is missing."""
        if not self.enabled:
            return
        if not (self.has_app or self.has_bot or self.robots):
            raise ConfigurationError(
                "wecom.enabled: set the app (wecom.agent_id), the AI bot (wecom.bot_id) or robots (wecom.robots)"
            )
        needed: list[str] = []
        if self.has_app:
            needed += ["corp_id", "agent_id", "secret"]
        if self.has_callback:
            needed += ["token", "aes_key"]
        if self.has_bot:
            needed += ["bot_id", "bot_secret"]
        for name in needed:
            if not getattr(self, name):
                raise ConfigurationError(f"wecom.{name}: missing; docs/wecom.md says where to find it")
        if self.has_callback and len(self.aes_key) != 43:
            raise ConfigurationError(f"wecom.aes_key: 43 characters are needed, there are {len(self.aes_key)}")

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never stand in a log or an error."""
        given = (self.secret, self.token, self.aes_key, self.bot_secret, *self.robots.values())
        return tuple(one for one in given if one)


def lacks(settings: WeComSection) -> list[str]:
    """What the chosen ways cannot do together, said to the operator at start and by `doctor`."""
    found = []
    if not settings.has_app and not settings.has_bot:
        found.append("只有群机器人：能往群里发，收不到任何消息，也不能私聊。要收消息，请加自建应用或智能机器人。")
    if settings.has_app and not settings.has_callback:
        found.append("自建应用没有设置接收消息（token、aes_key）：能发不能收。")
    if not settings.has_bot:
        found.append("没有智能机器人：群里的人不能跟机器人说话，只能私聊。")
    if settings.has_bot and not settings.has_app:
        found.append("没有自建应用：只能给主动跟智能机器人说过话的人和群发消息；不能按手机号认人，也不能建群。")
    if not settings.robots and not settings.has_bot and not settings.office_groups:
        found.append("没有群机器人，也没有智能机器人和应用群：成绩和通报发不到群里。")
    return found
