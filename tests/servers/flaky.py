"""A platform's server that misbehaves in every way that real ones do, over a real socket.

It takes `POST /send` with `{"id", "chat", "text"}` and answers `{"taken": number}`. It drops what it took under
the same id, as WeCom's app does. How it treats a request is decided by chance, but the `manners` may be changed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

#: Half of the requests are treated well.
BAD = ("too many", "broken", "garbage", "accepts and hangs", "hangs", "accepts and breaks")
MANNERS = (*BAD, *("well",) * len(BAD))


class FlakyServer:
    """Counts what it took, by chat, in order; repetitions of an id are dropped and counted."""

    def __init__(self, *, manners: Sequence[str] = MANNERS, drops: bool = True, seed: int = 5) -> None:
        self.manners = manners
        self.taken: dict[str, list[str]] = {}
        self.repeated = 0
        self._drops = drops
        self._seen: set[int] = set()
        self._chance = random.Random(seed)

    async def __aenter__(self) -> FlakyServer:
        app = Starlette(routes=[Route("/send", self._send, methods=["POST"])])
        self._server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
        self._serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            await asyncio.sleep(0.01)
        self.port: int = self._server.servers[0].sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.should_exit = self._server.force_exit = True
        await self._serving

    async def _send(self, request: Request) -> Response:
        message = await request.json()
        manner = self._chance.choice(self.manners)
        answers: dict[str, Callable[[], Response]] = {
            "too many": lambda: JSONResponse({"retry_after": 0.2}, status_code=429),
            "broken": lambda: PlainTextResponse("oops", status_code=500),
            "garbage": lambda: PlainTextResponse("<html>proxy</html>", status_code=502),
        }
        if manner in answers:
            return answers[manner]()
        if manner != "hangs":
            self._take(message)
        if "hangs" in manner:
            await asyncio.sleep(1.5)
        return PlainTextResponse("\x00garbage") if "breaks" in manner else JSONResponse({"taken": message["id"]})

    def _take(self, message: dict[str, object]) -> None:
        number = int(str(message["id"]))
        if number in self._seen:
            self.repeated += 1
            if self._drops:
                return
        self._seen.add(number)
        self.taken.setdefault(str(message["chat"]), []).append(str(message["text"]))
