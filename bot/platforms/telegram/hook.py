"""Keeping a webhook set: by it Telegram brings the updates, and nobody would notice if it did not."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time

from telegram import Bot, WebhookInfo

from bot.platforms.telegram.reading import ALLOWED_UPDATES
from bot.platforms.telegram.secrecy import Veil
from bot.platforms.telegram.settings import TelegramSection

log = logging.getLogger("liangsaibi.telegram")

#: How often to ask Telegram how it gets on, in seconds.
EVERY = 120.0
#: A failed delivery is trouble as long as it is no older than this, in seconds.
RECENT = 600.0
#: So many updates Telegram brings at once at most, each of another chat.
CONNECTIONS = 100


class Hook:
    """Sets the webhook, looks after it, and knows what Telegram says of it."""

    def __init__(self, bot: Bot, settings: TelegramSection, veil: Veil) -> None:
        self._bot = bot
        self._settings = settings
        self._veil = veil
        self._trouble: str | None = None
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Set it, dropping nothing, and begin to look after it. Raises TelegramError."""
        await self._set()
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Look no more. It stays set: Telegram keeps what it cannot bring for a day."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watching
            self._watching = None

    def trouble(self) -> str | None:
        """What is wrong, for the operator."""
        return self._trouble

    async def _set(self) -> None:
        await self._bot.set_webhook(
            self._settings.webhook_url,
            secret_token=self._settings.webhook_secret,
            allowed_updates=ALLOWED_UPDATES,
            max_connections=CONNECTIONS,
            drop_pending_updates=False,
        )

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                found = await self._look()
            except Exception as error:  # noqa: BLE001 - the watch must never die unnoticed
                what = self._veil.hide(f"{type(error).__name__}: {error}")
                found = f"Telegram cannot be asked about the webhook: {what}"
            if found and found != self._trouble:
                log.error("%s", found)
            self._trouble = found

    async def _look(self) -> str | None:
        info = await self._bot.get_webhook_info()
        if info.url != self._settings.webhook_url:
            await self._set()
            return "somebody had changed the webhook of this bot; it is set again. Does the token run twice?"
        return _failing(info)


def _failing(info: WebhookInfo) -> str | None:
    """What Telegram says of its last call, when that failed lately and something still waits."""
    if info.last_error_date is None or not info.pending_update_count:
        return None
    if time.time() - info.last_error_date.timestamp() > RECENT:
        return None
    return f"Telegram cannot bring messages to telegram.webhook_url: {info.last_error_message}"
