"""Accounts and chats: who writes from where, and where a person or a unit's group can be reached."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, delete, select, update

from bot.chat.messages import ChatKind, ChatRef, Sender
from bot.chat.people import Actor, Chat, Post, Role
from storage.database import Tx, insert
from storage.tables import accounts, chats, dialogues, metadata, people, posts, units

_ROLES = {role.value: role for role in Role}
#: Who is behind an account: a row for each post that they hold (`actor_in`).
IDENTIFY = (
    select(
        accounts.c.id,
        accounts.c.display_name,
        accounts.c.private_chat_id,
        accounts.c.language,
        people.c.id.label("person_id"),
        people.c.name,
        people.c.language.label("person_language"),
        posts.c.role,
        units.c.id.label("unit_id"),
        units.c.name.label("unit_name"),
    )
    .select_from(
        accounts.outerjoin(people, and_(people.c.id == accounts.c.person_id, people.c.ended_at.is_(None)))
        .outerjoin(posts, and_(posts.c.person_id == people.c.id, posts.c.until.is_(None)))
        .outerjoin(units, units.c.id == posts.c.unit_id)
    )
    .where(accounts.c.platform == bindparam("on"), accounts.c.external_id == bindparam("who"))
    .order_by(posts.c.id)
)
#: What is known of a chat, in the order of `Chat`.
CHAT = (
    chats.c.id,
    chats.c.platform,
    chats.c.external_id,
    chats.c.is_group,
    chats.c.title,
    chats.c.unit_id,
    chats.c.language,
    chats.c.state,
)
_CHAT = select(*CHAT)
_CHAT_BY_NAME = _CHAT.where(chats.c.platform == bindparam("on"), chats.c.external_id == bindparam("which"))
_TOPICS = _CHAT.where(
    chats.c.platform == bindparam("on"),
    chats.c.is_group,
    chats.c.external_id.like(bindparam("begins"), escape="\\"),
).order_by(chats.c.id)
_CHAT_BY_ID = _CHAT.where(chats.c.id == bindparam("which"))
_CHATS_BY_ID = (
    select(chats.c.platform, chats.c.external_id, chats.c.is_group, chats.c.title, chats.c.send_only)
    .where(chats.c.id.in_(bindparam("which", expanding=True)))
    .order_by(chats.c.id)
)
_SET_PRIVATE = (
    update(accounts).where(accounts.c.id == bindparam("which")).values(private_chat_id=bindparam("private"))
)
_RETITLE = update(chats).where(chats.c.id == bindparam("which")).values(title=bindparam("called"))
_MOVE = update(chats).where(chats.c.id == bindparam("which")).values(external_id=bindparam("new_id"))
_REFER_TO_OTHER = [
    update(table).where(column == bindparam("which")).values({column: bindparam("into")})
    for table in metadata.sorted_tables
    for column in table.columns
    if any(key.column is chats.c.id for key in column.foreign_keys)
]
_asked = dialogues.alias("asked")
_FORGET_ASKED_TWICE = delete(dialogues).where(
    dialogues.c.chat_id == bindparam("which"),
    dialogues.c.account_id.in_(select(_asked.c.account_id).where(_asked.c.chat_id == bindparam("into"))),
)
_other = chats.alias("other")
_TAKE_OVER = (
    update(chats)
    .where(chats.c.id == bindparam("into"))
    .values(
        {
            name: select(_other.c[name]).where(_other.c.id == bindparam("which")).scalar_subquery()
            for name in ("unit_id", "bound_by", "bound_at")
        }
    )
)
_DELETE_CHAT = delete(chats).where(chats.c.id == bindparam("which"))
_NAMES = select(people.c.id, people.c.name).where(people.c.id.in_(bindparam("who", expanding=True)))
_SPEAK_PERSON = update(people).where(people.c.id == bindparam("which")).values(language=bindparam("speaks"))
_SPEAK_ACCOUNT = update(accounts).where(accounts.c.id == bindparam("which")).values(language=bindparam("speaks"))
_SPEAK_CHAT = update(chats).where(chats.c.id == bindparam("which")).values(language=bindparam("speaks"))
_PRIVATE_CHATS = (
    select(
        accounts.c.person_id,
        accounts.c.private_chat_id.label("chat_id"),
        people.c.language,
        chats.c.platform,
        chats.c.state,
    )
    .join(people, people.c.id == accounts.c.person_id)
    .join(chats, chats.c.id == accounts.c.private_chat_id)
    .where(accounts.c.person_id.in_(bindparam("who", expanding=True)))
    # The last one counts: of those that can be reached the newest.
    .order_by(case((chats.c.state == "active", 1), else_=0), accounts.c.bound_at, accounts.c.id)
)
_ACCOUNTS_OF = (
    select(accounts.c.person_id, accounts.c.platform, accounts.c.external_id)
    .where(accounts.c.person_id.in_(bindparam("who", expanding=True)))
    .order_by(accounts.c.bound_at, accounts.c.id)
)
_GROUP_CHATS = (
    select(
        chats.c.unit_id,
        chats.c.id.label("chat_id"),
        chats.c.language,
        chats.c.platform,
        chats.c.send_only,
        chats.c.state,
    )
    .where(chats.c.unit_id.in_(bindparam("which", expanding=True)), chats.c.is_group)
    .order_by(chats.c.id)
)


@dataclass(frozen=True, slots=True)
class Reached:
    """A chat in which somebody can be reached, and the language spoken there (none: the default).

    `platform`: on which it is. `parked`: the bot cannot speak there at present; what is sent waits until it is
    heard of again.
    """

    chat_id: int
    language: str | None
    platform: str
    parked: bool = False


def chat_for(tx: Tx, ref: ChatRef, *, now: datetime) -> Chat:
    """The chat that the platform names so; it becomes known when it is new."""
    row = tx.first(_CHAT_BY_NAME, {"on": ref.platform, "which": ref.id})
    if row is None:
        values = {
            "platform": ref.platform,
            "external_id": ref.id,
            "is_group": ref.kind is ChatKind.GROUP,
            "title": ref.title,
            "created_at": now,
        }
        tx.execute(insert(chats, tx).values(values).on_conflict_do_nothing())
        row = tx.first(_CHAT_BY_NAME, {"on": ref.platform, "which": ref.id})
        assert row is not None
    return as_now(tx, Chat(*row), ref)


def as_now(tx: Tx, known: Chat, ref: ChatRef) -> Chat:
    """A chat that is called as it was; when it is not, the new name is noted."""
    if ref.title and ref.title != known.title:
        tx.execute(_RETITLE, {"which": known.id, "called": ref.title})
    return known


def chat(tx: Tx, chat_id: int) -> Chat:
    """A known chat; raises LookupError."""
    row = tx.first(_CHAT_BY_ID, {"which": chat_id})
    if row is None:
        raise LookupError(chat_id)
    return Chat(*row)


def samples(tx: Tx, chat_ids: Iterable[int]) -> list[ChatRef]:
    """Of the chats one for each platform and kind of chat, for showing how something will look there."""
    found: dict[tuple[str, bool, bool], ChatRef] = {}
    for row in tx.among(_CHATS_BY_ID, "which", chat_ids):
        kind = ChatKind.GROUP if row.is_group else ChatKind.PRIVATE
        ref = ChatRef(row.platform, row.external_id, kind, row.title)
        found.setdefault((row.platform, row.is_group, row.send_only), ref)
    return list(found.values())


def identify(tx: Tx, platform: str, sender: Sender, *, private_chat: int | None, now: datetime) -> Actor:
    """Who is behind the account, with their current posts. An unknown account becomes a stranger's.

    `private_chat` is the chat just used when that is a private one: that is how the person can be reached.
    """
    rows = tx.all(IDENTIFY, {"on": platform, "who": sender.id})
    if not rows:
        values = {
            "platform": platform,
            "external_id": sender.id,
            "display_name": sender.name,
            "created_at": now,
        }
        tx.execute(insert(accounts, tx).values(values).on_conflict_do_nothing())
        rows = tx.all(IDENTIFY, {"on": platform, "who": sender.id})
    return actor_in(tx, rows, private_chat=private_chat)


def actor_in(tx: Tx, rows: Sequence[Any], *, private_chat: int | None) -> Actor:
    """Who is in the rows of `IDENTIFY`; a new private chat is noted."""
    if private_chat is not None and rows[0].private_chat_id != private_chat:
        tx.execute(_SET_PRIVATE, {"which": rows[0].id, "private": private_chat})
    return _actor(rows)


def known(tx: Tx, platform: str, external_id: str) -> Actor | None:
    """Who is behind an account, if it has ever been heard of."""
    rows = tx.all(IDENTIFY, {"on": platform, "who": external_id})
    return _actor(rows) if rows else None


def _actor(rows: Sequence[Any]) -> Actor:
    first = rows[0]
    held = tuple([Post(_ROLES[r.role], r.unit_id, r.unit_name) for r in rows if r.role is not None])
    language = first.person_language if first.person_id else first.language
    return Actor(first.id, first.person_id, first.name or first.display_name, held, language)


def private_chat_of(tx: Tx, account_id: int) -> int | None:
    """The account's private chat with the bot, if there has been one."""
    chat_id: int | None = tx.scalar(
        select(accounts.c.private_chat_id).where(accounts.c.id == bindparam("which")), {"which": account_id}
    )
    return chat_id


