"""WeCom as a platform like any other: which way a message comes and goes is nobody else's business."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bot.chat.clock import Clock
from bot.chat.errors import ConfigurationError, DeliveryError
from bot.chat.messages import Outgoing
from bot.chat.ports import FileStore, Limits, Outcome, Rate, Receive
from bot.chat.splitting import PartsSent
from bot.platforms.local.server import Server
from bot.platforms.wecom import cards, parts
from bot.platforms.wecom.aibot import frames
from bot.platforms.wecom.aibot import media as bot_media
from bot.platforms.wecom.aibot.frames import GROUP
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
from bot.platforms.wecom.parts import Part, Way
from bot.platforms.wecom.robot import RobotWay
from bot.platforms.wecom.roster import APP_GROUP, ROBOT_GROUP, Roster
from bot.platforms.wecom.settings import WeComSection
from bot.platforms.wecom.spool import Spool
from bot.platforms.wecom.store import PLATFORM, Store

log = logging.getLogger("liangsaibi.wecom")

#: Seconds between two rounds of keeping in step with the roster.
ROUND = 600.0
_REMEMBERED = 2000
_USER = "user:"


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
        spool: Path,
        *,
        headings: Sequence[Heading] = (),
        leading: Callable[[], bool] = lambda: True,
    ) -> None:
        settings.check()
        self.settings = settings
        self._clock = clock
        self._headings = headings
        self._menu_made = not (settings.has_app and settings.menu and headings)
        self._leading = leading
        self._api = Api(settings, store, clock)
        self._app = AppWay(self._api, files)
        self._robots = RobotWay(self._api, files, settings.robots)
        self._link = Link(settings.bot_url, settings.bot_id, settings.bot_secret, self._heard, leading=leading)
        self._bot = BotWay(self._link, files)
        self._roster = Roster(settings, store, self._api)
        self._intake = Intake(Spool(spool), files, self._fetch, self._committed)
        self._intake.numbered = self._numbers_shown
        self._intake.meet = self._roster.meet
        self._server: Server | None = None
        self._rounds: asyncio.Task[None] | None = None
        self._roster_changed = asyncio.Event()
        self._sent = PartsSent()
        #: Of messages under way: whether they go by the AI bot.
        self._by_bot: OrderedDict[int, bool] = OrderedDict()
        #: What the operator has to change before anything can be sent.
        self._misconfigured: str | None = None
        self._slots: dict[str, Slot] = {}
        self._settling: set[asyncio.Task[None]] = set()
        #: Private chats in which the last message showed numbers to type, because no card could hold them.
        self._numbered: OrderedDict[str, bool] = OrderedDict()
        #: How a card that was pressed can be updated once: by its number, (person, response code, label).
        self._cards: OrderedDict[str, tuple[str, str, str]] = OrderedDict()

    # --- life ---------------------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        """Where callbacks are taken, for a proxy to pass on."""
        return self._server.address.rstrip("/") + self.settings.path if self._server else ""

    async def start(self, receive: Receive) -> None:
        """Begin. Raises ConfigurationError when WeCom refuses the credentials, or the port is taken."""
        if self.settings.has_app:
            await self._log_in()
        await self._intake.open(receive)
        if self.settings.has_callback:
            codec = Codec(self.settings.token, self.settings.aes_key, self.settings.corp_id)
            callback = Callback(codec, self._intake, self._clock, self.settings.path)
            self._server = Server(callback.app(), self.settings.host, self.settings.port, setting="wecom.port")
            await self._server.start()
        if self.settings.has_bot:
            self._link.start()
        self._rounds = asyncio.create_task(self._keep_in_step())
        for missing in lacks(self.settings):
            log.warning("%s", missing)

    async def stop(self) -> None:
        """Take nothing more; what was taken is committed or lies on disk."""
        if self._server is not None:
            await self._server.stop()
            self._server = None
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
        return self._misconfigured or (self._link.trouble if self.settings.has_bot else None)

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
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._roster_changed.wait(), ROUND if leads else LOOK_EVERY)

    async def _round(self) -> None:
        try:
            if not self._menu_made:
                await self._api.post("menu/create", menu(self._headings), agentid=self.settings.agent_id)
                self._menu_made = True
        except ApiError as error:
            log.warning("菜单未建成：%s", error.explanation)
        try:
            await self._roster.keep_in_step()
        except Exception:
            log.exception("keeping in step with the roster failed")

    # --- in -----------------------------------------------------------------------------------------------

    async def _heard(self, command: str, request: str, body: dict[str, Any]) -> None:
        """A frame of the AI bot. It will not come again, so it is kept on disk before anything else."""
        now = self._clock.now()
        if command == "aibot_msg_callback":
            message = frames.read_message(body, request, bot_name=self.settings.bot_name, now=now)
        elif command == "aibot_event_callback":
            message = frames.read_event(body, request, now=now)
        else:
            return
        if message is None:
            return
        chat, answerable = message.chat or message.user, "" if message.pressed else request
        self._slots[message.id] = self._bot.expect(chat, answerable, welcome=message.notice is not None)
        await self._intake.take(message, safe=True)

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
            task = asyncio.create_task(self._bot.settle(slot))
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)
        if not message.pressed or not message.card or outcome is Outcome.DUPLICATE:
            return
        answered = cards.is_answer(message.text) and outcome is not Outcome.REFUSED
        if message.request:
            if answered:
                await self._bot.mark_pressed(message.request, message.card, message.label)
        elif message.response_code:
            self._cards[message.card] = (message.user, message.response_code, message.label)
            while len(self._cards) > _REMEMBERED:
                self._cards.popitem(last=False)
            if answered:
                await self._mark_pressed(message.card)

    async def _mark_pressed(self, card: str) -> None:
        found = self._cards.pop(card, None)
        if found is None:
            return
        user, code, label = found
        try:
            await self._app.mark_pressed(user, code, label)
        except ApiError as error:
            log.info("a pressed card stays as it was: %s", error)

    def _numbers_shown(self, chat: str) -> bool:
        return chat.startswith(GROUP) or self._numbered.get(chat, False)

    # --- out ----------------------------------------------------------------------------------------------

    async def send(self, message: Outgoing) -> str:
        """Send all parts and return the id by which a press names the message. Raises DeliveryError."""
        by_bot = self._goes_by_bot(message)
        way = parts.BOT if by_bot else self._way(message)
        listed = parts.plan(message, way)
        names = [part.task for part in listed if isinstance(part, parts.CardPart)]
        last = ""
        for part in listed[self._sent.taken(message.id) :]:
            try:
                last = await self._send(message, part, by_bot=by_bot)
            except ApiError as error:
                if error.kind is Kind.CONFIGURATION:
                    self._misconfigured = error.explanation
                raise error.as_delivery_error() from None
            self._misconfigured = None
            self._sent.one_more(message.id)
        self._sent.done(message.id)
        self._by_bot.pop(message.id, None)
        self._remember(message, way)
        if message.replaces:
            await self._mark_pressed(message.replaces)
        return names[0] if names else last or f"wecom-{message.id}"

    def weight(self, message: Outgoing) -> int:
        """How many messages WeCom counts."""
        return max(1, len(parts.plan(message, self._way(message))))

    def deduplicates(self, message: Outgoing) -> bool:
        """The app's messages to people carry what WeCom needs to drop a repetition; nothing else does."""
        return self.settings.has_app and message.chat.id.startswith(_USER) and not message.files

    def preview(self, message: Outgoing) -> tuple[str, ...]:
        """The text of each part, cards as their words and buttons."""
        return tuple(_shown(part) for part in parts.plan(message, self._way(message)))

    def _goes_by_bot(self, message: Outgoing) -> bool:
        """A person is answered where they await it; decided once, so that no message is torn apart."""
        chat = message.chat.id
        if not chat.startswith(_USER) or not self.settings.has_bot:
            return False
        awaited = not self.settings.has_app or self._bot.awaits(chat.removeprefix(_USER))
        chosen = self._by_bot.setdefault(message.id, awaited)
        while len(self._by_bot) > _REMEMBERED:
            self._by_bot.popitem(last=False)
        return chosen

    async def _send(self, message: Outgoing, part: Part, *, by_bot: bool) -> str:
        chat = message.chat.id
        if by_bot:
            return await self._bot.send(chat.removeprefix(_USER), message.id, part)
        if chat.startswith(_USER):
            return await self._to_person(chat.removeprefix(_USER), message.id, part)
        if chat.startswith(ROBOT_GROUP):
            return await self._robots.to_group(chat.removeprefix(ROBOT_GROUP), message.id, part)
        if chat.startswith(GROUP) and self.settings.has_bot:
            return await self._bot.send(chat, message.id, part)
        if chat.startswith(APP_GROUP) and self.settings.has_app:
            return await self._app.to_group(chat.removeprefix(APP_GROUP), message.id, part)
        raise DeliveryError(f"这条路没有配置，发不到 {chat}", permanent=True)

    async def _to_person(self, user: str, message_id: int, part: Part) -> str:
        """By the app; where the app cannot reach them, by the bot."""
        if not self.settings.has_app:
            raise DeliveryError("群机器人不能私聊：需要自建应用或智能机器人", permanent=True)
        try:
            return await self._app.to_person(user, message_id, part)
        except ApiError as error:
            if error.kind is not Kind.PERSON or not self.settings.has_bot:
                raise
        return await self._bot.send(user, message_id, _for_bot(part))

    def _way(self, message: Outgoing) -> Way:
        chat = message.chat.id
        if chat.startswith(GROUP):
            return parts.BOT_GROUP
        if chat.startswith(ROBOT_GROUP):
            return parts.ROBOT
        if chat.startswith(APP_GROUP):
            return parts.APP_GROUP
        if not self.settings.has_app:
            return parts.BOT
        return parts.APP_MARKDOWN if self.settings.markdown else parts.APP

    def _remember(self, message: Outgoing, way: Way) -> None:
        if message.chat.id.startswith(_USER):
            self._numbered[message.chat.id] = parts.shows_numbers(message, way)
            self._numbered.move_to_end(message.chat.id)
            while len(self._numbered) > _REMEMBERED:
                self._numbered.popitem(last=False)


