"""What happened to a chat without anybody writing: what is stored of it follows, whatever a feature then says."""

from __future__ import annotations

from datetime import datetime

from bot.chat.messages import ChatKind, ChatRef, Notice, NoticeKind
from bot.chat.people import Actor, Chat
from storage import accounts, parking
from storage.database import Tx

#: What parks a chat, and how that is told to whoever looks after delivery.
_PARKS = {NoticeKind.REMOVED: "the bot was removed", NoticeKind.BLOCKED: "the bot was blocked"}
_WAKES = frozenset({NoticeKind.ADDED, NoticeKind.UNBLOCKED, NoticeKind.ENTERED})


def take_note(tx: Tx, notice: Notice, now: datetime) -> Chat:
    """Park, wake or move the chat that the notice is about, and return it as it is now."""
    if notice.kind is NoticeKind.MOVED and notice.moved_to is not None:
        moved = _moved(tx, notice.chat, notice.moved_to, now)
        # A refusal may have come first that only said that the old chat was gone.
        parking.resume(tx, moved.id, now=now)
        return moved
    chat = accounts.chat_for(tx, notice.chat, now=now)
    for one in (chat, *accounts.topics_of(tx, chat)) if chat.is_group else (chat,):
        if notice.kind in _PARKS:
            parking.park(tx, one.id, why=_PARKS[notice.kind], now=now)
        elif notice.kind in _WAKES:
            parking.resume(tx, one.id, now=now)
    return chat


def who_did_it(tx: Tx, notice: Notice, chat: Chat, now: datetime) -> Actor:
    """Who is behind the notice; nobody where the platform does not say, or where it is nobody in particular."""
    if notice.sender is None or notice.kind is NoticeKind.ANONYMOUS:
        return Actor(0, None, "")
    private = chat.id if notice.chat.kind is ChatKind.PRIVATE else None
    return accounts.identify(tx, notice.chat.platform, notice.sender, private_chat=private, now=now)


def _moved(tx: Tx, old: ChatRef, new_id: str, now: datetime) -> Chat:
    known = accounts.chat_called(tx, old.platform, old.id)
    if known is None:
        return accounts.chat_for(tx, ChatRef(old.platform, new_id, old.kind, old.title), now=now)
    accounts.move_chat(tx, known.id, new_id)
    return accounts.chat(tx, known.id)
