"""How a chat is named: the chat's number and, for a topic of a group, "/" and the topic's."""

from __future__ import annotations

from typing import NamedTuple

from telegram import Chat

from bot.chat.messages import ChatKind, ChatRef

PLATFORM = "telegram"


class Place(NamedTuple):
    """Where to send. `thread` is None outside topics and in the General topic, where it must be left out."""

    chat: int
    thread: int | None = None


def reference(chat: Chat, thread: int | None = None) -> ChatRef:
    """The chat as the engine knows it."""
    private = chat.type == Chat.PRIVATE
    name = str(chat.id) if thread is None else f"{chat.id}/{thread}"
    return ChatRef(PLATFORM, name, ChatKind.PRIVATE if private else ChatKind.GROUP, chat.title or "")


def place(chat: ChatRef) -> Place:
    """The inverse. Raises ValueError for a name of another make."""
    number, _, thread = chat.id.partition("/")
    return Place(int(number), int(thread) if thread else None)
