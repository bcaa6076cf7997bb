"""The AI bot's long connection: opened by us, kept alive, opened again after every kind of end but two.

Wrong credentials end it until somebody mends them; a second connection elsewhere ends it as well, for fighting
back would cut both off in turn. Commands are told apart by `req_id`, which the server echoes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidURI, WebSocketException

from bot.platforms.wecom.errors import ApiError, Kind

log = logging.getLogger("liangsaibi.wecom")

#: Seconds between pings, and how many may stay unanswered.
PING_EVERY, MOST_UNANSWERED = 30.0, 2
#: Seconds that an answer may take.
ANSWER_WITHIN = 10.0
#: The first pause before connecting again, doubled each time, and the longest one, in seconds, with jitter.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 120.0
#: How often somebody who does not hold the connection looks whether it should, in seconds.
LOOK_EVERY = 2.0
#: Frames larger than this are not read: files come by address.
MOST_BYTES = 1024 * 1024

BAD_CREDENTIALS = 853000
#: A frame from the server: its command, its req_id and its body.
Heard = Callable[[str, str, dict[str, Any]], Awaitable[None]]


class _Ended(Exception):
    """The connection is over; `final` until the program or its role starts anew."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class Link:
    """One connection at a time. `leading` says whether this replica is the one to hold it."""

    def __init__(
        self,
        url: str,
        bot_id: str,
        secret: str,
        heard: Heard,
        *,
        leading: Callable[[], bool] = lambda: True,
        ping_every: float = PING_EVERY,
        first_pause: float = FIRST_PAUSE,
        answer_within: float = ANSWER_WITHIN,
    ) -> None:
        self._url = url
        self._credentials = {"bot_id": bot_id, "secret": secret}
        self._heard = heard
        self._leading = leading
        self._ping_every = ping_every
        self._first_pause = first_pause
        self._answer_within = answer_within
        self._socket: ClientConnection | None = None
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._running: asyncio.Task[None] | None = None
        self._hearing: set[asyncio.Task[None]] = set()
        self._ready = asyncio.Event()
        #: Counts the connections, so that what belongs to an older one is told apart.
        self.number = 0
        self.trouble: str | None = "智能机器人尚未连接"

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    def start(self) -> None:
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
            self._running = None

    async def ask(
        self, command: str, body: dict[str, Any] | None, *, request: str | None = None
    ) -> dict[str, Any]:
        """Send a command and return the server's answer. Raises ApiError.

        `request` answers a callback under its own req_id; such answers go one after the other.
        """
        name = request or f"{command}_{secrets.token_hex(8)}"
        turn = self._turns.setdefault(name, asyncio.Lock())
        try:
            async with turn:
                return await self._ask(command, body, name)
        finally:
            if not turn.locked():
                self._turns.pop(name, None)

    async def _ask(self, command: str, body: dict[str, Any] | None, name: str) -> dict[str, Any]:
        socket = self._socket
        if socket is None and command != "aibot_subscribe":
            raise ApiError(None, "智能机器人没有连上")
        assert socket is not None
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[name] = answer
        frame: dict[str, Any] = {"cmd": command, "headers": {"req_id": name}}
        if body is not None:
            frame["body"] = body
        try:
            await socket.send(json.dumps(frame, ensure_ascii=False))
            said = await asyncio.wait_for(answer, self._answer_within)
        except TimeoutError:
            raise ApiError(None, "智能机器人的服务器没有按时回答", ambiguous=True) from None
        except WebSocketException:
            raise ApiError(None, "智能机器人的连接断了", ambiguous=True) from None
        finally:
            self._waiting.pop(name, None)
        return self._checked(said, socket)

    def _checked(self, said: dict[str, Any], socket: ClientConnection) -> dict[str, Any]:
        code = said.get("errcode", 0)
        if not isinstance(code, int):
            code = -1
        if code == 0:
            return said
        error = ApiError(code, str(said.get("errmsg", "")))
        if error.kind is Kind.DISCONNECTED:
            # The socket looks open but the server has let go of it.
            task = asyncio.create_task(socket.close(4000, "not subscribed"))
            self._hearing.add(task)
            task.add_done_callback(self._hearing.discard)
        raise error

    async def _run(self) -> None:
        failures, barred = 0, False
        while True:
            if not self._leading():
                barred = False
                self.trouble = None
                await asyncio.sleep(LOOK_EVERY)
                continue
            if barred:
                await asyncio.sleep(LOOK_EVERY)
                continue
            before = self.number
            try:
                await self._hold()
            except _Ended as ended:
                self.trouble, barred = str(ended), ended.final
                log.log(logging.ERROR if barred else logging.WARNING, "%s", ended)
            except (OSError, TimeoutError, WebSocketException, InvalidHandshake, InvalidURI) as error:
                self.trouble = f"智能机器人连不上：{type(error).__name__}"
                log.warning("%s", self.trouble)
            except Exception as error:
                # The line must never die unnoticed, whatever comes over it.
                self.trouble = f"智能机器人的连接出错，将重新连接：{type(error).__name__}"
                log.exception("the AI bot's line failed; another try follows")
            failures = 0 if self.number > before else failures + 1
            pause = min(LONGEST_PAUSE, self._first_pause * 2 ** min(failures, 10))
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311

    async def _hold(self) -> None:
        """Connect and hold the connection until it ends, which is always by an exception."""
        async with connect(
            self._url, ping_interval=None, max_size=MOST_BYTES, open_timeout=ANSWER_WITHIN
        ) as socket:
            self._socket = socket
            reading = asyncio.create_task(self._read(socket))
            try:
                await self._subscribe(reading)
                self.number += 1
                self._ready.set()
                self.trouble = None
                log.info("the AI bot is connected")
                await self._keep_alive(socket, reading)
            finally:
                self._socket = None
                self._ready.clear()
                reading.cancel()
                self._lose_waiting()
                with contextlib.suppress(asyncio.CancelledError, WebSocketException, _Ended, OSError):
                    await reading

    async def _subscribe(self, reading: asyncio.Task[None]) -> None:
        asking = asyncio.create_task(
            self._ask("aibot_subscribe", dict(self._credentials), f"aibot_subscribe_{secrets.token_hex(8)}")
        )
        await asyncio.wait([asking, reading], return_when=asyncio.FIRST_COMPLETED)
        if not asking.done():
            asking.cancel()
            await reading
            raise _Ended("智能机器人的连接在登录前断了")
        try:
            asking.result()
        except ApiError as error:
            wrong = error.code is not None and error.kind is Kind.CONFIGURATION
            raise _Ended(f"智能机器人登录失败：{error.explanation}", final=wrong) from None

    async def _keep_alive(self, socket: ClientConnection, reading: asyncio.Task[None]) -> None:
        unanswered = 0
        while True:
            done, _ = await asyncio.wait([reading], timeout=self._ping_every)
            if done:
                await reading
                raise _Ended("智能机器人的连接被关闭，将重新连接")
            if not self._leading():
                raise _Ended("另一个副本接管了智能机器人")
            try:
                await self._ask("ping", None, f"ping_{secrets.token_hex(8)}")
                unanswered = 0
            except ApiError as error:
                if error.kind is Kind.DISCONNECTED:
                    raise _Ended("智能机器人的服务器已不认这条连接，将重新连接") from None
                unanswered += 1
            if unanswered >= MOST_UNANSWERED:
                raise _Ended("智能机器人两次心跳没有回音，将重新连接")

    async def _read(self, socket: ClientConnection) -> None:
        async for raw in socket:
            try:
                frame = json.loads(raw)
                name = str(frame["headers"]["req_id"])
                command, body = frame.get("cmd"), frame.get("body")
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                log.warning("a frame of %d bytes cannot be read", len(raw))
                continue
            if command is None:
                waiting = self._waiting.get(name)
                if waiting is not None and not waiting.done():
                    waiting.set_result(frame)
                continue
            body = body if isinstance(body, dict) else {}
            if _kicked(command, body):
                raise _Ended("智能机器人在别处被连接，本程序不再抢连；请确认只有一处在用", final=True)
            task = asyncio.create_task(self._hear(str(command), name, body))
            self._hearing.add(task)
            task.add_done_callback(self._hearing.discard)

    async def _hear(self, command: str, name: str, body: dict[str, Any]) -> None:
        # What comes in the same breath as the log-in belongs to this connection, not to the one before.
        await self._ready.wait()
        try:
            await self._heard(command, name, body)
        except Exception:
            log.exception("a frame was not taken")

    def _lose_waiting(self) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ApiError(None, "智能机器人的连接断了", ambiguous=True))
        self._waiting.clear()


def _kicked(command: object, body: dict[str, Any]) -> bool:
    event = body.get("event")
    return (
        command == "aibot_event_callback"
        and isinstance(event, dict)
        and event.get("eventtype") == "disconnected_event"
    )
