"""Accounts and groups that a platform ties by itself: by mobile number, by a unit's name, from the roster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, or_, select, update

from bot.chat.messages import ChatKind, ChatRef
from bot.chat.people import Role
from storage.accounts import chat_for
from storage.database import Tx, insert
from storage.tables import accounts, chats, people, posts, unit_ancestors, units

_has_account = (
    select(accounts.c.id)
    .where(accounts.c.person_id == people.c.id, accounts.c.platform == bindparam("on"))
    .exists()
)
_CANDIDATES = (
    select(people.c.id, people.c.mobile, people.c.wecom_account)
    .where(
        people.c.ended_at.is_(None),
        or_(people.c.mobile != "", people.c.wecom_account != ""),
        ~_has_account,
        select(posts.c.id).where(posts.c.person_id == people.c.id, posts.c.until.is_(None)).exists(),
    )
    .order_by(people.c.id)
)
_FREE = select(people.c.id).where(people.c.id == bindparam("who"), people.c.ended_at.is_(None), ~_has_account)
_NAMED = select(units.c.id).where(units.c.name == bindparam("called"), units.c.ended_at.is_(None))
_OWN_CHATS = select(chats.c.id, chats.c.external_id, chats.c.unit_id).where(
    chats.c.platform == bindparam("on"), chats.c.send_only
)
_TIE_CHAT = (
    update(chats)
    .where(chats.c.id == bindparam("which"))
    .values(unit_id=bindparam("to_unit"), bound_at=bindparam("now"), send_only=True, state="active")
)
_UNTIE_CHAT = update(chats).where(chats.c.id == bindparam("which")).values(unit_id=None, bound_at=None)
_HAVING_GROUPS = (
    select(units.c.id, units.c.name, chats.c.external_id)
    .select_from(
        units.outerjoin(
            chats, and_(chats.c.unit_id == units.c.id, chats.c.is_group, chats.c.platform == bindparam("on"))
        )
    )
    .where(units.c.kind.in_(bindparam("kinds", expanding=True)), units.c.ended_at.is_(None))
    .order_by(units.c.id, chats.c.id)
)
_MEMBERS = (
    select(
        unit_ancestors.c.ancestor_id.label("unit_id"),
        people.c.id.label("person_id"),
        people.c.name,
        accounts.c.external_id,
    )
    .select_from(
        people.outerjoin(
            accounts, and_(accounts.c.person_id == people.c.id, accounts.c.platform == bindparam("on"))
        )
        .join(posts, posts.c.person_id == people.c.id)
        .join(unit_ancestors, unit_ancestors.c.unit_id == posts.c.unit_id)
    )
    .where(
        people.c.ended_at.is_(None),
        posts.c.until.is_(None),
        # Judges and witnesses come for a round; a work group is for those who work there.
        posts.c.role.in_(bindparam("roles", expanding=True)),
        unit_ancestors.c.ancestor_id.in_(bindparam("which", expanding=True)),
    )
    .order_by(posts.c.id)
)
_WORKING = (Role.ORGANIZER.value, Role.OFFICE_ADMINISTRATOR.value, Role.SECRETARY.value)


@dataclass(frozen=True, slots=True)
class GroupToKeep:
    """A unit's group and who should be in it, by their accounts; `chat` is empty where there is none yet.

    `inside` are their names, `outside` those of people who should be in it and have no account.
    """

    unit_id: int
    name: str
    members: tuple[str, ...]
    chat: str
    inside: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()


def unjoined(tx: Tx, platform: str) -> list[tuple[int, str, str]]:
    """Everybody in a post who can be recognised and has no account on the platform yet.

    As (person, mobile number, account in WeCom), of which one may be empty.
    """
    return [(row.id, row.mobile or "", row.wecom_account or "") for row in tx.all(_CANDIDATES, {"on": platform})]


def join(tx: Tx, platform: str, person_id: int, account: str, chat: str, *, now: datetime) -> bool:
    """Tie an account that nobody has tied to somebody who has none, reachable in that private chat."""
    if tx.first(_FREE, {"who": person_id, "on": platform}) is None:
        return False
    chat_id = chat_for(tx, ChatRef(platform, chat, ChatKind.PRIVATE), now=now).id
    tied = {"person_id": person_id, "private_chat_id": chat_id, "bound_at": now}
    values = {"platform": platform, "external_id": account, "display_name": "", "created_at": now, **tied}
    statement = insert(accounts, tx).values(values)
    joined = statement.on_conflict_do_update(
        index_elements=["platform", "external_id"], set_=tied, where=accounts.c.person_id.is_(None)
    )
    return tx.scalar(joined.returning(accounts.c.id)) is not None


def tie_outlets(tx: Tx, platform: str, wanted: Mapping[str, str], *, prefix: str, now: datetime) -> list[str]:
    """Tie chats in which nobody can be heard to their units (name → chat); returns names that are no one unit's.

    Those whose name begins with the prefix and that are no longer wanted are freed: nothing is sent there.
    """
    unknown = []
    for name, chat in wanted.items():
        found = tx.all(_NAMED, {"called": name})
        if len(found) != 1:
            unknown.append(name)
            continue
        chat_id = chat_for(tx, ChatRef(platform, chat, ChatKind.GROUP, name), now=now).id
        tx.execute(_TIE_CHAT, {"which": chat_id, "to_unit": found[0].id, "now": now})
    kept = {chat for name, chat in wanted.items() if name not in unknown}
    for row in tx.all(_OWN_CHATS, {"on": platform}):
        if row.unit_id is not None and row.external_id.startswith(prefix) and row.external_id not in kept:
            tx.execute(_UNTIE_CHAT, {"which": row.id})
    return unknown


def groups_to_keep(tx: Tx, platform: str, kinds: Sequence[str], *, prefix: str) -> list[GroupToKeep]:
    """Units of these kinds that have no group on the platform, or one whose name begins with the prefix."""
    rows = tx.all(_HAVING_GROUPS, {"on": platform, "kinds": list(kinds)})
    held: dict[int, list[str]] = {}
    for row in rows:
        held.setdefault(row.id, []).extend([row.external_id] if row.external_id else [])
    names = {row.id: row.name for row in rows}
    members: dict[int, dict[str, None]] = {unit: {} for unit in names}
    called: dict[bool, dict[int, dict[int, str]]] = {
        inside: {unit: {} for unit in names} for inside in (True, False)
    }
    asked = {"on": platform, "roles": list(_WORKING), "which": list(names)}
    for row in tx.all(_MEMBERS, asked) if names else []:
        called[row.external_id is not None][row.unit_id][row.person_id] = row.name
        if row.external_id is not None:
            members[row.unit_id][row.external_id] = None
    return [
        GroupToKeep(
            unit,
            names[unit],
            tuple(members[unit]),
            chat,
            tuple(called[True][unit].values()),
            tuple(called[False][unit].values()),
        )
        for unit, chats_of in held.items()
        for chat in ([c for c in chats_of if c.startswith(prefix)] or ([] if chats_of else [""]))
    ]


def tie_group(tx: Tx, platform: str, unit_id: int, chat: str, title: str, *, now: datetime) -> None:
    """A group that the platform made for a unit; nobody can be heard in it."""
    chat_id = chat_for(tx, ChatRef(platform, chat, ChatKind.GROUP, title), now=now).id
    tx.execute(_TIE_CHAT, {"which": chat_id, "to_unit": unit_id, "now": now})
