"""One-time codes that tie an account to a person, and the groups that are tied to a unit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update

from storage.database import Tx, insert
from storage.tables import accounts, binding_codes, chats, people, posts, unit_ancestors

_VOID = (
    update(binding_codes)
    .where(
        binding_codes.c.person_id == bindparam("who"),
        binding_codes.c.used_at.is_(None),
        binding_codes.c.expires_at > bindparam("now"),
    )
    .values(expires_at=bindparam("now"))
)
_BY_HASH = (
    select(
        binding_codes.c.id,
        binding_codes.c.person_id,
        binding_codes.c.expires_at,
        binding_codes.c.used_at,
        binding_codes.c.used_by,
        people.c.ended_at,
    )
    .join(people, people.c.id == binding_codes.c.person_id)
    .where(binding_codes.c.code_hash == bindparam("hashed"))
)
_USE = (
    update(binding_codes)
    .where(
        binding_codes.c.id == bindparam("which"),
        binding_codes.c.used_at.is_(None),
        binding_codes.c.expires_at > bindparam("now"),
    )
    .values(used_at=bindparam("now"), used_by=bindparam("account"))
)
_TIE = (
    update(accounts)
    .where(accounts.c.id == bindparam("which"))
    .values(person_id=bindparam("who"), bound_at=bindparam("now"), failed_codes=0, last_failed_at=None)
)
_UNTIE = update(accounts).where(accounts.c.id == bindparam("which")).values(person_id=None, bound_at=None)
_UNTIE_PERSON = (
    update(accounts).where(accounts.c.person_id == bindparam("who")).values(person_id=None, bound_at=None)
)
_FAILURES = select(accounts.c.failed_codes, accounts.c.last_failed_at).where(accounts.c.id == bindparam("which"))
_FAILED = (
    update(accounts)
    .where(accounts.c.id == bindparam("which"))
    .values(failed_codes=bindparam("times"), last_failed_at=bindparam("now"))
)
_ACCOUNTS_OF = (
    select(accounts.c.id, accounts.c.platform, accounts.c.bound_at)
    .where(accounts.c.person_id == bindparam("who"))
    .order_by(accounts.c.id)
)
_below = select(unit_ancestors.c.unit_id).where(
    unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
)
_held = posts.c.until.is_(None)
_STANDINGS = select(
    people.c.id,
    select(accounts.c.id).where(accounts.c.person_id == people.c.id).exists().label("bound"),
    select(binding_codes.c.id)
    .where(
        binding_codes.c.person_id == people.c.id,
        binding_codes.c.used_at.is_(None),
        binding_codes.c.expires_at > bindparam("now"),
    )
    .exists()
    .label("has_code"),
    select(posts.c.id)
    .where(posts.c.person_id == people.c.id, _held, posts.c.unit_id.not_in(_below))
    .exists()
    .label("elsewhere"),
).where(
    people.c.id.in_(select(posts.c.person_id).where(_held, posts.c.unit_id.in_(_below))),
    people.c.ended_at.is_(None),
)
_GROUPS_OF = (
    select(chats.c.id, chats.c.title)
    .where(chats.c.is_group, chats.c.unit_id == bindparam("of_unit"), chats.c.state == "active")
    .order_by(chats.c.id)
)
_BIND_GROUP = (
    update(chats)
    .where(chats.c.id == bindparam("which"))
    .values(unit_id=bindparam("to_unit"), bound_by=bindparam("by"), bound_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Code:
    """A code as it is kept. `valid`: unused, within its term, and its person still on the roster.

    `used_by` is the account that used it.
    """

    id: int
    person_id: int
    valid: bool
    used_by: int | None


@dataclass(frozen=True, slots=True)
class Account:
    """An account tied to a person."""

    id: int
    platform: str
    bound_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands with the bot.

    `bound`: an account is tied; `has_code`: a code waits to be used; `elsewhere`: also holds a post outside
    the units that were looked at, so that whoever administers only these must not act for this person.
    """

    bound: bool
    has_code: bool
    elsewhere: bool


