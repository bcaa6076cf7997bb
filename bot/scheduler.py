"""The scheduler: it only calls `tick(now)`; what is due is decided by the database and the clock."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.chat.clock import Clock
from bot.worker import Worker
from storage import dialogues, inbox, outbox
from storage.database import Tx

Tick = Callable[[Tx, datetime], None]
log = logging.getLogger("liangsaibi.scheduler")

#: How often to look, in seconds.
EVERY = 30
#: What has been taken or sent is kept this long; Telegram delivers again for a day, WeCom for minutes.
KEEP = timedelta(days=14)
#: Old rows are dropped in small steps, so that no message waits behind a long transaction.
STEP = 500


def tidy(tx: Tx, now: datetime) -> None:
    """Drop what nobody needs any more: unanswered questions, old notes of the engine."""
    dialogues.expire(tx, now=now)
    inbox.forget(tx, before=now - KEEP, most=STEP)
    outbox.forget(tx, before=now - KEEP, most=STEP)


class Scheduler:
    """Calls the ticks at a steady pace. A late, repeated or concurrent tick is harmless."""

    def __init__(self, worker: Worker, clock: Clock, ticks: tuple[Tick, ...]) -> None:
        self._worker = worker
        self._clock = clock
        self._ticks = ticks
        self._timer = AsyncIOScheduler()
        self._timer.add_job(
            self.tick, "interval", seconds=EVERY, coalesce=True, misfire_grace_time=None, max_instances=1
        )

    def start(self) -> None:
        self._timer.start()

    def stop(self) -> None:
        self._timer.shutdown(wait=False)

    async def tick(self) -> None:
        """One look at the clock."""
        now = self._clock.now()
        for due in self._ticks:
            try:
                await asyncio.wrap_future(self._worker.submit(_at(due, now)))
            except Exception:
                # One tick's failure must not stop the others.
                log.exception("tick %s failed", due.__name__)


def _at(due: Tick, now: datetime) -> Callable[[Tx], None]:
    return lambda tx: due(tx, now)
