"""Messages in and messages out.

What a platform hands in is an `Inbound`, or a `Notice` of something that is no message. What a handler
answers is a `Reply`: a body of blocks that say what is meant (a heading, a table, a bar), never how one
platform draws it. `bot.chat.rendering` turns the words into one language; each platform draws the blocks in
its own way, so user text can never inject markup.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from bot.chat.texts import Words

#: Telegram allows this many bytes of UTF-8 in a button's payload; every platform keeps to it.
PAYLOAD_BYTES = 64
#: The payload of a button that leads to the private chat with the bot. A platform that cannot link there
#: leaves the button out.
PRIVATELY = "@private"


class ChatKind(StrEnum):
    PRIVATE = "private"
    GROUP = "group"


class Light(StrEnum):
    """The state of a commitment against its pace and due date. Always shown with a word beside it."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class ChatRef:
    """Where a conversation takes place, as the platform names it.

    A topic of a group is a chat of its own, so that answers stay in it and it can be bound by itself; its id is
    the group's, "/" and the topic's own.
    """

    platform: str
    id: str
    kind: ChatKind
    title: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote, as the platform names them."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Turn:
    """When a message's turn is, where several programs take what comes: after all of its `lane` with a smaller
    `number` that is acknowledged and not committed yet."""

    lane: str
    number: int


