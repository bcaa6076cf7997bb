"""The address to which WeCom sends what people write to the app. Each kind of nonsense gets its own refusal."""

from __future__ import annotations

import logging
import re

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bot.chat.clock import Clock
from bot.platforms.wecom.crypto import Codec, Refused
from bot.platforms.wecom.incoming import read_message
from bot.platforms.wecom.intake import Intake

log = logging.getLogger("liangsaibi.wecom")

#: The largest body that is read, in bytes; WeCom's messages are a few thousand.
MOST_BYTES = 64 * 1024
_LONGEST = 128
#: The envelope is cut out, not parsed: nothing is parsed before its signature has been checked.
_ENCRYPTED = re.compile(rb"<Encrypt>\s*(?:<!\[CDATA\[)?([A-Za-z0-9+/=\s]{1,60000}?)(?:\]\]>)?\s*</Encrypt>")


class Callback:
    """Answers WeCom's server."""

    def __init__(self, codec: Codec, intake: Intake, clock: Clock, path: str) -> None:
        self._codec = codec
        self._intake = intake
        self._clock = clock
        self._path = path

    def app(self) -> ASGIApp:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route(self._path, self._verify, methods=["GET"]),
                Route(self._path, self._take, methods=["POST"]),
            ],
            exception_handlers={Refused: _refused},
        )

    async def _verify(self, request: Request) -> Response:
        """WeCom asks once, when the address is set: the decrypted text alone is the answer."""
        echo = request.query_params.get("echostr", "")
        self._check(request, echo)
        return PlainTextResponse(self._codec.decrypt(echo))

    async def _take(self, request: Request) -> Response:
        body = await _body(request)
        found = _ENCRYPTED.search(body)
        if found is None:
            raise Refused(400, "no encrypted message")
        encrypted = b"".join(found[1].split()).decode("ascii")
        self._check(request, encrypted)
        message = read_message(self._codec.decrypt(encrypted))
        if message is not None:
            await self._intake.take(message)
        return Response()

    def _check(self, request: Request, encrypted: str) -> None:
        given = request.query_params
        signature, timestamp, nonce = (given.get(name, "") for name in ("msg_signature", "timestamp", "nonce"))
        if not (signature and timestamp and nonce and encrypted):
            raise Refused(400, "parameters are missing")
        if max(map(len, (signature, timestamp, nonce))) > _LONGEST:
            raise Refused(400, "parameters are too long")
        self._codec.check(signature, timestamp, nonce, encrypted, now=self._clock.now())


async def _body(request: Request) -> bytes:
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MOST_BYTES:
        raise Refused(413, "too large")
    got = bytearray()
    async for chunk in request.stream():
        got += chunk
        if len(got) > MOST_BYTES:
            raise Refused(413, "too large")
    return bytes(got)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    log.warning("a callback is refused: %s", error)
    return Response(status_code=error.status, headers={"Connection": "close"})
