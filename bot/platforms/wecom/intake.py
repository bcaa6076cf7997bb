"""From a callback to the engine: files fetched, messages of one person in order, everything exactly once.

A message is acknowledged when it is committed or, where that takes too long, when it lies safely in the spool.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import mimetypes
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import msgspec

from bot.chat.messages import Attachment, ChatKind, ChatRef, Inbound, Notice, Sender
from bot.chat.ports import FileStore, Outcome, Receive, Spool
from bot.platforms.wecom.errors import ApiError, Kind
from bot.platforms.wecom.incoming import Incoming, Media
from bot.platforms.wecom.store import PLATFORM

log = logging.getLogger("liangsaibi.wecom")

#: Seconds after which a message is put into the spool and acknowledged; WeCom waits five.
PATIENCE = 3.0
#: The pauses in seconds between tries of what the engine or the network did not take.
PAUSES = (0.2, 1.0, 5.0, 15.0, 60.0, 300.0)
#: The largest file that is fetched: WeCom's own limit is 20 MB.
MOST_BYTES = 21 * 1024 * 1024
#: How often a file is asked for before the message goes on without it.
FETCHES = 4

#: Bytes, name and type of a file; raises ApiError.
FetchMedia = Callable[[Media], Awaitable[tuple[bytes, str, str]]]
#: Told of a message once it is committed.
Committed = Callable[[Incoming, Outcome], Awaitable[None]]


class Intake:
    """Takes messages from all ways."""

    def __init__(self, spool: Spool, files: FileStore, fetch: FetchMedia, committed: Committed) -> None:
        self._spool = spool
        self._files = files
        self._fetch = fetch
        self._committed = committed
        self._receive: Receive | None = None
        self._looking: asyncio.Task[None] | None = None
        self._under_way: dict[str, asyncio.Task[Outcome]] = {}
        self._done: set[str] = set()
        #: By person: whose turn it is, and how many messages wait for it.
        self._turns: dict[str, asyncio.Lock] = {}
        self._waiting: Counter[str] = Counter()
        #: Whether the last message in a chat showed numbers to type; set by whoever sends.
        self.numbered: Callable[[str], bool] = lambda _chat: False
        #: Told of every press before the engine is.
        self.pressed: Callable[[Incoming], None] = lambda _message: None
        #: Looks up somebody who writes, before they are answered.
        self.meet: Callable[[str], Awaitable[None]] = _nobody

    async def open(self, receive: Receive) -> None:
        """Begin, with what was left in the spool."""
        self._receive = receive
        await self._try_to_look()
        if self._spool.every:
            self._looking = asyncio.create_task(self._keep_looking(self._spool.every))

    async def _look(self) -> None:
        """Go on with what nobody is at work on, oldest first."""
        found = [await self._understood(content) for content in await self._spool.left()]
        for message in sorted(filter(None, found), key=lambda message: message.at):
            self._begin(message, kept=True)

    async def _understood(self, content: Any) -> Incoming | None:
        try:
            return msgspec.convert(content, Incoming)
        except msgspec.ValidationError:
            log.exception("a message in the spool cannot be read; it is kept beside the others")
            await self._spool.set_apart(str(content.get("id", "unknown")), content)
            return None

    async def _try_to_look(self) -> None:
        try:
            await self._look()
        except Exception as error:  # noqa: BLE001 - the database is away; the next look follows
            log.warning("nobody knows at present what the spool holds: %s", type(error).__name__)

    async def _keep_looking(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            await self._try_to_look()

    async def close(self) -> None:
        """Take nothing more; what is under way is given a moment, and kept in the spool otherwise."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        tasks = [task for task in self._under_way.values() if not task.done()]
        if tasks:
            _done, pending = await asyncio.wait(tasks, timeout=PATIENCE)
            for task in pending:
                task.cancel()
        self._receive = None

    async def take(self, message: Incoming, *, safe: bool = False) -> None:
        """Returns when the message is committed or lies in the spool; `safe`: keep it there from the start.

        Raises when neither is possible: then it must not be acknowledged.
        """
        # Begun before anything is waited for, so that one person's messages keep their order.
        task = self._begin(message, kept=safe)
        if not safe:
            await asyncio.wait([task], timeout=PATIENCE)
        if not task.done():
            await self._keep(message)
            if task.done() or message.id in self._done:
                await self._spool.drop(message.id)
        if task.done():
            task.result()

    def _begin(self, message: Incoming, *, kept: bool) -> asyncio.Task[Outcome]:
        task = self._under_way.get(message.id)
        if task is None:
            task = asyncio.create_task(self._work(message, kept))
            self._under_way[message.id] = task
            task.add_done_callback(lambda _task: self._ended(message.id))
        return task

    def _ended(self, name: str) -> None:
        self._under_way.pop(name, None)
        self._done.discard(name)

    async def _work(self, message: Incoming, kept: bool) -> Outcome:
        self._waiting[message.user] += 1
        try:
            async with self._turns.setdefault(message.user, asyncio.Lock()):
                outcome = await self._stubbornly(message, kept)
        finally:
            self._waiting[message.user] -= 1
            if not self._waiting[message.user]:
                del self._waiting[message.user], self._turns[message.user]
        try:
            await self._committed(message, outcome)
        except Exception:
            log.exception("after %s", message.id)
        return outcome

    async def _stubbornly(self, message: Incoming, kept: bool) -> Outcome:
        attempt = 0
        while True:
            try:
                outcome = await self._hand_in(message)
            except Exception:
                log.exception("%s is not taken yet and is tried again", message.id)
                if not kept:
                    await self._keep(message)
                    kept = True
                await asyncio.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])
                attempt += 1
            else:
                # It may be on its way to the spool just now: whoever puts it there looks here afterwards.
                self._done.add(message.id)
                await self._spool.drop(message.id)
                return outcome

    async def _keep(self, message: Incoming) -> None:
        await self._spool.keep(message.id, message.user, msgspec.to_builtins(message))

    async def _hand_in(self, message: Incoming) -> Outcome:
        assert self._receive is not None
        sent_at = datetime.fromtimestamp(message.at, UTC)
        chat, sender = self._chat(message), Sender(message.user, message.user)
        if message.notice is not None:
            return await self._receive(Notice(message.id, chat, message.notice, sent_at, sender))
        if not message.text and not message.media:
            return Outcome.IGNORED
        if message.pressed:
            self.pressed(message)
        await self.meet(message.user)
        attachments, missing = await self._attachments(message)
        return await self._receive(
            Inbound(
                id=message.id,
                chat=chat,
                sender=sender,
                text=message.text,
                sent_at=sent_at,
                attachments=attachments,
                # Private messages are for the bot; of a group it only gets what mentions it.
                addressed=True,
                pressed=message.pressed,
                pressed_message=message.card or None,
                unfetched=missing,
                numbered=self.numbered(chat.id),
            )
        )

    def _chat(self, message: Incoming) -> ChatRef:
        if message.chat:
            return ChatRef(PLATFORM, message.chat, ChatKind.GROUP)
        return ChatRef(PLATFORM, private_chat(message.user), ChatKind.PRIVATE)

    async def _attachments(self, message: Incoming) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
        found, missing = [], []
        for media in message.media:
            attachment = await self._attachment(media)
            if attachment is None:
                missing.append(media.name)
            else:
                found.append(attachment)
        return tuple(found), tuple(missing)

    async def _attachment(self, media: Media) -> Attachment | None:
        for attempt in range(FETCHES):
            try:
                data, disposition, kind = await self._fetch(media)
            except ApiError as error:
                log.warning("%s could not be fetched: %s", media.name, error)
                if error.kind in (Kind.MEDIA, Kind.UNKNOWN) or attempt == FETCHES - 1:
                    return None
                await asyncio.sleep(PAUSES[attempt])
            else:
                name = name_in(disposition) or media.name
                key = await asyncio.to_thread(self._files.put, data)
                return Attachment(key, name, type_of(data, name, kind), len(data))
        return None


async def _nobody(_user: str) -> None:
    """Nobody is looked up."""


def private_chat(user: str) -> str:
    """The name of somebody's private chat, whichever way it goes."""
    return f"user:{user}"


_NAME = re.compile(r"filename\*?=(?:UTF-8'')?\"?([^\";]+)", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f/\\\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PICTURES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF8", "image/gif"))


def name_in(disposition: str) -> str:
    """The file name in a Content-Disposition header, harmless and at most 100 characters."""
    with contextlib.suppress(UnicodeError):
        # Headers are read as Latin-1; WeCom writes them in UTF-8.
        disposition = disposition.encode("latin-1").decode()
    found = _NAME.search(disposition)
    return _CONTROLS.sub("", unquote(found[1])).strip()[-100:] if found else ""


def type_of(data: bytes, name: str, said: str) -> str:
    """The file's type: a picture only when its first bytes say so."""
    for start, kind in _PICTURES:
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    guessed = (mimetypes.guess_type(name)[0] or "").lower() or said.lower() or "application/octet-stream"
    return "application/octet-stream" if guessed.startswith("image/") else guessed
