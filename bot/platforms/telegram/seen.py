"""What an update is to the bot, and who sent it."""

from __future__ import annotations

from dataclasses import dataclass

from telegram import Message, User

from bot.chat.messages import Inbound, Notice, Sender
from bot.platforms.telegram.media import Media

#: The accounts behind which anonymous administrators and channels speak, and Telegram's own.
ANONYMOUS = frozenset({1087968824, 136817688})


@dataclass(frozen=True, slots=True)
class Me:
    """The bot itself. `hears_all`: its privacy mode is off."""

    id: int
    username: str
    hears_all: bool


@dataclass(frozen=True, slots=True)
class Came:
    """One update as it concerns the bot. `lane`: what has the same lane is handed in one after the other.

    `query` is the press that wants an answer at once; `album` binds messages that were sent as one, and `parts`
    are what each of them brought once they are put together.
    """

    what: Inbound | Notice
    lane: str
    media: tuple[Media, ...] = ()
    album: str | None = None
    query: str | None = None
    parts: tuple[tuple[str, tuple[Media, ...]], ...] = ()


def is_anonymous(message: Message) -> bool:
    """Whether somebody speaks in the name of a group or channel."""
    user = message.from_user
    return message.sender_chat is not None or (user is not None and user.id in ANONYMOUS)


def sender_of(user: User) -> Sender:
    """Who wrote, as the engine knows them."""
    return Sender(str(user.id), user.full_name)


def id_of(message: Message) -> str:
    """The message's id, the same when it is delivered again."""
    return f"{message.chat.id}:{message.message_id}"
