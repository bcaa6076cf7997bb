"""HTTP for python-telegram-bot over aiohttp, about three times as fast as its default (docs/telegram.md).

`BaseRequest` is the extension point that the library documents for this. Every error is one of the library's,
without the address, because the address holds the token.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec
from aiohttp.connector import Connection
from telegram._utils.defaultvalue import DEFAULT_NONE, DefaultValue
from telegram._utils.types import JSONDict, ODVInput
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData
from telegram.request._requestparameter import RequestParameter

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_JSON = {"Content-Type": "application/json"}


class MayHaveArrived(NetworkError):
    """The line broke after the request had been written: nobody knows what became of it."""


#: What people see, by how the methods' names begin.
_SHOWS = ("send", "edit")


def _only_while(leading: Callable[[], bool]) -> type[aiohttp.ClientRequest]:
    """Requests of which those that show something leave only while this program is the one that sends.

    Asked when the connection is there, in the last moment: opening one takes longer than all the rest, and a
    program that was paused meanwhile would go on as if nothing had happened.
    """

    class Leading(aiohttp.ClientRequest):
        async def send(self, conn: Connection) -> aiohttp.ClientResponse:
            if self.url.name.startswith(_SHOWS) and not leading():
                raise aiohttp.ClientError("another program sends now")
            return await super().send(conn)

    return Leading


class AiohttpRequest(BaseRequest):
    """One pool of kept-open connections. Times in seconds. `leading`: whether anything may be sent or edited."""

    def __init__(
        self,
        *,
        connections: int = 100,
        proxy: str | None = None,
        leading: Callable[[], bool] = lambda: True,
        read_timeout: float = 15.0,
        connect_timeout: float = 10.0,
    ) -> None:
        self._connections = connections
        self._proxy = proxy or None
        self._kind = _only_while(leading)
        self._read = read_timeout
        self._connect = connect_timeout
        self._session: aiohttp.ClientSession | None = None
        self._usual = self._times(DEFAULT_NONE, DEFAULT_NONE, DEFAULT_NONE)

    @property
    def read_timeout(self) -> float | None:
        return self._read

    async def initialize(self) -> None:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections, ttl_dns_cache=300)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), request_class=self._kind
            )

    async def shutdown(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(self, url: str, parameters: dict[str, Any]) -> Any:
        """One method with plain values, its result as it is on the wire. Raises TelegramError."""
        given = [RequestParameter(name, value, None) for name, value in parameters.items()]
        return await self.post(url, RequestData(given))

    @staticmethod
    def parse_json_payload(payload: bytes) -> JSONDict:
        try:
            decoded: JSONDict = _decode(payload)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise TelegramError("the server's answer is no JSON") from error
        return decoded

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = DEFAULT_NONE,
        write_timeout: ODVInput[float] = DEFAULT_NONE,
        connect_timeout: ODVInput[float] = DEFAULT_NONE,
        pool_timeout: ODVInput[float] = DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        if self._session is None:
            raise NetworkError("the connection to Telegram is closed")
        usual = read_timeout is connect_timeout is pool_timeout is DEFAULT_NONE
        times = self._usual if usual else self._times(read_timeout, connect_timeout, pool_timeout)
        body = _body(request_data)
        try:
            async with self._session.request(
                method, url, proxy=self._proxy, timeout=times, allow_redirects=False, **body
            ) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NetworkError(f"no connection to Telegram: {type(error).__name__}") from None
        except TimeoutError:
            raise TimedOut("Telegram did not answer in time") from None
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientPayloadError) as error:
            raise MayHaveArrived(f"the connection to Telegram broke: {type(error).__name__}") from None
        except (aiohttp.ClientError, ValueError) as error:
            raise NetworkError(f"the request failed: {type(error).__name__}") from None

    def _times(
        self, read: ODVInput[float], connect: ODVInput[float], pool: ODVInput[float]
    ) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(
            total=None,
            connect=_given(pool, self._read),
            sock_connect=_given(connect, self._connect),
            sock_read=_given(read, self._read),
        )


def _given(value: ODVInput[float], otherwise: float) -> float | None:
    if isinstance(value, DefaultValue):
        return otherwise
    return value


def _body(data: RequestData | None) -> dict[str, Any]:
    """The request's parameters as JSON or, with files, as a form."""
    if data is None:
        return {}
    if not data.contains_files:
        return {"data": _encode(data.parameters), "headers": _JSON}
    form = aiohttp.FormData(quote_fields=False)
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (file_name, content, kind) in data.multipart_data.items():
        form.add_field(name, content, filename=file_name, content_type=kind)
    return {"data": form}
