"""The HTTP side: methods, uploads, file downloads."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.servers.telegram.people import BOT, BOT_ID, Room, Town
from tests.servers.telegram.rules import (
    REACTIONS,
    Rates,
    Refused,
    bad,
    check_commands,
    check_markup,
    check_text,
    known_parameters,
)
from tests.servers.telegram.updates import Updates

TOKEN = f"{BOT_ID}:AAE_a-token-of-the-tests-0123456789abc"
_MEGABYTE = 1024 * 1024


class BotApi:
    """One bot's Bot API on a free port."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self.updates = Updates()
        self.town = Town(self.updates.add)
        self.rates = Rates()
        #: What was asked for, and what of it was not refused.
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.accepted: list[tuple[str, dict[str, Any]]] = []
        #: What was sent, by the address at which it came in: programs may be given one each.
        self.sends: list[tuple[str, dict[str, Any]]] = []
        self.menus: dict[tuple[str, str], list[dict[str, str]]] = {}
        self.reactions: dict[tuple[int, int], str] = {}
        #: Methods that answer with this status and nothing else, as a proxy in trouble does.
        self.broken: dict[str, int] = {}
        #: Methods that take so many seconds; "file" is the download of files.
        self.slow: dict[str, float] = {}
        #: Methods that are carried out, and whose answer takes so many seconds more.
        self.late: dict[str, float] = {}
        #: Methods that are carried out, but the line breaks before the answer.
        self.dropped: set[str] = set()
        self.port = 0
        #: Where an own server with `--local` puts files; it gives out their paths.
        self.local: Path | None = None
        self._methods: dict[str, Callable[[dict[str, Any]], Any]] = {
            "getMe": self._get_me,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._webhook_info,
            "sendMessage": self._send_message,
            "sendPhoto": lambda given: self._send_file(given, "photo", 10 * _MEGABYTE),
            "sendDocument": lambda given: self._send_file(given, "document", 50 * _MEGABYTE),
            "editMessageText": self._edit_text,
            "editMessageReplyMarkup": self._edit_markup,
            "answerCallbackQuery": self._answer_query,
            "setMyCommands": self._set_commands,
            "getMyCommands": lambda given: self.menus.get(_scope(given), []),
            "deleteMyCommands": lambda given: bool(self.menus.pop(_scope(given), None)) or True,
            "setMessageReaction": self._react,
            "getFile": self._get_file,
        }

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/bot"

    @property
    def base_file_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/file/bot"

    async def start(self) -> None:
        app = web.Application(client_max_size=60 * _MEGABYTE)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.*}", self._download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]

    async def stop(self) -> None:
        await self.updates.close()
        await self._runner.cleanup()

    def called(self, method: str) -> list[dict[str, Any]]:
        """What a method was called with, the oldest first."""
        return [given for name, given in self.calls if name == method]

    # --- requests -----------------------------------------------------------------------------------------

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        await asyncio.sleep(self.slow.get(method, 0))
        if method in self.broken:
            return web.Response(status=self.broken[method], text="<html>bad gateway</html>")
        try:
            if request.match_info["token"] != self.token:
                raise Refused(401, "Unauthorized")
            given = await _parameters(request)
            known_parameters(method, set(given) - {"_files"})
            self.calls.append((method, given))
            if method == "getUpdates":
                result: Any = await self._get_updates(given)
            else:
                result = self._methods[method](given)
        except Refused as refused:
            body: dict[str, Any] = {
                "ok": False,
                "error_code": refused.code,
                "description": refused.description,
            }
            if refused.parameters:
                body["parameters"] = refused.parameters
            return web.json_response(body, status=refused.code)
        self.accepted.append((method, given))
        if method.startswith("send"):
            self.sends.append((request.host, given))
        await asyncio.sleep(self.late.get(method, 0))
        if method in self.dropped and request.transport is not None:
            request.transport.close()
        return web.json_response({"ok": True, "result": result})

    async def _download(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self.slow.get("file", 0))
        data = self.town.files.get(request.match_info["path"].removeprefix("files/"))
        if request.match_info["token"] != self.token or data is None:
            return web.json_response({"ok": False, "error_code": 404, "description": "Not Found"}, status=404)
        return web.Response(body=data)

    # --- methods ------------------------------------------------------------------------------------------

    def _get_me(self, _given: dict[str, Any]) -> Any:
        return {
            **BOT,
            "can_join_groups": True,
            "can_read_all_group_messages": not self.town.privacy,
            "supports_inline_queries": False,
        }

    async def _get_updates(self, given: dict[str, Any]) -> Any:
        return await self.updates.get(
            given.get("offset", 0),
            min(100, given.get("limit", 100)),
            min(50, given.get("timeout", 0)),
            given.get("allowed_updates"),
        )

    def _set_webhook(self, given: dict[str, Any]) -> bool:
        self.updates.set_webhook(given["url"], given.get("secret_token", ""), given.get("allowed_updates"))
        return True

    def _webhook_info(self, _given: dict[str, Any]) -> Any:
        failed = [status for status in self.updates.statuses[-1:] if not 200 <= status < 300]
        said = f"Wrong response from the webhook: {failed[0]}" if failed else ""
        return {
            "url": self.updates.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self.updates.waiting),
            **({"last_error_date": int(time.time()), "last_error_message": said} if failed else {}),
        }

    def _delete_webhook(self, given: dict[str, Any]) -> bool:
        if given.get("drop_pending_updates"):
            self.updates.waiting.clear()
        self.updates.set_webhook("", "", None)
        return True

    def _room(self, given: dict[str, Any]) -> Room:
        number = given.get("chat_id")
        if not isinstance(number, int) or number not in self.town.rooms:
            if isinstance(number, int) and any(user["id"] == number for user in self.town.users.values()):
                raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
            raise bad("chat not found")
        room = self.town.rooms[number]
        if room.moved_to is not None:
            raise bad("group chat was upgraded to a supergroup chat", migrate_to_chat_id=room.moved_to)
        if room.parted == "never began":
            raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
        if room.parted:
            raise Refused(403, f"Forbidden: {room.parted}")
        return room

    def _say(self, given: dict[str, Any], **body: Any) -> dict[str, Any]:
        room = self._room(given)
        thread = given.get("message_thread_id")
        if thread is not None and thread not in room.topics:
            raise bad("message thread not found")
        self.rates.check(room.id)
        markup = given.get("reply_markup")
        check_markup(markup)
        if markup is not None and "inline_keyboard" in markup:
            body["reply_markup"] = markup
        if thread is not None:
            body |= {"message_thread_id": thread, "is_topic_message": True}
        reply = given.get("reply_parameters")
        if reply is not None and reply["message_id"] not in room.messages:
            if not reply.get("allow_sending_without_reply"):
                raise bad("message to be replied not found")
        elif reply is not None:
            body["reply_to_message"] = dict(room.messages[reply["message_id"]])
        return self.town.bot_says(room, **body)

    def _text(self, given: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
        return check_text(given.get("text"), given.get("entities"), most=4096, name="text", knows=self.town.knows)

    def _send_message(self, given: dict[str, Any]) -> Any:
        text, entities = self._text(given)
        return self._say(given, text=text, **({"entities": entities} if entities else {}))

    def _send_file(self, given: dict[str, Any], kind: str, most: int) -> Any:
        name, data = given["_files"].get(kind) or given["_files"].get(str(given[kind]).removeprefix("attach://"))
        if len(data) > most:
            raise Refused(413, "Request Entity Too Large")
        body: dict[str, Any] = {}
        if given.get("caption"):
            entities = given.get("caption_entities")
            body["caption"], found = check_text(
                given["caption"], entities, most=1024, name="caption", knows=self.town.knows
            )
            if found:
                body["caption_entities"] = found
        file = self.town.upload(data)
        if kind == "photo":
            body["photo"] = [file]
        else:
            del file["width"], file["height"]
            body["document"] = {**file, "file_name": name}
        return self._say(given, **body)

    def _own_message(self, given: dict[str, Any]) -> dict[str, Any]:
        room = self._room(given)
        message = room.messages.get(given["message_id"])
        if message is None:
            raise bad("message to edit not found")
        if message["from"]["id"] != BOT_ID:
            raise bad("message can't be edited")
        return message

    def _edit_text(self, given: dict[str, Any]) -> Any:
        message = self._own_message(given)
        if "text" not in message:
            raise bad("there is no text in the message to edit")
        text, entities = self._text(given)
        check_markup(given.get("reply_markup"))
        return _change(message, text=text, entities=entities, reply_markup=given.get("reply_markup"))

    def _edit_markup(self, given: dict[str, Any]) -> Any:
        check_markup(given.get("reply_markup"))
        return _change(self._own_message(given), reply_markup=given.get("reply_markup"))

    def _answer_query(self, given: dict[str, Any]) -> bool:
        query = given["callback_query_id"]
        if self.town.queries.get(query) != "":
            raise bad("query is too old and response timeout expired or query ID is invalid")
        if len(given.get("text", "")) > 200:
            raise bad("MESSAGE_TOO_LONG")
        self.town.queries[query] = "answered"
        return True

    def _set_commands(self, given: dict[str, Any]) -> bool:
        check_commands(given["commands"], given.get("scope"))
        self.menus[_scope(given)] = given["commands"]
        return True

    def _react(self, given: dict[str, Any]) -> bool:
        room = self._room(given)
        if given["message_id"] not in room.messages:
            raise bad("message to react not found")
        for reaction in given.get("reaction", []):
            if reaction["emoji"] not in REACTIONS:
                raise bad("REACTION_INVALID")
            self.reactions[room.id, given["message_id"]] = reaction["emoji"]
        return True

    def _get_file(self, given: dict[str, Any]) -> Any:
        data = self.town.files.get(given["file_id"])
        if data is None:
            raise bad("wrong file_id or the file is temporarily unavailable")
        name = given["file_id"]
        if self.local is not None:
            path = self.local / name
            path.write_bytes(data)
            return {"file_id": name, "file_unique_id": f"u{name}", "file_path": str(path), "file_size": len(data)}
        if len(data) > 20 * _MEGABYTE:
            raise bad("file is too big")
        return {
            "file_id": name,
            "file_unique_id": f"u{name}",
            "file_path": f"files/{name}",
            "file_size": len(data),
        }


def _scope(given: dict[str, Any]) -> tuple[str, str]:
    scope = given.get("scope") or {"type": "default"}
    words = [scope["type"], *(str(scope[key]) for key in ("chat_id", "user_id") if key in scope)]
    return ":".join(words), given.get("language_code") or ""


def _change(message: dict[str, Any], **becomes: Any) -> dict[str, Any]:
    wanted = {name: value for name, value in becomes.items() if value}
    if all(message.get(name) == (becomes[name] or None) for name in becomes):
        raise bad("message is not modified: specified new message content and reply markup are exactly the same")
    for name in becomes:
        message.pop(name, None)
    message |= wanted
    return message


async def _parameters(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        return dict(await request.json())
    if not request.content_type.startswith("multipart/"):
        return {name: _decoded(value) for name, value in (await request.post()).items()}
    given: dict[str, Any] = {"_files": {}}
    async for part in await request.multipart():
        data = await part.read()  # type: ignore[union-attr]
        if part.filename is not None:  # type: ignore[union-attr]
            given["_files"][part.name] = (part.filename, bytes(data))  # type: ignore[union-attr]
            given.setdefault(part.name, None) if part.name in ("photo", "document") else None  # type: ignore[union-attr]
        else:
            given[part.name] = _decoded(data.decode(), name=part.name or "")  # type: ignore[union-attr]
    return given


def _decoded(value: Any, name: str = "") -> Any:
    if name in ("text", "caption"):
        return value
    try:
        return json.loads(value)
    except (ValueError, TypeError):
        return value
