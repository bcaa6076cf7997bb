"""A feature's tick as the scheduler calls it: with surroundings made for it, and what it posts into the outbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.chat.context import TickContext
from bot.chat.ports import FileStore
from bot.chat.rendering import Renderer
from bot.chat.settings import Policy
from bot.chat.texts import CHINESE
from bot.posting import Postman
from storage.database import Tx

#: What the scheduler calls; True: there is more to do, call again at once (in a transaction of its own).
Tick = Callable[[Tx, datetime], bool]


class Ticker:
    """Gives a tick's handler its surroundings and posts what it leaves there."""

    def __init__(
        self, *, postman: Postman, renderer: Renderer, policy: Policy, zone: ZoneInfo, files: FileStore
    ) -> None:
        self._postman = postman
        self._renderer = renderer
        self._policy = policy
        self._zone = zone
        self._files = files

    def bind(self, handler: Callable[[Any], Any]) -> Tick:
        """The handler as a function of the transaction and the time, and of nothing else.

        What it leaves to be gone on with is remembered for the same moment only, and spares it working everything
        out anew for each transaction. Where that is lost, the handler begins again.
        """
        rest: tuple[datetime, Callable[[Any], Any]] | None = None

        def tick(tx: Tx, now: datetime) -> bool:
            nonlocal rest
            context = TickContext(
                tx=tx,
                now=now,
                zone=self._zone,
                policy=self._policy,
                files=self._files,
                show=lambda words, language: self._renderer.words(words, language or CHINESE),
                reach=lambda person_ids: self._postman.reachable(tx, person_ids, now=now),
            )
            going_on = rest[1] if rest is not None and rest[0] == now else handler
            rest = None
            more = going_on(context)
            self._postman.send(tx, context.posts, now=now)
            rest = (now, more) if callable(more) else None
            return bool(more)

        return tick
