"""Which way a message goes, in which parts, and what is remembered of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from bot.chat.errors import DeliveryError
from bot.chat.messages import Outgoing
from bot.chat.splitting import PartsSent
from bot.platforms.wecom import cards, drawing, parts
from bot.platforms.wecom.aibot.frames import GROUP
from bot.platforms.wecom.aibot.way import BotWay
from bot.platforms.wecom.app import AppWay
from bot.platforms.wecom.errors import ApiError, Kind
from bot.platforms.wecom.parts import Part, Way
from bot.platforms.wecom.pressed import Presses
from bot.platforms.wecom.robot import RobotWay
from bot.platforms.wecom.roster import APP_GROUP, ROBOT_GROUP
from bot.platforms.wecom.settings import WeComSection

_REMEMBERED = 2000
_USER = "user:"


class Outbound:
    """Sends by app, robots and AI bot, whichever a chat is reached by."""

    def __init__(
        self,
        settings: WeComSection,
        app: AppWay,
        robots: RobotWay,
        bot: BotWay,
        presses: Presses,
        leading: Callable[[], bool],
    ) -> None:
        self.settings = settings
        self._leading = leading
        self._app, self._robots, self._bot, self._presses = app, robots, bot, presses
        self._sent = PartsSent()
        #: What the operator has to change before anything can be sent.
        self.misconfigured: str | None = None
        #: Of messages under way: whether they go by the AI bot.
        self._by_bot: OrderedDict[int, bool] = OrderedDict()
        #: Private chats in which the last message showed numbers to type, because no card could hold them.
        self._numbered: OrderedDict[str, bool] = OrderedDict()

    async def send(self, message: Outgoing) -> str:
        """Send the parts and return the id by which a press names the message.

        Raises DeliveryError, and Unfinished when not all of them may go now.
        """
        by_bot = self._goes_by_bot(message)
        way = parts.BOT if by_bot else self._way(message)
        if message.replaces and await self._took_the_place(message):
            self._ended(message, way)
            return message.replaces
        listed = parts.plan(message, way)
        names = [part.task for part in listed if isinstance(part, parts.CardPart)]
        last = ""
        for index in self._sent.turn(message, len(listed)):
            if index and not self._leading():
                raise DeliveryError("another program sends now")
            part = listed[index]
            try:
                last = await self._send(message, part, by_bot=by_bot)
            except ApiError as error:
                if error.kind is Kind.CONFIGURATION:
                    self.misconfigured = error.explanation
                raise error.as_delivery_error() from None
            self.misconfigured = None
            self._sent.one_more(message)
            if isinstance(part, parts.CardPart):
                self._presses.shown(part.card)
        self._ended(message, way)
        if message.replaces:
            await self._presses.mark(message.replaces)
        return names[0] if names else last or f"wecom-{message.id}"

    async def _took_the_place(self, message: Outgoing) -> bool:
        """Whether the pressed card could be made to say all of it."""
        task = message.replaces or ""
        press = self._presses.of(task)
        if press is None or message.files or self._sent.taken(message):
            return False
        words, buttons = drawing.text(message.body), parts.pressable(message)
        card = cards.replacing(buttons, words, press.label, task=task, kind=press.kind)
        if card is None or not await self._presses.replace(card):
            return False
        if press.request:
            self._bot.answered(press.user)
        return True

    def _ended(self, message: Outgoing, way: Way) -> None:
        """All of it is with WeCom."""
        self._sent.done(message.id)
        self._by_bot.pop(message.id, None)
        self._remember(message, way)

    def weight(self, message: Outgoing) -> int:
        """How many messages WeCom will still count."""
        return max(1, len(parts.plan(message, self._way(message))) - self._sent.taken(message))

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

    # --- what is remembered -------------------------------------------------------------------------------

    def numbers_shown(self, chat: str) -> bool:
        """Whether the newest choices in a chat stand there as numbered lines."""
        return chat.startswith(GROUP) or self._numbered.get(chat, False)


def _for_bot(part: Part) -> Part:
    """The AI bot takes no plain text, only markdown."""
    if isinstance(part, parts.TextPart) and part.form == "text":
        return parts.TextPart("markdown", parts.as_markdown(part.words))
    return part


def _shown(part: Part) -> str:
    match part:
        case parts.TextPart(_form, words, _mentioned):
            return words.strip(parts.INVISIBLE)
        case parts.CardPart(card):
            labels = [
                one["text"] for one in card.get("button_list", card.get("checkbox", {}).get("option_list", []))
            ]
            return "\n".join([cards.words_of(card), " ".join(f"[{label}]" for label in labels)])
        case parts.ArticlePart(title, words, address):
            return "\n".join(filter(None, (title, words, f"🔗{address}")))
        case parts.FilePart(file):
            return f"📎{file.name}"
