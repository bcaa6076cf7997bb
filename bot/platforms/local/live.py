"""Live updates: every open window holds one WebSocket, over which it is told what happens."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.chat.clock import Clock
from bot.chat.messages import ChatKind
from bot.platforms.local.wire import kind_of

#: A window that has so many events unread is closed; it comes back and fetches what it missed.
BEHIND = 500
#: A silent line is broken by this pulse, in seconds; a window that misses two of them connects anew.
PULSE = 20.0
GOING_AWAY = 1001


class Window:
    """One browser window, open for one account."""

    def __init__(self, account: str) -> None:
        self.account = account
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue(BEHIND)

    def sees(self, room: str) -> bool:
        """Groups are open to onlookers; a private chat only to the one whose it is."""
        return kind_of(room) is ChatKind.GROUP or room == f"private:{self.account}"

    def put(self, event: str) -> None:
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            self.close()

    def close(self) -> None:
        """Say nothing more, not even what is waiting."""
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    async def next(self) -> str | None:
        """The next event; None when the window is to be closed. Raises TimeoutError when nothing happens."""
        return await asyncio.wait_for(self._waiting.get(), PULSE)


class Hub:
    """All open windows."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: set[Window] = set()

    def publish(self, kind: str, /, *, room: str | None = None, **event: Any) -> None:
        """Tell every window, or those that see a room."""
        told = self._event(kind, **event)
        for window in tuple(self._windows):
            if room is None or window.sees(room):
                window.put(told)

    async def serve(self, socket: WebSocket, account: str, **hello: Any) -> None:
        """Keep one window informed until it or the room closes.

        The window is counted before it is greeted: what it fetches after the greeting and what it is told
        together are everything.
        """
        await socket.accept()
        window = Window(account)
        self._windows.add(window)
        window.put(self._event("hello", **hello))
        tasks = {asyncio.create_task(self._tell(socket, window)), asyncio.create_task(_listen(socket))}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._windows.discard(window)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        """Send every window away; they will try again until somebody opens."""
        for window in tuple(self._windows):
            window.close()

    async def _tell(self, socket: WebSocket, window: Window) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                try:
                    event = await window.next()
                except TimeoutError:
                    event = self._event("pulse")
                if event is None:
                    await socket.close(GOING_AWAY)
                    return
                await socket.send_text(event)

    def _event(self, kind: str, /, **event: Any) -> str:
        return json.dumps({"type": kind, "now": self._clock.now().isoformat(), **event}, ensure_ascii=False)


async def _listen(socket: WebSocket) -> None:
    """Windows say nothing over the line; wait until it breaks."""
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.receive_text()