def reach_people(
    tx: Tx, person_ids: Iterable[int], *, home: str | None = None, now: datetime
) -> dict[int, Reached]:
    """Where each person can be reached privately; who cannot is left out. The newest account wins.

    `home` names a platform on which everybody of the roster has an account by nature (the practice room):
    who has none there yet gets one.
    """
    wanted = sorted(set(person_ids))
    if not wanted:
        return {}
    found = _reach(tx, wanted)
    missing = [person for person in wanted if person not in found]
    if missing and home:
        _settle(tx, missing, home, now)
        found |= _reach(tx, missing)
    return found


def bound_people(tx: Tx, person_ids: Iterable[int]) -> set[int]:
    """Those of the people who have tied an account."""
    statement = select(accounts.c.person_id).where(accounts.c.person_id.in_(bindparam("who", expanding=True)))
    return {row.person_id for row in tx.among(statement, "who", person_ids)}


def _reach(tx: Tx, person_ids: list[int]) -> dict[int, Reached]:
    rows = tx.among(_PRIVATE_CHATS, "who", person_ids)
    return {r.person_id: Reached(r.chat_id, r.language, r.platform, r.state != "active") for r in rows}


def mentionable(tx: Tx, person_ids: Iterable[int], *, home: str | None = None) -> dict[str, dict[int, str]]:
    """By platform and person: the account by which somebody is called in a group, the newest of several.

    `home`: as in `reach_people`; nobody gets an account there by being called.
    """
    wanted = sorted(set(person_ids))
    found: dict[str, dict[int, str]] = {home: {person: _at_home(person) for person in wanted}} if home else {}
    for row in tx.among(_ACCOUNTS_OF, "who", wanted):
        found.setdefault(row.platform, {})[row.person_id] = row.external_id
    return found