def _for_bot(part: Part) -> Part:
    """The AI bot takes no plain text, only markdown."""
    if isinstance(part, parts.TextPart) and part.form == "text":
        return parts.TextPart("markdown", parts.as_markdown(part.words))
    return part


def _shown(part: Part) -> str:
    match part:
        case parts.TextPart(_form, words):
            return words.strip(parts.INVISIBLE)
        case parts.CardPart(card):
            labels = [
                one["text"] for one in card.get("button_list", card.get("checkbox", {}).get("option_list", []))
            ]
            title = card["main_title"]
            said = [title["title"], title.get("desc", ""), card.get("sub_title_text", "")]
            return "\n".join([*filter(None, said), " ".join(f"[{label}]" for label in labels)])
        case parts.FilePart(file):
            return f"📎{file.name}"


def lacks(settings: WeComSection) -> list[str]:
    """What the chosen ways cannot do together, said to the operator at start and by `doctor`."""
    found = []
    if not settings.has_app and not settings.has_bot:
        found.append("只有群机器人：能往群里发，收不到任何消息，也不能私聊。要收消息，请加自建应用或智能机器人。")
    if settings.has_app and not settings.has_callback:
        found.append("自建应用没有设置接收消息（token、aes_key）：能发不能收。")
    if not settings.has_bot:
        found.append("没有智能机器人：群里的人不能跟机器人说话，只能私聊。")
    if settings.has_bot and not settings.has_app:
        found.append("没有自建应用：只能给主动跟智能机器人说过话的人和群发消息；不能按手机号认人，也不能建群。")
    if not settings.robots and not settings.has_bot and not settings.office_groups:
        found.append("没有群机器人，也没有智能机器人和应用群：成绩和通报发不到群里。")
    return found
