"""From Telegram's updates to messages and notices."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime
from typing import Any

from telegram import CallbackQuery, Chat, Message, MessageEntity, Update, User

from bot.chat.messages import ChatKind, ChatRef, Inbound, Notice, NoticeKind, Sender
from bot.platforms.telegram.chats import PLATFORM, reference
from bot.platforms.telegram.media import media_of
from bot.platforms.telegram.seen import ANONYMOUS, Came, Me, id_of, is_anonymous, sender_of
from bot.platforms.telegram.service import happened, membership, noticed

#: Named with every request: the choice persists on Telegram's side, and its default leaves some out.
ALLOWED_UPDATES = (Update.MESSAGE, Update.EDITED_MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER)

_SERVICE = 777000
_COMMAND = re.compile(r"^/([A-Za-z0-9_]+)(?:@([A-Za-z0-9_]+))?")


def read(update: Update, me: Me) -> Came | None:
    """What an update means; None when it is not the bot's business."""
    if update.message is not None:
        return _message(update.message, me)
    if update.edited_message is not None:
        return _edited(update.edited_message, me)
    if update.callback_query is not None:
        return _pressed(update.callback_query)
    if update.my_chat_member is not None:
        return membership(update.my_chat_member, me)
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
    told = happened(message, me)
    if told is not None:
        return noticed(told)
    if message.from_user is None or _not_a_person(message.from_user):
        return None
    text = _words(message, me)
    media = media_of(message)
    if text is None or not (text or media):
        return None
    addressed = _is_addressed(message, me)
    chat = reference(message.chat, _thread(message))
    if is_anonymous(message):
        if not addressed:
            return None
        return noticed(Notice(id_of(message), chat, NoticeKind.ANONYMOUS, message.date))
    if media and not text and not addressed and not message.media_group_id:
        # Somebody shows the others a photo.
        return None
    inbound = Inbound(
        id=id_of(message),
        chat=chat,
        sender=sender_of(message.from_user),
        text=text,
        sent_at=message.date,
        addressed=addressed,
        message=str(message.message_id),
    )
    return Came(inbound, inbound.sender.id, media, message.media_group_id)


def _edited(message: Message, me: Me) -> Came | None:
    if message.from_user is None or _not_a_person(message.from_user) or is_anonymous(message):
        return None
    text = _words(message, me)
    if not text:
        return None
    moment = int((message.edit_date or message.date).timestamp())
    original = id_of(message)
    inbound = Inbound(
        id=f"{original}:edit:{moment}:{zlib.crc32(text.encode())}",
        chat=reference(message.chat, _thread(message)),
        sender=sender_of(message.from_user),
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
    return user.id == _SERVICE or (user.is_bot and user.id not in ANONYMOUS)


def _thread(message: Message) -> int | None:
    """The topic, which counts only for messages that say so: other replies carry such a number as well."""
    return message.message_thread_id if message.is_topic_message else None


# --- buttons ----------------------------------------------------------------------------------------------


def _pressed(query: CallbackQuery) -> Came | None:
    message = query.message
    if message is None or not query.data:
        return None
    thread = _thread(message) if isinstance(message, Message) else None
    inbound = Inbound(
        id=f"press:{query.id}",
        chat=reference(message.chat, thread),
        sender=sender_of(query.from_user),
        text=query.data,
        # The press itself has no time; that of the message is older and may be missing.
        sent_at=message.date if isinstance(message, Message) else datetime.fromtimestamp(0, UTC),
        addressed=True,
        pressed=True,
        pressed_message=str(message.message_id),
    )
    return Came(inbound, inbound.sender.id, query=query.id)