def _at_home(person_id: int) -> str:
    """What somebody's account is called on the platform where everybody has one by nature."""
    return f"p{person_id}"


def _settle(tx: Tx, person_ids: list[int], home: str, now: datetime) -> None:
    """Give people an account and a private chat on their home platform."""
    names = {row.id: row.name for row in tx.among(_NAMES, "who", person_ids)}
    for person_id, name in names.items():
        external = _at_home(person_id)
        ref = ChatRef(home, f"private:{external}", ChatKind.PRIVATE)
        chat_id = chat_for(tx, ref, now=now).id
        values = {
            "platform": home,
            "external_id": external,
            "display_name": name,
            "person_id": person_id,
            "private_chat_id": chat_id,
            "bound_at": now,
            "created_at": now,
        }
        # Somebody may have written from there before they were bound: then only the chat is missing.
        statement = insert(accounts, tx).values(values)
        tx.execute(
            statement.on_conflict_do_update(
                index_elements=["platform", "external_id"],
                set_={"private_chat_id": chat_id},
                where=accounts.c.person_id == person_id,
            )
        )


def reach_groups(tx: Tx, unit_ids: Iterable[int]) -> dict[int, tuple[Reached, ...]]:
    """The groups bound to each unit; a unit without a group is left out.

    Where a unit has a chat only for sending (a group robot), announcements go there and not into the same
    group a second time through the account that answers in it.
    A group in which the bot cannot speak at present counts only where the unit has no other.
    """
    found: dict[int, tuple[Reached, ...]] = {}
    rows = tx.among(_GROUP_CHATS, "which", unit_ids)
    outlets = {(row.unit_id, row.platform) for row in rows if row.send_only and row.state == "active"}
    for row in rows:
        if not row.send_only and (row.unit_id, row.platform) in outlets:
            continue
        reached = Reached(row.chat_id, row.language, row.platform, row.state != "active")
        found[row.unit_id] = (*found.get(row.unit_id, ()), reached)
    return {unit: tuple(g for g in groups if not g.parked) or groups for unit, groups in found.items()}


