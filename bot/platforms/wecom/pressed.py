"""Cards that were pressed: each can be given other words once, by the way it came and within that way's time."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from bot.platforms.wecom import cards
from bot.platforms.wecom.aibot.way import BotWay
from bot.platforms.wecom.app import AppWay
from bot.platforms.wecom.errors import ApiError
from bot.platforms.wecom.incoming import Incoming

log = logging.getLogger("liangsaibi.wecom")

#: Seconds after a press in which the AI bot tries to change the card; WeCom takes it for five.
BOT_FOR = 4.5
#: Seconds after the commit in which the reply should have come that takes the card's place.
REPLY_COMES = 3.0
_REMEMBERED = 2000


@dataclass(frozen=True, slots=True)
class Press:
    """A press: `code` allows the app one change within 72 hours, `request` the AI bot one until then."""

    user: str
    label: str
    kind: str
    code: str = ""
    request: str = ""
    until: float = math.inf


class Presses:
    """Remembers presses and what cards said. After a restart replies stand beside the cards."""

    def __init__(self, app: AppWay, bot: BotWay) -> None:
        self._app, self._bot = app, bot
        #: By the card's number: its last press that was not answered by a change of the card.
        self._open: OrderedDict[str, Press] = OrderedDict()
        self._spent: OrderedDict[str, None] = OrderedDict()
        self._words: OrderedDict[str, str] = OrderedDict()

    def keep(self, message: Incoming) -> None:
        """Somebody presses; a press that is told again brings nothing new."""
        permit = message.response_code or message.request
        if not message.card or not permit or permit in self._spent:
            return
        until = asyncio.get_running_loop().time() + BOT_FOR if message.request else math.inf
        press = Press(
            message.user, message.label, message.card_type, message.response_code, message.request, until
        )
        _put(self._open, message.card, press)

    def shown(self, card: dict[str, Any]) -> None:
        """A card was sent, or changed: what it says."""
        _put(self._words, str(card["task_id"]), cards.words_of(card))

    def of(self, card: str) -> Press | None:
        """The press by which this card can be changed now."""
        press = self._open.get(card)
        return press if press is not None and press.until > asyncio.get_running_loop().time() else None

    async def replace(self, card: dict[str, Any]) -> bool:
        """Show this card in place of the pressed one of its number; False when that is not possible (any more)."""
        press = self.of(card["task_id"])
        if press is None or not await self._change(press, card):
            return False
        self.shown(card)
        return True

    async def mark(self, task: str) -> None:
        """Show on a pressed card what was chosen; nothing happens to a card that nobody pressed."""
        press = self.of(task)
        if press is not None:
            words = self._words.get(task, "")
            await self._change(press, cards.pressed(words, press.label, task=task, kind=press.kind))

    async def mark_later(self, task: str) -> None:
        """The same, unless the reply comes soon and takes the card's place."""
        await asyncio.sleep(REPLY_COMES)
        await self.mark(task)

    async def _change(self, press: Press, card: dict[str, Any]) -> bool:
        # Taken away before anything is waited for: there is one change for each press.
        self._open.pop(card["task_id"], None)
        _put(self._spent, press.code or press.request, None)
        try:
            if press.code:
                await self._app.change_card(press.user, press.code, card)
            else:
                await self._bot.change_card(press.request, card)
        except ApiError as error:
            log.info("a pressed card stays as it was: %s", error)
            return False
        return True


def _put(memory: OrderedDict[str, Any], name: str, value: Any) -> None:
    memory[name] = value
    memory.move_to_end(name)
    while len(memory) > _REMEMBERED:
        memory.popitem(last=False)
