"""A TCP relay: a load balancer in front of several servers, or a line to one that can be cut or held up."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence

Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Open = Callable[[], Awaitable[Opened]]


class Relay:
    """Each connection goes to one of the servers at random, or to the next one that answers.

    `open` while it is cleared nothing passes, in either direction, as when a cable is out.
    """

    def __init__(self, *servers: Open) -> None:
        self._servers: Sequence[Open] = servers
        self._lines: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.open = asyncio.Event()
        self.open.set()
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        self.open.set()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> int:
        """End all connections at once, in the midst of whatever they say; returns how many."""
        cut = list(self._lines)
        for line in cut:
            line.transport.abort()
        return len(cut) // 2

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for server in random.sample(self._servers, len(self._servers)):
            with contextlib.suppress(OSError):
                there, back = await server()
                break
        else:
            writer.transport.abort()
            return
        self._lines |= {writer, back}
        for source, goal in ((reader, back), (there, writer)):
            task = asyncio.create_task(self._pass_on(source, goal))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, source: asyncio.StreamReader, goal: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                await self.open.wait()
                goal.write(data)
                await goal.drain()
        with contextlib.suppress(OSError):
            await self.open.wait()
            goal.close()
        self._lines.discard(goal)


def tcp(port: int) -> Open:
    return lambda: asyncio.open_connection("127.0.0.1", port)


def unix(path: str) -> Open:
    return lambda: asyncio.open_unix_connection(path)
