"""What the room needs somebody to keep for it, and what else the program lends it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from bot.chat.rooms import Identity, Room, RoomMessage

#: The commands that an account may use: what to type, the usage line and the help, in the account's language.
CommandsFor = Callable[[str], Awaitable[Sequence[tuple[str, str, str]]]]
#: Tells the room how far the story is: steps done, steps in all, what is happening.
Progress = Callable[[int, int, str], None]
#: Plays the example quarter to its end.
Story = Callable[[Progress], Awaitable[None]]
#: Puts everything back to the beginning.
Reset = Callable[[], Awaitable[None]]


class RoomStore(Protocol):
    """The room's people, rooms and messages. Every method returns only after its commit."""

    async def identities(self, search: str, limit: int) -> Sequence[Identity]:
        """At most `limit` people who fit the search, and a stranger at the end."""
        ...

    async def identity(self, account: str) -> Identity:
        """Who is behind an account; raises LookupError."""
        ...

    async def enter(self, account: str, *, now: datetime) -> Identity:
        """The same, for somebody who is about to speak; raises LookupError."""
        ...

    async def rooms(self, account: str) -> Sequence[Room]:
        """The private chat with the bot, then the groups from the top downwards, each with its last message."""
        ...

    async def room(self, account: str, room: str) -> Room:
        """One room as this account sees it; raises LookupError for one it may not see."""
        ...

    async def messages(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Sequence[RoomMessage]:
        """Messages of a room, oldest first: the newest, or those next after or next before a number."""
        ...

    async def message(self, room: str, message: int) -> RoomMessage:
        """One message of a room; raises LookupError."""
        ...

    async def append(
        self, room: str, *, author: str | None, key: str, content: dict[str, Any], now: datetime
    ) -> tuple[RoomMessage, bool]:
        """Keep a message once for its key, and say whether it is new. What people say is untaken at first."""
        ...

    async def edit(self, room: str, message: int, *, content: dict[str, Any], now: datetime) -> RoomMessage | None:
        """Replace a message of the bot's; None when there is no such message."""
        ...

    async def taken(self, message: int, *, now: datetime) -> None:
        """The engine has committed what somebody said."""
        ...

    async def untaken(self) -> Sequence[RoomMessage]:
        """What people said that the engine has not committed, in the order it was said."""
        ...
