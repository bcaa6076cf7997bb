"""People and their posts. Posts outlive people: what was promised and reported belongs to the unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

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
        people.c.wecom_account,
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
        people.c.wecom_account,
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
_NAMED_BELOW = _HOLDERS_BELOW.where(people.c.name == bindparam("called"))
_NUMBERED_BELOW = _HOLDERS_BELOW.where(people.c.id == bindparam("who"))
_BY_MOBILE = _PEOPLE.where(people.c.mobile == bindparam("number"), people.c.ended_at.is_(None)).order_by(
    people.c.id
)
_END_PERSON = update(people).where(people.c.id == bindparam("which")).values(ended_at=bindparam("now"))
_SET_MOBILE = update(people).where(people.c.id == bindparam("which")).values(mobile=bindparam("number"))
_RESUME = (
    update(posts)
    .where(
        posts.c.person_id == bindparam("who"),
        posts.c.unit_id == bindparam("where"),
        posts.c.role == bindparam("as_role"),
        posts.c.until == bindparam("ended"),
    )
    .values(until=None)
)
_WITHDRAW = delete(posts).where(
    posts.c.person_id == bindparam("who"),
    posts.c.unit_id == bindparam("where"),
    posts.c.role == bindparam("as_role"),
    posts.c.since == bindparam("begun"),
    posts.c.until.is_(None),
)
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
    wecom_account: str | None = None


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
    return {row.id: Person(*row) for row in tx.among(_MANY, "which", person_ids)}


def holders(tx: Tx, unit_ids: Iterable[int], roles: Sequence[Role]) -> dict[int, list[Person]]:
    """Who holds one of the roles for each of the units itself (not for units above or below)."""
    found: dict[int, list[Person]] = {}
    values = {"roles": [role.value for role in roles]}
    for row in tx.among(_HOLDERS, "units", unit_ids, values):
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


def by_mobile(tx: Tx, mobile: str) -> list[Person]:
    """Everybody with exactly this mobile number."""
    return [Person(*row) for row in tx.all(_BY_MOBILE, {"number": mobile})]


def set_mobile(tx: Tx, person_id: int, mobile: str) -> None:
    """Note somebody's mobile number."""
    tx.execute(_SET_MOBILE, {"which": person_id, "number": mobile})


def held_below(
    tx: Tx, roots: Sequence[int], *, name: str | None = None, person_id: int | None = None
) -> list[Holder]:
    """The posts at or below the roots of everybody of exactly this name, or of one person."""
    if not roots:
        return []
    if person_id is not None:
        rows = tx.all(_NUMBERED_BELOW, {"roots": list(roots), "who": person_id})
    else:
        rows = tx.all(_NAMED_BELOW, {"roots": list(roots), "called": name})
    return [_holder(row) for row in rows]


def resume(tx: Tx, *, person_id: int, unit_id: int, role: Role, ended: datetime) -> bool:
    """Take back that a post ended at that moment; False when there is no such end."""
    values = {"who": person_id, "where": unit_id, "as_role": role.value, "ended": ended}
    return tx.execute(_RESUME, values).rowcount > 0


def withdraw(tx: Tx, *, person_id: int, unit_id: int, role: Role, begun: datetime) -> bool:
    """Take back that a post began at that moment, as if it had never been; False when it has ended since."""
    values = {"who": person_id, "where": unit_id, "as_role": role.value, "begun": begun}
    return tx.execute(_WITHDRAW, values).rowcount > 0


def end(tx: Tx, person_id: int, *, now: datetime) -> None:
    """Somebody is no longer on the roster, such as one who was entered by mistake."""
    tx.execute(_END_PERSON, {"which": person_id, "now": now})


def in_role_below(tx: Tx, roots: Sequence[int], role: Role) -> list[Holder]:
    """Everybody who holds the role for a unit at or below the roots."""
    values = {"roots": list(roots), "as_role": role.value}
    return [_holder(row) for row in tx.all(_IN_ROLE_BELOW, values)] if roots else []


def _holder(row: Any) -> Holder:
    who = row.person_id, row.name, row.mobile
    return Holder(*who, Role(row.role), row.unit_id, row.unit_name, row.since, row.wecom_account)
