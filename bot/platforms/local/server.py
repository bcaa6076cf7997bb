"""The web server, run inside the program's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Generator

import uvicorn
from starlette.types import ASGIApp

from bot.chat.errors import ConfigurationError

#: How long requests under way may take to finish when the server stops, in seconds.
GRACE = 5


class _Uvicorn(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals are the program's business."""
        yield


class Server:
    """Serves an ASGI application on one socket from `start` to `stop`; `setting` names where its port is set."""

    def __init__(self, app: ASGIApp, host: str, port: int, *, setting: str = "local.port") -> None:
        self._app = app
        self._host = host
        self._port = port
        self._setting = setting
        self._uvicorn: _Uvicorn | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """What to type into a browser; the port is the real one once the server runs."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}/"

    async def start(self) -> None:
        """Returns when browsers can connect. Raises ConfigurationError when the port cannot be had."""
        listening = self._listen()
        self._port = listening.getsockname()[1]
        self._uvicorn = _Uvicorn(
            uvicorn.Config(
                self._app,
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                ws_max_size=64 * 1024,
                timeout_graceful_shutdown=GRACE,
            )
        )
        self._serving = asyncio.create_task(self._uvicorn.serve(sockets=[listening]))
        while not self._uvicorn.started:
            if self._serving.done():
                await self._serving
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Accept nothing more, and let requests under way finish."""
        if self._uvicorn is not None and self._serving is not None:
            self._uvicorn.should_exit = True
            await self._serving
            self._uvicorn = self._serving = None

    def _listen(self) -> socket.socket:
        try:
            family = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)[0][0]
            return socket.create_server((self._host, self._port), family=family, backlog=256)
        except OSError as error:
            raise ConfigurationError(
                f"{self._setting}: cannot listen on {self._host}:{self._port}: {error.strerror}; "
                "choose another port, or 0 for any free one"
            ) from error
