"""People and their posts. Posts outlive people: what was promised and reported belongs to the unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from bot.chat.people import Role
from storage.database import Tx
from storage.tables import people, posts, unit_ancestors, units

_ADD = insert(people).returning(people.c.id)
_APPOINT = insert(posts).returning(posts.c.id)
_RELEASE = (
    update(posts)
    .where(
        posts.c.person_id == bindparam("who"),
        posts.c.unit_id == bindparam("where"),
        posts.c.role == bindparam("as_role"),
        posts.c.until.is_(None),
    )
    .values(until=bindparam("now"))
)
_PEOPLE = select(people.c.id, people.c.name, people.c.mobile, people.c.language)
_ONE = _PEOPLE.where(people.c.id == bindparam("which"))
_MANY = _PEOPLE.where(people.c.id.in_(bindparam("which", expanding=True)))
_HOLDERS = (
    select(people.c.id, people.c.name, people.c.mobile, people.c.language, posts.c.unit_id)
    .join(posts, posts.c.person_id == people.c.id)
    .where(
        posts.c.unit_id.in_(bindparam("units", expanding=True)),
        posts.c.role.in_(bindparam("roles", expanding=True)),
        posts.c.until.is_(None),
        people.c.ended_at.is_(None),
    )
    .order_by(posts.c.id)
)
_HOLDERS_BELOW = (
    select(
        people.c.id.label("person_id"),
        people.c.name,
        people.c.mobile,
        posts.c.role,
        units.c.id.label("unit_id"),
        units.c.name.label("unit_name"),
        posts.c.since,
    )
    .join(posts, posts.c.person_id == people.c.id)
    .join(units, units.c.id == posts.c.unit_id)
    .join(unit_ancestors, unit_ancestors.c.unit_id == units.c.id)
    .where(
        unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True)),
        posts.c.until.is_(None),
        people.c.ended_at.is_(None),
    )
    .distinct()
    .order_by(units.c.id, posts.c.role, people.c.id)
)
_POSTS_OF = (
    select(
        people.c.id.label("person_id"),
        people.c.name,
        people.c.mobile,
        posts.c.role,
        units.c.id.label("unit_id"),
        units.c.name.label("unit_name"),
        posts.c.since,
    )
    .join(posts, posts.c.person_id == people.c.id)
    .join(units, units.c.id == posts.c.unit_id)
    .where(people.c.id == bindparam("who"), posts.c.until.is_(None))
    .order_by(posts.c.id)
)
_CALLED = (
    _PEOPLE.where(
        people.c.name == bindparam("called"),
        people.c.ended_at.is_(None),
        people.c.id.in_(
            select(posts.c.person_id)
            .join(unit_ancestors, unit_ancestors.c.unit_id == posts.c.unit_id)
            .where(unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True)))
        ),
    )
).order_by(people.c.id)
_IN_ROLE_BELOW = _HOLDERS_BELOW.where(posts.c.role == bindparam("as_role"))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the roster."""

    id: int
    name: str
    mobile: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody in a post."""

    person_id: int
    name: str
    mobile: str | None
    role: Role
    unit_id: int
    unit_name: str
    since: datetime


def add(tx: Tx, *, name: str, now: datetime, mobile: str | None = None, language: str | None = None) -> int:
    """Add somebody to the roster and return their number."""
    values = {"name": name, "mobile": mobile, "language": language, "created_at": now}
    person_id: int = tx.scalar(_ADD, values)
    return person_id


def appoint(tx: Tx, *, person_id: int, unit_id: int, role: Role, now: datetime) -> int:
    """Give somebody a post."""
    values = {"person_id": person_id, "unit_id": unit_id, "role": role.value, "since": now}
    post_id: int = tx.scalar(_APPOINT, values)
    return post_id


def release(tx: Tx, *, person_id: int, unit_id: int, role: Role, now: datetime) -> bool:
    """End a post; False when it was not held. What was done in it stays with the unit."""
    values = {"who": person_id, "where": unit_id, "as_role": role.value, "now": now}
    return tx.execute(_RELEASE, values).rowcount > 0


def get(tx: Tx, person_id: int) -> Person:
    """The person; raises LookupError."""
    row = tx.first(_ONE, {"which": person_id})
    if row is None:
        raise LookupError(person_id)
    return Person(*row)


def get_many(tx: Tx, person_ids: Iterable[int]) -> dict[int, Person]:
    """Several people by number."""
    return {row.id: Person(*row) for row in tx.all(_MANY, {"which": sorted(set(person_ids))})}


def holders(tx: Tx, unit_ids: Iterable[int], roles: Sequence[Role]) -> dict[int, list[Person]]:
    """Who holds one of the roles for each of the units itself (not for units above or below)."""
    found: dict[int, list[Person]] = {}
    values = {"units": sorted(set(unit_ids)), "roles": [role.value for role in roles]}
    for row in tx.all(_HOLDERS, values):
        person = Person(row.id, row.name, row.mobile, row.language)
        if person not in found.setdefault(row.unit_id, []):
            found[row.unit_id].append(person)
    return found


def posts_below(tx: Tx, roots: Sequence[int]) -> list[Holder]:
    """Everybody in a post at or below the roots."""
    return [_holder(row) for row in tx.all(_HOLDERS_BELOW, {"roots": list(roots)})] if roots else []


def posts_of(tx: Tx, person_id: int) -> list[Holder]:
    """The posts that somebody holds."""
    return [_holder(row) for row in tx.all(_POSTS_OF, {"who": person_id})]


def called(tx: Tx, name: str, *, roots: Sequence[int]) -> list[Person]:
    """Everybody of exactly this name who has or had a post at or below the roots."""
    return [Person(*row) for row in tx.all(_CALLED, {"called": name, "roots": list(roots)})] if roots else []


def in_role_below(tx: Tx, roots: Sequence[int], role: Role) -> list[Holder]:
    """Everybody who holds the role for a unit at or below the roots."""
    values = {"roots": list(roots), "as_role": role.value}
    return [_holder(row) for row in tx.all(_IN_ROLE_BELOW, values)] if roots else []


def _holder(row: Any) -> Holder:
    return Holder(row.person_id, row.name, row.mobile, Role(row.role), row.unit_id, row.unit_name, row.since)
