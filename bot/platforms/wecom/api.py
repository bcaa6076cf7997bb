"""The API over wechatpy, with what it lacks: time limits, base address, one refresh, errors without secrets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import requests
from wechatpy.exceptions import WeChatClientException
from wechatpy.work import WeChatClient

from bot.chat.clock import Clock
from bot.platforms.wecom.errors import ApiError, Kind, scrubbed
from bot.platforms.wecom.settings import WeComSection
from bot.platforms.wecom.store import Facts
from bot.platforms.wecom.token import TokenKeeper

log = logging.getLogger("liangsaibi.wecom")

#: Seconds to connect and to wait for an answer; for files more.
TIMEOUT, FILE_TIMEOUT = (5, 15), (5, 60)
#: How often what was too busy is tried, and the first pause in seconds, doubled each time.
TRIES, FIRST_PAUSE = 3, 0.3
THREADS = 8


class Client(WeChatClient):  # type: ignore[misc]
    """wechatpy's client as a mere sender: it never fetches tokens, and never repeats anything by itself."""

    def __init__(self, corp_id: str, secret: str, base_url: str) -> None:
        super().__init__(corp_id, secret, timeout=TIMEOUT, auto_retry=False)
        self.base = base_url.rstrip("/")
        self.API_BASE_URL = f"{self.base}/cgi-bin/"
        self._http.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=THREADS))
        self._http.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=THREADS))

    def fetch_access_token(self) -> dict[str, Any]:
        """With a time limit and at the configured address, which the library's own has not."""
        params = {"corpid": self.corp_id, "corpsecret": self.secret, "access_token": ""}
        found: dict[str, Any] = self.get("gettoken", params=params)
        return found

    def download(self, media_id: str, token: str, most: int) -> tuple[bytes, str, str]:
        """Bytes, name and type of a temporary file. Raises ApiError when it is larger than `most` or refused."""
        params = {"access_token": token, "media_id": media_id}
        with self._http.get(
            f"{self.API_BASE_URL}media/get", params=params, timeout=FILE_TIMEOUT, stream=True
        ) as answer:
            answer.raise_for_status()
            kind = answer.headers.get("Content-Type", "").partition(";")[0]
            data = answer.raw.read(most + 1, decode_content=True)
        if kind in ("application/json", "text/plain") and (said := _refusal(data)):
            raise ApiError(int(said["errcode"]), str(said.get("errmsg", "")))
        if len(data) > most:
            raise ApiError(45001, "file too large")
        return data, answer.headers.get("Content-Disposition", ""), kind


