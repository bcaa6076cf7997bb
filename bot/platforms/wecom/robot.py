"""Sending by group robots: each has one group and a key that must stand in no log."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from bot.chat.errors import DeliveryError
from bot.chat.ports import FileStore
from bot.platforms.wecom.api import Api
from bot.platforms.wecom.app import PICTURES, read
from bot.platforms.wecom.parts import ArticlePart, CardPart, FilePart, Part, TextPart

#: Bytes of a picture, before base64.
MOST_PICTURE = 2 * 1024 * 1024


class RobotWay:
    """Sends parts of messages by the robots, which are named by the unit whose group they are in."""

    def __init__(self, api: Api, files: FileStore, keys: Mapping[str, str]) -> None:
        self._api = api
        self._files = files
        self._keys = keys

    async def to_group(self, unit: str, message_id: int, part: Part) -> str:
        """Send. Raises ApiError, and DeliveryError for what can never be sent."""
        key = self._keys.get(unit)
        if key is None:
            raise DeliveryError(f"wecom.robots 里没有 {unit} 的机器人了", permanent=True)
        match part:
            case TextPart(form, words, _mentioned):
                await self._api.webhook(key, {"msgtype": form, form: {"content": words}})
            case ArticlePart(title, words, address):
                article = {"title": title, "description": words, "url": address}
                await self._api.webhook(key, {"msgtype": "news", "news": {"articles": [article]}})
            case CardPart():
                raise DeliveryError("a robot has no buttons", permanent=True)
            case FilePart(file):
                data = await read(self._files, file)
                if file.mime in PICTURES and len(data) <= MOST_PICTURE:
                    mark = hashlib.md5(data, usedforsecurity=False).hexdigest()
                    picture = {"base64": base64.b64encode(data).decode(), "md5": mark}
                    await self._api.webhook(key, {"msgtype": "image", "image": picture})
                else:
                    media = await self._api.webhook_upload(key, file.name, data)
                    await self._api.webhook(key, {"msgtype": "file", "file": {"media_id": media}})
        return f"robot-{message_id}"
