"""The door: who may ask, how much they may bring, and what browsers are told to be careful about.

The room has no passwords, so a page of another site must not reach it through the user's own browser: not by
a rebound name (the host is checked), not by a form or a script (the origin is checked).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?", re.IGNORECASE)
_READING = ("GET", "HEAD")
#: Of a WebSocket closed before it is opened: "policy violation".
_NOT_ALLOWED = 1008


class TooLarge(Exception):
    """More was sent than the room takes."""


class Guard:
    """ASGI middleware. `most_bytes` gives, for a path, the largest body that it takes."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], most_bytes: Callable[[str], int]) -> None:
        self._app = app
        self._hosts = hosts
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._pass(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _NOT_ALLOWED})
        else:
            await _refuse(refusal, scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """The status and the code of the error with which the request is turned away."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        named = _HOST.fullmatch(host)
        if named is None or named[1].lower() not in self._hosts:
            return 400, "host"
        if scope["type"] == "http" and scope["method"] in _READING:
            return None
        if headers.get("origin", "").lower() not in (f"http://{host}".lower(), f"https://{host}".lower()):
            return 403, "origin"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._most_bytes(scope["path"]):
            return 413, "too_large"
        return None

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        most, got, began = self._most_bytes(scope["path"]), 0, False

        async def counted() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > most and scope["type"] == "http":
                raise TooLarge
            return message

        async def careful(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                _advise(MutableHeaders(scope=message), Headers(scope=scope)["host"])
            await send(message)

        try:
            await self._app(scope, counted, careful)
        except TooLarge:
            if began:
                raise
            await _refuse((413, "too_large"), scope, receive, send)


async def _refuse(refusal: tuple[int, str], scope: Scope, receive: Receive, send: Send) -> None:
    status, code = refusal
    await JSONResponse({"error": code}, status, headers={"Connection": "close"})(scope, receive, send)


def _advise(headers: MutableHeaders, host: str) -> None:
    """Tell the browser to take nothing from elsewhere and to lend nothing to anybody."""
    headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        # Older Safari does not count a WebSocket of the same host as 'self'.
        f"connect-src 'self' ws://{host} wss://{host}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    headers.setdefault("Cache-Control", "no-store")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
