"""The browser room's people, rooms and messages: what its adapter and its part of the database share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.chat.messages import ChatKind
from bot.chat.people import Post


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as whom one can talk in the room.

    `account` is the room's own name for them. `bound`: the bot knows the person behind it; one who is not
    bound is a stranger, with whom binding can be tried.
    """

    account: str
    name: str
    posts: tuple[Post, ...] = ()
    language: str | None = None
    bound: bool = True


@dataclass(frozen=True, slots=True)
class RoomMessage:
    """One message as it is kept. `author` is the writer's account, None for the bot.

    `key` is what its writer named it, the same when it is sent again. `content` is the adapter's own JSON.
    `taken`: the engine has committed it (always so for the bot's own messages).
    """

    id: int
    room: str
    author: str | None
    key: str
    content: dict[str, Any]
    at: datetime
    edited: bool = False
    taken: bool = True


@dataclass(frozen=True, slots=True)
class Room:
    """A private chat with the bot or a group, as one person sees it.

    Who is not a `member` may look on but not speak. `title` is empty for a private chat.
    """

    id: str
    kind: ChatKind
    title: str
    member: bool = True
    last: RoomMessage | None = None
