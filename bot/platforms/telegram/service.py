"""What service messages and changes of membership tell of a chat."""

from __future__ import annotations

from datetime import datetime

from telegram import Chat, ChatMember, ChatMemberUpdated, Message

from bot.chat.messages import ChatRef, Notice, NoticeKind
from bot.platforms.telegram.chats import reference
from bot.platforms.telegram.seen import ANONYMOUS, Came, Me, id_of, is_anonymous, sender_of

_IN = frozenset({ChatMember.MEMBER, ChatMember.ADMINISTRATOR, ChatMember.OWNER})


def noticed(notice: Notice) -> Came:
    """A notice in its lane."""
    return Came(notice, notice.sender.id if notice.sender else notice.chat.id)


def happened(message: Message, me: Me) -> Notice | None:
    """What a service message tells of the chat."""
    chat, key = reference(message.chat), id_of(message)
    if message.migrate_to_chat_id is not None:
        return _moved(chat, chat.id, str(message.migrate_to_chat_id), message.date)
    if message.migrate_from_chat_id is not None:
        return _moved(chat, str(message.migrate_from_chat_id), chat.id, message.date)
    who = sender_of(message.from_user) if message.from_user and not is_anonymous(message) else None
    added = any(user.id == me.id for user in message.new_chat_members or ())
    if added or message.group_chat_created or message.supergroup_chat_created:
        return Notice(key, chat, NoticeKind.ADDED, message.date, who, hears_all=me.hears_all)
    if message.left_chat_member is not None and message.left_chat_member.id == me.id:
        return Notice(key, chat, NoticeKind.REMOVED, message.date, who)
    return None


def _moved(chat: ChatRef, old: str, new: str, at: datetime) -> Notice:
    """Both sides of the move tell of it: it is one notice."""
    before = ChatRef(chat.platform, old, chat.kind, chat.title)
    return Notice(f"moved:{old}:{new}", before, NoticeKind.MOVED, at, moved_to=new)


def membership(change: ChatMemberUpdated, me: Me) -> Came | None:
    was, becomes = _is_in(change.old_chat_member), _is_in(change.new_chat_member)
    if was == becomes or change.chat.type == Chat.CHANNEL:
        return None
    private = change.chat.type == Chat.PRIVATE
    if private:
        kind = NoticeKind.UNBLOCKED if becomes else NoticeKind.BLOCKED
    else:
        kind = NoticeKind.ADDED if becomes else NoticeKind.REMOVED
    hears_all = me.hears_all or change.new_chat_member.status == ChatMember.ADMINISTRATOR
    anonymous = change.from_user.id in ANONYMOUS
    return noticed(
        Notice(
            f"{kind}:{change.chat.id}:{int(change.date.timestamp())}",
            reference(change.chat),
            kind,
            change.date,
            None if anonymous else sender_of(change.from_user),
            hears_all=hears_all if kind is NoticeKind.ADDED else None,
        )
    )


def _is_in(member: ChatMember) -> bool:
    return member.status in _IN or (
        member.status == ChatMember.RESTRICTED and bool(getattr(member, "is_member", False))
    )
