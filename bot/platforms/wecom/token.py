"""The access token: one for all threads and replicas, kept across restarts, fetched by one caller at a time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec

from bot.chat.clock import Clock
from bot.platforms.wecom.store import Facts

#: Renewed so long before WeCom says that it expires.
MARGIN = timedelta(seconds=120)

Fetch = Callable[[], Awaitable[tuple[str, int]]]


class _Kept(msgspec.Struct, frozen=True):
    token: str
    until: float


class TokenKeeper:
    """Of one corp and agent. `fetch` asks WeCom for (token, seconds that it is valid)."""

    def __init__(self, store: Facts, clock: Clock, fetch: Fetch, *, corp: str, agent: int, secret: str) -> None:
        self._store = store
        self._clock = clock
        self._fetch = fetch
        # A changed secret must not meet the old one's token; the secret itself is nowhere to be read.
        mark = hashlib.sha256(f"{corp}:{agent}:{secret}".encode()).hexdigest()[:16]
        self._name = f"token.{agent}.{mark}"
        self._turn = asyncio.Lock()
        self._known: _Kept | None = None

    async def token(self, *, instead_of: str | None = None) -> str:
        """A token that should be valid; `instead_of` names one that WeCom has just refused."""
        known = self._known
        if known is not None and self._is_good(known, instead_of):
            return known.token
        async with self._turn:
            return await self._renewed(instead_of)

    async def _renewed(self, instead_of: str | None) -> str:
        for candidate in (self._known, await self._stored()):
            if candidate is not None and self._is_good(candidate, instead_of):
                self._known = candidate
                return candidate.token
        token, seconds = await self._fetch()
        self._known = _Kept(token, self._clock.now().timestamp() + seconds)
        await self._store.put(self._name, msgspec.to_builtins(self._known))
        return token

    async def _stored(self) -> _Kept | None:
        found = await self._store.get(self._name)
        return msgspec.convert(found, _Kept) if found else None

    def _is_good(self, kept: _Kept, instead_of: str | None) -> bool:
        left = kept.until - self._clock.now().timestamp()
        return kept.token != instead_of and left > MARGIN.total_seconds()
