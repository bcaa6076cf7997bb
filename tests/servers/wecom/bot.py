"""The AI bot's long connection: subscription, heartbeat, callbacks, answers and pushes, with their rules."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
import os
import time
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.servers.wecom import crypto
from tests.servers.wecom.api import Api, Refusal, size, words_of
from tests.servers.wecom.company import Company, Seen

CHUNK = 512 * 1024


@dataclass
class Callback:
    """One callback that may be answered: on this connection, for so long."""

    socket: ServerConnection
    chat: str
    at: float
    kind: str
    task: str = ""
    streams: dict[str, Seen] = field(default_factory=dict)
    spent: bool = False


class BotServer:
    """One bot of one company. `file_base` is where files are fetched."""

    def __init__(self, company: Company, file_base: str) -> None:
        self.company = company
        self.file_base = file_base
        self.socket: ServerConnection | None = None
        self.connections = 0
        self.frames: list[dict[str, Any]] = []
        self.callbacks: dict[str, Callback] = {}
        self.known: set[str] = set()
        self.names: dict[str, str] = {}
        self.faults: dict[str, list[int]] = {}
        self.answers_pings = True
        self.subscribed = asyncio.Event()
        self.subscriptions: list[float] = []
        self._uploads: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)
        self._server: Server | None = None
        self.port = 0

    async def start(self, port: int = 0) -> None:
        self._server = await serve(self._serve, "127.0.0.1", port or self.port, max_size=2 * 1024 * 1024)
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    @property
    def address(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def cut(self, code: int = 1000) -> None:
        """Close the connection as servers do for maintenance."""
        assert self.socket is not None
        socket, self.socket = self.socket, None
        self.subscribed.clear()
        await socket.close(code)

    def forget(self, chat: str) -> None:
        """Somebody is gone: nothing can be answered or sent there any more."""
        self.known.discard(chat)
        self.callbacks = {name: one for name, one in self.callbacks.items() if one.chat != chat}

    # --- connection ---------------------------------------------------------------------------------------

    async def _serve(self, socket: ServerConnection) -> None:
        self.connections += 1
        try:
            async for raw in socket:
                await self._take(socket, json.loads(raw))
        except ConnectionClosed:
            pass
        finally:
            if self.socket is socket:
                self.socket = None
                self.subscribed.clear()

    async def _take(self, socket: ServerConnection, frame: dict[str, Any]) -> None:
        self.frames.append(frame)
        command, request = frame.get("cmd"), frame["headers"]["req_id"]
        body = frame.get("body") or {}
        if command == "ping" and not self.answers_pings:
            return
        try:
            if self.faults.get(str(command)):
                raise Refusal(self.faults[str(command)].pop(0), "scripted")
            if command != "aibot_subscribe" and socket is not self.socket:
                raise Refusal(846609, "not subscribed")
            said = await self._done(socket, str(command), request, body)
        except Refusal as refusal:
            said = {"errcode": refusal.code, "errmsg": refusal.message or "refused"}
        await socket.send(json.dumps({"headers": {"req_id": request}, "errcode": 0, "errmsg": "ok", **said}))
        if command == "aibot_subscribe" and socket is self.socket:
            self.subscribed.set()

    async def _done(self, socket: ServerConnection, command: str, request: str, body: dict[str, Any]) -> Any:
        match command:
            case "aibot_subscribe":
                return await self._subscribe(socket, body)
            case "ping":
                return {}
            case "aibot_respond_msg":
                return self._respond(socket, request, body)
            case "aibot_respond_welcome_msg" | "aibot_respond_update_msg":
                return self._respond_at_once(command, request, body)
            case "aibot_send_msg":
                return self._push(body)
            case "aibot_upload_media_init" | "aibot_upload_media_chunk" | "aibot_upload_media_finish":
                return self._upload(command, body)
            case _:
                raise Refusal(40035, "unknown command")

    async def _subscribe(self, socket: ServerConnection, body: dict[str, Any]) -> Any:
        self.subscriptions.append(time.monotonic())
        if (body.get("bot_id"), body.get("secret")) != (self.company.bot_id, self.company.bot_secret):
            raise Refusal(853000, "invalid bot_id or secret")
        before, self.socket = self.socket, socket
        if before is not None and before is not socket:
            event = {"msgtype": "event", "event": {"eventtype": "disconnected_event"}, "msgid": "d1"}
            frame = {"cmd": "aibot_event_callback", "headers": {"req_id": "disconnect"}, "body": event}
            await before.send(json.dumps(frame))
            asyncio.get_running_loop().call_later(0.05, lambda: asyncio.ensure_future(before.close()))
        return {}

    # --- from the bot -------------------------------------------------------------------------------------

    def _callback(self, socket: ServerConnection | None, request: str, *, seconds: float) -> Callback:
        found = self.callbacks.get(request)
        if found is None or (socket is not None and found.socket is not socket):
            raise Refusal(846605, "invalid req_id")
        if found.at < self.company.now() - seconds:
            raise Refusal(846605, "req_id expired")
        return found

    def _respond(self, socket: ServerConnection, request: str, body: dict[str, Any]) -> Any:
        found = self._callback(socket, request, seconds=24 * 3600)
        if found.kind != "message":
            raise Refusal(846605, "an event cannot be answered so")
        if body.get("msgtype") != "stream":
            self._limit(found.chat)
            self._shown(found.chat, self._content(body, cards=True))
            return {}
        stream = body["stream"]
        if size(stream["content"]) > 20480:
            raise Refusal(40058, "content exceed max length")
        seen = found.streams.get(stream["id"])
        if seen is None:
            self._limit(found.chat)
            seen = found.streams[stream["id"]] = Seen("stream", by="bot", stream="open")
            self._shown(found.chat, seen)
        if seen.stream == "finished" or found.at < self.company.now() - 360:
            raise Refusal(846608, "stream is over")
        seen.text = stream["content"]
        seen.stream = "finished" if stream["finish"] else "open"
        return {}

    def _respond_at_once(self, command: str, request: str, body: dict[str, Any]) -> Any:
        found = self._callback(None, request, seconds=5)
        if found.spent:
            raise Refusal(846605, "answered before")
        found.spent = True
        if command == "aibot_respond_welcome_msg":
            if found.kind != "enter_chat" or body.get("msgtype") not in ("text", "template_card"):
                raise Refusal(40008, "invalid message type")
            self._shown(found.chat, Seen("text", body["text"]["content"], by="bot"))
            return {}
        if found.kind != "template_card_event" or body.get("response_type") != "update_template_card":
            raise Refusal(40008, "nothing to update")
        card = body["template_card"]
        Api.check_card(card)
        for seen in self._place(found.chat):
            if seen.card is not None and seen.card.get("task_id") == found.task == card["task_id"]:
                seen.becomes(card, words_of(card))
                # The bot's buttons have no way of being dead: what is there can be tapped.
                seen.live = seen.live or card["card_type"] == "button_interaction"
        return {}

    def _push(self, body: dict[str, Any]) -> Any:
        group = body.get("chat_type") == 2
        chat = f"bot:{body['chatid']}" if group else str(body["chatid"]).lower()
        if chat not in self.known:
            raise Refusal(93006, "nobody has written there")
        self._limit(chat)
        self._shown(chat, self._content(body, cards=not group))
        return {}

    def _limit(self, chat: str) -> None:
        if not self.company.within(f"bot:{chat}", (30, 60), (1000, 3600)):
            raise Refusal(45009, "api freq out of limit")

    def _content(self, body: dict[str, Any], *, cards: bool) -> Seen:
        kind = body.get("msgtype")
        match kind:
            case "markdown":
                if size(body["markdown"]["content"]) > 20480:
                    raise Refusal(40058, "content exceed max length")
                return Seen(kind, body["markdown"]["content"], by="bot")
            case "template_card" if cards:
                Api.check_card(body["template_card"])
                return Seen(kind, words_of(body["template_card"]), body["template_card"], by="bot")
            case "image" | "file":
                media = self.company.media.get(body[kind]["media_id"])
                if media is None:
                    raise Refusal(40007, "invalid media_id")
                return Seen(kind, file=media[1], by="bot")
            case _:
                raise Refusal(40008, "invalid message type")

    def _shown(self, chat: str, seen: Seen) -> None:
        self._place(chat).append(seen)

    def _place(self, chat: str) -> list[Seen]:
        return self.company.groups[chat] if chat.startswith("bot:") else self.company.phones[chat]

    def _upload(self, command: str, body: dict[str, Any]) -> Any:
        if command.endswith("init"):
            if not 1 <= body["total_chunks"] <= 100:
                raise Refusal(40058, "total_chunks")
            name = f"upload-{len(self._uploads) + 1}"
            self._uploads[name] = {**body, "chunks": {}}
            return {"body": {"upload_id": name}}
        upload = self._uploads.get(body["upload_id"])
        if upload is None:
            raise Refusal(40058, "upload_id")
        if command.endswith("chunk"):
            data = base64.b64decode(body["base64_data"], validate=True)
            if len(data) > CHUNK or not 0 <= body["chunk_index"] < upload["total_chunks"]:
                raise Refusal(40058, "chunk")
            upload["chunks"][body["chunk_index"]] = data
            return {}
        data = b"".join(upload["chunks"].get(i, b"") for i in range(upload["total_chunks"]))
        if len(data) != upload["total_size"] or hashlib.md5(data).hexdigest() != upload["md5"]:
            raise Refusal(40058, "the file is not whole")
        media = self.company.keep(upload["filename"], data, upload["type"])
        return {"body": {"type": upload["type"], "media_id": media, "created_at": 1380000000}}

    # --- from people --------------------------------------------------------------------------------------

    async def says(self, user: str, text: str, *, group: str = "", number: str | None = None) -> str:
        """Text; in a group it has to mention the bot, as only such messages come here."""
        return await self.message(user, {"msgtype": "text", "text": {"content": text}}, group=group, number=number)

    async def sends_photo(self, user: str, data: bytes, *, text: str = "", group: str = "") -> str:
        key = base64.b64encode(os.urandom(32)).decode()
        encrypted = crypto.encrypt_raw(base64.b64decode(key), crypto.padded(data))
        media = self.company.keep("photo.png", encrypted, "bot")
        image = {"url": f"{self.file_base}/bot-file/{media}", "aeskey": key}
        if not text:
            return await self.message(user, {"msgtype": "image", "image": image}, group=group)
        items = [{"msgtype": "text", "text": {"content": text}}, {"msgtype": "image", "image": image}]
        return await self.message(user, {"msgtype": "mixed", "mixed": {"msg_item": items}}, group=group)

    async def message(
        self, user: str, content: dict[str, Any], *, group: str = "", number: str | None = None
    ) -> str:
        return await self._tell("aibot_msg_callback", "message", user, content, group=group, number=number)

    async def enters(self, user: str) -> str:
        return await self._tell("aibot_event_callback", "enter_chat", user, {"event": {"eventtype": "enter_chat"}})

    async def presses(self, user: str, label: str, *, group: str = "") -> str:
        place = self._place(f"bot:{group}" if group else user.lower())
        for seen in reversed(place):
            if seen.by == "bot" and seen.card is not None and label in seen.buttons:
                event = {
                    "eventtype": "template_card_event",
                    "card_type": seen.card["card_type"],
                    "event_key": seen.buttons[label],
                    "task_id": seen.card["task_id"],
                }
                if seen.card["card_type"] == "vote_interaction":
                    chosen = {"question_key": "choice", "option_ids": {"option_id": [seen.buttons[label]]}}
                    event |= {"event_key": "submit", "selected_items": {"selected_item": [chosen]}}
                content = {"event": {"eventtype": "template_card_event", "template_card_event": event}}
                return await self._tell(
                    "aibot_event_callback",
                    "template_card_event",
                    user,
                    content,
                    group=group,
                    task=event["task_id"],
                )
        raise LookupError(label)

    async def _tell(
        self,
        command: str,
        kind: str,
        user: str,
        content: dict[str, Any],
        *,
        group: str = "",
        number: str | None = None,
        task: str = "",
    ) -> str:
        if self.socket is None:
            raise ConnectionError("the bot is not connected")
        chat = f"bot:{group}" if group else user.lower()
        request = f"req-{next(self._numbers)}"
        self.callbacks[request] = Callback(self.socket, chat, self.company.now(), kind, task)
        if kind != "enter_chat":
            self.known.add(chat)
        body: dict[str, Any] = {
            "msgid": number or f"bot-msg-{next(self._numbers)}",
            "aibotid": self.company.bot_id,
            "chattype": "group" if group else "single",
            "from": {"userid": user},
            "create_time": int(self.company.now()),
            "msgtype": "event" if command == "aibot_event_callback" else "",
            **content,
        }
        if group:
            body["chatid"] = group
        await self.socket.send(json.dumps({"cmd": command, "headers": {"req_id": request}, "body": body}))
        return request
