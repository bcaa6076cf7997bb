"""Photos, documents, voice and places that come in: which there are, and how their bytes are had."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from telegram import Bot, Location, Message
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.chat.messages import Attachment
from bot.chat.ports import FileStore
from bot.platforms.local.attachments import clean_name, type_of

log = logging.getLogger("liangsaibi.telegram")

#: Telegram's own servers give out no larger files, in bytes.
LARGEST = 20 * 1024 * 1024
GEOJSON = "application/geo+json"
#: The pauses between tries to fetch a file, in seconds.
_PAUSES = (0.5, 2.0, 8.0)


@dataclass(frozen=True, slots=True)
class Media:
    """A file as Telegram names it, or `content` that is there already (a place)."""

    name: str
    file_id: str = ""
    size: int | None = None
    mime: str = ""
    content: bytes | None = None


def media_of(message: Message) -> tuple[Media, ...]:
    """What comes along with a message. Stickers and the like are no evidence."""
    return tuple(_media(message))


def _media(message: Message) -> Iterator[Media]:
    if message.photo:
        best = message.photo[-1]
        yield Media("照片.jpg", best.file_id, best.file_size)
    elif message.animation:
        yield Media(
            message.animation.file_name or "动图.mp4", message.animation.file_id, message.animation.file_size
        )
    elif message.document:
        yield Media(message.document.file_name or "文件", message.document.file_id, message.document.file_size)
    elif message.voice:
        yield Media("语音.ogg", message.voice.file_id, message.voice.file_size, "audio/ogg")
    elif message.audio:
        yield Media(message.audio.file_name or "录音.mp3", message.audio.file_id, message.audio.file_size)
    elif message.video:
        yield Media(message.video.file_name or "视频.mp4", message.video.file_id, message.video.file_size)
    elif message.video_note:
        yield Media("视频.mp4", message.video_note.file_id, message.video_note.file_size)
    elif message.venue:
        yield _place(message.venue.location, message.venue.title)
    elif message.location and message.location.live_period is None:
        yield _place(message.location, "")


def _place(location: Location, title: str) -> Media:
    """A place as a small file that maps can open (RFC 7946: longitude first)."""
    properties: dict[str, object] = {"name": title} if title else {}
    if location.horizontal_accuracy is not None:
        properties["accuracy_metres"] = location.horizontal_accuracy
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [location.longitude, location.latitude]},
        "properties": properties,
    }
    name = f"位置 {location.latitude:.5f},{location.longitude:.5f}.geojson"
    return Media(name, mime=GEOJSON, content=json.dumps(feature, ensure_ascii=False).encode())


class Fetcher:
    """Brings files into the file store."""

    def __init__(self, bot: Bot, files: FileStore) -> None:
        self._bot = bot
        self._files = files

    async def fetch(self, media: Sequence[Media]) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
        """The attachments, and the names of what Telegram does not give out.

        Raises TelegramError when Telegram cannot be reached for longer.
        """
        found, missing = [], []
        for one in media:
            data = await self._bytes(one)
            name = clean_name(one.name)
            if data is None:
                missing.append(name)
                continue
            key = await asyncio.to_thread(self._files.put, data)
            found.append(Attachment(key, name, one.mime or type_of(data, name), len(data)))
        return tuple(found), tuple(missing)

    async def _bytes(self, one: Media) -> bytes | None:
        if one.content is not None:
            return one.content
        if one.size is not None and one.size > LARGEST and not self._bot.local_mode:
            return None
        for pause in (*_PAUSES, None):
            try:
                file = await self._bot.get_file(one.file_id)
                return bytes(await file.download_as_bytearray())
            except (BadRequest, Forbidden) as error:
                log.warning("%s is not given out: %s", one.name, error)
                return None
            except TelegramError:
                if pause is None:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError("unreachable")
