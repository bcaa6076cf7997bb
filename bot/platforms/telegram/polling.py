"""Asking for updates: an update is confirmed only after it is committed or safe in the spool."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from telegram import Bot
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.request import BaseRequest, RequestData
from telegram.request._requestparameter import RequestParameter

from bot.platforms.telegram.intake import Intake
from bot.platforms.telegram.reading import ALLOWED_UPDATES
from bot.platforms.telegram.secrecy import Veil

log = logging.getLogger("liangsaibi.telegram")

#: How long Telegram holds the line open when there is nothing, and how much longer we wait, in seconds.
HOLD, GRACE = 25, 10.0
#: Silence of this many seconds is trouble.
SILENCE = 120.0
#: How often to look whether it is this program's turn, in seconds.
LOOK = 0.5
#: Pauses after failures, in seconds.
PAUSES = (0.5, 1.0, 3.0, 10.0, 30.0)
_CONFLICT = (
    "another program asks for this bot's messages, or a webhook is set for it: only one may. "
    "End the other one; this one tries again every few seconds"
)


class Polling:
    """Asks for updates until stopped, while this program is the one of several that may."""

    def __init__(
        self,
        bot: Bot,
        line: BaseRequest,
        intake: Intake,
        veil: Veil,
        *,
        leading: Callable[[], bool] = lambda: True,
    ) -> None:
        self._bot = bot
        self._line = line
        self._intake = intake
        self._veil = veil
        self._leading = leading
        self._offset: int | None = None
        self._led = False
        self._task: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[list[dict[str, Any]]] | None = None
        self._stopping = asyncio.Event()
        self._heard = time.monotonic()
        self._trouble: str | None = None
        self._failures = 0

    async def start(self) -> None:
        """Take over from a webhook, dropping nothing, and begin. Raises TelegramError."""
        await self._bot.delete_webhook(drop_pending_updates=False)
        self._stopping.clear()
        self._heard = time.monotonic()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Ask no more, finish what is being taken, and confirm it."""
        self._stopping.set()
        if self._task is None:
            return
        if self._asking is not None:
            self._asking.cancel()
        await self._task
        self._task = None
        if self._offset is not None:
            with contextlib.suppress(TelegramError):
                await self._ask(hold=0, limit=1)

    def trouble(self) -> str | None:
        """What is wrong, for the operator."""
        silent = time.monotonic() - self._heard
        if self._trouble is not None:
            return self._trouble
        return f"Telegram has not answered for {int(silent)} seconds" if silent > SILENCE else None

    async def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._leading():
                self._heard, self._trouble, self._offset, self._led = time.monotonic(), None, None, False
                await self._rest(LOOK)
                continue
            try:
                if not self._led:
                    # What the one before had confirmed goes before what is asked for now.
                    await self._intake.look()
                    self._led = True
                    # It may have been asked to stop meanwhile: nobody would break off what is asked for now.
                    continue
                self._asking = asyncio.create_task(self._ask(hold=HOLD, limit=100))
                updates = await self._asking
                self._asking = None
                await self._take(updates)
                if not updates:
                    # All is confirmed. After a quiet week numbering may begin anew below the old offset.
                    self._offset = None
            except asyncio.CancelledError:
                if not self._stopping.is_set():
                    raise
            except Exception as error:  # noqa: BLE001 - the line must never die unnoticed
                await self._failed(error)
            else:
                self._well()

    async def _ask(self, *, hold: int, limit: int) -> list[dict[str, Any]]:
        """The updates as they are on the wire: one that cannot be read must not spoil the others."""
        wanted = {"offset": self._offset, "limit": limit, "timeout": hold, "allowed_updates": ALLOWED_UPDATES}
        given = [RequestParameter.from_input(name, value) for name, value in wanted.items() if value is not None]
        url = f"{self._bot.base_url}/getUpdates"
        found = await self._line.post(url, RequestData(given), read_timeout=hold + GRACE)
        return list(found)  # type: ignore[arg-type]

    async def _take(self, updates: Sequence[dict[str, Any]]) -> None:
        """Hand in all of them side by side; the offset passes only those that are safe."""
        self._heard = time.monotonic()
        results = await asyncio.gather(*map(self._intake.take, updates), return_exceptions=True)
        for update, result in zip(updates, results, strict=True):
            if isinstance(result, BaseException):
                raise result
            self._offset = update["update_id"] + 1

    def _well(self) -> None:
        if self._trouble is not None:
            log.warning("Telegram answers again")
        self._failures, self._trouble = 0, None

    async def _failed(self, error: Exception) -> None:
        words = _CONFLICT if isinstance(error, Conflict) else self._veil.hide(f"{type(error).__name__}: {error}")
        if isinstance(error, InvalidToken):
            words = f"Telegram refuses the token (telegram.token), or a proxy is in the way: {words}"
        if words != self._trouble:
            log.error("no messages from Telegram: %s", words)
        self._trouble = words
        pause = PAUSES[min(self._failures, len(PAUSES) - 1)]
        if isinstance(error, RetryAfter):
            pause = max(pause, error._retry_after.total_seconds())
        self._failures += 1
        await self._rest(pause)

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
