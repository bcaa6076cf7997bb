"""Sending by the self-built app: to people, and to the groups that it made itself."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any

from bot.chat.errors import DeliveryError
from bot.chat.messages import OutFile
from bot.chat.ports import FileStore
from bot.platforms.wecom.api import Api
from bot.platforms.wecom.errors import ApiError, Kind
from bot.platforms.wecom.parts import ArticlePart, CardPart, FilePart, Part, TextPart

#: Bytes that a picture and a file may have, and that a file must have more than.
MOST_PICTURE, MOST_FILE, LEAST_FILE = 10 * 1024 * 1024, 20 * 1024 * 1024, 5
PICTURES = ("image/jpeg", "image/png")


class AppWay:
    """Sends parts of messages; every failure is an ApiError or, for what can never be sent, a DeliveryError."""

    def __init__(self, api: Api, files: FileStore) -> None:
        self._api = api
        self._files = files
        #: Media ids by message and file: what is sent again must be the very same to be taken for a repetition.
        self._uploaded: OrderedDict[tuple[int, str], str] = OrderedDict()

    async def to_person(self, user: str, message_id: int, part: Part) -> str:
        """Send to one person. Somebody whom the app cannot reach is an ApiError of kind PERSON."""

        async def send(content: dict[str, Any]) -> str:
            done = await self._api.send([user], content)
            if done.refused:
                raise ApiError(81013, "invaliduser")
            if done.unlicensed:
                raise DeliveryError("这位成员没有企业微信的接口许可（unlicenseduser）", permanent=True)
            return done.message_id

        return await self._sent(send, message_id, part)

    async def to_group(self, chat: str, message_id: int, part: Part) -> str:
        """Send into a group that the app made."""

        async def send(content: dict[str, Any]) -> str:
            answer = await self._api.post("appchat/send", {"chatid": chat, **content})
            return str(answer.get("msgid", ""))

        return await self._sent(send, message_id, part)

    async def _sent(self, send: Any, message_id: int, part: Part) -> str:
        match part:
            case TextPart(form, words, mentioned):
                called = {"mentioned_list": list(mentioned)} if mentioned else {}
                return str(await send({"msgtype": form, form: {"content": words, **called}}))
            case CardPart(card):
                await send({"msgtype": "template_card", "template_card": card})
                return part.task
            case FilePart(file):
                return await self._file(send, message_id, file)
            case ArticlePart():
                raise DeliveryError("only robots send articles", permanent=True)

    async def _file(self, send: Any, message_id: int, file: OutFile) -> str:
        data = await read(self._files, file)
        kind = "image" if file.mime in PICTURES and len(data) <= MOST_PICTURE else "file"
        mark = (message_id, file.key)
        again = mark in self._uploaded
        media = self._uploaded.get(mark) or await self._upload(mark, kind, file.name, data)
        try:
            return str(await send({"msgtype": kind, kind: {"media_id": media}}))
        except ApiError as error:
            if error.kind is not Kind.MEDIA or not again:
                raise
        media = await self._upload(mark, kind, file.name, data)
        return str(await send({"msgtype": kind, kind: {"media_id": media}}))

    async def _upload(self, mark: tuple[int, str], kind: str, name: str, data: bytes) -> str:
        media = await self._api.upload(kind, name, data)
        self._uploaded[mark] = media
        while len(self._uploaded) > 500:
            self._uploaded.popitem(last=False)
        return media

    async def change_card(self, user: str, response_code: str, card: dict[str, Any]) -> None:
        """Show another card in place of the pressed one; possible once, within 72 hours."""
        body = {
            "userids": [user],
            "agentid": self._api.settings.agent_id,
            "response_code": response_code,
            "template_card": card,
        }
        await self._api.post("message/update_template_card", body)


async def read(files: FileStore, file: OutFile, *, most: int = MOST_FILE) -> bytes:
    """A file's bytes. Raises DeliveryError, for good, when WeCom could not take them."""
    try:
        data = await asyncio.to_thread(files.get, file.key)
    except LookupError:
        raise DeliveryError(f"{file.name}: the file is not there any more", permanent=True) from None
    if not LEAST_FILE < len(data) <= most:
        raise DeliveryError(f"{file.name}: {len(data)} bytes, which WeCom does not take", permanent=True)
    return data