def _refusal(data: bytes) -> dict[str, Any] | None:
    with contextlib.suppress(ValueError):
        said = json.loads(data)
        if isinstance(said, dict) and said.get("errcode"):
            return said
    return None


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a message to several people. `refused`: those who did not get it, as written by us."""

    message_id: str
    response_code: str = ""
    refused: tuple[str, ...] = ()
    unlicensed: tuple[str, ...] = ()


class Api:
    """Calls from the event loop; each runs on a thread of its own pool. Every failure is an ApiError."""

    def __init__(self, settings: WeComSection, store: Facts, clock: Clock) -> None:
        self.settings = settings
        self._client = Client(settings.corp_id, settings.secret, settings.base_url)
        self._threads: ThreadPoolExecutor | None = None
        self.tokens = TokenKeeper(
            store,
            clock,
            self.fetch_token,
            corp=settings.corp_id,
            agent=settings.agent_id,
            secret=settings.secret,
        )

    def close(self) -> None:
        """Let the calls under way finish; another call opens it again."""
        if self._threads is not None:
            self._threads.shutdown(wait=False)
            self._threads = None

    async def fetch_token(self) -> tuple[str, int]:
        """A new token from WeCom and the seconds that it is valid."""
        answer = await self._patient(self._client.fetch_access_token)
        return str(answer["access_token"]), int(answer.get("expires_in", 7200))

    async def post(self, path: str, body: dict[str, Any], **params: Any) -> dict[str, Any]:
        """POST JSON with the token."""
        done: dict[str, Any] = await self._call(
            lambda token: self._client.post(path, params={"access_token": token, **params}, data=body)
        )
        return done

    async def get(self, path: str, **params: Any) -> dict[str, Any]:
        """GET with the token."""
        found: dict[str, Any] = await self._call(
            lambda token: self._client.get(path, params={"access_token": token, **params})
        )
        return found

    async def send(self, users: list[str], message: dict[str, Any]) -> Sent:
        """`message/send` to at most 1,000 people; with the check against doubles, so that it may be repeated."""
        body = {
            **message,
            "touser": "|".join(users),
            "agentid": self.settings.agent_id,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": 4 * 3600,
        }
        return sent(users, await self.post("message/send", body))

    async def upload(self, kind: str, name: str, data: bytes) -> str:
        """The media id of a temporary file, valid for three days. The bytes are given anew for each try."""
        answer = await self._call(
            lambda token: self._client.post(
                "media/upload",
                params={"access_token": token, "type": kind},
                files={"media": (name, data)},
                timeout=FILE_TIMEOUT,
            )
        )
        return str(answer["media_id"])

    async def download(self, media_id: str, *, most: int) -> tuple[bytes, str, str]:
        """Bytes, content disposition and type of a file that somebody sent."""
        found: tuple[bytes, str, str] = await self._call(
            lambda token: self._client.download(media_id, token, most)
        )
        return found

    async def webhook(self, key: str, message: dict[str, Any]) -> None:
        """Send by a group robot; there is no token and no protection against doubles."""
        params = {"key": key, "access_token": ""}
        await self._patient(lambda: self._client.post("webhook/send", params=params, data=message))

    async def webhook_upload(self, key: str, name: str, data: bytes) -> str:
        """A file for a group robot."""
        params = {"key": key, "type": "file", "access_token": ""}
        answer = await self._patient(
            lambda: self._client.post(
                "webhook/upload_media", params=params, files={"media": (name, data)}, timeout=FILE_TIMEOUT
            )
        )
        return str(answer["media_id"])

    async def _call(self, work: Callable[[str], Any]) -> Any:
        """With a token; one that is refused is renewed once, never again and again."""
        token = await self.tokens.token()
        try:
            return await self._patient(lambda: work(token))
        except ApiError as error:
            if error.kind is not Kind.TOKEN:
                raise
        fresh = await self.tokens.token(instead_of=token)
        return await self._patient(lambda: work(fresh))

    async def _patient(self, work: Callable[[], Any]) -> Any:
        """What is too busy is tried again with jitter, at most three times in all."""
        for attempt in range(1, TRIES + 1):
            try:
                return await self._run(work)
            except ApiError as error:
                if error.kind is not Kind.BUSY or attempt == TRIES:
                    raise
            await asyncio.sleep(FIRST_PAUSE * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311
        raise AssertionError("unreachable")

    async def _run(self, work: Callable[[], Any]) -> Any:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="wecom")
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except ApiError as error:
            raise ApiError(error.code, self._clean(error.message), ambiguous=error.ambiguous) from None
        except WeChatClientException as error:
            raise self._refused(error) from None
        except requests.Timeout as error:
            # Before the connection stood nothing was sent; afterwards nobody knows.
            sent_it = not isinstance(error, requests.ConnectTimeout)
            raise ApiError(None, "企业微信没有按时回答", ambiguous=sent_it) from None
        except requests.RequestException as error:
            lost = isinstance(error, (requests.exceptions.ChunkedEncodingError,)) or "aborted" in str(error)
            raise ApiError(
                None, self._clean(f"连不上企业微信（{type(error).__name__}）"), ambiguous=lost
            ) from None
        if isinstance(found, requests.Response):
            raise ApiError(None, f"企业微信的回答不是 JSON（HTTP {found.status_code}）")
        return found

    def _refused(self, error: WeChatClientException) -> ApiError:
        if error.errcode is None:
            status = getattr(error.response, "status_code", "?")
            return ApiError(-1 if str(status).startswith("5") else None, f"HTTP {status}")
        return ApiError(int(error.errcode), self._clean(str(error.errmsg)))

    def _clean(self, text: str) -> str:
        return scrubbed(text, self.settings.secrets)


def sent(users: list[str], answer: dict[str, Any]) -> Sent:
    """Who did not get it: the answer names them in lower case, whatever we wrote."""

    def among(name: str) -> tuple[str, ...]:
        named = {one.lower() for one in str(answer.get(name) or "").split("|")}
        return tuple(user for user in users if user.lower() in named)

    return Sent(
        str(answer.get("msgid", "")),
        str(answer.get("response_code", "")),
        among("invaliduser"),
        among("unlicenseduser"),
    )
