"""Who of the roster cannot be written to privately, and what is known of why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import bindparam, case, func, select

from bot.chat.people import Role
from storage.database import Tx
from storage.tables import accounts, chats, people, posts, unit_ancestors, units


class Obstacle(StrEnum):
    """Why somebody cannot be written to."""

    #: They have never tied an account.
    UNBOUND = "unbound"
    #: They have an account, and have never written to the bot privately.
    NEVER_PRIVATE = "never_private"
    #: The chat is there, and the bot cannot speak in it.
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Unreached:
    """Somebody, one of their posts, and the obstacle; `trouble` is what the platform said."""

    person_id: int
    name: str
    unit_name: str
    role: Role
    obstacle: Obstacle
    trouble: str | None


_held = (
    select(people.c.id.label("person_id"), people.c.name, func.min(posts.c.id).label("post_id"))
    .join(posts, posts.c.person_id == people.c.id)
    .join(unit_ancestors, unit_ancestors.c.unit_id == posts.c.unit_id)
    .where(
        unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True)),
        posts.c.until.is_(None),
        people.c.ended_at.is_(None),
    )
    .group_by(people.c.id, people.c.name)
    .subquery()
)
_COUNT = select(func.count()).select_from(_held)
_active = func.max(case((chats.c.state == "active", 1), else_=0))
_UNREACHED = (
    select(
        _held.c.person_id,
        _held.c.name,
        units.c.name,
        posts.c.role,
        func.count(accounts.c.id),
        func.count(chats.c.id),
        func.max(chats.c.trouble),
    )
    .select_from(
        _held.join(posts, posts.c.id == _held.c.post_id)
        .join(units, units.c.id == posts.c.unit_id)
        .outerjoin(accounts, accounts.c.person_id == _held.c.person_id)
        .outerjoin(chats, chats.c.id == accounts.c.private_chat_id)
    )
    .group_by(_held.c.person_id, _held.c.name, units.c.name, units.c.position, units.c.id, posts.c.role)
    .having(func.coalesce(_active, 0) == 0)
    .order_by(units.c.position, units.c.id, _held.c.person_id)
)


def unreached(tx: Tx, roots: Sequence[int]) -> list[Unreached]:
    """Everybody with a post at or below the roots who cannot be written to, unit by unit."""
    rows = tx.all(_UNREACHED, {"roots": list(roots)}) if roots else ()
    return [
        Unreached(person, name, unit, Role(role), _obstacle(tied, private), trouble)
        for person, name, unit, role, tied, private, trouble in rows
    ]


def count(tx: Tx, roots: Sequence[int]) -> int:
    """How many people have a post at or below the roots."""
    number: int = tx.scalar(_COUNT, {"roots": list(roots)}) if roots else 0
    return number


def _obstacle(tied: int, private: int) -> Obstacle:
    if not tied:
        return Obstacle.UNBOUND
    return Obstacle.PARKED if private else Obstacle.NEVER_PRIVATE
