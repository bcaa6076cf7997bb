"""One-time codes that tie an account to a person, and the groups that are tied to a unit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from storage.database import Tx
from storage.tables import accounts, binding_codes, chats, people

_DROP_UNUSED = delete(binding_codes).where(
    binding_codes.c.person_id.in_(bindparam("who", expanding=True)), binding_codes.c.used_at.is_(None)
)
_ISSUE = insert(binding_codes)
_BY_HASH = (
    select(
        binding_codes.c.id,
        binding_codes.c.person_id,
        binding_codes.c.expires_at,
        binding_codes.c.used_at,
        people.c.ended_at,
    )
    .join(people, people.c.id == binding_codes.c.person_id)
    .where(binding_codes.c.code_hash == bindparam("hashed"))
)
_USE = (
    update(binding_codes)
    .where(binding_codes.c.id == bindparam("which"), binding_codes.c.used_at.is_(None))
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
_BIND_GROUP = (
    update(chats)
    .where(chats.c.id == bindparam("which"))
    .values(unit_id=bindparam("to_unit"), bound_by=bindparam("by"), bound_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Code:
    """A code as it is kept. `valid`: unused, within its term, and its person still on the roster."""

    id: int
    person_id: int
    valid: bool


@dataclass(frozen=True, slots=True)
class Account:
    """An account tied to a person."""

    id: int
    platform: str
    bound_at: datetime | None


def issue(tx: Tx, codes: dict[int, str], *, issued_by: int | None, now: datetime, expires_at: datetime) -> None:
    """Keep new codes by person; what those people had unused before is void. Only hashes are kept."""
    tx.execute(_DROP_UNUSED, {"who": sorted(codes)})
    tx.many(
        _ISSUE,
        [
            {
                "code_hash": _hash(code),
                "person_id": person,
                "issued_by": issued_by,
                "issued_at": now,
                "expires_at": expires_at,
            }
            for person, code in codes.items()
        ],
    )


def find(tx: Tx, code: str, *, now: datetime) -> Code | None:
    """The code, whether or not it can still be used."""
    row = tx.first(_BY_HASH, {"hashed": _hash(code)})
    if row is None:
        return None
    valid = row.used_at is None and row.expires_at > now and row.ended_at is None
    return Code(row.id, row.person_id, valid)


def use(tx: Tx, code: Code, *, account_id: int, now: datetime) -> None:
    """Tie the account to the code's person; the code is dead from now on."""
    tx.execute(_USE, {"which": code.id, "now": now, "account": account_id})
    tx.execute(_TIE, {"which": account_id, "who": code.person_id, "now": now})


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


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
