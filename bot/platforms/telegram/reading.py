"""From Telegram's updates to messages and notices."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from telegram import CallbackQuery, Chat, ChatMember, ChatMemberUpdated, Message, MessageEntity, Update, User

from bot.chat.messages import ChatKind, ChatRef, Inbound, Notice, NoticeKind, Sender
from bot.platforms.telegram.chats import PLATFORM, reference
from bot.platforms.telegram.media import Media, media_of

#: Named with every request: the choice persists on Telegram's side, and its default leaves some out.
ALLOWED_UPDATES = (Update.MESSAGE, Update.EDITED_MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER)

#: The accounts behind which anonymous administrators and channels speak, and Telegram's own.
_ANONYMOUS = frozenset({1087968824, 136817688})
_SERVICE = 777000
_COMMAND = re.compile(r"^/([A-Za-z0-9_]+)(?:@([A-Za-z0-9_]+))?")
_IN = frozenset({ChatMember.MEMBER, ChatMember.ADMINISTRATOR, ChatMember.OWNER})


@dataclass(frozen=True, slots=True)
class Me:
    """The bot itself. `hears_all`: its privacy mode is off."""

    id: int
    username: str
    hears_all: bool


@dataclass(frozen=True, slots=True)
class Came:
    """One update as it concerns the bot. `lane`: what has the same lane is handed in one after the other.

    `query` is the press that wants an answer at once; `album` binds messages that were sent as one.
    """

    what: Inbound | Notice
    lane: str
    media: tuple[Media, ...] = ()
    album: str | None = None
    query: str | None = None


def read(update: Update, me: Me) -> Came | None:
    """What an update means; None when it is not the bot's business."""
    if update.message is not None:
        return _message(update.message, me)
    if update.edited_message is not None:
        return _edited(update.edited_message, me)
    if update.callback_query is not None:
        return _pressed(update.callback_query)
    if update.my_chat_member is not None:
        return _membership(update.my_chat_member, me)
    return None


#: All that plain words in a private chat consist of.
_PLAIN = frozenset({"message_id", "from", "chat", "date", "text", "entities", "link_preview_options"})
#: A command that names a bot is looked at more closely.
_NAMES_A_BOT = re.compile(r"/\w+@")


def read_plain(update: dict[str, Any]) -> Came | None:
    """The same for words in a private chat, straight from the wire; None for everything else.

    Nearly all that comes in is of this kind, and making objects of it takes longer than handling it.
    """
    message = update.get("message")
    if not isinstance(message, dict) or not message.keys() <= _PLAIN:
        return None
    chat, user, text = message["chat"], message.get("from"), message.get("text")
    if chat["type"] != "private" or user is None or user["is_bot"] or not text or _NAMES_A_BOT.match(text):
        return None
    number, name = str(chat["id"]), str(message["message_id"])
    last = user.get("last_name")
    who = Sender(str(user["id"]), f"{user['first_name']} {last}" if last else user["first_name"])
    inbound = Inbound(
        id=f"{number}:{name}",
        chat=ChatRef(PLATFORM, number, ChatKind.PRIVATE),
        sender=who,
        text=text,
        sent_at=datetime.fromtimestamp(message["date"], UTC),
        addressed=True,
        message=name,
    )
    return Came(inbound, who.id)


# --- messages ---------------------------------------------------------------------------------------------


def _message(message: Message, me: Me) -> Came | None:
    happened = _happened(message, me)
    if happened is not None:
        return _notice(happened)
    if message.from_user is None or _not_a_person(message.from_user):
        return None
    text = _words(message, me)
    media = media_of(message)
    if text is None or not (text or media):
        return None
    addressed = _is_addressed(message, me)
    chat = reference(message.chat, _thread(message))
    if _is_anonymous(message):
        if not addressed:
            return None
        return _notice(Notice(_id(message), chat, NoticeKind.ANONYMOUS, message.date))
    if media and not text and not addressed and not message.media_group_id:
        # Somebody shows the others a photo.
        return None
    inbound = Inbound(
        id=_id(message),
        chat=chat,
        sender=_sender(message.from_user),
        text=text,
        sent_at=message.date,
        addressed=addressed,
        message=str(message.message_id),
    )
    return Came(inbound, inbound.sender.id, media, message.media_group_id)


def _edited(message: Message, me: Me) -> Came | None:
    if message.from_user is None or _not_a_person(message.from_user) or _is_anonymous(message):
        return None
    text = _words(message, me)
    if not text:
        return None
    moment = int((message.edit_date or message.date).timestamp())
    original = _id(message)
    inbound = Inbound(
        id=f"{original}:edit:{moment}:{zlib.crc32(text.encode())}",
        chat=reference(message.chat, _thread(message)),
        sender=_sender(message.from_user),
        text=text,
        sent_at=message.edit_date or message.date,
        addressed=_is_addressed(message, me),
        message=str(message.message_id),
        edits=original,
    )
    return Came(inbound, inbound.sender.id)


