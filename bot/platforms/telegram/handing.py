"""From what an update means to the engine: with its files, an album as one message, again where it is refused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from bot.chat.messages import Attachment, Inbound
from bot.chat.ports import Outcome, Receive
from bot.platforms.telegram.media import Fetcher
from bot.platforms.telegram.seen import Came

log = logging.getLogger("liangsaibi.telegram")

#: The pauses in seconds between tries of what the engine or the network did not take.
PAUSES = (0.5, 2.0, 10.0, 60.0, 300.0)
#: After so many failed fetches a message goes on without its files, and the person is told.
FETCHES = 4

#: Told of every message once it is committed; what it returns is done without anybody waiting.
Committed = Callable[[Came, Outcome], Coroutine[Any, Any, None] | None]
#: Does something without anybody waiting for it.
Aside = Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]]


class Handing:
    """Hands in what came, as long as `receive` is there."""

    def __init__(self, fetcher: Fetcher, committed: Committed, aside: Aside) -> None:
        self._fetcher = fetcher
        self._committed = committed
        self._aside = aside
        self.receive: Receive | None = None

    async def once(self, came: Came, *, without_files: bool = False) -> Outcome:
        """Returns when it is committed. Raises what the engine or the network raised, or when the program ends."""
        if self.receive is None:
            raise ConnectionError("the program is stopping")
        what = came.what
        if isinstance(what, Inbound) and came.media:
            if not what.addressed and not what.text:
                return Outcome.IGNORED
            what = await self._with_files(what, came, without_files=without_files)
        outcome = await self.receive(what)
        more = self._committed(came, outcome)
        if more is not None:
            self._aside(more)
        return outcome

    async def stubbornly(self, came: Came) -> Outcome:
        """The same, tried again until it is taken or the program ends."""
        tries = 0
        while self.receive is not None:
            try:
                return await self.once(came, without_files=tries >= FETCHES)
            except Exception:
                log.exception("a message is not taken yet and is tried again")
                await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
                tries += 1
        raise asyncio.CancelledError

    async def together(self, parts: list[Came]) -> Outcome:
        """Hand in an album as one message, stubbornly. EARLY: something else goes first, and nothing is done.

        Where that was taken before (a crash came in between) others of its parts may be new: then each by itself,
        all in the first one's turn.
        """
        outcome = await self.stubbornly(_as_one(parts))
        if outcome is not Outcome.DUPLICATE or len(parts) == 1:
            return outcome
        turn = parts[0].what.turn
        outcomes = [await self.stubbornly(replace(part, what=replace(part.what, turn=turn))) for part in parts]
        return Outcome.EARLY if Outcome.EARLY in outcomes else outcome

    async def _with_files(self, what: Inbound, came: Came, *, without_files: bool) -> Inbound:
        if without_files:
            return replace(what, unfetched=tuple(one.name for one in came.media))
        found: tuple[Attachment, ...] = ()
        missing: tuple[str, ...] = ()
        counts = []
        for name, media in came.parts or ((what.id, came.media),):
            files, absent = await self._fetcher.fetch(media)
            found, missing = found + files, missing + absent
            counts.append((name, len(files)))
        return replace(what, attachments=found, unfetched=missing, parts=tuple(counts) if came.parts else ())


def _as_one(parts: list[Came]) -> Came:
    """An album as one message: its words, and all that was sent with it, in the turn of its first part."""
    first = parts[0]
    if len(parts) == 1 or not isinstance(first.what, Inbound):
        return first
    messages = [part.what for part in parts if isinstance(part.what, Inbound)]
    text = "\n".join(message.text for message in messages if message.text)
    addressed = any(message.addressed for message in messages)
    media = tuple(one for part in parts for one in part.media)
    brought = tuple((part.what.id, part.media) for part in parts)
    speaks = next((message for message in messages if message.text), messages[0])
    what = replace(speaks, text=text, addressed=addressed, turn=first.what.turn)
    return replace(first, what=what, media=media, parts=brought)