def standings(tx: Tx, roots: Sequence[int], *, now: datetime) -> dict[int, Standing]:
    """How everybody with a post at or below the roots stands, by person."""
    if not roots:
        return {}
    return {
        row.id: Standing(bool(row.bound), bool(row.has_code), bool(row.elsewhere))
        for row in tx.all(_STANDINGS, {"roots": list(roots), "now": now})
    }


def issue(
    tx: Tx, codes: Mapping[int, str], *, issued_by: int | None, now: datetime, expires_at: datetime
) -> list[int]:
    """Keep new codes by person; what those people had unused before is void. Only hashes are kept.

    Returns the people whose code happens to have been given out before: draw again for them.
    """
    void(tx, codes, now=now)
    people_by_hash = {_hash(code): person for person, code in codes.items()}
    rows = [
        {
            "code_hash": hashed,
            "person_id": person,
            "issued_by": issued_by,
            "issued_at": now,
            "expires_at": expires_at,
        }
        for hashed, person in people_by_hash.items()
    ]
    if not rows:
        return []
    adding = insert(binding_codes, tx).on_conflict_do_nothing().returning(binding_codes.c.person_id)
    kept = set(tx.connection.execute(adding, rows).scalars())
    return [person for person in codes if person not in kept]


def void(tx: Tx, person_ids: Iterable[int], *, now: datetime) -> None:
    """The people's unused codes can no longer be used."""
    tx.many(_VOID, [{"who": person, "now": now} for person in person_ids])


def find(tx: Tx, code: str, *, now: datetime) -> Code | None:
    """The code, whether or not it can still be used."""
    row = tx.first(_BY_HASH, {"hashed": _hash(code)})
    if row is None:
        return None
    valid = row.used_at is None and row.expires_at > now and row.ended_at is None
    return Code(row.id, row.person_id, valid, row.used_by)


def use(tx: Tx, code: Code, *, account_id: int, now: datetime) -> bool:
    """Tie the account to the code's person; the code is dead from now on. False when it was already."""
    if tx.execute(_USE, {"which": code.id, "now": now, "account": account_id}).rowcount != 1:
        return False
    tx.execute(_TIE, {"which": account_id, "who": code.person_id, "now": now})
    return True


def untie(tx: Tx, account_id: int) -> None:
    """The account is a stranger's again."""
    tx.execute(_UNTIE, {"which": account_id})


def untie_person(tx: Tx, person_id: int) -> int:
    """Every account of a person is a stranger's again; returns how many there were."""
    return tx.execute(_UNTIE_PERSON, {"who": person_id}).rowcount


def accounts_of(tx: Tx, person_id: int) -> list[Account]:
    """The accounts tied to a person."""
    return [Account(*row) for row in tx.all(_ACCOUNTS_OF, {"who": person_id})]


def failures(tx: Tx, account_id: int) -> tuple[int, datetime | None]:
    """How many wrong codes in a row came from the account, and when the last one did."""
    row = tx.first(_FAILURES, {"which": account_id})
    return (row.failed_codes, row.last_failed_at) if row else (0, None)


def failed(tx: Tx, account_id: int, *, times: int, now: datetime) -> None:
    """Note a wrong code."""
    tx.execute(_FAILED, {"which": account_id, "times": times, "now": now})


def bind_group(tx: Tx, chat_id: int, *, unit_id: int | None, by: int, now: datetime) -> None:
    """Tie a group to a unit, or free it."""
    tx.execute(_BIND_GROUP, {"which": chat_id, "to_unit": unit_id, "by": by, "now": now})


def groups_of(tx: Tx, unit_id: int) -> list[tuple[int, str]]:
    """The chats tied to a unit as (number, title)."""
    return [(row.id, row.title) for row in tx.all(_GROUPS_OF, {"of_unit": unit_id})]


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
