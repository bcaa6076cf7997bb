"""The room's web interface: the page, its questions, its messages, its files, and the live line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from bot.chat.clock import Clock
from bot.chat.ports import FileStore
from bot.platforms.local import wire
from bot.platforms.local.attachments import clean_name, is_key, serve, type_of
from bot.platforms.local.guard import Guard
from bot.platforms.local.live import Hub
from bot.platforms.local.post import MOST_FILES, PostOffice, Press, Refused, Say, listed, room_for
from bot.platforms.local.settings import LocalSettings
from bot.platforms.local.stage import Stage
from bot.platforms.local.store import CommandsFor, RoomStore

S = TypeVar("S", bound=msgspec.Struct)
Answer = Callable[[Request], Awaitable[Response]]

STATIC = Path(__file__).parent / "static"
#: The largest body of anything but an upload, and what a form adds to a file, in bytes.
SMALL = 64 * 1024
#: People listed at once, and messages fetched at once.
MOST_PEOPLE, MOST_MESSAGES = 400, 100


class Web:
    """Answers the page. Knows requests and responses; what is done is done by the others."""

    def __init__(
        self,
        *,
        settings: LocalSettings,
        store: RoomStore,
        files: FileStore,
        clock: Clock,
        commands_for: CommandsFor,
        zone: ZoneInfo,
        hub: Hub,
        post: PostOffice,
        stage: Stage,
    ) -> None:
        self._settings = settings
        self._store = store
        self._files = files
        self._clock = clock
        self._commands_for = commands_for
        self._zone = zone
        self._hub = hub
        self._post = post
        self._stage = stage

    def app(self) -> ASGIApp:
        """The ASGI application, behind its door."""
        return Starlette(
            routes=[
                Route("/", self._page),
                Route("/api/identities", self._identities),
                Route("/api/me", self._me),
                Route("/api/messages", self._messages, methods=["GET"]),
                Route("/api/messages", self._say, methods=["POST"]),
                Route("/api/presses", self._press, methods=["POST"]),
                Route("/api/uploads", self._upload, methods=["POST"]),
                Route("/api/story", self._play, methods=["POST"]),
                Route("/api/reset", self._reset, methods=["POST"]),
                Route("/files/{key}", self._file),
                WebSocketRoute("/api/live", self._live),
                Mount("/static", _Fresh(directory=STATIC)),
            ],
            middleware=[Middleware(Guard, self._settings.hosts, self._most_bytes)],
            exception_handlers={Refused: _refused},
        )

    def _most_bytes(self, path: str) -> int:
        return self._settings.max_upload_bytes + SMALL if path == "/api/uploads" else SMALL

    async def _page(self, request: Request) -> Response:
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    async def _identities(self, request: Request) -> Response:
        search = request.query_params.get("search", "")[:60]
        found = await self._store.identities(search, MOST_PEOPLE)
        return JSONResponse({"identities": [wire.identity_to_page(who) for who in found]})

    async def _me(self, request: Request) -> Response:
        """Everything that a window needs to know of itself."""
        account = request.query_params.get("as", "")
        try:
            who = await self._store.identity(account)
        except LookupError:
            raise Refused(404, "not_found") from None
        rooms = await self._store.rooms(account)
        commands = await self._commands_for(account)
        return JSONResponse(
            {
                "identity": wire.identity_to_page(who),
                "rooms": [wire.room_to_page(room) for room in rooms],
                "commands": [list(command) for command in commands],
                "zone": self._zone.key,
                "now": self._clock.now().isoformat(),
                "limits": {"bytes": self._settings.max_upload_bytes, "files": MOST_FILES},
                "features": self._stage.features,
                "story": self._stage.progress,
            }
        )

    async def _messages(self, request: Request) -> Response:
        account, room = request.query_params.get("as", ""), request.query_params.get("room", "")
        await room_for(self._store, account, room)
        limit = min(_number(request, "limit") or MOST_MESSAGES, MOST_MESSAGES)
        found = await self._store.messages(
            room, after=_number(request, "after"), before=_number(request, "before"), limit=limit
        )
        return JSONResponse({"messages": listed(found), "full": len(found) == limit})

    async def _say(self, request: Request) -> Response:
        kept = await self._post.say(await _asked(request, Say))
        return JSONResponse({"message": wire.message_to_page(kept)})

    async def _press(self, request: Request) -> Response:
        kept = await self._post.press(await _asked(request, Press))
        return JSONResponse({"message": wire.message_to_page(kept)})

    async def _upload(self, request: Request) -> Response:
        async with request.form(max_files=1, max_fields=4) as form:
            upload = form.get("file")
            if not isinstance(upload, UploadFile):
                raise Refused(400, "no_file")
            data, name = await upload.read(), clean_name(upload.filename or "")
        if not data:
            raise Refused(400, "empty_file")
        if len(data) > self._settings.max_upload_bytes:
            raise Refused(413, "too_large")
        key = await asyncio.to_thread(self._files.put, data)
        return JSONResponse({"key": key, "name": name, "mime": type_of(data, name), "size": len(data)})

    async def _file(self, request: Request) -> Response:
        key = request.path_params["key"]
        if not is_key(key):
            raise Refused(404, "not_found")
        try:
            data = await asyncio.to_thread(self._files.get, key)
        except LookupError:
            raise Refused(404, "not_found") from None
        return serve(data, request.query_params.get("name", ""), key)

    async def _play(self, request: Request) -> Response:
        try:
            began = self._stage.play()
        except LookupError:
            raise Refused(404, "not_found") from None
        if not began:
            raise Refused(409, "busy")
        return JSONResponse({})

    async def _reset(self, request: Request) -> Response:
        try:
            await self._stage.restart()
        except LookupError:
            raise Refused(404, "not_found") from None
        return JSONResponse({})

    async def _live(self, socket: WebSocket) -> None:
        await self._hub.serve(socket, socket.query_params.get("as", "")[:60], epoch=self._stage.epoch)


class _Fresh(StaticFiles):
    """Static files that the browser asks about each time, so that a new version is used at once."""

    def file_response(self, *args: Any, **named: Any) -> Response:
        response = super().file_response(*args, **named)
        response.headers["Cache-Control"] = "no-cache"
        return response


async def _asked(request: Request, kind: type[S]) -> S:
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.MsgspecError, UnicodeError):
        raise Refused(400, "bad_request") from None


def _number(request: Request, name: str) -> int | None:
    given = request.query_params.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse({"error": error.code}, error.status)
