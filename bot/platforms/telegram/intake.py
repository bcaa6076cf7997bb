"""Takes updates from polling and webhook alike: everything exactly once.

An update is acknowledged when it is committed or, where that takes long, when it lies safely in the spool.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from telegram import Bot, Update

from bot.chat.messages import Turn
from bot.chat.ports import Outcome, Receive, Spool
from bot.platforms.telegram.handing import Committed, Handing
from bot.platforms.telegram.lanes import Lanes
from bot.platforms.telegram.media import Fetcher
from bot.platforms.telegram.reading import read, read_plain
from bot.platforms.telegram.seen import Came, Me

log = logging.getLogger("liangsaibi.telegram")

#: Seconds after which an update is put into the spool and acknowledged, so that its chat goes on.
PATIENCE = 3.0
#: Where several programs take the webhook's calls, one may take so many seconds; then Telegram brings it again.
HOLD = 45.0


class Intake:
    """Where updates come in.

    `shared`: other programs take this bot's webhook as well. Then an update is acknowledged only when it is
    committed, however long that takes: a chat's next update, which may come to another program, cannot overtake
    it. Only albums, whose parts come one by one to any of the programs, go into the spool, and are put together by
    the one that leads. Whatever comes has its turn after what lies there of the same person: where the engine
    finds something, it takes nothing, and what came goes into the spool as well.
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
        self._shared = shared
        self._tasks: set[asyncio.Task[Any]] = set()
        self._handing = Handing(fetcher, committed, self.aside)
        self._lanes = Lanes(spool, self._handing, self.aside, look=self._try_to_look if shared else None)
        self._looking: asyncio.Task[None] | None = None
        self._one_look = asyncio.Lock()

    async def open(self, receive: Receive) -> None:
        """Begin, with what was left in the spool."""
        self._handing.receive = receive
        await self._try_to_look()
        if self._spool.every:
            self._looking = asyncio.create_task(self._keep_looking(self._spool.every))

    async def close(self) -> None:
        """Take nothing more; what is under way is given a moment, and stays in the spool otherwise."""
        self._handing.receive = None
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
            self._looking = None
        if self._tasks:
            _done, pending = await asyncio.wait(self._tasks, timeout=PATIENCE)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
        self._lanes.clear()

    def aside(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do something without waiting for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # --- what lies in the spool ---------------------------------------------------------------------------

    async def look(self) -> None:
        """Go on with what nobody is at work on. When this returns it has its place before whatever comes now."""
        async with self._one_look:
            for data in sorted(await self._spool.left(), key=lambda update: int(update["update_id"])):
                await self._go_on(data)

    async def _go_on(self, data: dict[str, Any]) -> None:
        came = await self._understood(data)
        if came is None:
            await self._spool.drop(str(data["update_id"]))
        else:
            self._lanes.go_on(data["update_id"], came)

    async def _try_to_look(self) -> None:
        try:
            await self.look()
        except Exception as error:  # noqa: BLE001 - the database is away; the next look follows
            log.warning("nobody knows at present what the spool holds: %s", type(error).__name__)

    async def _keep_looking(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            await self._try_to_look()

    # --- what comes ---------------------------------------------------------------------------------------

    async def take(self, data: dict[str, Any]) -> None:
        """Returns when the update may be acknowledged. Raises what the engine raised when it may not."""
        came = await self._understood(data)
        if came is None:
            return
        if came.query is not None:
            self.aside(self._answer(came.query))
        if came.album or came.lane in self._lanes or (came.media and not self._shared):
            await self._set_aside(data, came)
            return
        task = self.aside(self._handing.stubbornly(came) if came.media else self._handing.once(came))
        if await self._in_time(task, HOLD if self._shared else PATIENCE):
            if task.result() is Outcome.EARLY:
                await self._set_aside(data, came)
            return
        if self._shared:
            raise TimeoutError("an update takes too long")
        number = data["update_id"]
        await self._spool.keep(str(number), came.lane, data)
        task.add_done_callback(lambda done: self._late(done, number, came))

    async def _understood(self, data: dict[str, Any]) -> Came | None:
        try:
            came = read_plain(data) or read(Update.de_json(data, self._bot), self._me())
            number = data["update_id"]
        except Exception:
            log.exception("an update cannot be read; it is kept beside the others")
            # Not acknowledged, it would block its chat.
            await self._spool.set_apart(str(data.get("update_id", "unknown")), data)
            return None
        if came is None or not self._shared:
            return came
        return replace(came, what=replace(came.what, turn=Turn(came.lane, number)))

    async def _set_aside(self, data: dict[str, Any], came: Came) -> None:
        """Leave an update to the program that leads, be it this one."""
        if self._spool.passes_on:
            await self._spool.keep(str(data["update_id"]), came.lane, data, passed_on=True)
        else:
            await self._lanes.keep(data, came)

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

    def _late(self, task: asyncio.Task[Any], number: int, came: Came) -> None:
        """What took long is finished: nothing is left to do, or it is done again."""
        if task.cancelled():
            return
        if task.exception() is None:
            self.aside(self._spool.drop(str(number)))
        else:
            self._lanes.go_on(number, came)

    async def _answer(self, query: str) -> None:
        """Let the button stop spinning; too late is no harm."""
        try:
            await self._bot.answer_callback_query(query)
        except Exception as error:  # noqa: BLE001 - a courtesy, never more
            log.debug("the press is not answered: %s", error)
