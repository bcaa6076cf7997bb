"""What the rooms expect of each other without knowing each other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from bot.chat.messages import Inbound, Notice, Outgoing


class FileStore(Protocol):
    """Bytes under a key that is derived from them; putting the same bytes twice keeps them once."""

    def put(self, data: bytes) -> str:
        """Keep the bytes durably and return their key."""
        ...

    def get(self, key: str) -> bytes:
        """The bytes; raises LookupError for an unknown key."""
        ...


class Outcome(StrEnum):
    """What became of a message, once it is committed."""

    ANSWERED = "answered"
    #: Answered in the person's private chat, though it was asked in a group: there a sign is enough.
    ELSEWHERE = "elsewhere"
    #: Done, and nothing needs to be said; a sign on the message is enough.
    NOTED = "noted"
    REFUSED = "refused"
    FAILED = "failed"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    #: Not taken: its turn (`Inbound.turn`) has not come yet, and it is to be handed in again.
    EARLY = "early"


#: Hands a message or a notice to the engine; returns only after the commit. Then the platform may acknowledge.
Receive = Callable[[Inbound | Notice], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` messages within any `seconds` seconds."""

    count: int
    seconds: float


#: So many messages may be on their way on one platform, each to another chat.
MOST_AT_ONCE = 128


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a platform takes: from the whole account, into one private chat, into one group.

    `at_once`: so many may be on their way at the same time. With one, a program that is killed leaves one in doubt
    at most, and so no more than one may arrive twice.
    """

    account: tuple[Rate, ...] = ()
    private: tuple[Rate, ...] = ()
    group: tuple[Rate, ...] = ()
    at_once: int = MOST_AT_ONCE


class Platform(Protocol):
    """One way in and out. `name` is unique in a deployment and stored with every chat and account."""

    name: str
    limits: Limits

    async def start(self, receive: Receive) -> None:
        """Begin to hand in messages. Raises ConfigurationError when it cannot work as configured."""
        ...

    async def send(self, message: Outgoing) -> str:
        """Send and return the platform's id of the message. Raises DeliveryError."""
        ...

    async def stop(self) -> None:
        """Take no more messages; what was handed in is finished by the engine."""
        ...


@runtime_checkable
class Leading(Protocol):
    """A platform that has something only one of several programs on the same account may do: polling, a long line.

    `start` does what each of them may (a webhook); then the one that leads is told so, and told when it no longer
    does. The two come in turn, `lead` first. Where there is one program, it leads.
    """

    async def lead(self) -> None:
        """Begin with it; must not wait until somebody else has ended."""
        ...

    async def follow(self) -> None:
        """End it at once."""
        ...


@runtime_checkable
class Weighing(Protocol):
    """A platform on which one `Outgoing` may take several messages: long texts in parts, pictures one by one.

    Its `send` sends `Outgoing.most` of them at most, and raises `Unfinished` when others are left.
    """

    def weight(self, message: Outgoing) -> int:
        """How many messages the platform will still count, 1 and more; must not send or wait."""
        ...


@runtime_checkable
class Deduplicating(Protocol):
    """A platform that drops a message which it is sent twice under the same `Outgoing.id`."""

    def deduplicates(self, message: Outgoing) -> bool:
        """Whether it will for this message: then sending again after a time-out can do no harm."""
        ...


@runtime_checkable
class Editing(Protocol):
    """A platform on which a sent message can be given other words (`Outgoing.replaces`)."""

    #: Whether it can.
    edits: bool


@runtime_checkable
class Previewing(Protocol):
    """A platform that can tell how a message will look on it."""

    def preview(self, message: Outgoing) -> tuple[str, ...]:
        """The plain text of each message that people will get, in order."""
        ...


@runtime_checkable
class Checking(Protocol):
    """A platform that knows whether its line is alive."""

    def trouble(self) -> str | None:
        """What is wrong at present, for the operator; None while all is well. Must not wait."""
        ...


@runtime_checkable
class Linking(Protocol):
    """A platform on which a link can open the private chat with the bot and hand it a word."""

    def bind_link(self, code: str) -> str:
        """The link that binds whoever follows it with this code."""
        ...


class Spool(Protocol):
    """Where what a platform has acknowledged lies safely until it is committed: messages as they came, by name.

    What is handed in again is deduplicated by the engine, so it may lie here for a moment too long, or come twice.
    Where several programs share it, whoever keeps a message goes on with it as long as it lives; what the dead
    leave behind is given to the one that leads.
    """

    #: Seconds between two looks at what `left` may have found meanwhile; 0 when nobody else keeps anything here.
    every: float

    @property
    def passes_on(self) -> bool:
        """Whether another program should go on with what waits for more: the one that leads."""
        ...

    async def keep(self, name: str, lane: str, content: Any, *, passed_on: bool = False) -> None:
        """Durable when this returns; raises when it is not. `lane`: whose turn it is, `content`: JSON.

        `passed_on`: not this program goes on with it but whoever leads.
        """
        ...

    async def drop(self, name: str) -> None:
        """It is committed. What cannot be dropped is handed in again some day, and known to be a repetition."""
        ...

    async def give_up(self, name: str) -> None:
        """Leave it to whoever leads, though the caller had gone on with it."""
        ...

    async def left(self) -> list[Any]:
        """What nobody is at work on, in the order in which it came; from now on the caller is."""
        ...

    async def set_apart(self, name: str, content: Any) -> None:
        """Keep what cannot be read for whoever mends it."""
        ...