@dataclass(frozen=True, slots=True)
class Attachment:
    """A photo or file whose bytes the adapter has already put into the file store under `key`."""

    key: str
    name: str
    mime: str
    size: int

    @property
    def is_picture(self) -> bool:
        return self.mime.startswith("image/")


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message as it came in.

    `id` is unique within the platform and the same when the platform delivers the message again.
    `addressed`: the message is plainly meant for the bot (mention, reply to the bot, private chat).
    `pressed`: the text is the payload of a button; `pressed_message` is the message that carried it.
    `message`: the platform's id of the message within its chat, when it can be answered or reacted to.
    `edits`: this is the new wording of the message that came in under that `id`.
    `unfetched`: names of files that came along and that the platform does not give out (too large).
    `numbered`: the bot's choices stand in this chat as numbered lines, so that a bare number may be one of them.
    `parts`: of what was sent as several messages and is one (an album): the id of each, its own among them, and
    how many of the attachments came with it, in their order.
    `turn`: it is not taken before that; None where one program alone takes what comes.
    """

    id: str
    chat: ChatRef
    sender: Sender
    text: str
    sent_at: datetime
    attachments: tuple[Attachment, ...] = ()
    addressed: bool = False
    pressed: bool = False
    pressed_message: str | None = None
    message: str | None = None
    edits: str | None = None
    unfetched: tuple[str, ...] = ()
    numbered: bool = False
    parts: tuple[tuple[str, int], ...] = ()
    turn: Turn | None = None


class NoticeKind(StrEnum):
    """What can happen to a chat without anybody writing."""

    #: The bot was added to a group.
    ADDED = "added"
    #: The bot was removed from a group, or the group is gone.
    REMOVED = "removed"
    #: The group lives on under another id.
    MOVED = "moved"
    #: A person blocked the bot, or took that back.
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    #: A person opened the private chat without writing.
    ENTERED = "entered"
    #: Somebody who cannot be told from others wrote to the bot in the name of the group.
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened to a chat; taken once by its `id`, in one transaction, like a message.

    `sender` is who did it, where the platform says so. `moved_to` is the group's new id (MOVED).
    `hears_all`: whether the bot sees everything that is written in the group; None when nobody knows. `turn` as of
    a message.
    """

    id: str
    chat: ChatRef
    kind: NoticeKind
    sent_at: datetime
    sender: Sender | None = None
    moved_to: str | None = None
    hears_all: bool | None = None
    turn: Turn | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """Where in a line somebody is called: the characters of "@name", and their account on the platform."""

    start: int
    end: int
    account: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line or paragraph. `style`: plain, title, quote (somebody's words) or faint (a side remark).

    `link`: the words are an address (`bot.chat.links`) that whoever speaks wants to be followed.
    `calls` are known once the words are a `str`; they come of mentions in the words and of nothing that anybody
    typed. They stand in order and do not overlap.
    """

    words: Words
    style: str = "plain"
    calls: tuple[Call, ...] = ()

    def part(self, start: int, end: int) -> Line:
        """These characters as a line of their own; who would be called with half a name is not called."""
        kept = (call for call in self.calls if start <= call.start and call.end <= end)
        moved = tuple(Call(call.start - start, call.end - start, call.account) for call in kept)
        return Line(str(self.words)[start:end], self.style, moved)

    def woven(self, plain: Callable[[str], str], call: Callable[[Call, str], str]) -> str:
        """The words with `plain` done to what is between the calls, and `call` (of "@name") in place of each."""
        words, done, at = str(self.words), [], 0
        for one in self.calls:
            done += [plain(words[at : one.start]), call(one, words[one.start : one.end])]
            at = one.end
        return "".join([*done, plain(words[at:])])


@dataclass(frozen=True, slots=True)
class Fields:
    """Labelled values, one to a line. `colon` stands between them; rendering sets it for the language."""

    pairs: tuple[tuple[Words, Words], ...]
    colon: str = "："


@dataclass(frozen=True, slots=True)
class Bar:
    """A progress bar. `share` is 0 to 1 and more (1 = the target), None when no figure is known."""

    label: Words
    share: Decimal | None
    light: Light | None = None
    note: Words = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header. `align` has one letter a column: l or r."""

    header: tuple[Words, ...]
    rows: tuple[tuple[Words, ...], ...]
    align: str = ""


Block: TypeAlias = Line | Fields | Bar | Table


@dataclass(frozen=True, slots=True)
class Button:
    """A label and the command line that pressing it sends.

    Raises ValueError when the payload is empty or longer than `PAYLOAD_BYTES` of UTF-8.
    """

    label: Words
    payload: str

    def __post_init__(self) -> None:
        size = len(self.payload.encode())
        if not 0 < size <= PAYLOAD_BYTES:
            raise ValueError(f"button payload of {size} bytes: {self.payload!r}")


def sign(index: int, *, letters: bool) -> str:
    """By what the choice at this place (from 0) is called where it has to be typed: 1, 2, … or A, B, …"""
    return chr(ord("A") + index) if letters and index < 26 else str(index + 1)


@dataclass(frozen=True, slots=True)
class OutFile:
    """A file to send along; its bytes lie in the file store under `key`."""

    key: str
    name: str
    mime: str


@dataclass(frozen=True, slots=True)
class Here:
    """Back to where the message came from (a private matter goes to the person's private chat)."""


@dataclass(frozen=True, slots=True)
class ToPerson:
    """To a person's private chat, on whichever platform they are bound."""

    person_id: int


@dataclass(frozen=True, slots=True)
class ToGroup:
    """To the groups bound to a unit."""

    unit_id: int


@dataclass(frozen=True, slots=True)
class ToChat:
    """To one chat, by its number in the database."""

    chat_id: int


Address: TypeAlias = Here | ToPerson | ToGroup | ToChat


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to send.

    `key`: sent at most once for all time; the chat is part of the key, so a broadcast needs only one.
    `replace`: takes the place of the message whose button was pressed, where there is one.
    `instead_of`: takes the place of what was sent to the same chat under that key. `passing`: only worth while
    there; where messages cannot be edited it is left out.
    `at`: not before then. `announcement`: the announcement that it is a part of.
    """

    body: tuple[Block, ...]
    buttons: tuple[tuple[Button, ...], ...] = ()
    files: tuple[OutFile, ...] = ()
    to: Address = field(default_factory=Here)
    key: str | None = None
    replace: bool = False
    instead_of: str | None = None
    passing: bool = False
    at: datetime | None = None
    announcement: int | None = None


Replies: TypeAlias = Reply | list[Reply] | None


def say(
    *parts: Words | Block,
    buttons: tuple[tuple[Button, ...], ...] = (),
    files: tuple[OutFile, ...] = (),
    to: Address | None = None,
    key: str | None = None,
    replace: bool = False,
) -> Reply:
    """A reply from words and blocks; words become plain lines."""
    body = tuple(part if isinstance(part, (Line, Fields, Bar, Table)) else Line(part) for part in parts)
    return Reply(body, buttons, files, to or Here(), key, replace)


def title(words: Words) -> Line:
    """A heading line."""
    return Line(words, "title")


def faint(words: Words) -> Line:
    """A side remark."""
    return Line(words, "faint")


def link(address: str) -> Line:
    """An address to be followed, which `bot.chat.links` has found."""
    return Line(address, "link")


def quote(words: Words) -> Line:
    """Somebody's own words."""
    return Line(words, "quote")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message ready for a platform: every word in it is plain `str` in the reader's language.

    `attempt` counts from 1. `replaces` is the platform's own id of the message to be edited, `answers` that of
    the message which is being answered in a group. `asks`: the answer is typed, not pressed. `hint` asks to type
    the number of a choice (with `letters`: its letter, since a number would be an answer of its own), for a
    platform that cannot show buttons.
    Of a message that takes several of the platform's, `taken` were taken before, in another life of this program,
    and `most` may go now (None: all); the platform raises `Unfinished` when others are left.
    """

    id: int
    chat: ChatRef
    body: tuple[Block, ...]
    buttons: tuple[tuple[Button, ...], ...] = ()
    files: tuple[OutFile, ...] = ()
    replaces: str | None = None
    attempt: int = 1
    answers: str | None = None
    asks: bool = False
    hint: str = ""
    letters: bool = False
    taken: int = 0
    most: int | None = None


def in_rows(buttons: Sequence[Button], width: int) -> tuple[tuple[Button, ...], ...]:
    """Buttons in rows of so many."""
    return tuple(tuple(buttons[i : i + width]) for i in range(0, len(buttons), width))
