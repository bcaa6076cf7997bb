"""Each person's updates one after the other, in the order of their numbers, people side by side."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.chat.ports import Outcome, Spool
from bot.platforms.telegram.handing import Aside, Handing
from bot.platforms.telegram.seen import Came

#: An album is complete when none of its parts has come for so many seconds.
ALBUM_QUIET = 1.0


@dataclass(slots=True, eq=False)
class Kept:
    """An update in its lane, and what it means. `safe` is done once it lies in the spool."""

    number: int
    came: Came
    safe: asyncio.Future[None]


class Lanes:
    """What waits for what came before it. All of it lies in the spool, or is on its way there.

    `look` finds what other programs that take the same bot's updates have spooled; None where there are none.
    """

    def __init__(
        self, spool: Spool, handing: Handing, aside: Aside, *, look: Callable[[], Awaitable[None]] | None
    ) -> None:
        self._spool = spool
        self._handing = handing
        self._look = look
        self._aside = aside
        #: What waits in each lane, its head under way; a lane without anything is not there.
        self._lanes: dict[str, deque[Kept]] = {}
        self._kept: dict[int, Kept] = {}

    def __contains__(self, lane: str) -> bool:
        return lane in self._lanes

    def clear(self) -> None:
        """Forget everything; what lies in the spool stays there."""
        self._lanes.clear()
        self._kept.clear()

    async def keep(self, data: dict[str, Any], came: Came) -> None:
        """Put an update into the spool; its place in its lane is taken before, so that nothing overtakes it."""
        known = self._kept.get(data["update_id"])
        if known is not None:
            await asyncio.shield(known.safe)
            return
        kept = self._queue(data["update_id"], came)
        try:
            await self._spool.keep(str(data["update_id"]), came.lane, data)
        except BaseException as error:
            kept.safe.set_exception(error)
            raise
        kept.safe.set_result(None)

    def go_on(self, number: int, came: Came) -> None:
        """Take up what lies in the spool already."""
        if number not in self._kept:
            self._queue(number, came).safe.set_result(None)

    def _queue(self, number: int, came: Came) -> Kept:
        kept = Kept(number, came, asyncio.get_running_loop().create_future())
        self._kept[number] = kept
        lane = self._lanes.get(came.lane)
        if lane is not None:
            # By number: what another program had passed on may be found after what came later.
            lane.insert(sum(other.number < number for other in lane), kept)
        else:
            self._lanes[came.lane] = deque([kept])
            self._aside(self._work(came.lane))
        return kept

    async def _work(self, name: str) -> None:
        lane = self._lanes[name]
        while lane:
            if self._look is not None:
                await self._look()
            head = await self._head(lane)
            if self._spool.passes_on:
                await self._give_up(lane)
                break
            together = [kept for kept in head if await _is_safe(kept)]
            if together and await self._handing.together([kept.came for kept in together]) is Outcome.EARLY:
                # Something that goes first lies in the spool since a moment ago, or in another program's hands.
                await asyncio.sleep(self._spool.every)
                continue
            for kept in together:
                self._forget(lane, kept)
                await self._spool.drop(str(kept.number))
            for kept in [kept for kept in lane if kept.safe.done() and kept.safe.exception()]:
                # Not even the spool took it: it was not acknowledged and will come again.
                self._forget(lane, kept)
        del self._lanes[name]

    async def _give_up(self, lane: deque[Kept]) -> None:
        """Another program leads by now, and an album must not be put together by two."""
        while lane:
            kept = lane[0]
            if await _is_safe(kept):
                await self._spool.give_up(str(kept.number))
            self._forget(lane, kept)

    def _forget(self, lane: deque[Kept], kept: Kept) -> None:
        lane.remove(kept)
        del self._kept[kept.number]

    async def _head(self, lane: deque[Kept]) -> list[Kept]:
        """What is to be handed in next: one update, or all of an album."""
        album = lane[0].came.album
        if album is None:
            return [lane[0]]
        # Parts that came to other programs are found at the next look.
        seen, quiet = 0, ALBUM_QUIET + self._spool.every
        while (parts := [kept for kept in lane if kept.came.album == album]) and len(parts) > seen:
            seen = len(parts)
            await asyncio.sleep(quiet)
        return parts


async def _is_safe(kept: Kept) -> bool:
    await asyncio.wait([kept.safe])
    return kept.safe.exception() is None
