"""The database's threads: they take jobs, run them in transactions, and commit many at once.

SQLite has one writer, so one thread. PostgreSQL has several for what people say, and jobs with the same key always
go to the same one, so that the messages of one sender keep their order; besides, one for what sends and one for
the clock, so that neither waits for the other nor for them. A job is answered only after its commit.
"""

from __future__ import annotations

import contextvars
import logging
import queue
import threading
import zlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy.exc import DBAPIError

from storage.database import Database, Steady, Tx

R = TypeVar("R")
Job = Callable[[Tx], Any]
log = logging.getLogger("liangsaibi.worker")

#: How many waiting jobs share one commit at most. More would let the first ones wait for the last.
BATCH = 64
#: After so many commits the log is moved into the file as soon as nobody waits, so that no commit has to do it.
CHECKPOINT = 32
#: How often a job is tried alone when the database refused it for a passing reason (deadlock, lost line).
TRIES = 3


class _Line:
    """The jobs of one thread: those that go first, then the others, each in the order in which they came."""

    def __init__(self) -> None:
        #: One call for every job that waits; False: none will follow.
        self._calls: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._first: deque[tuple[Job, Future[Any]]] = deque()
        self._others: deque[tuple[Job, Future[Any]]] = deque()

    def put(self, job: Job, future: Future[Any], *, first: bool) -> None:
        (self._first if first else self._others).append((job, future))
        self._calls.put(True)

    def close(self) -> None:
        self._calls.put(False)

    def get(self) -> tuple[Job, Future[Any]] | None:
        """Waits for the next one; None when the line is closed and everything has been taken."""
        if not self._calls.get():
            return None
        return self._first.popleft() if self._first else self._others.popleft()

    def empty(self) -> bool:
        return self._calls.empty()


class Worker:
    """Threads that run jobs on a database: those it has for what people say (on SQLite one for everything)."""

    def __init__(self, database: Database, *, batch: int = BATCH) -> None:
        self._database = database
        self._batch = batch
        self._queues = [_Line() for _ in range(database.threads)]
        self._sending, self._clock = self._queues * 2 if database.is_sqlite else (_Line(), _Line())
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for number, waiting in enumerate(self._lines):
            # What the threads log belongs to whoever starts them.
            surroundings = contextvars.copy_context()
            thread = threading.Thread(
                target=surroundings.run, args=(self._run, waiting), name=f"database-{number}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Finish what has been handed in, then end the threads."""
        for waiting in self._lines:
            waiting.close()
        for thread in self._threads:
            thread.join()

    @property
    def _lines(self) -> list[_Line]:
        """Each once."""
        return list(dict.fromkeys((*self._queues, self._sending, self._clock)))

    def submit(
        self, job: Callable[[Tx], R], *, key: str = "", first: bool = False, clock: bool = False
    ) -> Future[R]:
        """Run a job in a transaction. The future is done after the commit, or holds what the job raised.

        `first`: before what has waited for longer, or beside it. What sends does so: behind a long line of
        messages every answer would wait in it several times, and the more came, the fewer would be answered.
        `clock`: what is due by the clock may take longer than people or platforms should wait.
        """
        future: Future[R] = Future()
        self._line(key, first=first, clock=clock).put(job, future, first=first)
        return future

    def _line(self, key: str, *, first: bool, clock: bool) -> _Line:
        if first:
            return self._sending
        if clock:
            return self._clock
        return self._queues[zlib.crc32(key.encode()) % len(self._queues) if len(self._queues) > 1 else 0]

    def _run(self, waiting: _Line) -> None:
        stopping, commits, steady = False, 0, self._database.steady()
        while not stopping:
            batch: list[tuple[Job, Future[Any]]] = []
            entry = waiting.get()
            while entry is not None:
                # Nobody waits any more for what was given up meanwhile; from now on it cannot be given up.
                if entry[1].set_running_or_notify_cancel():
                    batch.append(entry)
                if len(batch) >= self._batch or waiting.empty():
                    break
                entry = waiting.get()
            stopping = entry is None
            if batch:
                self._together(steady, batch)
                commits += 1
            if commits >= CHECKPOINT and waiting.empty():
                self._checkpoint()
                commits = 0
        steady.close()

    def _checkpoint(self) -> None:
        try:
            self._database.checkpoint()
        except Exception as error:  # noqa: BLE001 - the log grows a little longer, and nobody waits for it
            log.warning("no checkpoint at present, another try follows: %s", error)

    def _together(self, steady: Steady, batch: list[tuple[Job, Future[Any]]]) -> None:
        results: list[Any] = []
        try:
            with steady.transaction() as tx:
                results.extend(job(tx) for job, _future in batch)
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the job
            if len(batch) == 1 and not _passing(error):
                batch[0][1].set_exception(error)
                return
            # One job spoilt the common transaction and nothing of it was kept: each again, alone.
            for job, future in batch:
                self._alone(steady, job, future)
            return
        for (_job, future), result in zip(batch, results, strict=True):
            future.set_result(result)

    def _alone(self, steady: Steady, job: Job, future: Future[Any]) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                with steady.transaction() as tx:
                    result = job(tx)
            except Exception as error:  # noqa: BLE001 - handed to whoever waits for the job
                if attempt < TRIES and _passing(error):
                    continue
                future.set_exception(error)
            else:
                future.set_result(result)
            return


def _passing(error: Exception) -> bool:
    """Whether the database may well take the same job a moment later."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state in ("40001", "40P01")