def chat_called(tx: Tx, platform: str, external_id: str) -> Chat | None:
    """The known chat that the platform names so."""
    row = tx.first(_CHAT_BY_NAME, {"on": platform, "which": external_id})
    return Chat(*row) if row else None


def topics_of(tx: Tx, chat: Chat) -> list[Chat]:
    """The known topics of a group, which are chats of their own."""
    begins = re.sub(r"([\\%_])", r"\\\1", chat.external_id) + "/%"
    return [Chat(*row) for row in tx.all(_TOPICS, {"on": chat.platform, "begins": begins})]


def move_chat(tx: Tx, chat_id: int, external_id: str) -> None:
    """The chat lives on under another platform id: all that is stored of it goes along.

    Somebody may have written under the new id already: what that made is the same chat's.
    """
    old = chat(tx, chat_id)
    new = chat_called(tx, old.platform, external_id)
    if new is not None and new.id != old.id:
        _merge(tx, new, into=old)
    tx.execute(_MOVE, {"which": chat_id, "new_id": external_id})


def _merge(tx: Tx, chat: Chat, *, into: Chat) -> None:
    both = {"which": chat.id, "into": into.id}
    tx.execute(_FORGET_ASKED_TWICE, both)
    for statement in _REFER_TO_OTHER:
        tx.execute(statement, both)
    if into.unit_id is None and chat.unit_id is not None:
        tx.execute(_TAKE_OVER, both)
    tx.execute(_DELETE_CHAT, both)


def speak(tx: Tx, actor: Actor, language: str) -> None:
    """The language in which this person (a stranger: this account) is answered."""
    tx.execute(_SPEAK_ACCOUNT, {"which": actor.account_id, "speaks": language})
    if actor.person_id is not None:
        tx.execute(_SPEAK_PERSON, {"which": actor.person_id, "speaks": language})


def speak_person(tx: Tx, person_id: int, language: str) -> None:
    """The language in which somebody is answered, wherever they write from."""
    tx.execute(_SPEAK_PERSON, {"which": person_id, "speaks": language})


def speak_in(tx: Tx, chat_id: int, language: str) -> None:
    """The language of a group."""
    tx.execute(_SPEAK_CHAT, {"which": chat_id, "speaks": language})
