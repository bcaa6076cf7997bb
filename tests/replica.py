"""One replica as a process of its own: `python -m tests.replica NAME DATABASE_URL RECORDER FOLDER`."""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path
from typing import Any

import httpx
import msgspec

from bot import leadership
from bot.app import App, serve
from bot.chat.clock import SystemClock
from bot.chat.errors import DeliveryError
from bot.chat.messages import ChatKind, ChatRef, Inbound, Outgoing, Sender
from bot.chat.ports import Limits, Receive
from bot.config import Config, General, LocalSection
from storage.database import Database


class Recorded:
    """A platform whose server is a `Recorder`."""

    name = "recorded"
    limits = Limits()

    def __init__(self, replica: str, address: str) -> None:
        self._replica = replica
        self._client = httpx.AsyncClient(base_url=address, timeout=60)
        self._numbers = itertools.count(1)

    async def _tell(self, what: str, **more: object) -> dict[str, Any]:
        answer = await self._client.post("/", json={"what": what, "replica": self._replica, **more})
        found: dict[str, Any] = answer.json()
        return found

    async def start(self, receive: Receive) -> None:
        self._asking = asyncio.create_task(self._ask(receive))
        await self._tell("ready")

    async def lead(self) -> None:
        await self._tell("lead")

    async def follow(self) -> None:
        await self._tell("follow")

    async def send(self, message: Outgoing) -> str:
        try:
            await self._tell("send", number=message.id)
        except httpx.HTTPError as error:
            raise DeliveryError(f"no answer: {error!r}", ambiguous=True) from error
        return str(message.id)

    async def stop(self) -> None:
        self._asking.cancel()

    async def _ask(self, receive: Receive) -> None:
        while True:
            if said := (await self._tell("ask")).get("text"):
                chat = ChatRef(self.name, f"private:{self._replica}", ChatKind.PRIVATE)
                number = f"{self._replica}-{next(self._numbers)}"
                now = SystemClock().now()
                await receive(Inbound(number, chat, Sender(self._replica, "路人"), said, now, addressed=True))


def main(replica: str, url: str, address: str, folder: str) -> None:
    # Quicker than in production, so that a test need not wait.
    leadership.BEAT, leadership.ANSWER, leadership.SILENCE = 0.3, 3.0, 5.0
    config = msgspec.structs.replace(
        Config(), general=General(data=str(Path(folder) / replica)), local=LocalSection(enabled=False)
    )
    database = Database(url, threads=2)
    app = App(config, database)
    app.add(Recorded(replica, address))
    asyncio.run(serve(app, ready=lambda: None))
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
