"""How Telegram is reached."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from bot.chat.errors import ConfigurationError
from bot.chat.ports import MOST_AT_ONCE
from bot.chat.settings import Section, SendsAtOnce

OFFICIAL = "https://api.telegram.org/bot"
#: The only ports on which Telegram's own servers call.
WEBHOOK_PORTS = (443, 80, 88, 8443)
_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{30,}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")


class TelegramSection(Section, frozen=True):
    """Telegram 机器人 / The Telegram bot"""

    enabled: Annotated[bool, Meta(description="是否启用 Telegram / Whether Telegram is used")] = False
    token: Annotated[
        str,
        Meta(description="@BotFather 给的令牌，最好用 token_file 或环境变量 / The token from @BotFather"),
    ] = ""
    mode: Annotated[
        Literal["polling", "webhook"],
        Meta(
            description="polling 主动取消息，内网也能用；webhook 由 Telegram 推送，要有公网 https 地址 / "
            "polling asks for messages and works behind any firewall; webhook needs a public https address"
        ),
    ] = "polling"
    webhook_url: Annotated[
        str, Meta(description="webhook 的公网地址，如 https://例子/telegram / The public address of the webhook")
    ] = ""
    webhook_secret: Annotated[
        str,
        Meta(description="webhook 暗号，16 位以上字母数字 / The webhook's secret, 16 letters and digits or more"),
    ] = ""
    host: Annotated[
        str, Meta(description="webhook 的监听地址，前面放反向代理 / Where webhooks are taken, behind a proxy")
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="webhook 的监听端口 / Port for webhooks")] = 8323
    base_url: Annotated[
        str,
        Meta(
            description="接口地址；自建 Bot API 服务器时改 / Address of the API; change for a server of one's own"
        ),
    ] = OFFICIAL
    base_file_url: Annotated[
        str, Meta(description="文件地址，自建时改 / Address of files; change for an own server")
    ] = "https://api.telegram.org/file/bot"
    local_mode: Annotated[
        bool, Meta(description="自建服务器以 --local 运行 / The own server runs with --local")
    ] = False
    proxy: Annotated[
        str, Meta(description="HTTP 代理，如 http://127.0.0.1:7890 / HTTP proxy, if one is needed")
    ] = ""
    sends_at_once: SendsAtOnce = MOST_AT_ONCE
    silent_at_night: Annotated[
        bool,
        Meta(description="晚9点到早7点发到群里不响铃 / Messages to groups between 21:00 and 7:00 make no sound"),
    ] = True

    @property
    def webhook_path(self) -> str:
        """Where updates are taken on our own port."""
        return urlsplit(self.webhook_url).path or "/"

    def check(self) -> None:
        """Raises ConfigurationError with what to change."""
        if not _TOKEN.fullmatch(self.token):
            raise ConfigurationError("telegram.token: not what @BotFather gives, such as 123456789:AAE…")
        if urlsplit(self.proxy).scheme not in ("", "http", "https"):
            raise ConfigurationError("telegram.proxy: only HTTP proxies, such as http://127.0.0.1:7890")
        if self.mode == "webhook":
            self._check_webhook()

    def _check_webhook(self) -> None:
        url = urlsplit(self.webhook_url)
        official = self.base_url == OFFICIAL
        if url.scheme not in (("https",) if official else ("https", "http")) or not url.hostname:
            raise ConfigurationError("telegram.webhook_url: an https address that Telegram can reach is needed")
        if official and (url.port or 443) not in WEBHOOK_PORTS:
            ports = ", ".join(map(str, WEBHOOK_PORTS))
            raise ConfigurationError(f"telegram.webhook_url: Telegram only calls the ports {ports}")
        if not _SECRET.fullmatch(self.webhook_secret):
            raise ConfigurationError(
                "telegram.webhook_secret: 16 to 256 letters, digits, _ and -; without it anybody could call"
            )
