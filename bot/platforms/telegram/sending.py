"""From an outgoing message to Telegram: sent or edited in place, in its topic, silent at night, no part twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from telegram import Bot, ForceReply, InputFile, LinkPreviewOptions, Message, ReplyParameters, TelegramObject
from telegram.error import BadRequest, TelegramError

from bot.chat.errors import DeliveryError
from bot.chat.messages import ChatKind, OutFile, Outgoing
from bot.chat.ports import FileStore
from bot.chat.splitting import PartsSent
from bot.platforms.telegram.chats import Place, place
from bot.platforms.telegram.errors import delivery_error, says
from bot.platforms.telegram.parts import LARGEST_FILE, Part, carries_buttons, is_photo, parts
from bot.platforms.telegram.request import AiohttpRequest
from bot.platforms.telegram.secrecy import Veil

log = logging.getLogger("liangsaibi.telegram")

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_UNCHANGED = ("message is not modified",)
#: The message cannot be edited any more, or never could: a new one takes its place.
_NOT_EDITABLE = (
    "message to edit not found",
    "message can't be edited",
    "MESSAGE_ID_INVALID",
    "no text in the message",
    "message_id_invalid",
)
_TOPIC_GONE = ("message thread not found", "TOPIC_CLOSED", "TOPIC_DELETED")
#: Local hours in which messages to groups make no sound.
_NIGHT_FROM, _NIGHT_TO = 21, 7


class Sender:
    """Sends through one bot. `local_now` is the time where people live."""

    def __init__(
        self,
        bot: Bot,
        line: AiohttpRequest,
        files: FileStore,
        veil: Veil,
        *,
        private_link: Callable[[], str],
        local_now: Callable[[], datetime],
        silent_at_night: bool,
        leading: Callable[[], bool] = lambda: True,
    ) -> None:
        self._bot = bot
        self._line = line
        self._files = files
        self._veil = veil
        self._private_link = private_link
        self._local_now = local_now
        self._silent_at_night = silent_at_night
        self._leading = leading
        self._taken = PartsSent()
        #: The message that was looked at last, and its parts.
        self._made: tuple[Outgoing, list[Part]] | None = None
        #: What parts that were sent are called, while others of their message still have to be sent.
        self._called: dict[tuple[int, int], str] = {}

    def parts(self, message: Outgoing) -> list[Part]:
        """How it is said; a message is weighed, and then sent at once."""
        if self._made is None or self._made[0] is not message:
            self._made = message, parts(message, private_link=self._private_link())
        return self._made[1]

    def weight(self, message: Outgoing) -> int:
        """How many messages Telegram will still count."""
        return max(1, len(self.parts(message)) - self._taken.taken(message))

    async def send(self, message: Outgoing) -> str:
        """Send what is left of the message and return the id by which it can be edited.

        Raises DeliveryError, and Unfinished when not all of it may go now.
        """
        made = self.parts(message)
        main = carries_buttons(made)
        try:
            where = place(message.chat)
            for index in self._taken.turn(message, len(made)):
                if index and not self._leading():
                    raise DeliveryError("another program sends now")
                sent = await self._one(message, where, made[index], first=index == 0)
                self._taken.one_more(message)
                if index == main:
                    self._called[message.id, main] = sent
        except TelegramError as error:
            raise delivery_error(error, self._veil) from None
        except ValueError as error:
            raise DeliveryError(f"{message.chat.id} is no Telegram chat", permanent=True) from error
        self._taken.done(message.id)
        return self._called.pop((message.id, main), "")

    async def _one(self, message: Outgoing, where: Place, part: Part, *, first: bool) -> str:
        if first and message.replaces is not None and part.file is None:
            edited = await self._edit(where, int(message.replaces), part)
            if edited is not None:
                return edited
        extra = self._manner(message, part, first=first)
        try:
            return await self._deliver(where, part, extra)
        except BadRequest as error:
            if where.thread is None or not says(error, *_TOPIC_GONE):
                raise
            log.warning("topic %s is gone or closed: the message goes to the group itself", message.chat.id)
            return await self._deliver(Place(where.chat), part, extra)

    def _manner(self, message: Outgoing, part: Part, *, first: bool) -> dict[str, Any]:
        """What is common to texts and files: the keyboard, whom it answers, whether it makes a sound."""
        extra: dict[str, Any] = {}
        if part.buttons is not None:
            extra["reply_markup"] = part.buttons
        if message.chat.kind is ChatKind.GROUP:
            if first and message.answers is not None:
                extra["reply_parameters"] = ReplyParameters(int(message.answers), allow_sending_without_reply=True)
                if message.asks and part.buttons is None:
                    extra["reply_markup"] = ForceReply(selective=True)
            if self._silent_at_night and self._is_night():
                extra["disable_notification"] = True
        return extra

    def _is_night(self) -> bool:
        hour = self._local_now().hour
        return hour >= _NIGHT_FROM or hour < _NIGHT_TO

    async def _deliver(self, where: Place, part: Part, extra: dict[str, Any]) -> str:
        if where.thread is not None:
            extra = extra | {"message_thread_id": where.thread}
        if part.file is not None:
            return await self._deliver_file(where, part, part.file, extra)
        # Texts are nearly all that is sent: no objects are made of what is only looked at for its number.
        wire = {
            name: value.to_dict() if isinstance(value, TelegramObject) else value for name, value in extra.items()
        }
        if part.drawn.entities:
            wire["entities"] = [entity.to_dict() for entity in part.drawn.entities]
        sent = await self._line.call(
            f"{self._bot.base_url}/sendMessage",
            {
                "chat_id": where.chat,
                "text": part.drawn.text,
                "link_preview_options": {"is_disabled": True},
                **wire,
            },
        )
        return str(sent["message_id"])

    async def _deliver_file(self, where: Place, part: Part, file: OutFile, extra: dict[str, Any]) -> str:
        data = await self._bytes(file)
        if part.drawn.text:
            extra = extra | {"caption": part.drawn.text, "caption_entities": part.drawn.entities or None}
        content = InputFile(data, filename=file.name)
        sent: Message
        if await asyncio.to_thread(is_photo, file, lambda: data):
            sent = await self._bot.send_photo(where.chat, content, **extra)
        else:
            sent = await self._bot.send_document(where.chat, content, disable_content_type_detection=True, **extra)
        return str(sent.message_id)

    async def _bytes(self, file: OutFile) -> bytes:
        try:
            data = await asyncio.to_thread(self._files.get, file.key)
        except LookupError:
            raise DeliveryError(f"the file {file.name} is not there", permanent=True) from None
        if len(data) > LARGEST_FILE:
            raise DeliveryError(f"the file {file.name} is larger than Telegram takes", permanent=True)
        return data

    async def _edit(self, where: Place, number: int, part: Part) -> str | None:
        """Change the message in place; None when it has to be sent anew."""
        try:
            await self._bot.edit_message_text(
                part.drawn.text,
                chat_id=where.chat,
                message_id=number,
                entities=part.drawn.entities or None,
                reply_markup=part.buttons,
                link_preview_options=_NO_PREVIEW,
            )
        except BadRequest as error:
            if says(error, *_UNCHANGED):
                return str(number)
            if not says(error, *_NOT_EDITABLE):
                raise
            await self._disarm(where, number)
            return None
        return str(number)

    async def _disarm(self, where: Place, number: int) -> None:
        """What cannot be edited, such as a picture, at least loses its buttons."""
        try:
            await self._bot.edit_message_reply_markup(chat_id=where.chat, message_id=number)
        except BadRequest:
            return
