"""What the AI bot's frames say, read into `Incoming`. Total: what cannot be read is nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from bot.chat.messages import NoticeKind
from bot.platforms.wecom.cards import split_key
from bot.platforms.wecom.incoming import Incoming, Media, selected

#: The chat ids of groups in which the AI bot is.
GROUP = "bot:"
#: A mention stands first and is followed by a space, an ordinary one or the thin one that WeCom puts there.
_MENTION = re.compile(r"@\S+[\s\u2005\u00a0]+")
_SPACES = " \t\n\u2005\u00a0"


def read_message(body: dict[str, Any], request: str, *, bot_name: str, now: datetime) -> Incoming | None:
    """A message to the bot; None when there is nothing in it."""
    base = _base(body, request, now)
    if base is None:
        return None
    words: list[str] = []
    media: list[Media] = []
    for kind, content in _items(body):
        match kind:
            case "text" | "voice":
                words.append(_text(content, "content"))
            case "image" | "file" | "video":
                one = _media(kind, content, len(media) + 1)
                media += [one] if one else []
    said = "\n".join(word for word in words if word)
    said = without_mention(said, bot_name) if base.chat else said.strip()
    found = msgspec.structs.replace(base, text=said, media=tuple(media))
    # Somebody who only mentions the bot wants to know what it can do.
    return (
        msgspec.structs.replace(found, text="帮助")
        if found.is_empty and words
        else None
        if found.is_empty
        else found
    )


def read_event(body: dict[str, Any], request: str, *, now: datetime) -> Incoming | None:
    """A pressed card or somebody entering; None for what needs no answer."""
    base = _base(body, request, now)
    event = body.get("event")
    if base is None or not isinstance(event, dict):
        return None
    match event.get("eventtype"):
        case "enter_chat":
            return msgspec.structs.replace(base, notice=NoticeKind.ENTERED)
        case "template_card_event":
            told = event.get("template_card_event")
            told = told if isinstance(told, dict) else event
            key = next(iter(selected(told.get("selected_items"))), _text(told, "event_key"))
            payload, label = split_key(key)
            task = _text(told, "task_id")
            if not payload:
                return None
            kind = _text(told, "card_type")
            return msgspec.structs.replace(
                base, text=payload, pressed=True, card=task, label=label, card_type=kind
            )
        case _:
            return None


def without_mention(text: str, bot_name: str) -> str:
    """The text without the mention that led it; a name may have spaces in it."""
    text = text.strip(_SPACES)
    if bot_name and text.startswith(f"@{bot_name}"):
        return text.removeprefix(f"@{bot_name}").strip(_SPACES)
    return _MENTION.sub("", f"{text} ", count=1).strip(_SPACES) if text.startswith("@") else text


def _base(body: dict[str, Any], request: str, now: datetime) -> Incoming | None:
    sender = body.get("from")
    user = _text(sender, "userid").lower() if isinstance(sender, dict) else ""
    number = _text(body, "msgid")
    if not user or not number:
        return None
    group = body.get("chattype") == "group"
    chat = GROUP + _text(body, "chatid") if group else ""
    if len(chat) > 120 or len(user) > 100:
        return None
    made = body.get("create_time")
    at = float(made) if isinstance(made, int) and 0 < made < 10**11 else now.timestamp()
    return Incoming(id=f"bot:{number}"[:120], user=user, at=at, chat=chat, request=request)


def _items(body: dict[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    kind = _text(body, "msgtype")
    if kind != "mixed":
        content = body.get(kind)
        return [(kind, content)] if isinstance(content, dict) else []
    mixed = body.get("mixed")
    items = mixed.get("msg_item") if isinstance(mixed, dict) else None
    listed = items if isinstance(items, list) else []
    return [found for item in listed if isinstance(item, dict) for found in _items(item)]


def _media(kind: str, content: dict[str, Any], number: int) -> Media | None:
    url, key = _text(content, "url"), _text(content, "aeskey")
    if not url.startswith(("https://", "http://")):
        return None
    usual = {"image": f"照片{number}.jpg", "video": f"视频{number}.mp4"}.get(kind, f"文件{number}")
    return Media(_text(content, "filename") or _text(content, "name") or usual, url=url, aes_key=key)


def _text(holder: Any, name: str) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value.strip() if isinstance(value, str) else ""
