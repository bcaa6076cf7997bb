"""Chats and people of the simulated Telegram, and what people do there."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.servers.telegram.rules import units

ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
BOT_ID = 4242424242
BOT = {"id": BOT_ID, "is_bot": True, "first_name": "亮赛比", "username": "liangsaibi_bot"}


@dataclass
class Room:
    """A chat. `members` are the people of a group; `parted`: the bot may not speak there, and why."""

    id: int
    type: str
    title: str = ""
    members: list[str] = field(default_factory=list)
    topics: set[int] = field(default_factory=set)
    is_forum: bool = False
    bot_is: str = "member"
    parted: str = ""
    moved_to: int | None = None
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def wire(self) -> dict[str, Any]:
        wire: dict[str, Any] = {"id": self.id, "type": self.type}
        if self.title:
            wire["title"] = self.title
        if self.is_forum:
            wire["is_forum"] = True
        return wire


class Town:
    """Everybody and every chat; `tell(chat, update)` gives an update to whoever delivers it."""

    def __init__(self, tell: Callable[[int, dict[str, Any]], None]) -> None:
        self._tell = tell
        self.rooms: dict[int, Room] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.queries: dict[str, str] = {}
        self._numbers = itertools.count(1)
        #: Privacy mode: in groups the bot sees only what is meant for it.
        self.privacy = False

    # --- who and where ------------------------------------------------------------------------------------

    def user(self, name: str) -> dict[str, Any]:
        if name not in self.users:
            number = 7_000_000_000 + len(self.users)
            self.users[name] = {"id": number, "is_bot": False, "first_name": name, "language_code": "zh-hans"}
        return self.users[name]

    def knows(self, number: int) -> bool:
        """Whether the bot has ever met that account, in private or in a group."""
        return any(user["id"] == number for user in self.users.values())

    def private(self, name: str) -> Room:
        """The person's chat with the bot; before they have written there is none for the bot to write to."""
        number = self.user(name)["id"]
        if number not in self.rooms:
            self.rooms[number] = Room(number, "private", members=[name], parted="never began")
        return self.rooms[number]

    def group(self, title: str, *members: str, forum: bool = False, kind: str = "supergroup") -> Room:
        found = next((r for r in self.rooms.values() if r.title == title and r.moved_to is None), None)
        if found is None:
            number = -1_002_000_000_000 - len(self.rooms) if kind == "supergroup" else -4_000_000 - len(self.rooms)
            found = self.rooms[number] = Room(number, kind, title, list(members), is_forum=forum)
            found.topics = {10, 20} if forum else set()
        return found

    # --- what people do -----------------------------------------------------------------------------------

    def says(self, who: str, room: Room, text: str, **more: Any) -> dict[str, Any]:
        """Somebody writes; returns the message."""
        body: dict[str, Any] = {"text": text, "entities": entities_of(text)}
        if not body["entities"]:
            del body["entities"]
        return self.posts(who, room, **body, **more)

    def posts(
        self,
        who: str,
        room: Room,
        *,
        topic: int | None = None,
        reply_to: int | None = None,
        anonymous: bool = False,
        **body: Any,
    ) -> dict[str, Any]:
        """Somebody posts whatever it is."""
        if room.type == "private" and room.parted:
            room.parted = ""
        message = self._message(room, ANONYMOUS if anonymous else self.user(who), **body)
        if anonymous:
            message["sender_chat"] = room.wire
        if topic is not None:
            message |= {"message_thread_id": topic, "is_topic_message": True}
        if reply_to is not None:
            message["reply_to_message"] = room.messages[reply_to]
        self._show(room, {"message": message})
        return message

    def photo(self, who: str, room: Room, data: bytes, *, caption: str = "", **more: Any) -> dict[str, Any]:
        body: dict[str, Any] = {"photo": [self.upload(data, width=90, height=60), self.upload(data)]}
        if caption:
            body |= {"caption": caption}
            if found := entities_of(caption):
                body["caption_entities"] = found
        return self.posts(who, room, **body, **more)

    def album(
        self, who: str, room: Room, photos: list[bytes], *, caption: str = "", **more: Any
    ) -> list[dict[str, Any]]:
        """Several photos at once; the words stand with the first. Returns the messages."""
        number = str(next(self._numbers) + 13_000_000_000_000_000)
        return [
            self.photo(who, room, data, caption="" if index else caption, media_group_id=number, **more)
            for index, data in enumerate(photos)
        ]

    def upload(self, data: bytes, *, width: int = 960, height: int = 640) -> dict[str, Any]:
        name = f"file{next(self._numbers)}"
        self.files[name] = data
        return {
            "file_id": name,
            "file_unique_id": f"u{name}",
            "file_size": len(data),
            "width": width,
            "height": height,
        }

    def edits(self, who: str, room: Room, message: dict[str, Any], text: str) -> None:
        """Other words for a message: its text, or its caption where it is a photo."""
        where = "text" if "text" in message else "caption"
        message |= {where: text, "edit_date": int(time.time())}
        self._show(room, {"edited_message": message})

    def presses(self, who: str, room: Room, label: str) -> None:
        """Press the newest button of that label."""
        for message in reversed(room.messages.values()):
            for row in message.get("reply_markup", {}).get("inline_keyboard", []):
                for button in row:
                    if button["text"] == label and "callback_data" in button:
                        self.press(who, room, message, button["callback_data"])
                        return
        raise LookupError(label)

    def press(
        self, who: str, room: Room, message: dict[str, Any], data: str, *, inaccessible: bool = False
    ) -> str:
        number = str(next(self._numbers) + 4_000_000_000_000_000)
        self.queries[number] = ""
        shown = {"chat": room.wire, "message_id": message["message_id"], "date": 0} if inaccessible else message
        query = {
            "id": number,
            "from": self.user(who),
            "message": shown,
            "chat_instance": "1",
            "data": data,
        }
        self._tell(room.id, {"callback_query": query})
        return number

    # --- what happens to chats ----------------------------------------------------------------------------

    def blocks(self, who: str, *, blocked: bool = True) -> None:
        room = self.private(who)
        room.parted = "bot was blocked by the user" if blocked else ""
        self._member(room, who, "member" if blocked else "kicked", "kicked" if blocked else "member")

    def adds_bot(self, who: str, room: Room, *, as_admin: bool = False) -> None:
        room.parted = ""
        becomes = "administrator" if as_admin else "member"
        self._member(room, who, "left", becomes)
        self._show(room, {"message": self._message(room, self.user(who), new_chat_members=[BOT])})

    def removes_bot(self, who: str, room: Room) -> None:
        room.parted = "bot was kicked from the supergroup chat"
        self._member(room, who, "member", "kicked")

    def migrates(self, who: str, room: Room) -> Room:
        """The group becomes a supergroup with another number; both sides tell of it."""
        new = Room(-1_003_000_000_000 - len(self.rooms), "supergroup", room.title, list(room.members))
        self.rooms[new.id] = new
        told = self._message(room, self.user(who), migrate_to_chat_id=new.id)
        room.moved_to = new.id
        self._tell(room.id, {"message": told})
        self._tell(new.id, {"message": self._message(new, self.user(who), migrate_from_chat_id=room.id)})
        return new

    def _member(self, room: Room, who: str, was: str, becomes: str) -> None:
        change = {
            "chat": room.wire,
            "from": self.user(who),
            "date": int(time.time()),
            "old_chat_member": _member(was),
            "new_chat_member": _member(becomes),
        }
        self._tell(room.id, {"my_chat_member": change})

    def _message(self, room: Room, user: dict[str, Any], **body: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message = {"message_id": number, "date": int(time.time()), "chat": room.wire, "from": user, **body}
        room.messages[number] = message
        return message

    def bot_says(self, room: Room, **body: Any) -> dict[str, Any]:
        """The bot's own message."""
        return self._message(room, BOT, **body)

    def _show(self, room: Room, update: dict[str, Any]) -> None:
        if self.privacy and room.type != "private" and room.bot_is != "administrator":
            message = update.get("message") or update.get("edited_message") or {}
            if not _meant_for_bot(message):
                return
        self._tell(room.id, update)


def _meant_for_bot(message: dict[str, Any]) -> bool:
    text = message.get("text") or message.get("caption") or ""
    replied = message.get("reply_to_message", {}).get("from", {}).get("id") == BOT_ID
    service = any(name in message for name in ("new_chat_members", "migrate_to_chat_id", "migrate_from_chat_id"))
    return text.startswith("/") or replied or service


def _member(status: str) -> dict[str, Any]:
    member: dict[str, Any] = {"user": BOT, "status": status}
    if status == "kicked":
        member["until_date"] = 0
    if status == "administrator":
        rights = (
            *("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats"),
            *("can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users"),
            *("can_post_stories", "can_edit_stories", "can_delete_stories"),
        )
        member |= dict.fromkeys(rights, False)
    return member


def entities_of(text: str) -> list[dict[str, Any]]:
    """Commands and mentions, which Telegram marks by itself."""
    found = []
    for kind, pattern in (("bot_command", r"(?:(?<=\s)|^)/\w+(?:@\w+)?"), ("mention", r"(?<![\w/])@[A-Za-z]\w+")):
        for match in re.finditer(pattern, text, re.ASCII):
            offset = units(text[: match.start()])
            found.append({"type": kind, "offset": offset, "length": units(match.group())})
    return sorted(found, key=lambda entity: entity["offset"])