def _words(message: Message, me: Me) -> str | None:
    """The text without the bot's own name; None for a command that another bot is given."""
    text = message.text if message.text is not None else message.caption or ""
    command = _COMMAND.match(text)
    if command is not None and command[2] is not None:
        if command[2].casefold() != me.username.casefold():
            return None
        return f"/{command[1]}{text[command.end() :]}"
    mention = f"@{me.username}"
    if message.chat.type != Chat.PRIVATE and text.casefold().startswith(mention.casefold()):
        return text[len(mention) :].lstrip(" ,，:：\n")
    return text


def _is_addressed(message: Message, me: Me) -> bool:
    if message.chat.type == Chat.PRIVATE:
        return True
    text = message.text if message.text is not None else message.caption or ""
    if text.startswith("/"):
        return True
    answered = message.reply_to_message
    # What opens a topic counts as answered by everything in it.
    if answered is not None and answered.forum_topic_created is None and _is(answered.from_user, me):
        return True
    named = message.parse_entities([MessageEntity.MENTION]) or message.parse_caption_entities(
        [MessageEntity.MENTION]
    )
    return any(words.casefold() == f"@{me.username}".casefold() for words in named.values())


def _is(user: User | None, me: Me) -> bool:
    return user is not None and user.id == me.id


def _not_a_person(user: User) -> bool:
    return user.id == _SERVICE or (user.is_bot and user.id not in _ANONYMOUS)


def _is_anonymous(message: Message) -> bool:
    user = message.from_user
    return message.sender_chat is not None or (user is not None and user.id in _ANONYMOUS)


def _sender(user: User) -> Sender:
    return Sender(str(user.id), user.full_name)


def _thread(message: Message) -> int | None:
    """The topic, which counts only for messages that say so: other replies carry such a number as well."""
    return message.message_thread_id if message.is_topic_message else None


def _id(message: Message) -> str:
    return f"{message.chat.id}:{message.message_id}"


# --- buttons ----------------------------------------------------------------------------------------------


def _pressed(query: CallbackQuery) -> Came | None:
    message = query.message
    if message is None or not query.data:
        return None
    thread = _thread(message) if isinstance(message, Message) else None
    inbound = Inbound(
        id=f"press:{query.id}",
        chat=reference(message.chat, thread),
        sender=_sender(query.from_user),
        text=query.data,
        # The press itself has no time; that of the message is older and may be missing.
        sent_at=message.date if isinstance(message, Message) else datetime.fromtimestamp(0, UTC),
        addressed=True,
        pressed=True,
        pressed_message=str(message.message_id),
    )
    return Came(inbound, inbound.sender.id, query=query.id)


# --- notices ----------------------------------------------------------------------------------------------


def _notice(notice: Notice) -> Came:
    return Came(notice, notice.sender.id if notice.sender else notice.chat.id)


def _happened(message: Message, me: Me) -> Notice | None:
    """What a service message tells of the chat."""
    chat, key = reference(message.chat), _id(message)
    if message.migrate_to_chat_id is not None:
        return _moved(chat, chat.id, str(message.migrate_to_chat_id), message.date)
    if message.migrate_from_chat_id is not None:
        return _moved(chat, str(message.migrate_from_chat_id), chat.id, message.date)
    who = _sender(message.from_user) if message.from_user and not _is_anonymous(message) else None
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


def _membership(change: ChatMemberUpdated, me: Me) -> Came | None:
    was, becomes = _is_in(change.old_chat_member), _is_in(change.new_chat_member)
    if was == becomes or change.chat.type == Chat.CHANNEL:
        return None
    private = change.chat.type == Chat.PRIVATE
    if private:
        kind = NoticeKind.UNBLOCKED if becomes else NoticeKind.BLOCKED
    else:
        kind = NoticeKind.ADDED if becomes else NoticeKind.REMOVED
    hears_all = me.hears_all or change.new_chat_member.status == ChatMember.ADMINISTRATOR
    anonymous = change.from_user.id in _ANONYMOUS
    return _notice(
        Notice(
            f"{kind}:{change.chat.id}:{int(change.date.timestamp())}",
            reference(change.chat),
            kind,
            change.date,
            None if anonymous else _sender(change.from_user),
            hears_all=hears_all if kind is NoticeKind.ADDED else None,
        )
    )


def _is_in(member: ChatMember) -> bool:
    return member.status in _IN or (
        member.status == ChatMember.RESTRICTED and bool(getattr(member, "is_member", False))
    )
