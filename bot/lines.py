"""Who is next: the heads of the chats' queues, in the order of their rows; those that cannot go yet wait aside."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Head:
    """The first message of its urgency that waits in a chat, not to be tried before `due` (monotonic seconds)."""

    id: int
    chat_id: int
    is_group: bool
    urgent: bool
    due: float


class Line:
    """The heads of one platform and one urgency. Each look at the outbox makes a new one."""

    def __init__(self, heads: Iterable[Head] = ()) -> None:
        self._count = itertools.count()
        self._later = [(head.due, next(self._count), head) for head in heads]
        heapq.heapify(self._later)
        self._ready: list[tuple[int, Head]] = []

    def pick(self, now: float, chat_at: Callable[[Head], float]) -> Head | None:
        """Take out the oldest head whose chat may be written to now.

        `chat_at` says from when on it may; infinity: not before something else has happened, and then there is
        another look.
        """
        self._come_due(now)
        while self._ready:
            _id, head = heapq.heappop(self._ready)
            at = chat_at(head)
            if at <= now:
                return head
            if at < math.inf:
                heapq.heappush(self._later, (at, next(self._count), head))
        return None

    def __len__(self) -> int:
        return len(self._ready) + len(self._later)

    def next_at(self, now: float) -> float:
        """When somebody in it may go; infinity when nobody is left."""
        if self._ready:
            return now
        return self._later[0][0] if self._later else math.inf

    def _come_due(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            head = heapq.heappop(self._later)[2]
            heapq.heappush(self._ready, (head.id, head))
