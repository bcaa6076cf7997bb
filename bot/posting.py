"""From replies to outbox rows: to whom, in which language, in which chat. Answers and ticks share this path.

And back: a row as its platform sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot import choices
from bot.chat.messages import ChatKind, ChatRef, Here, Line, Outgoing, Reply, ToChat, ToGroup, ToPerson
from bot.chat.people import Chat
from bot.chat.rendering import Renderer, body_from_wire, buttons_from_wire, files_from_wire
from bot.chat.texts import CHINESE, mentioned
from storage import accounts, answers, burdens, outbox
from storage.accounts import Reached
from storage.answers import Leave
from storage.claims import Waiting
from storage.database import Tx


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is being answered, and where.

    `pressed` is the message whose button was pressed: a reply that replaces takes its place. `answers` is the
    message that somebody wrote in a group, so that all see to whom the bot speaks; `asks`: their next words are
    the answer to a question, `figures`: which may be a bare number. `leave`: the answer may be claimed as it
    is put.
    """

    chat: Chat
    pressed: str | None = None
    answers: str | None = None
    asks: bool = False
    figures: bool = False
    leave: Leave | None = None


class Postman:
    """Puts replies into the outbox, in the language of whoever reads them."""

    def __init__(self, renderer: Renderer, *, home: str | None, zone: ZoneInfo) -> None:
        self._renderer = renderer
        #: The platform on which everybody of the roster has an account by nature: the practice room.
        self._home = home
        self._zone = zone

    def send(
        self,
        tx: Tx,
        replies: Sequence[Reply],
        *,
        now: datetime,
        here: Callable[[], Reached] | None = None,
        occasion: Occasion | None = None,
    ) -> set[int]:
        """Have the replies sent once this transaction is committed; returns the chats in which something waits.

        `here` says where an answer goes that is addressed to nobody else; without it there must be none.
        What reaches people unasked is counted (`storage.burdens`).
        """
        people = [r.to.person_id for r in replies if isinstance(r.to, ToPerson)]
        groups = [r.to.unit_id for r in replies if isinstance(r.to, ToGroup)]
        persons = accounts.reach_people(tx, people, home=self._home, now=now) if people else {}
        bound = accounts.reach_groups(tx, groups) if groups else {}
        called = self._called(tx, replies)
        told: list[burdens.Told] = []
        wrote: set[int] = set()
        for reply in replies:
            match reply.to:
                case Here():
                    assert here is not None, "an answer without a question"
                    targets = [here()]
                case ToPerson(person_id):
                    targets = [persons[person_id]] if person_id in persons else []
                case ToGroup(unit_id):
                    targets = list(bound.get(unit_id, ()))
                case ToChat(chat_id):
                    chat = accounts.chat(tx, chat_id)
                    targets = [Reached(chat_id, chat.language, chat.platform)]
            put = [self._put(tx, reply, target, now, occasion, called.get(target.platform)) for target in targets]
            wrote.update(target.chat_id for target in targets)
            if isinstance(reply.to, ToPerson) and any(put):
                told.append(burdens.Told(reply.to.person_id, asks=bool(reply.buttons)))
        burdens.count(tx, told, month=burdens.month_of(now, self._zone))
        return wrote

    def reachable(self, tx: Tx, person_ids: Iterable[int], *, now: datetime) -> set[int]:
        """Those of the people who have a private chat in which the bot can speak at present."""
        found = accounts.reach_people(tx, person_ids, home=self._home, now=now)
        return {person_id for person_id, reached in found.items() if not reached.parked}

    def _called(self, tx: Tx, replies: Sequence[Reply]) -> dict[str, dict[int, str]]:
        """By platform the accounts of everybody who is mentioned; one query for all replies, or none."""
        lines = (block.words for reply in replies for block in reply.body if isinstance(block, Line))
        people = {who.person_id for words in lines for who in mentioned(words)}
        return accounts.mentionable(tx, people, home=self._home) if people else {}

    def _put(
        self,
        tx: Tx,
        reply: Reply,
        target: Reached,
        now: datetime,
        occasion: Occasion | None,
        called: Mapping[int, str] | None,
    ) -> bool:
        language = target.language or CHINESE
        content = self._renderer.content(reply.body, reply.buttons, reply.files, language, called)
        replaces, letters = None, occasion is not None and occasion.figures and isinstance(reply.to, Here)
        if reply.buttons:
            content |= choices.shown(self._renderer, language, letters=letters)
        if occasion is not None and target.chat_id == occasion.chat.id:
            replaces = occasion.pressed if reply.replace else None
            content |= _answering(reply, occasion)
        if reply.instead_of:
            replaces = outbox.message_under(tx, f"{reply.instead_of}:chat{target.chat_id}")
            content |= {"passing": True} if reply.passing else {}
        key = f"{reply.key}:chat{target.chat_id}" if reply.key else None
        leave = None if occasion is None or target.chat_id != occasion.chat.id else occasion.leave
        if leave is not None and _may_go_at_once(reply, leave):
            assert occasion is not None
            if answers.put_claimed(tx, leave, occasion.chat, content=content, replaces=replaces, now=now):
                return True
        elif leave is not None:
            leave.more = True
        return outbox.put(
            tx,
            chat_id=target.chat_id,
            content=content,
            now=now,
            key=key,
            replaces=replaces,
            # Whoever wrote is waiting for the answer; the others are not.
            urgent=isinstance(reply.to, Here),
            at=reply.at,
            announcement=reply.announcement,
        )


def _may_go_at_once(reply: Reply, leave: Leave) -> bool:
    """Whether it is a plain answer, and the first."""
    plain = reply.key is None and reply.at is None and reply.announcement is None and not reply.passing
    return leave.row is None and plain and isinstance(reply.to, Here)


def _answering(reply: Reply, occasion: Occasion) -> dict[str, Any]:
    """In a group it is shown to whom the bot speaks, and who is asked something in words is led to answer."""
    if occasion.answers is None or not isinstance(reply.to, Here):
        return {}
    asks = {"asks": True} if occasion.asks and not reply.buttons else {}
    return {"answers": occasion.answers, **asks}


def outgoing(row: Waiting) -> Outgoing:
    """The row as its platform sees it."""
    kind = ChatKind.GROUP if row.is_group else ChatKind.PRIVATE
    return Outgoing(
        id=row.id,
        chat=ChatRef(row.platform, row.external_id, kind, row.title),
        body=body_from_wire(row.content["body"]),
        buttons=buttons_from_wire(row.content.get("buttons", [])),
        files=files_from_wire(row.content.get("files", [])),
        replaces=row.replaces,
        attempt=row.attempts,
        answers=row.content.get("answers"),
        asks=row.content.get("asks", False),
        hint=row.content.get("hint", ""),
        letters=row.content.get("letters", False),
        taken=row.content.get("taken", 0),
    )
