"""The program's listening sockets: several districts or platforms on one port, each under a path of its own."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.types import ASGIApp, Receive, Scope, Send

from bot.chat.district import DISTRICT
from bot.chat.errors import ConfigurationError
from bot.platforms.local.server import GRACE, Server


class Door:
    """One path on one port, open from `Doors.open` to `close`."""

    def __init__(self, hall: _Hall, path: str, app: ASGIApp, doors: Doors) -> None:
        self._hall, self._path, self._app, self._doors = hall, path, app, doors
        self._district = DISTRICT.get()
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def address(self) -> str:
        """Where it is called, for a proxy to pass on; the port is the real one."""
        return self._hall.server.address.rstrip("/") + self._path

    async def close(self) -> None:
        """Let nobody in any more, and let requests under way finish."""
        await self._doors.shut(self._hall, self._path)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), GRACE)

    async def pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request is the business of whoever opened the door."""
        DISTRICT.set(self._district)
        self._inside += 1
        self._empty.clear()
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()


class _Hall:
    """One listening socket with its doors."""

    def __init__(self, host: str, port: int, setting: str) -> None:
        self.server = Server(self, host, port, setting=setting)
        self.doors: dict[str, Door] = {}
        self.known: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if door := self.doors.get(scope["path"]):
            await door.pass_on(scope, receive, send)
        else:
            # Where somebody was, somebody will be again: whoever calls should try once more.
            status, nothing = 503 if scope["path"] in self.known else 404, [(b"content-length", b"0")]
            await send({"type": "http.response.start", "status": status, "headers": nothing})
            await send({"type": "http.response.body", "body": b""})


class Doors:
    """Opens doors. Port 0 is any free port, and never shared."""

    def __init__(self) -> None:
        self._halls: dict[tuple[str, int], _Hall] = {}
        self._turn = asyncio.Lock()

    async def open(self, app: ASGIApp, host: str, port: int, path: str, *, setting: str) -> Door:
        """Returns when the path can be called; `setting` names where its port is set.

        Raises ConfigurationError when the port cannot be had, or when somebody has this path on it already.
        """
        async with self._turn:
            hall = self._halls.get((host, port))
            if hall is None:
                hall = _Hall(host, port, setting)
                await hall.server.start()
                if port:
                    self._halls[host, port] = hall
            if path in hall.doors:
                raise ConfigurationError(
                    f"{setting}: {path} on {host}:{port} is taken already; choose another path"
                )
            door = hall.doors[path] = Door(hall, path, app, self)
            hall.known.add(path)
            return door

    async def shut(self, hall: _Hall, path: str) -> None:
        """Take a path away; with the last one the socket is closed."""
        async with self._turn:
            hall.doors.pop(path, None)
            if not hall.doors:
                self._halls = {key: other for key, other in self._halls.items() if other is not hall}
                await hall.server.stop()
