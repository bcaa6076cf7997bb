"""What a handler is given, and where it leaves what it wants done beside its answer."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from bot.chat.commands import Registry
from bot.chat.grammar.folding import fold
from bot.chat.messages import Attachment, Button, ChatRef, Inbound, Reply
from bot.chat.people import Actor, Chat
from bot.chat.ports import FileStore
from bot.chat.settings import Policy
from bot.chat.texts import Text, Words

TX = TypeVar("TX")


@dataclass(frozen=True, slots=True)
class Said:
    """What the person said, as written (`text`) and folded to plain half-width characters (`folded`).

    Both have the same length, so a position found in one is the position in the other.
    """

    text: str
    folded: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A question that is waiting for this person's answer in this chat.

    `token` is in the payload of its buttons, so that a button of an older question is told apart.
    `buttons` are the payloads of the buttons that were sent with it, by what they say (see `bared`).
    """

    kind: str
    token: str
    data: dict[str, Any]
    expires_at: datetime | None = None
    buttons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of lasting data, for the record and for `撤销`.

    `summary` says what was done so that it can be read back ("第2项进度 60%"). `data` is JSON that the
    undo function of `kind` needs; without such a function the change cannot be undone.
    `unit_id` is the unit whose matter it is.
    """

    kind: str
    summary: Text
    unit_id: int | None = None
    subject_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)


class TickContext(Generic[TX]):
    """The surroundings of a tick: there is no message and no actor, only the database and the time."""

    def __init__(
        self,
        *,
        tx: TX,
        now: datetime,
        zone: ZoneInfo,
        policy: Policy,
        files: FileStore,
        show: Callable[[Words, str | None], str],
        reach: Callable[[Iterable[int]], set[int]],
    ) -> None:
        self.tx = tx
        #: Aware, UTC; the same for everything that this tick does.
        self.now = now
        self.zone = zone
        #: The local day.
        self.today: date = now.astimezone(zone).date()
        self.policy = policy
        #: Where to put a file that is to be sent (`OutFile`).
        self.files = files
        #: Words in a language (None: the default), for what is written into a file.
        self.show = show
        #: Those of some people who can be written to at all.
        self.reach = reach
        self.posts: list[Reply] = []

    def post(self, reply: Reply) -> None:
        """Send something to a person or a group; what must not be sent twice has a `key`."""
        self.posts.append(reply)


class Context(Generic[TX]):
    """One message's surroundings: who, where, when, the transaction, and what is left to be done."""

    def __init__(
        self,
        *,
        tx: TX,
        now: datetime,
        zone: ZoneInfo,
        actor: Actor,
        chat: Chat,
        inbound: Inbound,
        policy: Policy,
        token: str,
        files: FileStore,
        registry: Registry,
        show: Callable[[Words], str],
        dialogue: Dialogue | None = None,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
        bind_link: Callable[[str], str | None] = lambda _code: None,
        looks: Callable[[Reply, ChatRef], tuple[str, ...]] = lambda _reply, _chat: (),
        reach: Callable[[Iterable[int]], set[int]] = lambda _people: set(),
    ) -> None:
        self.tx = tx
        #: Aware, UTC; the same for everything that this message does.
        self.now = now
        self.zone = zone
        #: The local day.
        self.today: date = now.astimezone(zone).date()
        self.actor = actor
        self.chat = chat
        self.inbound = inbound
        self.said = Said(inbound.text, fold(inbound.text), inbound.attachments)
        self.policy = policy
        #: Where to put a file that is to be sent (`OutFile`), and where evidence lies.
        self.files = files
        #: Everything that is declared: for the help, and for taking changes back.
        self.registry = registry
        #: Words in the reader's language, for what is written into a file; answers are shown by the engine.
        self.show = show
        #: So many random bytes that nobody can foresee; like the clock, it is given from outside.
        self.entropy = entropy
        #: The link that binds whoever follows it with a code; None where no platform has such links.
        self.bind_link = bind_link
        #: How a reply would look in some chat: the plain text of each message that people get; empty if unknown.
        self.looks = looks
        #: Those of some people who can be written to at all.
        self.reach = reach
        #: The question that was open when this message came.
        self.dialogue = dialogue
        #: The question that is open afterwards.
        self.next_dialogue: Dialogue | None = None
        self.ends_dialogue = False
        #: Whether a sign on the message is answer enough.
        self.signs = False
        self.changes: list[Change] = []
        #: What was looked up for this message and may be needed again.
        self.memo: dict[str, Any] = {}
        self.posts: list[Reply] = []
        self._token = token

    def ask(self, kind: str, /, **data: Any) -> None:
        """Wait for this person's answer; it goes to the function declared for `kind`, with `data` (JSON)."""
        self.next_dialogue = Dialogue(kind, self._token, data)

    def choice(self, label: Words, answer: str) -> Button:
        """A button that answers the question just asked with `ask`, and no other question."""
        return Button(label, f"#{self._token} {answer}")

    def close(self) -> None:
        """End the open question, whatever else the handler does."""
        self.ends_dialogue = True

    def sign(self) -> None:
        """Answer with a sign on the message where the platform has such, and with nothing where it has not."""
        self.signs = True

    def record(self, change: Change) -> None:
        """Put a change on the record, with the person, the time and the message it came from."""
        self.changes.append(change)

    def post(self, reply: Reply) -> None:
        """Send something beside the answer: to another person or to a group."""
        self.posts.append(reply)
