"""Notes of what was sent, written together: in a flood the many of a moment are one statement."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from datetime import datetime

from bot.worker import Worker
from storage import claims
from storage.database import Tx

log = logging.getLogger("liangsaibi.delivery")

#: How long to wait for a database that takes no notes, in seconds.
DATABASE_REST = 1.0

_Note = tuple[claims.Taken, asyncio.Future[None]]


class Notes:
    """Has the database know what was sent, however long that takes: what was sent must not be sent again."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._waiting: deque[_Note] = deque()
        self._called = False

    async def sent(self, row_id: int, *, platform_message_id: str, now: datetime, weight: int) -> None:
        """The platform took it, under this id of its own, and counted it as `weight` messages.

        Returns when that is committed.
        """
        noted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((claims.Taken(row_id, platform_message_id, now, weight), noted))
        if not self._called:
            self._called = True
            await self._write()
        # Of two that were added in one moment only one writes.
        await noted

    async def _write(self) -> None:
        mine: list[_Note] = []

        def work(tx: Tx) -> None:
            # First this: whoever adds a note from now on calls again, and every note before is among these.
            self._called = False
            while self._waiting:
                mine.append(self._waiting.popleft())
            claims.sent(tx, [taken for taken, _noted in mine])

        while True:
            try:
                await asyncio.wrap_future(self._worker.submit(work, first=True))
                break
            except Exception:
                log.exception("the database takes no notes at present")
                await asyncio.sleep(DATABASE_REST)
        for _taken, noted in mine:
            if not noted.done():
                noted.set_result(None)
