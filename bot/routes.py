"""A platform as delivery sees it: who waits for it, what its limits allow, which chats are being served."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from bot.chat.ports import Deduplicating, Editing, Platform, Weighing
from bot.lines import Head, Line
from bot.pacing import Pacer

#: Of the messages that may be in flight at once bulk leaves so many to answers, as a share.
FOR_ANSWERS = 5 / 8
#: After so many failures in a row, in whatever chats, the platform itself is taken to be in trouble.
IN_TROUBLE = 5
#: The longest pause that a platform in trouble is given before it is tried again, in seconds.
LONGEST_REST = 30.0

#: How soon to come again while a message is gathering its places, in seconds.
GATHERING = 0.05


class Route:
    """The way to one platform."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.pacer = Pacer(platform.limits)
        #: What it can do beyond sending, asked once: of a protocol that costs as much as drawing a message.
        self.weighing = platform if isinstance(platform, Weighing) else None
        self.deduplicating = platform if isinstance(platform, Deduplicating) else None
        self.editing = platform if isinstance(platform, Editing) else None
        self._lines = {True: Line(), False: Line()}
        most = platform.limits.at_once
        #: So many may be in flight at once, each to another chat: where answers wait, and where bulk does.
        self._abreast = {True: most, False: max(1, int(most * (1 - FOR_ANSWERS)))}
        #: Only one message, and of that one part, may be on its way.
        self.one_at_a_time = most == 1
        self._busy: set[int] = set()
        #: Somebody was not picked because too many were on their way.
        self._crowded = False
        #: Busy chats in which something else turned out to wait.
        self._missed: set[int] = set()
        self._failures = 0
        self._gathering = 0
        self._reserved = 0

    def line_up(self, heads: Iterable[Head], *, urgent: bool) -> None:
        """These wait now, and nobody else."""
        self._lines[urgent] = Line(heads)

    def waiting(self, *, urgent: bool) -> int:
        """How many chats are in line."""
        return len(self._lines[urgent])

    def pick(self, now: float) -> list[Head]:
        """Those who may be sent to now; their chats and their places in the windows are taken."""
        picked: list[Head] = []
        if self._gathering:
            return picked
        for urgent, abreast in self._abreast.items():
            while self._under_way < abreast and self.pacer.account_at(now, bulk=not urgent) <= now:
                head = self._lines[urgent].pick(now, lambda head: self._chat_at(head, now))
                if head is None:
                    break
                self._busy.add(head.chat_id)
                self.pacer.begin(head.chat_id, is_group=head.is_group, now=now, bulk=not urgent)
                picked.append(head)
        full = self._under_way >= self._abreast[True]
        self._crowded = full and bool(self.waiting(urgent=True) or self.waiting(urgent=False))
        return picked

    def take(self, head: Head, now: float) -> bool:
        """The same for somebody who is in no line: whether they may be sent to now, with nobody before them."""
        if self._gathering or len(self._busy) >= self._abreast[True] or self._lines[True].next_at(now) <= now:
            return False
        if max(self.pacer.account_at(now, bulk=False), self._chat_at(head, now)) > now:
            return False
        self._busy.add(head.chat_id)
        self.pacer.begin(head.chat_id, is_group=head.is_group, now=now, bulk=False)
        return True

    def reserve(self, now: float) -> bool:
        """Keep a place for an answer that is not there yet, if it would most likely go at once."""
        if self._gathering or self._lines[True].next_at(now) <= now:
            return False
        if self._under_way >= self._abreast[True]:
            return False
        if not self.pacer.account_takes(now, self._reserved + 1):
            return False
        self._reserved += 1
        return True

    def unreserve(self) -> None:
        """It is there, or will not come."""
        self._reserved -= 1

    def drop(self, head: Head) -> None:
        """What was picked is not sent after all."""
        self.pacer.withdraw(head.chat_id, is_group=head.is_group)
        self.free(head.chat_id)

    def free(self, chat_id: int) -> None:
        """The chat can be served again."""
        self._busy.discard(chat_id)

    def miss(self, chat_id: int) -> None:
        """Something could not go into this chat because something else was on its way."""
        self._missed.add(chat_id)

    def missed(self, chat_id: int) -> bool:
        """Whether something could not go meanwhile; asked once when the chat is free again."""
        if chat_id in self._missed:
            self._missed.remove(chat_id)
            return True
        return False

    def crowded(self) -> bool:
        """Whether somebody waits for one of those that are on their way to arrive."""
        return self._crowded

    @contextmanager
    def letting_nobody_ahead(self) -> Iterator[None]:
        """Pick nobody inside: a message that takes several places is gathering them and would never get them."""
        self._gathering += 1
        try:
            yield
        finally:
            self._gathering -= 1

    def next_at(self, now: float) -> float:
        """When something may be sent that cannot be sent now; infinity when that hangs on what is in flight."""
        if self._gathering:
            return now + GATHERING
        times = [
            max(self._lines[urgent].next_at(now), self.pacer.account_at(now, bulk=not urgent))
            for urgent, abreast in self._abreast.items()
            if self._under_way < abreast
        ]
        return min(times, default=math.inf)

    def fared(self, *, well: bool, now: float) -> None:
        """How a send went: a platform on which nothing succeeds any more is given a rest."""
        self._failures = 0 if well else self._failures + 1
        if self._failures >= IN_TROUBLE:
            self.pacer.hold_account(now + min(LONGEST_REST, 2.0 ** min(self._failures - IN_TROUBLE, 10)))

    @property
    def failures(self) -> int:
        """How many sends in a row failed for passing reasons."""
        return self._failures

    @property
    def _under_way(self) -> int:
        """How many are on their way, or about to be: for an answer a place is kept."""
        return len(self._busy) + self._reserved

    def _chat_at(self, head: Head, now: float) -> float:
        if head.chat_id in self._busy:
            self.miss(head.chat_id)
            return math.inf
        return self.pacer.chat_at(head.chat_id, now, bulk=not head.urgent)
