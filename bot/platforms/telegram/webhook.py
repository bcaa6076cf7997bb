"""Taking updates that Telegram brings: 200 only after the update is committed or safe in the spool."""

from __future__ import annotations

import hmac
import logging

import msgspec
from starlette.types import Receive, Scope, Send

from bot.platforms.telegram.intake import Intake
from bot.platforms.telegram.settings import TelegramSection

log = logging.getLogger("liangsaibi.telegram")

HEADER = b"x-telegram-bot-api-secret-token"
#: No update is larger, in bytes.
LARGEST = 1024 * 1024
_decode = msgspec.json.Decoder(dict[str, object]).decode


class Webhook:
    """A bare ASGI application with one address: this is where every message of a busy district passes."""

    def __init__(self, intake: Intake, settings: TelegramSection) -> None:
        self._intake = intake
        self._path = settings.webhook_path
        self._secret = settings.webhook_secret.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _answer(send, await self._status(scope, receive))

    async def _status(self, scope: Scope, receive: Receive) -> int:
        if scope["path"] != self._path:
            return 404
        if scope["method"] != "POST":
            return 405
        if not hmac.compare_digest(dict(scope["headers"]).get(HEADER, b""), self._secret):
            log.warning("a call without the right secret is turned away")
            return 403
        body = await _body(receive)
        if body is None:
            return 413
        try:
            update = _decode(body)
        except (msgspec.MsgspecError, UnicodeError):
            return 400
        if not isinstance(update.get("update_id"), int):
            return 400
        try:
            await self._intake.take(update)
        except Exception:
            log.exception("an update is not taken; Telegram will bring it again")
            return 503
        return 200


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None when it is too large."""
    parts = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


async def _answer(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
