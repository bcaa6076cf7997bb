"""The browser room's post office: its groups, who belongs to them, and what was said.

A group is called `group:<unit>`, a private chat with the bot `private:<account>`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, exists, func, or_, select, update

from bot.chat.messages import ChatKind
from bot.chat.people import Role
from bot.chat.rooms import Room, RoomMessage
from storage.database import Tx, insert
from storage.practice_people import PLATFORM, person_behind
from storage.tables import chats, posts, room_messages, unit_ancestors, units
from storage.units import DISTRICT, OFFICE

#: More groups than this are not listed.
MOST_GROUPS = 300

_own = posts.alias("own")
_beneath = unit_ancestors.alias("beneath")
_holds = and_(_own.c.person_id == bindparam("person"), _own.c.until.is_(None))
_member = or_(
    # somebody of the group's unit or of a unit below it
    exists().where(_holds, _beneath.c.unit_id == _own.c.unit_id, _beneath.c.ancestor_id == chats.c.unit_id),
    # an organizer of the group's unit or of one above it
    exists().where(
        _holds,
        _own.c.role == Role.ORGANIZER.value,
        _beneath.c.unit_id == chats.c.unit_id,
        _beneath.c.ancestor_id == _own.c.unit_id,
    ),
).label("member")
_depth = (
    select(func.max(unit_ancestors.c.depth)).where(unit_ancestors.c.unit_id == chats.c.unit_id).scalar_subquery()
)
_GROUPS = (
    select(chats.c.external_id, chats.c.title, _member)
    .select_from(chats.outerjoin(units, units.c.id == chats.c.unit_id))
    .where(chats.c.platform == PLATFORM, chats.c.is_group, units.c.ended_at.is_(None))
    .order_by(func.coalesce(_depth, 99), units.c.position, chats.c.id)
    .limit(MOST_GROUPS)
)
_GROUP = _GROUPS.where(chats.c.external_id == bindparam("room"))
_GROUPED = select(units.c.id, units.c.name).where(units.c.kind.in_((DISTRICT, OFFICE)), units.c.ended_at.is_(None))

_COLUMNS = (
    room_messages.c.id,
    room_messages.c.room,
    room_messages.c.author,
    room_messages.c.key,
    room_messages.c.content,
    room_messages.c.at,
    room_messages.c.edited_at,
    room_messages.c.taken_at,
)
_MESSAGES = select(*_COLUMNS)
_IN_ROOM = _MESSAGES.where(room_messages.c.room == bindparam("where")).limit(bindparam("most"))
_NEWEST = _IN_ROOM.order_by(room_messages.c.id.desc())
_BEFORE = _NEWEST.where(room_messages.c.id < bindparam("mark"))
_AFTER = _IN_ROOM.where(room_messages.c.id > bindparam("mark")).order_by(room_messages.c.id)
_LAST = _MESSAGES.where(
    room_messages.c.id.in_(
        select(func.max(room_messages.c.id))
        .where(room_messages.c.room.in_(bindparam("rooms", expanding=True)))
        .group_by(room_messages.c.room)
    )
)
_BY_ID = _IN_ROOM.where(room_messages.c.id == bindparam("which"))
_BY_KEY = _MESSAGES.where(room_messages.c.key == bindparam("named"))
_UNTAKEN = _MESSAGES.where(room_messages.c.taken_at.is_(None)).order_by(room_messages.c.id)
_EDIT = (
    update(room_messages)
    .where(
        room_messages.c.id == bindparam("which"),
        room_messages.c.room == bindparam("where"),
        room_messages.c.author.is_(None),
    )
    .values(content=bindparam("becomes"), edited_at=bindparam("now"))
    .returning(*_COLUMNS)
)
_TAKEN = update(room_messages).where(room_messages.c.id == bindparam("which")).values(taken_at=bindparam("now"))


def ensure_groups(tx: Tx, *, now: datetime) -> None:
    """A work group for the district and one for each office, bound to it. Those that exist stay as they are."""
    values = [
        {
            "platform": PLATFORM,
            "external_id": f"group:{unit.id}",
            "is_group": True,
            "title": f"{unit.name}工作群",
            "unit_id": unit.id,
            "bound_at": now,
            "created_at": now,
        }
        for unit in tx.all(_GROUPED)
    ]
    if values:
        tx.execute(insert(chats, tx).values(values).on_conflict_do_nothing())


def rooms(tx: Tx, account: str) -> list[Room]:
    """The private chat with the bot, then the groups from the district downwards, each with its last message."""
    private = Room(_private(account), ChatKind.PRIVATE, "")
    groups = tx.all(_GROUPS, {"person": person_behind(tx, account)})
    listed = [private, *(_group(row) for row in groups)]
    newest = {row.room: _message(row) for row in tx.all(_LAST, {"rooms": [room.id for room in listed]})}
    return [Room(r.id, r.kind, r.title, r.member, newest.get(r.id)) for r in listed]


def room(tx: Tx, account: str, room_id: str) -> Room:
    """One room as the person sees it; raises LookupError for one that is not there, or not theirs to see."""
    if room_id == _private(account):
        return Room(room_id, ChatKind.PRIVATE, "")
    row = tx.first(_GROUP, {"person": person_behind(tx, account), "room": room_id})
    if row is None:
        raise LookupError(room_id)
    return _group(row)


def _private(account: str) -> str:
    return f"private:{account}"


def _group(row: Row[Any]) -> Room:
    return Room(row.external_id, ChatKind.GROUP, row.title, bool(row.member))


# --- messages ---------------------------------------------------------------------------------------------


def messages(
    tx: Tx, room_id: str, *, after: int | None = None, before: int | None = None, limit: int
) -> list[RoomMessage]:
    """Messages of a room, oldest first: the newest ones, or those next after or next before a number."""
    if after is not None:
        return [_message(r) for r in tx.all(_AFTER, {"where": room_id, "mark": after, "most": limit})]
    if before is not None:
        found = tx.all(_BEFORE, {"where": room_id, "mark": before, "most": limit})
    else:
        found = tx.all(_NEWEST, {"where": room_id, "most": limit})
    return [_message(row) for row in reversed(found)]


def message(tx: Tx, room_id: str, message_id: int) -> RoomMessage:
    """One message of a room; raises LookupError."""
    row = tx.first(_BY_ID, {"where": room_id, "which": message_id, "most": 1})
    if row is None:
        raise LookupError(message_id)
    return _message(row)


def append(
    tx: Tx, room_id: str, *, author: str | None, key: str, content: dict[str, Any], now: datetime
) -> tuple[RoomMessage, bool]:
    """Keep a message, and whether it is new: what has been kept under its key before is not kept again.

    What people say is not taken until `taken` is called; the bot's own messages are nobody's to take.
    """
    values = {
        "room": room_id,
        "author": author,
        "key": key,
        "content": content,
        "at": now,
        "taken_at": now if author is None else None,
    }
    added = tx.first(
        insert(room_messages, tx).on_conflict_do_nothing().returning(*_COLUMNS),
        values,
    )
    row = added or tx.first(_BY_KEY, {"named": key})
    assert row is not None
    return _message(row), added is not None


def edit(tx: Tx, room_id: str, message_id: int, *, content: dict[str, Any], now: datetime) -> RoomMessage | None:
    """Put something else in the place of a message of the bot's; None when there is no such message."""
    row = tx.first(_EDIT, {"which": message_id, "where": room_id, "becomes": content, "now": now})
    return _message(row) if row else None


def taken(tx: Tx, message_id: int, *, now: datetime) -> None:
    """The engine has committed it."""
    tx.execute(_TAKEN, {"which": message_id, "now": now})


def untaken(tx: Tx) -> list[RoomMessage]:
    """What people said that the engine has not committed, in the order it was said."""
    return [_message(row) for row in tx.all(_UNTAKEN)]


def _message(row: Row[Any]) -> RoomMessage:
    return RoomMessage(
        id=row.id,
        room=row.room,
        author=row.author,
        key=row.key,
        content=row.content,
        at=row.at,
        edited=row.edited_at is not None,
        taken=row.taken_at is not None,
    )
