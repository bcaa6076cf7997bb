"""From an update to the engine: each person's in order, people side by side, everything exactly once.

An update is acknowledged when it is committed or, where that takes long, when it lies safely in the spool.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from telegram import Bot, Update

from bot.chat.messages import Attachment, Inbound
from bot.chat.ports import Outcome, Receive, Spool
from bot.platforms.telegram.media import Fetcher
from bot.platforms.telegram.reading import read, read_plain
from bot.platforms.telegram.seen import Came, Me

log = logging.getLogger("liangsaibi.telegram")

#: Seconds after which an update is put into the spool and acknowledged, so that its chat goes on.
PATIENCE = 3.0
#: Where several programs take the webhook's calls, one may take so many seconds; then Telegram brings it again.
HOLD = 45.0
#: An album is complete when none of its parts has come for so many seconds.
ALBUM_QUIET = 1.0
#: The pauses in seconds between tries of what the engine or the network did not take.
PAUSES = (0.5, 2.0, 10.0, 60.0, 300.0)
#: After so many failed fetches a message goes on without its files, and the person is told.
FETCHES = 4

#: Told of every message once it is committed; what it returns is done without anybody waiting.
Committed = Callable[[Came, Outcome], Coroutine[Any, Any, None] | None]


@dataclass(slots=True, eq=False)
class Kept:
    """An update in its lane, and what it means. `safe` is done once it lies in the spool."""

    number: int
    came: Came
    safe: asyncio.Future[None]


class Intake:
    """Takes updates from polling and webhook alike.

    `shared`: other programs take this bot's webhook as well. Then an update is acknowledged only when it is
    committed, however long that takes: a chat's next update, which may come to another program, cannot overtake
    it. Only albums, whose parts come one by one to any of the programs, go into the spool, and are put together by
    the one that leads.
    """

    def __init__(
        self,
        bot: Bot,
        me: Callable[[], Me],
        spool: Spool,
        fetcher: Fetcher,
        committed: Committed,
        *,
        shared: bool = False,
    ) -> None:
        self._bot = bot
        self._me = me
        self._spool = spool
        self._fetcher = fetcher
        self._committed = committed
        self._shared = shared
        self._receive: Receive | None = None
        #: What waits in each lane, its head under way; a lane without anything is not there.
        self._lanes: dict[str, deque[Kept]] = {}
        self._kept: dict[int, Kept] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        #: The lanes of which something may wait for the program that leads: passed on by this one or another.
        self._passed_on: set[str] = set()
        self._news = asyncio.Event()
        self._looking: tuple[asyncio.Task[None], ...] = ()
        self._one_look = asyncio.Lock()

    async def open(self, receive: Receive) -> None:
        """Begin, with what was left in the spool."""
        self._receive = receive
        await self._try_to_look()
        if self._spool.every:
            looking, hearing = self._keep_looking(self._spool.every), self._spool.hear(self._told)
            self._looking = (asyncio.create_task(looking), asyncio.create_task(hearing))

    async def look(self) -> None:
        """Go on with what nobody is at work on. When this returns it has its place before whatever comes now."""
        async with self._one_look:
            for data in sorted(await self._spool.left(), key=lambda update: int(update["update_id"])):
                await self._go_on(data)

    async def _keep_looking(self, every: float) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), every)
            self._news.clear()
            await self._try_to_look()

    def _told(self, lane: str) -> None:
        """Some program has put something of this lane into the spool: what comes now in it comes after that."""
        self._passed_on.add(lane)
        self._news.set()

    async def _try_to_look(self) -> None:
        try:
            await self.look()
        except Exception as error:  # noqa: BLE001 - the database is away; the next look follows
            log.warning("nobody knows at present what the spool holds: %s", type(error).__name__)

    async def _go_on(self, data: dict[str, Any]) -> None:
        number = data["update_id"]
        came = await self._understood(data)
        if came is None:
            await self._spool.drop(str(number))
        elif number not in self._kept:
            self._queue(number, came).safe.set_result(None)

    async def close(self) -> None:
        """Take nothing more; what is under way is given a moment, and stays in the spool otherwise."""
        self._receive = None
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)
        self._looking = ()
        if self._tasks:
            _done, pending = await asyncio.wait(self._tasks, timeout=PATIENCE)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
        self._lanes.clear()
        self._kept.clear()

    async def take(self, data: dict[str, Any]) -> None:
        """Returns when the update may be acknowledged. Raises what the engine raised when it may not."""
        came = await self._understood(data)
        if came is None:
            return
        if came.query is not None:
            self.aside(self._answer(came.query))
        number = data["update_id"]
        if came.album or came.lane in self._lanes or (came.media and not self._shared):
            await self._set_aside(data, came)
            return
        if came.lane in self._passed_on and await self._is_behind(came.lane):
            await self._pass_on(data, came)
            return
        task = self.aside(self._stubbornly(came) if came.media else self._hand_in(came))
        if await self._in_time(task, HOLD if self._shared else PATIENCE):
            task.result()
            return
        if self._shared:
            raise TimeoutError("an update takes too long")
        await self._spool.keep(str(number), came.lane, data)
        task.add_done_callback(lambda done: self._late(done, number, came))

    async def _in_time(self, task: asyncio.Task[Any], patience: float) -> bool:
        """Whether the task ends before its sender's patience does, in seconds."""
        over = task.get_loop().create_future()

        def ended(_task: object = None) -> None:
            if not over.done():
                over.set_result(None)

        task.add_done_callback(ended)
        timer = task.get_loop().call_later(patience, ended)
        await over
        timer.cancel()
        return task.done()

    async def _set_aside(self, data: dict[str, Any], came: Came) -> None:
        """Put an update into the spool; its place in its lane is taken before, so that nothing overtakes it."""
        if self._spool.passes_on:
            await self._pass_on(data, came)
            return
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

    async def _pass_on(self, data: dict[str, Any], came: Came) -> None:
        """Leave an update to the program that leads, and what follows it in its lane as well."""
        self._passed_on.add(came.lane)
        await self._spool.keep(str(data["update_id"]), came.lane, data, passed_on=True)

    async def _is_behind(self, lane: str) -> bool:
        """Whether something that came before in this lane is still to be done by the program that leads."""
        if await self._spool.waits(lane):
            return True
        self._passed_on.discard(lane)
        return False

    def aside(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do something without waiting for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _understood(self, data: dict[str, Any]) -> Came | None:
        try:
            return read_plain(data) or read(Update.de_json(data, self._bot), self._me())
        except Exception:
            log.exception("an update cannot be read; it is kept beside the others")
            # Not acknowledged, it would block its chat.
            await self._spool.set_apart(str(data.get("update_id", "unknown")), data)
            return None

    def _late(self, task: asyncio.Task[Any], number: int, came: Came) -> None:
        """What took long is finished: nothing is left to do, or it is done again."""
        if task.cancelled():
            return
        if task.exception() is None:
            self.aside(self._spool.drop(str(number)))
        elif number not in self._kept:
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
            self.aside(self._work(came.lane))
        return kept

    async def _work(self, name: str) -> None:
        lane = self._lanes[name]
        while lane:
            if self._shared:
                await self._try_to_look()
            together = [kept for kept in await self._head(lane) if await _is_safe(kept)]
            if together:
                await self._together([kept.came for kept in together])
            for kept in together:
                lane.remove(kept)
                del self._kept[kept.number]
                await self._spool.drop(str(kept.number))
            for kept in [kept for kept in lane if kept.safe.done() and kept.safe.exception()]:
                # Not even the spool took it: it was not acknowledged and will come again.
                lane.remove(kept)
                del self._kept[kept.number]
        del self._lanes[name]

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

    async def _together(self, parts: list[Came]) -> None:
        """Hand in an album as one message.

        Where that was taken before (a crash came in between) others of its parts may be new: then each by itself.
        """
        outcome = await self._stubbornly(_as_one(parts))
        if outcome is Outcome.DUPLICATE and len(parts) > 1:
            for part in parts:
                await self._stubbornly(part)

    async def _stubbornly(self, came: Came) -> Outcome:
        tries = 0
        while self._receive is not None:
            try:
                return await self._hand_in(came, without_files=tries >= FETCHES)
            except Exception:
                log.exception("a message is not taken yet and is tried again")
                await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
                tries += 1
        raise asyncio.CancelledError

    async def _hand_in(self, came: Came, *, without_files: bool = False) -> Outcome:
        if self._receive is None:
            raise ConnectionError("the program is stopping")
        what = came.what
        if isinstance(what, Inbound) and came.media:
            if not what.addressed and not what.text:
                return Outcome.IGNORED
            what = await self._with_files(what, came, without_files=without_files)
        outcome = await self._receive(what)
        more = self._committed(came, outcome)
        if more is not None:
            self.aside(more)
        return outcome

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

    async def _answer(self, query: str) -> None:
        """Let the button stop spinning; too late is no harm."""
        try:
            await self._bot.answer_callback_query(query)
        except Exception as error:  # noqa: BLE001 - a courtesy, never more
            log.debug("the press is not answered: %s", error)


async def _is_safe(kept: Kept) -> bool:
    await asyncio.wait([kept.safe])
    return kept.safe.exception() is None


def _as_one(parts: list[Came]) -> Came:
    """An album as one message: its words, and all that was sent with it."""
    first = parts[0]
    if len(parts) == 1 or not isinstance(first.what, Inbound):
        return first
    messages = [part.what for part in parts if isinstance(part.what, Inbound)]
    text = "\n".join(message.text for message in messages if message.text)
    addressed = any(message.addressed for message in messages)
    media = tuple(one for part in parts for one in part.media)
    brought = tuple((part.what.id, part.media) for part in parts)
    speaks = next((message for message in messages if message.text), messages[0])
    what = replace(speaks, text=text, addressed=addressed)
    return replace(first, what=what, media=media, parts=brought)
