"""WeCom as a platform like any other: which way a message comes and goes is nobody else's business."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from bot.chat.clock import Clock
from bot.chat.errors import ConfigurationError
from bot.chat.messages import Outgoing
from bot.chat.ports import FileStore, Limits, Outcome, Rate, Receive, Spool
from bot.platforms.local.doors import Door, Doors
from bot.platforms.wecom import cards
from bot.platforms.wecom.aibot import frames
from bot.platforms.wecom.aibot import media as bot_media
from bot.platforms.wecom.aibot.link import LOOK_EVERY, Link
from bot.platforms.wecom.aibot.way import BotWay, Slot
from bot.platforms.wecom.api import Api
from bot.platforms.wecom.app import AppWay
from bot.platforms.wecom.callback import Callback
from bot.platforms.wecom.crypto import Codec
from bot.platforms.wecom.errors import ApiError, Kind
from bot.platforms.wecom.incoming import Incoming, Media
from bot.platforms.wecom.intake import MOST_BYTES, Intake
from bot.platforms.wecom.menu import Heading, menu
from bot.platforms.wecom.outbound import Outbound
from bot.platforms.wecom.pressed import Presses
from bot.platforms.wecom.robot import RobotWay
from bot.platforms.wecom.roster import Roster
from bot.platforms.wecom.settings import WeComSection, lacks
from bot.platforms.wecom.store import PLATFORM, Store

log = logging.getLogger("liangsaibi.wecom")

#: Seconds between two rounds of keeping in step with the roster.
ROUND = 600.0
#: Seconds between two looks whether somebody has asked for a group.
WISH_EVERY = 5.0


class WeCom:
    """App, robots and AI bot together.

    Implements `Platform`, `Weighing`, `Deduplicating`, `Previewing` and `Checking`.
    """

    name = PLATFORM
    #: One member gets 30 a minute and 1,000 an hour, silently dropped beyond; a robot takes 20 a minute.
    limits = Limits(
        private=(Rate(30, 60), Rate(1000, 3600)),
        group=(Rate(20, 60), Rate(1000, 3600)),
    )

    def __init__(
        self,
        settings: WeComSection,
        store: Store,
        files: FileStore,
        clock: Clock,
        spool: Spool,
        *,
        headings: Sequence[Heading] = (),
        leading: Callable[[], bool] = lambda: True,
        doors: Doors | None = None,
    ) -> None:
        settings.check()
        self.settings = settings
        self.limits = replace(self.limits, at_once=settings.sends_at_once)
        self._clock = clock
        self._headings = headings
        self._menu_made = not (settings.has_app and settings.menu and headings)
        self._leading = leading
        self._api = Api(settings, store, clock)
        self._link = Link(settings.bot_url, settings.bot_id, settings.bot_secret, self._heard, leading=leading)
        self._bot = BotWay(self._link, files)
        robots = RobotWay(self._api, files, settings.robots)
        app = AppWay(self._api, files)
        self._presses = Presses(app, self._bot)
        self._outbound = Outbound(settings, app, robots, self._bot, self._presses, leading)
        self._roster = Roster(settings, store, self._api)
        self._intake = Intake(spool, files, self._fetch, self._committed)
        self._intake.numbered = self._outbound.numbers_shown
        self._intake.meet = self._roster.meet
        self._intake.pressed = self._pressed
        self._doors = doors or Doors()
        self._door: Door | None = None
        self._rounds: asyncio.Task[None] | None = None
        self._roster_changed = asyncio.Event()
        self._slots: dict[str, Slot] = {}
        self._settling: set[asyncio.Task[None]] = set()

    # --- life ---------------------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        """Where callbacks are taken, for a proxy to pass on."""
        return self._door.address if self._door else ""

    async def start(self, receive: Receive) -> None:
        """Begin. Raises ConfigurationError when WeCom refuses the credentials, or the port is taken."""
        if self.settings.has_app:
            await self._log_in()
        await self._intake.open(receive)
        if self.settings.has_callback:
            codec = Codec(self.settings.token, self.settings.aes_key, self.settings.corp_id)
            callback = Callback(codec, self._intake, self._clock, self.settings.path)
            where = (self.settings.host, self.settings.port, self.settings.path)
            self._door = await self._doors.open(callback.app(), *where, setting="wecom.port")
        if self.settings.has_bot:
            self._link.start()
        self._rounds = asyncio.create_task(self._keep_in_step())
        for missing in lacks(self.settings):
            log.warning("%s", missing)

    async def stop(self) -> None:
        """Take nothing more; what was taken is committed or lies in the spool."""
        if self._door is not None:
            await self._door.close()
            self._door = None
        if self._rounds is not None:
            self._rounds.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._rounds
        await self._link.stop()
        self._bot.stop()
        for task in self._settling:
            task.cancel()
        await self._intake.close()
        self._api.close()

    def trouble(self) -> str | None:
        """What is wrong with the configuration or the AI bot's line at present."""
        return self._outbound.misconfigured or (self._link.trouble if self.settings.has_bot else None)

    async def _log_in(self) -> None:
        try:
            await self._api.tokens.token()
        except ApiError as error:
            if error.kind is Kind.CONFIGURATION:
                raise ConfigurationError(f"wecom: {error.explanation}") from None
            log.warning("企业微信暂时连不上，先启动：%s", error.explanation)

    async def _keep_in_step(self) -> None:
        """One round now, then from time to time and whenever the contacts change; only whoever leads does it."""
        while True:
            self._roster_changed.clear()
            leads = self._leading()
            if leads:
                await self._round()
            await self._wait(ROUND if leads else LOOK_EVERY)

    async def _wait(self, seconds: float) -> None:
        """Until so much time has passed, the contacts change, or somebody asks for a group."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (left := until - loop.time()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._roster_changed.wait(), min(left, WISH_EVERY))
                return
            try:
                if self._leading() and await self._roster.is_wished_for():
                    return
            except Exception:
                log.exception("nobody knows at present whether a group is wished for")

    async def _round(self) -> None:
        try:
            if not self._menu_made:
                await self._api.post("menu/create", menu(self._headings), agentid=self.settings.agent_id)
                self._menu_made = True
        except ApiError as error:
            log.warning("菜单未建成：%s", error.explanation)
        except Exception:
            log.exception("the menu is not made; another try follows")
        try:
            await self._roster.open()
            await self._roster.keep_in_step()
        except Exception:
            log.exception("keeping in step with the roster failed")

    # --- in -----------------------------------------------------------------------------------------------

    async def _heard(self, command: str, request: str, body: dict[str, Any]) -> None:
        """A frame of the AI bot. It will not come again, so it lies in the spool before anything else."""
        now = self._clock.now()
        if command == "aibot_msg_callback":
            message = frames.read_message(body, request, bot_name=self.settings.bot_name, now=now)
        elif command == "aibot_event_callback":
            message = frames.read_event(body, request, now=now)
        else:
            return
        if message is None:
            return
        if message.pressed:
            # Here and not when it is handed in: after a restart its five seconds are long over.
            self._presses.keep(message)
        chat, answerable = message.chat or message.user, "" if message.pressed else request
        self._slots[message.id] = self._bot.expect(chat, answerable, welcome=message.notice is not None)
        await self._intake.take(message, safe=True)

    def _pressed(self, message: Incoming) -> None:
        """Before the engine sees it: its reply may be quicker than whoever waits for the commit."""
        if message.response_code:
            self._presses.keep(message)

    async def _fetch(self, media: Media) -> tuple[bytes, str, str]:
        if media.url:
            return await bot_media.fetch(media, most=MOST_BYTES)
        return await self._api.download(media.media_id, most=MOST_BYTES)

    async def _committed(self, message: Incoming, outcome: Outcome) -> None:
        """What is left to do once a message is committed: streams that nobody ends, cards that were pressed."""
        if message.contacts:
            self._roster_changed.set()
        slot = self._slots.pop(message.id, None)
        if slot is not None:
            self._settle(self._bot.settle(slot))
        if not message.card or not cards.is_answer(message.text):
            return
        if outcome is Outcome.ANSWERED:
            self._settle(self._presses.mark_later(message.card))
        elif outcome not in (Outcome.DUPLICATE, Outcome.REFUSED):
            await self._presses.mark(message.card)

    def _settle(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    # --- out ----------------------------------------------------------------------------------------------

    async def send(self, message: Outgoing) -> str:
        """Send all parts and return the id by which a press names the message. Raises DeliveryError."""
        return await self._outbound.send(message)

    def weight(self, message: Outgoing) -> int:
        """How many messages WeCom counts."""
        return self._outbound.weight(message)

    def deduplicates(self, message: Outgoing) -> bool:
        """Whether WeCom drops a repetition of this message."""
        return self._outbound.deduplicates(message)

    def preview(self, message: Outgoing) -> tuple[str, ...]:
        """The text of each part, cards as their words and buttons."""
        return self._outbound.preview(message)
