"""What the room keeps and what its page is sent: blocks, people, rooms and messages as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from bot.chat.messages import (
    PRIVATELY,
    Attachment,
    Bar,
    Block,
    Button,
    ChatKind,
    ChatRef,
    Fields,
    Inbound,
    Line,
    Outgoing,
    Sender,
    Table,
)
from bot.chat.rendering import percent, plain_text
from bot.chat.rooms import Identity, Room, RoomMessage

PLATFORM = "local"
#: So much of a message is shown in the list of rooms, in characters.
BRIEF = 80

_CALLS_THE_BOT = re.compile(r"\s*[/／]|.*@(?:亮赛比|liangsaibi)", re.DOTALL | re.IGNORECASE)


def kind_of(room: str) -> ChatKind:
    """A room's kind, by its name."""
    return ChatKind.GROUP if room.startswith("group:") else ChatKind.PRIVATE


# --- what is kept -----------------------------------------------------------------------------------------


def said(who: Identity, text: str, attachments: Iterable[Attachment]) -> dict[str, Any]:
    """Somebody's words and files. Name and posts are kept with them: posts change hands, what was said stays."""
    files = [{"key": a.key, "name": a.name, "mime": a.mime, "size": a.size} for a in attachments]
    return {**_signed(who), "text": text, "files": files, "brief": text[:BRIEF]}


def pressed(who: Identity, *, label: str, payload: str, message: int) -> dict[str, Any]:
    """Somebody pressed a button of the bot's message."""
    press = {"label": label, "payload": payload, "message": message}
    return {**_signed(who), "pressed": press, "brief": label}


def sent(message: Outgoing) -> dict[str, Any]:
    """What the bot says."""
    return {
        "body": [_block(block) for block in message.body],
        "buttons": [row for row in map(_buttons, message.buttons) if row],
        "files": [{"key": f.key, "name": f.name, "mime": f.mime} for f in message.files],
        "brief": plain_text(message.body)[:BRIEF],
    }


def _parts(line: Line) -> list[list[Any]]:
    """The words in pieces, each with whether somebody is called by it."""
    parts: list[list[Any]] = []
    at = 0
    for call in line.calls:
        parts += [[str(line.words)[at : call.start], False], [str(line.words)[call.start : call.end], True]]
        at = call.end
    return [part for part in [*parts, [str(line.words)[at:], False]] if part[0]]


def _buttons(row: Iterable[Button]) -> list[dict[str, Any]]:
    # The room has its own list of chats: a button that leads to the private one is not needed.
    return [{"label": b.label, "payload": b.payload} for b in row if b.payload != PRIVATELY]


def _signed(who: Identity) -> dict[str, Any]:
    return {"by": who.name, "posts": _posts(who)}


def _posts(who: Identity) -> list[dict[str, str]]:
    return [{"role": post.role.value, "unit": post.unit_name} for post in who.posts]


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Line(words, style):
            drawn = {"kind": "line", "words": words, "style": style}
            return {**drawn, "parts": _parts(block)} if block.calls else drawn
        case Fields(pairs, _colon):
            return {"kind": "fields", "pairs": [[label, value] for label, value in pairs]}
        case Bar(label, share, light, note):
            known = None if share is None else {"share": str(share), "percent": percent(share)}
            return {"kind": "bar", "label": label, "known": known, "light": light, "note": note}
        case Table(header, rows, align):
            return {"kind": "table", "header": list(header), "rows": [list(row) for row in rows], "align": align}


# --- what the engine is handed ----------------------------------------------------------------------------


def inbound(message: RoomMessage) -> Inbound:
    """A kept message as the engine takes it; the same one whenever it is handed in."""
    kept, kind = message.content, kind_of(message.room)
    press = kept.get("pressed")
    text = press["payload"] if press else kept["text"]
    return Inbound(
        id=message.key,
        chat=ChatRef(PLATFORM, message.room, kind),
        sender=Sender(message.author or "", kept["by"]),
        text=text,
        sent_at=message.at,
        attachments=tuple(Attachment(**file) for file in kept.get("files", ())),
        addressed=bool(press) or kind is ChatKind.PRIVATE or _CALLS_THE_BOT.match(text) is not None,
        pressed=bool(press),
        pressed_message=str(press["message"]) if press else None,
    )


def label_of(message: RoomMessage, payload: str) -> str | None:
    """What the button with this payload says on a message; None when it has no such button."""
    for row in message.content.get("buttons", ()):
        for button in row:
            if button["payload"] == payload:
                return str(button["label"])
    return None


def payload_of(message: RoomMessage, label: str) -> str | None:
    """What the button of this label stands for on a message; None when it has no such button."""
    for row in message.content.get("buttons", ()):
        for button in row:
            if button["label"] == label:
                return str(button["payload"])
    return None


# --- what the page is sent --------------------------------------------------------------------------------


def message_to_page(message: RoomMessage) -> dict[str, Any]:
    """A message as the page draws it. The label of a pressed button is shown, its payload is not."""
    content = {name: value for name, value in message.content.items() if name != "brief"}
    if "pressed" in content:
        content["pressed"] = content["pressed"]["label"]
    return {
        "id": message.id,
        "room": message.room,
        "author": message.author,
        "key": message.key,
        "at": message.at.isoformat(),
        **content,
    }


def room_to_page(room: Room) -> dict[str, Any]:
    """A room as the page lists it, with a glimpse of its last message."""
    last = None
    if room.last is not None:
        kept = room.last.content
        last = {
            "id": room.last.id,
            "at": room.last.at.isoformat(),
            "author": room.last.author,
            "by": kept.get("by"),
            "brief": kept["brief"],
            "file": next((file["name"] for file in kept.get("files", ())), None),
        }
    return {"id": room.id, "kind": room.kind, "title": room.title, "member": room.member, "last": last}


def identity_to_page(who: Identity) -> dict[str, Any]:
    """Somebody as the page's list of people shows them."""
    return {
        "account": who.account,
        "name": who.name,
        "posts": _posts(who),
        "language": who.language,
        "bound": who.bound,
    }
