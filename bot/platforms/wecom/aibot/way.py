"""Sending by the AI bot: answers to what was just written, streams while it takes long, pushes otherwise."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from bot.chat.errors import DeliveryError
from bot.chat.messages import OutFile
from bot.chat.ports import FileStore
from bot.platforms.wecom.aibot.frames import GROUP
from bot.platforms.wecom.aibot.link import Link
from bot.platforms.wecom.app import PICTURES, read
from bot.platforms.wecom.errors import ApiError, Kind
from bot.platforms.wecom.parts import ArticlePart, CardPart, FilePart, Part, TextPart

log = logging.getLogger("liangsaibi.wecom")

#: Seconds for which a message can be answered as such; afterwards it is pushed, which looks the same.
ANSWER_FOR, WELCOME_FOR = 600.0, 4.5
#: A stream begins after this many seconds without an answer, shows its age this often, and ends in time.
STREAM_AFTER, STREAM_EVERY, STREAM_FOR = 2.0, 10.0, 300.0
#: Seconds after the commit in which the answer should have come, if there is one.
ANSWER_COMES = 10.0
CHUNK, MOST_CHUNKS = 512 * 1024, 100
#: Answers that may wait in one chat.
MOST_SLOTS = 50


@dataclass(slots=True)
class Slot:
    """One callback that can be answered under its `request`, on the connection it came by.

    Without a `request` (a pressed card) the answer is pushed, but there and nowhere else is it awaited.
    """

    request: str
    connection: int
    until: float
    welcome: bool = False
    stream: str = ""
    used: bool = False
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class BotWay:
    """Sends parts of messages over the link. `chat` is `bot:…` for a group, a user id for a private chat."""

    def __init__(self, link: Link, files: FileStore) -> None:
        self._link = link
        self._files = files
        self._slots: dict[str, deque[Slot]] = {}
        self._streams: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        for task in self._streams:
            task.cancel()

    def expect(self, chat: str, request: str, *, welcome: bool = False) -> Slot:
        """A callback came; its answer, when there is one, is given as such (or pushed: no `request`)."""
        now = asyncio.get_running_loop().time()
        slot = Slot(request, self._link.number, now + (WELCOME_FOR if welcome else ANSWER_FOR), welcome)
        waiting = self._slots.setdefault(chat, deque(maxlen=MOST_SLOTS))
        waiting.append(slot)
        if request and not welcome:
            task = asyncio.create_task(self._show_progress(slot))
            self._streams.add(task)
            task.add_done_callback(self._streams.discard)
        return slot

    def awaits(self, chat: str) -> bool:
        """Whether somebody has just written there and is waiting for the answer."""
        return self._slot(chat, take=False) is not None

    async def settle(self, slot: Slot) -> None:
        """The callback is dealt with: a stream to which no answer comes is ended."""
        await asyncio.sleep(ANSWER_COMES)
        async with slot.turn:
            if not slot.used and slot.stream:
                await self._stream(slot, "✓", finish=True)
            slot.used = True

    async def send(self, chat: str, message_id: int, part: Part) -> str:
        """Send and return an id. Raises ApiError, and DeliveryError for what can never be sent."""
        match part:
            case TextPart(form, words, _mentioned):
                body: dict[str, Any] = {"msgtype": form, form: {"content": words}}
            case CardPart(card):
                body = {"msgtype": "template_card", "template_card": card}
            case FilePart(file):
                kind, media = await self._upload(file)
                await self._push(chat, {"msgtype": kind, kind: {"media_id": media}})
                return f"bot-{message_id}"
            case ArticlePart():
                raise DeliveryError("only robots send articles", permanent=True)
        slot = self._slot(chat, take=True)
        if slot is None or not slot.request or not await self._answered(slot, body):
            await self._push(chat, body)
        return part.task if isinstance(part, CardPart) else f"bot-{message_id}"

    async def change_card(self, request: str, card: dict[str, Any]) -> None:
        """Show another card in place of the pressed one: within five seconds, one attempt. Raises ApiError."""
        body = {"response_type": "update_template_card", "template_card": card}
        await self._link.ask("aibot_respond_update_msg", body, request=request)

    def answered(self, chat: str) -> None:
        """What was awaited there has been said in another way."""
        self._slot(chat, take=True)

    async def _answered(self, slot: Slot, body: dict[str, Any]) -> bool:
        """Answer the callback; False when that is over and the message has to be pushed."""
        async with slot.turn:
            stream, slot.used = slot.stream, True
            try:
                if slot.welcome:
                    return await self._welcomed(slot, body)
                if stream and body["msgtype"] == "markdown":
                    await self._stream(slot, body["markdown"]["content"], finish=True)
                    return True
                if stream:
                    # A card cannot be streamed: the stream ends and the card follows by itself.
                    await self._stream(slot, "✓", finish=True)
                    return False
                await self._link.ask("aibot_respond_msg", body, request=slot.request)
            except ApiError as error:
                if error.kind in (Kind.STALE, Kind.UNREACHABLE) and not error.ambiguous:
                    return False
                if error.kind is Kind.STALE:
                    return False
                raise
        return True

    async def _welcomed(self, slot: Slot, body: dict[str, Any]) -> bool:
        if body["msgtype"] == "markdown":
            body = {"msgtype": "text", "text": {"content": body["markdown"]["content"].replace("**", "")}}
        try:
            await self._link.ask("aibot_respond_welcome_msg", body, request=slot.request)
        except ApiError as error:
            log.info("the welcome came too late: %s", error)
            return False
        return True

    async def _push(self, chat: str, body: dict[str, Any]) -> None:
        group = chat.startswith(GROUP)
        where = {"chatid": chat.removeprefix(GROUP), "chat_type": 2 if group else 1}
        await self._link.ask("aibot_send_msg", {**where, **body})

    async def _stream(self, slot: Slot, words: str, *, finish: bool) -> None:
        content = {"id": slot.stream, "finish": finish, "content": words}
        await self._link.ask("aibot_respond_msg", {"msgtype": "stream", "stream": content}, request=slot.request)

    async def _show_progress(self, slot: Slot) -> None:
        """While there is no answer, show that something is being done and for how long."""
        await asyncio.sleep(STREAM_AFTER)
        shown = STREAM_AFTER
        while True:
            async with slot.turn:
                if slot.used or slot.connection != self._link.number:
                    return
                slot.stream = slot.stream or secrets.token_hex(8)
                ends = shown >= STREAM_FOR
                try:
                    await self._stream(slot, f"⏳ {int(shown)}s", finish=ends)
                except ApiError as error:
                    log.info("no stream: %s", error)
                    slot.used = True
                if ends or slot.used:
                    slot.used = True
                    return
            await asyncio.sleep(STREAM_EVERY)
            shown += STREAM_EVERY

    def _slot(self, chat: str, *, take: bool) -> Slot | None:
        waiting = self._slots.get(chat)
        now = asyncio.get_running_loop().time()
        while waiting:
            slot = waiting[0]
            if slot.used or slot.until < now or slot.connection != self._link.number:
                waiting.popleft()
                continue
            if take:
                waiting.popleft()
            return slot
        self._slots.pop(chat, None)
        return None

    async def _upload(self, file: OutFile) -> tuple[str, str]:
        data = await read(self._files, file)
        kind = "image" if file.mime in PICTURES and len(data) <= 10 * 1024 * 1024 else "file"
        pieces = [data[start : start + CHUNK] for start in range(0, len(data), CHUNK)]
        begun = await self._link.ask(
            "aibot_upload_media_init",
            {
                "type": kind,
                "filename": file.name,
                "total_size": len(data),
                "total_chunks": len(pieces),
                "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
            },
        )
        upload = str(begun.get("body", {}).get("upload_id", ""))
        for index, piece in enumerate(pieces):
            chunk = {"upload_id": upload, "chunk_index": index, "base64_data": base64.b64encode(piece).decode()}
            await self._link.ask("aibot_upload_media_chunk", chunk)
        done = await self._link.ask("aibot_upload_media_finish", {"upload_id": upload})
        return kind, str(done.get("body", {}).get("media_id", ""))
