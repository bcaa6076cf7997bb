"""Updates on their way to the bot: fetched with an offset, or brought to a webhook until it says 2xx."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator
from typing import Any

import aiohttp

from tests.servers.telegram.rules import WEBHOOK_SECRET, Refused, bad

DEFAULT_KINDS = {
    *("message", "edited_message", "channel_post", "edited_channel_post", "inline_query"),
    *("chosen_inline_result", "callback_query", "shipping_query", "pre_checkout_query", "poll", "poll_answer"),
    *("my_chat_member", "chat_join_request"),
}


class Updates:
    """All updates that the bot has not confirmed.

    `pause`: between a webhook's tries, in seconds; `patience`: how long one may take; `turns`: addresses at which
    the webhook's programs are called in turn, where no balancer chooses among them.
    """

    def __init__(self, pause: float = 0.05, patience: float = 60.0) -> None:
        self.patience = patience
        self.waiting: dict[int, tuple[int, dict[str, Any]]] = {}
        self.kinds = set(DEFAULT_KINDS)
        self.url = ""
        self.secret = ""
        self.turns: Iterator[str] | None = None
        self.statuses: list[int] = []
        self._next = 900_000_001
        self._new = asyncio.Event()
        self._pollers: deque[asyncio.Event] = deque()
        self._deliveries: dict[int, asyncio.Task[None]] = {}
        self._last: tuple[int, dict[str, Any]] | None = None
        self._pause = pause
        self._http: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        for task in self._deliveries.values():
            task.cancel()
        await asyncio.gather(*self._deliveries.values(), return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    def add(self, chat: int, body: dict[str, Any], *, number: int | None = None) -> None:
        if not set(body) & self.kinds:
            return
        if number is None:
            number, self._next = self._next, self._next + 1
        update = {"update_id": number, **body}
        self._last = (chat, update)
        self.waiting[number] = (chat, update)
        self._new.set()
        if self.url:
            self._deliver(chat)

    def repeat(self) -> None:
        """The newest one once more, as after a lost confirmation."""
        assert self._last is not None
        chat, update = self._last
        self.waiting[update["update_id"]] = (chat, update)
        self._new.set()
        if self.url:
            self._deliver(chat)

    def renumber(self, start: int) -> None:
        """After a quiet week numbering begins anew, at random."""
        self._next = start

    # --- polling ------------------------------------------------------------------------------------------

    async def get(self, offset: int, limit: int, timeout: float, kinds: Any) -> list[dict[str, Any]]:
        if self.url:
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete it",
            )
        if kinds is not None:
            self.kinds = set(kinds) or set(DEFAULT_KINDS)
        for other in self._pollers:
            other.set()
        terminated = asyncio.Event()
        self._pollers.append(terminated)
        try:
            self._confirm(offset)
            return await self._wait(limit, timeout, terminated)
        finally:
            self._pollers.remove(terminated)

    def _confirm(self, offset: int) -> None:
        if offset > 0 and any(number < offset for number in self.waiting):
            self.waiting = {n: u for n, u in self.waiting.items() if n >= offset}

    async def _wait(self, limit: int, timeout: float, terminated: asyncio.Event) -> list[dict[str, Any]]:
        loop = asyncio.get_running_loop()
        ends = loop.time() + timeout
        while not self.waiting and loop.time() < ends:
            self._new.clear()
            tasks = [asyncio.create_task(self._new.wait()), asyncio.create_task(terminated.wait())]
            await asyncio.wait(tasks, timeout=ends - loop.time(), return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            if terminated.is_set():
                raise Refused(
                    409,
                    "Conflict: terminated by other getUpdates request; "
                    "make sure that only one bot instance is running",
                )
        return [update for _number, (_chat, update) in sorted(self.waiting.items())][:limit]

    # --- webhook ------------------------------------------------------------------------------------------

    def set_webhook(self, url: str, secret: str, kinds: Any) -> None:
        if url and not url.startswith(("https://", "http://127.0.0.1")):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if secret and not WEBHOOK_SECRET.fullmatch(secret):
            raise bad("secret token contains unallowed characters")
        self.url, self.secret = url, secret
        if kinds is not None:
            self.kinds = set(kinds) or set(DEFAULT_KINDS)
        for poller in self._pollers:
            poller.set()
        if url:
            for chat in {chat for chat, _update in self.waiting.values()}:
                self._deliver(chat)

    def _deliver(self, chat: int) -> None:
        """One chat's updates go one after the other; chats go side by side."""
        if chat not in self._deliveries or self._deliveries[chat].done():
            self._deliveries[chat] = asyncio.create_task(self._bring(chat))

    async def _bring(self, chat: int) -> None:
        tries = 0
        while self.url:
            mine = sorted(number for number, (where, _update) in self.waiting.items() if where == chat)
            if not mine:
                return
            status = await self._post(self.waiting[mine[0]][1])
            self.statuses.append(status)
            if 200 <= status < 300:
                self.waiting.pop(mine[0], None)
                tries = 0
            else:
                tries += 1
                await asyncio.sleep(min(self._pause * 2**tries, 2.0))

    async def _post(self, update: dict[str, Any]) -> int:
        if self._http is None:
            self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100))
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret} if self.secret else {}
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            timeout = aiohttp.ClientTimeout(total=self.patience)
            url = next(self.turns) if self.turns else self.url
            async with self._http.post(url, json=update, headers=headers, timeout=timeout) as answer:
                return answer.status
        return 0
