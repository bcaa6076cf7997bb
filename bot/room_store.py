"""The browser room's store, kept by the database's worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from bot.chat.rooms import Identity, Room, RoomMessage
from bot.worker import Worker
from storage import practice_people, practice_room
from storage.database import Tx

R = TypeVar("R")


class WorkerRoomStore:
    """`bot.platforms.local.store.RoomStore` on the worker's threads; each call is one transaction."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def identities(self, search: str, limit: int) -> Sequence[Identity]:
        return await self._do(lambda tx: practice_people.identities(tx, search=search, limit=limit))

    async def identity(self, account: str) -> Identity:
        return await self._do(lambda tx: practice_people.identity(tx, account))

    async def enter(self, account: str, *, now: datetime) -> Identity:
        return await self._do(lambda tx: practice_people.enter(tx, account, now=now))

    async def rooms(self, account: str) -> Sequence[Room]:
        return await self._do(lambda tx: practice_room.rooms(tx, account))

    async def room(self, account: str, room: str) -> Room:
        return await self._do(lambda tx: practice_room.room(tx, account, room))

    async def messages(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Sequence[RoomMessage]:
        return await self._do(lambda tx: practice_room.messages(tx, room, after=after, before=before, limit=limit))

    async def message(self, room: str, message: int) -> RoomMessage:
        return await self._do(lambda tx: practice_room.message(tx, room, message))

    async def append(
        self, room: str, *, author: str | None, key: str, content: dict[str, Any], now: datetime
    ) -> tuple[RoomMessage, bool]:
        return await self._do(
            lambda tx: practice_room.append(tx, room, author=author, key=key, content=content, now=now), room
        )

    async def edit(self, room: str, message: int, *, content: dict[str, Any], now: datetime) -> RoomMessage | None:
        return await self._do(lambda tx: practice_room.edit(tx, room, message, content=content, now=now), room)

    async def taken(self, message: int, *, now: datetime) -> None:
        await self._do(lambda tx: practice_room.taken(tx, message, now=now))

    async def untaken(self) -> Sequence[RoomMessage]:
        return await self._do(practice_room.untaken)

    async def _do(self, job: Callable[[Tx], R], key: str = "") -> R:
        return await asyncio.wrap_future(self._worker.submit(job, key=key))
