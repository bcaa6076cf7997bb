"""When the next message may go: the declared limits, kept and not discovered.

Pure: everything here is a function of the times it is told, in seconds of one monotonic clock.

A platform counts a message at some moment between our sending it and its answer. So a message occupies its
window from the moment it is begun until the window's length after the answer came: whatever the line's delay,
the platform never sees more than it allows. The price is one round trip per window, and no refusal.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from bot.chat.ports import Limits, Rate

#: Bulk is spread evenly over the account's window where that makes gaps of at most so many seconds: then a place
#: comes free all the time, and an answer to a person need not wait for the window to turn over.
LONGEST_GAP = 0.25
#: Where it would not, bulk leaves every so manieth place of the window to answers.
LEFT_TO_ANSWERS = 25
#: In one chat bulk leaves more: nobody is to wait a minute in a group because of a long series of messages.
LEFT_IN_A_CHAT = 5
#: How many gaps bulk may catch up on its even spacing when the program was late. More would bunch it together.
CATCH_UP = 1


class Window:
    """One rate: at most `count` messages within any `seconds`. Bulk leaves `reserve` of them alone."""

    def __init__(self, rate: Rate, *, reserve: int = 0) -> None:
        self._count = rate.count
        self._seconds = rate.seconds
        self._reserve = min(reserve, rate.count - 1)
        self._ended: deque[tuple[float, int]] = deque()
        self._counted = 0
        self._under_way = 0

    @property
    def is_idle(self) -> bool:
        """Nothing is under way or within the window (as of the last look)."""
        return not self._counted and not self._under_way

    def free_at(self, now: float, *, bulk: bool, weight: int = 1) -> float:
        """From when on there is room; infinity while that hangs on messages still under way."""
        self._forget(now)
        room = self.room(bulk=bulk)
        # What is heavier than the whole window goes when the window is empty.
        need = self._counted + self._under_way + min(weight, room) - room
        if need <= 0:
            return now
        for ended, freed in self._ended:
            need -= freed
            if need <= 0:
                return ended + self._seconds
        return math.inf

    def fits(self, now: float, count: int) -> bool:
        """Whether so many more can go now."""
        self._forget(now)
        return self._counted + self._under_way + count <= self._count

    def room(self, *, bulk: bool) -> int:
        """How many messages fit in an empty window."""
        return self._count - (self._reserve if bulk else 0)

    def begin(self, weight: int) -> None:
        self._under_way += weight

    def end(self, now: float, weight: int) -> None:
        self._under_way -= weight
        self.counted(now, weight)

    def withdraw(self, weight: int) -> None:
        """What was begun is not sent after all."""
        self._under_way -= weight

    def counted(self, at: float, weight: int) -> None:
        """The platform counted messages not later than `at`. Times must not go backwards."""
        self._ended.append((at, weight))
        self._counted += weight

    def _forget(self, now: float) -> None:
        while self._ended and self._ended[0][0] + self._seconds <= now:
            self._counted -= self._ended.popleft()[1]


class Pacer:
    """The windows of one platform: of the account, and of each chat that was written to lately."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        gaps = [rate.seconds / rate.count for rate in limits.account]
        self._gap = max((gap for gap in gaps if gap <= LONGEST_GAP), default=0.0)
        self._next_bulk = -math.inf
        self._account = [
            Window(rate, reserve=0 if gap <= LONGEST_GAP else _share(rate.count, LEFT_TO_ANSWERS))
            for rate, gap in zip(limits.account, gaps, strict=True)
        ]
        self._chats: dict[int, list[Window]] = {}
        self._account_held = -math.inf
        self._chats_held: dict[int, float] = {}

    @property
    def longest(self) -> float:
        """The length of the longest window, in seconds."""
        every = (*self._limits.account, *self._limits.private, *self._limits.group)
        return max((rate.seconds for rate in every), default=0.0)

    def account_at(self, now: float, *, bulk: bool, weight: int = 1) -> float:
        """From when on the account may send."""
        return max(
            [
                now,
                self._account_held,
                self._next_bulk if bulk else now,
                *(window.free_at(now, bulk=bulk, weight=weight) for window in self._account),
            ]
        )

    def account_takes(self, now: float, count: int) -> bool:
        """Whether the account may send so many messages now, none of them bulk."""
        return self._account_held <= now and all(window.fits(now, count) for window in self._account)

    def chat_at(self, chat: int, now: float, *, bulk: bool, weight: int = 1) -> float:
        """From when on this chat may be written to."""
        windows = self._chats.get(chat, ())
        free = [window.free_at(now, bulk=bulk, weight=weight) for window in windows]
        return max([now, self._chats_held.get(chat, now), *free])

    def most_at_once(self, chat: int, *, is_group: bool, bulk: bool) -> int | None:
        """How many messages may at most go to this chat in one go; None: there is no limit."""
        windows = (*self._account, *self._of(chat, is_group))
        return min((window.room(bulk=bulk) for window in windows), default=None)

    def begin(self, chat: int, *, is_group: bool, now: float, bulk: bool, weight: int = 1) -> None:
        """A message is about to be sent."""
        if bulk:
            self._next_bulk = max(self._next_bulk, now - CATCH_UP * self._gap) + self._gap * weight
        for window in (*self._account, *self._of(chat, is_group)):
            window.begin(weight)

    def end(self, chat: int, *, is_group: bool, now: float, weight: int = 1) -> None:
        """The platform has answered, or nobody waits for its answer any longer."""
        for window in (*self._account, *self._of(chat, is_group)):
            window.end(now, weight)

    def withdraw(self, chat: int, *, is_group: bool, weight: int = 1) -> None:
        """It is not sent after all."""
        for window in (*self._account, *self._of(chat, is_group)):
            window.withdraw(weight)

    def remember(self, chat: int, *, is_group: bool, at: float, weight: int) -> None:
        """A message that was sent before this program started. Oldest first, before anything is begun."""
        for window in (*self._account, *self._of(chat, is_group)):
            window.counted(at, weight)

    def hold_chat(self, chat: int, until: float) -> None:
        """Nothing into this chat before then."""
        self._chats_held[chat] = max(until, self._chats_held.get(chat, until))

    def hold_account(self, until: float) -> None:
        """Nothing at all before then."""
        self._account_held = max(until, self._account_held)

    def tidy(self, now: float) -> None:
        """Forget chats that have been quiet for longer than their windows."""
        self._chats_held = {chat: until for chat, until in self._chats_held.items() if until > now}
        for chat, windows in list(self._chats.items()):
            for window in windows:
                window.free_at(now, bulk=False)
            if all(window.is_idle for window in windows):
                del self._chats[chat]

    def _of(self, chat: int, is_group: bool) -> list[Window]:
        windows = self._chats.get(chat)
        if windows is None:
            rates: Iterable[Rate] = self._limits.group if is_group else self._limits.private
            windows = [Window(rate, reserve=_share(rate.count, LEFT_IN_A_CHAT)) for rate in rates]
            self._chats[chat] = windows
        return windows


def _share(count: int, of: int) -> int:
    return -(-count // of) if count >= of else 0
