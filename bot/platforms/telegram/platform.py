"""Telegram as a platform like any other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any

from telegram import Bot, ReactionTypeEmoji
from telegram.error import InvalidToken, TelegramError

from bot.chat.errors import ConfigurationError
from bot.chat.messages import ChatKind, Inbound, Outgoing
from bot.chat.ports import FileStore, Limits, Outcome, Rate, Receive, Spool
from bot.platforms.local.doors import Door, Doors
from bot.platforms.telegram.chats import PLATFORM, place
from bot.platforms.telegram.hook import Hook
from bot.platforms.telegram.intake import Intake
from bot.platforms.telegram.media import Fetcher
from bot.platforms.telegram.menus import MenuBook, Menus
from bot.platforms.telegram.polling import Polling
from bot.platforms.telegram.request import AiohttpRequest
from bot.platforms.telegram.secrecy import Veil, veil_logs
from bot.platforms.telegram.seen import Came, Me
from bot.platforms.telegram.sending import Sender
from bot.platforms.telegram.settings import TelegramSection
from bot.platforms.telegram.webhook import Webhook

log = logging.getLogger("liangsaibi.telegram")

#: With this is acknowledged what needs no words where it was said: a photo that was kept, a 收到 in a group, what
#: was asked in a group and is answered privately.
_SEEN = ReactionTypeEmoji("👌")
_SIGNED = (Outcome.NOTED, Outcome.ELSEWHERE)
#: How often the bot's own account is asked for at start before that is given up, and the pause in seconds.
_TRIES, _PAUSE = 5, 2.0


class Telegram:
    """One bot account (implements `Platform`, `Linking`, `Weighing`, `Previewing` and `Checking`).

    `spool` is where updates are safe that take long; `menus` knows each account's commands; `leading`
    says whether this program is the one of several that may poll; `replicas`: there may be several; `doors` are
    where webhooks are taken.
    """

    name = PLATFORM
    edits = True
    #: 30 a second in all; a chat takes short bursts and about one a second, a group 20 a minute.
    limits = Limits(account=(Rate(30, 1),), private=(Rate(3, 3),), group=(Rate(20, 60), Rate(3, 3)))

    def __init__(
        self,
        settings: TelegramSection,
        files: FileStore,
        spool: Spool,
        menus: MenuBook,
        *,
        local_now: Callable[[], datetime],
        leading: Callable[[], bool] = lambda: True,
        replicas: bool = False,
        doors: Doors | None = None,
    ) -> None:
        settings.check()
        self._settings = settings
        self.limits = replace(self.limits, at_once=settings.sends_at_once)
        self._veil = Veil(settings.token)
        line = AiohttpRequest(proxy=settings.proxy, leading=leading)
        poll = AiohttpRequest(proxy=settings.proxy, connections=2)
        self._bot = Bot(
            settings.token,
            base_url=settings.base_url,
            base_file_url=settings.base_file_url,
            local_mode=settings.local_mode,
            request=line,
            get_updates_request=poll,
        )
        self._me: Me | None = None
        self._sender = Sender(
            self._bot,
            line,
            files,
            self._veil,
            private_link=lambda: self._link("hello"),
            local_now=local_now,
            silent_at_night=settings.silent_at_night,
            leading=leading,
        )
        self._menus = Menus(self._bot, menus)
        self._intake = Intake(
            self._bot,
            self._known_me,
            spool,
            Fetcher(self._bot, files),
            self._committed,
            shared=replicas and settings.mode == "webhook",
        )
        self._polling = Polling(self._bot, poll, self._intake, self._veil, leading=leading)
        self._hook = Hook(self._bot, settings, self._veil)
        self._doors = doors or Doors()
        self._door: Door | None = None

    # --- life ---------------------------------------------------------------------------------------------

    async def start(self, receive: Receive) -> None:
        """Find out who the bot is, hand in what was left, and begin. Raises ConfigurationError."""
        veil_logs(self._veil)
        try:
            await self._introduce()
            await self._intake.open(receive)
            await (self._open_webhook() if self._settings.mode == "webhook" else self._polling.start())
        except ConfigurationError:
            await self.stop()
            raise
        except TelegramError as error:
            await self.stop()
            raise ConfigurationError(f"telegram: {self._veil.hide(str(error))}") from None
        self._intake.aside(self._begin_menus())

    async def stop(self) -> None:
        """Take nothing more, and finish what was taken."""
        if self._door is not None:
            await self._door.close()
            self._door = None
        await self._hook.stop()
        await self._polling.stop()
        await self._intake.close()
        await self._bot.shutdown()

    async def _introduce(self) -> None:
        for attempt in range(1, _TRIES + 1):
            try:
                await self._bot.initialize()
            except InvalidToken:
                raise ConfigurationError(
                    "telegram.token: Telegram does not know it; ask @BotFather for /token"
                ) from None
            except TelegramError as error:
                if attempt == _TRIES:
                    raise
                log.warning("Telegram cannot be reached yet: %s", self._veil.hide(str(error)))
                await asyncio.sleep(_PAUSE)
            else:
                me = self._bot.bot
                self._me = Me(me.id, me.username or "", bool(me.can_read_all_group_messages))
                return

    async def _open_webhook(self) -> None:
        settings = self._settings
        webhook = Webhook(self._intake, settings)
        self._door = await self._doors.open(
            webhook, settings.host, settings.port, settings.webhook_path, setting="telegram.port"
        )
        await self._hook.start()

    async def _begin_menus(self) -> None:
        try:
            await self._menus.begin()
        except Exception as error:  # noqa: BLE001 - menus are a convenience
            log.warning("the menus of commands are not set: %s", self._veil.hide(str(error)))

    # --- what is said of it -------------------------------------------------------------------------------

    async def send(self, message: Outgoing) -> str:
        """Send a message, in several parts when it is long. Raises DeliveryError."""
        return await self._sender.send(message)

    def bind_link(self, code: str) -> str:
        """The link that binds whoever follows it with this code."""
        return self._link(code)

    def weight(self, message: Outgoing) -> int:
        """How many messages Telegram will still count."""
        return self._sender.weight(message)

    def preview(self, message: Outgoing) -> tuple[str, ...]:
        """The texts that people will get."""
        return tuple(
            part.drawn.text or (part.file.name if part.file else "") for part in self._sender.parts(message)
        )

    def trouble(self) -> str | None:
        """What is wrong with the line, for the operator."""
        return self._hook.trouble() if self._settings.mode == "webhook" else self._polling.trouble()

    def _known_me(self) -> Me:
        if self._me is None:
            raise ConnectionError("the bot's own account is not known yet")
        return self._me

    def _link(self, word: str) -> str:
        name = self._me.username if self._me is not None else ""
        return f"https://t.me/{name}?start={word}"

    def _committed(self, came: Came, outcome: Outcome) -> Coroutine[Any, Any, None] | None:
        """After the commit: a quiet sign where nothing is said there, and the menu of whoever wrote."""
        what = came.what
        if not isinstance(what, Inbound) or what.edits:
            return None
        if outcome in _SIGNED and what.message is not None:
            return self._sign(place(what.chat).chat, int(what.message))
        if outcome in (Outcome.ANSWERED, Outcome.REFUSED) and self._menus.due(what.sender.id, what.chat.id):
            return self._menus.keep_in_step(what.sender.id, what.chat.id, group=what.chat.kind is ChatKind.GROUP)
        return None

    async def _sign(self, chat: int, message: int) -> None:
        try:
            await self._bot.set_message_reaction(chat, message, _SEEN)
        except TelegramError as error:
            log.debug("no reaction: %s", self._veil.hide(str(error)))
