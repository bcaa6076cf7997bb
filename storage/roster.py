"""The roster as a whole: what is known when a file is compared with it, and writing many rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, insert, or_, select, update

from bot.chat.people import Role
from storage.database import Tx
from storage.tables import accounts, chats, people, posts, unit_ancestors, units

_below = select(unit_ancestors.c.unit_id).where(
    unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
)
_UNITS: Select[Any] = select(
    units.c.id,
    units.c.parent_id,
    units.c.name,
    units.c.kind,
    units.c.organization,
    units.c.class_name,
    units.c.position,
    units.c.ended_at.is_(None).label("stands"),
).order_by(units.c.position, units.c.id)
_UNITS_BELOW = _UNITS.where(units.c.id.in_(_below))
_PEOPLE: Select[Any] = (
    select(people.c.id, people.c.name, people.c.mobile, people.c.wecom_account)
    .where(people.c.ended_at.is_(None))
    .order_by(people.c.id)
)
_current = posts.alias("current")
# Who has a post here, had one, or has none anywhere: others are another administration's people.
_PEOPLE_BELOW = _PEOPLE.where(
    or_(
        people.c.id.in_(select(posts.c.person_id).where(posts.c.unit_id.in_(_below))),
        people.c.id.not_in(select(_current.c.person_id).where(_current.c.until.is_(None))),
    )
)
_POSTS: Select[Any] = select(
    posts.c.person_id, posts.c.unit_id, posts.c.role, posts.c.until.is_(None).label("held")
).order_by(posts.c.id)
_POSTS_BELOW = _POSTS.where(posts.c.unit_id.in_(_below))

# The rows come back in any order (SQLite would otherwise take one statement for each), so they say what they are.
_ADD_UNITS = insert(units).returning(units.c.id, units.c.parent_id, units.c.name)
_self = unit_ancestors.alias("self")
_unplaced = ~select(_self.c.unit_id).where(_self.c.unit_id == units.c.id).exists()
_PLACE_BELOW_ANCESTORS = insert(unit_ancestors).from_select(
    ["unit_id", "ancestor_id", "depth"],
    select(units.c.id, unit_ancestors.c.ancestor_id, unit_ancestors.c.depth + 1)
    .join(unit_ancestors, unit_ancestors.c.unit_id == units.c.parent_id)
    .where(_unplaced),
)
_PLACE_SELF = insert(unit_ancestors)
_CHANGE_UNIT = (
    update(units)
    .where(units.c.id == bindparam("which"))
    .values(
        name=bindparam("new_name"),
        kind=bindparam("new_kind"),
        organization=bindparam("new_organization"),
        class_name=bindparam("new_class"),
        position=bindparam("new_position"),
        ended_at=None,
    )
)
_END_UNIT = update(units).where(units.c.id == bindparam("which")).values(ended_at=bindparam("now"))
_FREE_GROUPS = (
    update(chats).where(chats.c.unit_id == bindparam("which")).values(unit_id=None, bound_by=None, bound_at=None)
)
_ADD_PEOPLE = insert(people).returning(people.c.id, people.c.name, people.c.mobile, people.c.wecom_account)
_CHANGE_PERSON = (
    update(people)
    .where(people.c.id == bindparam("which"))
    .values(name=bindparam("new_name"), mobile=bindparam("new_mobile"), wecom_account=bindparam("new_account"))
)
_ADD_POSTS = insert(posts)
_END_POST = (
    update(posts)
    .where(
        posts.c.person_id == bindparam("who"),
        posts.c.unit_id == bindparam("where"),
        posts.c.role == bindparam("as_role"),
        posts.c.until.is_(None),
    )
    .values(until=bindparam("now"))
)

_COUNT_KINDS = (
    select(units.c.kind, func.count())
    .where(units.c.id.in_(_below), units.c.ended_at.is_(None))
    .group_by(units.c.kind)
)
_COUNT_ROLES = (
    select(posts.c.role, func.count(posts.c.person_id.distinct()))
    .join(people, people.c.id == posts.c.person_id)
    .where(posts.c.unit_id.in_(_below), posts.c.until.is_(None), people.c.ended_at.is_(None))
    .group_by(posts.c.role)
)
_COUNT_BOUND = (
    select(func.count(people.c.id.distinct()), func.count(accounts.c.person_id.distinct()))
    .select_from(posts)
    .join(people, people.c.id == posts.c.person_id)
    .outerjoin(accounts, accounts.c.person_id == people.c.id)
    .where(posts.c.unit_id.in_(_below), posts.c.until.is_(None), people.c.ended_at.is_(None))
)
_COUNT_GROUPS = select(func.count()).select_from(chats).where(chats.c.is_group, chats.c.unit_id.in_(_below))


@dataclass(frozen=True, slots=True)
class KnownUnit:
    """A unit as it stands in the database; `stands` is False for one that has ended."""

    id: int
    parent_id: int | None
    name: str
    kind: str
    organization: str | None
    class_name: str | None
    position: int
    stands: bool = True


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody who is in the database; `account` is the one in WeCom, if it was told."""

    id: int
    name: str
    mobile: str | None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class KnownPost:
    """A post that is held (`held`) or was."""

    person_id: int
    unit_id: int
    role: Role
    held: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """The roster in numbers; `bound` of `persons` have tied an account."""

    kinds: dict[str, int]
    roles: dict[Role, int]
    persons: int
    bound: int
    groups: int


