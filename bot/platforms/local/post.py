"""The post office: what people say is kept, shown and handed to the engine; the bot's answers come back here."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from bot.chat.clock import Clock
from bot.chat.errors import DeliveryError
from bot.chat.messages import Attachment, Outgoing
from bot.chat.ports import FileStore, Receive
from bot.chat.rooms import Identity, Room, RoomMessage
from bot.platforms.local import wire
from bot.platforms.local.attachments import clean_name, is_key, type_of
from bot.platforms.local.live import Hub
from bot.platforms.local.store import RoomStore

log = logging.getLogger("liangsaibi.local")

LONGEST_TEXT = 4000
MOST_FILES = 9
#: So many messages back a button is looked for.
LOOK_BACK = 50

Name = Annotated[str, Meta(min_length=1, max_length=60)]
#: Made by the page, so that what it sends again after a lost connection is known to be the same.
OwnId = Annotated[str, Meta(pattern=r"^[0-9A-Za-z-]{8,50}$")]

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class FileRef(msgspec.Struct, frozen=True):
    """A file that was uploaded before."""

    key: Annotated[str, Meta(max_length=100)]
    name: Annotated[str, Meta(max_length=300)]


class Say(msgspec.Struct, frozen=True):
    """Somebody sends a message."""

    account: Name
    room: Name
    id: OwnId
    text: Annotated[str, Meta(max_length=LONGEST_TEXT)] = ""
    files: Annotated[list[FileRef], Meta(max_length=MOST_FILES)] = []


class Press(msgspec.Struct, frozen=True):
    """Somebody presses a button."""

    account: Name
    room: Name
    id: OwnId
    message: int
    payload: Annotated[str, Meta(min_length=1, max_length=100)]


class Refused(Exception):
    """The page asked for something that cannot be; `code` is what the page knows it by."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class PostOffice:
    """Takes messages from pages and from the bot, keeps them, and shows them in every window of the room."""

    def __init__(self, store: RoomStore, files: FileStore, clock: Clock, hub: Hub) -> None:
        self._store = store
        self._files = files
        self._clock = clock
        self._hub = hub
        #: The engine, while it takes messages.
        self.receive: Receive | None = None

    async def say(self, asked: Say) -> RoomMessage:
        """Keep what somebody says and return once the engine has committed it. Raises Refused."""
        text = _CONTROLS.sub("", asked.text.replace("\r\n", "\n")).strip()
        attachments = [await self._attachment(ref) for ref in asked.files]
        if not text and not attachments:
            raise Refused(400, "empty")
        who = await self._speaker(asked.account, asked.room)
        return await self._keep(asked, who, wire.said(who, text, attachments))

    async def press(self, asked: Press) -> RoomMessage:
        """The same for a button that somebody presses. Raises Refused."""
        who = await self._speaker(asked.account, asked.room)
        try:
            pressed = await self._store.message(asked.room, asked.message)
        except LookupError:
            raise Refused(409, "stale") from None
        label = wire.label_of(pressed, asked.payload)
        if label is None:
            raise Refused(409, "stale")
        content = wire.pressed(who, label=label, payload=asked.payload, message=asked.message)
        return await self._keep(asked, who, content)

    async def button(self, room: str, label: str) -> tuple[int, str] | None:
        """The newest button of that label in a room: its message and its payload."""
        for message in reversed(await self._store.messages(room, limit=LOOK_BACK)):
            payload = wire.payload_of(message, label)
            if payload is not None:
                return message.id, payload
        return None

    async def send(self, message: Outgoing) -> str:
        """Keep and show what the bot says, once for each outbox number, or in place of an older message."""
        room, content, now = message.chat.id, wire.sent(message), self._clock.now()
        if not room.startswith(("group:", "private:")):
            raise DeliveryError(f"{room} is no room", permanent=True)
        if message.replaces and message.replaces.isdecimal():
            edited = await self._store.edit(room, int(message.replaces), content=content, now=now)
            if edited is not None:
                self._show("edited", edited)
                return str(edited.id)
        kept, new = await self._store.append(room, author=None, key=f"out:{message.id}", content=content, now=now)
        if new:
            self._show("message", kept)
        return str(kept.id)

    async def hand_in_again(self) -> None:
        """Give the engine what it had not committed when the program ended."""
        for message in await self._store.untaken():
            try:
                await self._hand_in(message)
            except Exception:
                log.exception("message %d could not be handed in and waits for the next start", message.id)

    async def _keep(self, asked: Say | Press, who: Identity, content: dict[str, Any]) -> RoomMessage:
        if self.receive is None:
            raise Refused(503, "closed")
        kept, new = await self._store.append(
            asked.room,
            author=who.account,
            key=f"{who.account}:{asked.id}",
            content=content,
            now=self._clock.now(),
        )
        if new:
            self._show("message", kept)
        if not kept.taken:
            try:
                await self._hand_in(kept)
            except Exception as error:
                log.exception("message %d was not taken", kept.id)
                raise Refused(503, "unavailable") from error
        return kept

    async def _hand_in(self, message: RoomMessage) -> None:
        assert self.receive is not None
        await self.receive(wire.inbound(message))
        await self._store.taken(message.id, now=self._clock.now())

    async def _speaker(self, account: str, room: str) -> Identity:
        try:
            seen = await self._store.room(account, room)
            who = await self._store.enter(account, now=self._clock.now())
        except LookupError:
            raise Refused(404, "not_found") from None
        if not seen.member:
            raise Refused(403, "read_only")
        return who

    async def _attachment(self, ref: FileRef) -> Attachment:
        """The file as it lies in the store; what the page says of it counts for nothing but the name."""
        if not is_key(ref.key):
            raise Refused(400, "no_file")
        try:
            data = await asyncio.to_thread(self._files.get, ref.key)
        except LookupError:
            raise Refused(400, "no_file") from None
        name = clean_name(ref.name)
        return Attachment(ref.key, name, type_of(data, name), len(data))

    def _show(self, kind: str, message: RoomMessage) -> None:
        self._hub.publish(kind, room=message.room, message=wire.message_to_page(message))


async def room_for(store: RoomStore, account: str, room: str) -> Room:
    """The room as the account sees it. Raises Refused."""
    try:
        return await store.room(account, room)
    except LookupError:
        raise Refused(404, "not_found") from None


def listed(messages: Sequence[RoomMessage]) -> list[dict[str, Any]]:
    """Messages as the page draws them."""
    return [wire.message_to_page(message) for message in messages]