def known_units(tx: Tx, roots: Sequence[int] | None = None) -> list[KnownUnit]:
    """All units, or those at and below the roots, in their set order; also those that have ended."""
    rows = [row._asdict() for row in _all(tx, _UNITS, _UNITS_BELOW, roots)]
    return [KnownUnit(**{**row, "stands": bool(row["stands"])}) for row in rows]


def known_people(tx: Tx, roots: Sequence[int] | None = None) -> list[KnownPerson]:
    """All people; with roots those who have or had a post there, and those who have none at all."""
    return [KnownPerson(*row) for row in _all(tx, _PEOPLE, _PEOPLE_BELOW, roots)]


def known_posts(tx: Tx, roots: Sequence[int] | None = None) -> list[KnownPost]:
    """All posts, held and past, or those at and below the roots."""
    return [
        KnownPost(row.person_id, row.unit_id, Role(row.role), bool(row.held))
        for row in _all(tx, _POSTS, _POSTS_BELOW, roots)
    ]


def _all(tx: Tx, everything: Select[Any], below: Select[Any], roots: Sequence[int] | None) -> Sequence[Any]:
    return tx.all(everything) if roots is None else tx.all(below, {"roots": list(roots)})


def add_units(tx: Tx, rows: Sequence[dict[str, Any]], *, now: datetime) -> list[int]:
    """Add units whose parents exist already, and return their numbers in the same order.

    Each row has name, kind, parent_id, organization, class_name and position.
    """
    if not rows:
        return []
    filled = [{**row, "created_at": now} for row in rows]
    made = {(row.parent_id, row.name): row.id for row in tx.connection.execute(_ADD_UNITS, filled)}
    added: list[int] = [made[row["parent_id"], row["name"]] for row in rows]
    tx.execute(_PLACE_BELOW_ANCESTORS)
    tx.many(_PLACE_SELF, [{"unit_id": unit, "ancestor_id": unit, "depth": 0} for unit in added])
    return added


def change_units(tx: Tx, changed: Sequence[KnownUnit]) -> None:
    """Write the units as given (all but their place in the tree); one that had ended stands again."""
    tx.many(
        _CHANGE_UNIT,
        [
            {
                "which": unit.id,
                "new_name": unit.name,
                "new_kind": unit.kind,
                "new_organization": unit.organization,
                "new_class": unit.class_name,
                "new_position": unit.position,
            }
            for unit in changed
        ],
    )


def end_units(tx: Tx, unit_ids: Sequence[int], *, now: datetime) -> None:
    """The units exist no longer and their groups are free; what they did stays on the record."""
    tx.many(_END_UNIT, [{"which": unit, "now": now} for unit in unit_ids])
    tx.many(_FREE_GROUPS, [{"which": unit} for unit in unit_ids])


def add_people(tx: Tx, rows: Sequence[tuple[str, str | None, str | None]], *, now: datetime) -> list[int]:
    """Add people as (name, mobile, account in WeCom) and return their numbers in the same order."""
    if not rows:
        return []
    filled = [
        {"name": name, "mobile": mobile, "wecom_account": account, "created_at": now}
        for name, mobile, account in rows
    ]
    made: dict[tuple[str, str | None, str | None], list[int]] = {}
    for row in tx.connection.execute(_ADD_PEOPLE, filled):
        made.setdefault((row.name, row.mobile, row.wecom_account), []).append(row.id)
    # Two new people who are the same in all of it are alike in all that is known of them.
    return [made[key].pop() for key in rows]


def change_people(tx: Tx, changed: Sequence[KnownPerson]) -> None:
    """Write names, mobile numbers and accounts as given."""
    rows = [{"which": p.id, "new_name": p.name, "new_mobile": p.mobile, "new_account": p.account} for p in changed]
    tx.many(_CHANGE_PERSON, rows)


def add_posts(tx: Tx, rows: Sequence[tuple[int, int, Role]], *, now: datetime) -> None:
    """Begin posts as (person, unit, role)."""
    tx.many(
        _ADD_POSTS,
        [{"person_id": p, "unit_id": u, "role": role.value, "since": now} for p, u, role in rows],
    )


def end_posts(tx: Tx, rows: Sequence[tuple[int, int, Role]], *, now: datetime) -> None:
    """End posts as (person, unit, role)."""
    tx.many(_END_POST, [{"who": p, "where": u, "as_role": role.value, "now": now} for p, u, role in rows])


def counts(tx: Tx, roots: Sequence[int]) -> Counts:
    """The roster at and below the roots in numbers."""
    values = {"roots": list(roots)}
    bound = tx.first(_COUNT_BOUND, values)
    assert bound is not None
    return Counts(
        kinds={row[0]: row[1] for row in tx.all(_COUNT_KINDS, values)},
        roles={Role(role): number for role, number in tx.all(_COUNT_ROLES, values)},
        persons=bound[0],
        bound=bound[1],
        groups=tx.scalar(_COUNT_GROUPS, values),
    )
