"""Who can be played in the browser room: everybody of the roster, and a stranger.

A person is played under the account `p<person>`, or under the account with which they bound themselves in
the room; strangers are `guest-<n>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, or_, select

from bot.chat.people import ROLE_WORDS, Post, Role
from bot.chat.rooms import Identity
from storage.database import Tx, insert
from storage.tables import accounts, people, posts, unit_ancestors, units

PLATFORM = "local"
#: A search is cut into at most so many words, each of which has to fit.
SEARCH_WORDS = 3

_PERSON = re.compile(r"p([1-9]\d{0,17})")
_GUEST = re.compile(r"guest-([1-9]\d{0,5})")

_held = and_(posts.c.person_id == people.c.id, posts.c.until.is_(None))
_rank = case({role.value: rank for rank, role in enumerate(Role)}, value=posts.c.role, else_=len(Role))
_EVERYBODY = (
    select(people.c.id)
    .select_from(people.outerjoin(posts, _held).outerjoin(units, units.c.id == posts.c.unit_id))
    .where(people.c.ended_at.is_(None))
    .group_by(people.c.id)
    .order_by(func.min(_rank), func.min(units.c.position), people.c.id)
    .limit(bindparam("most"))
)
_above = units.alias("above")


def _fits(word: int) -> ColumnElement[bool]:
    """Whether a word of the search is in the person's name, a role, or the name of a unit or one above it."""
    pattern: ColumnElement[str] = bindparam(f"pattern{word}")
    placed = exists().where(
        unit_ancestors.c.unit_id == posts.c.unit_id,
        unit_ancestors.c.ancestor_id == _above.c.id,
        func.lower(_above.c.name).like(pattern, escape="\\"),
    )
    return or_(
        func.lower(people.c.name).like(pattern, escape="\\"),
        posts.c.role.in_(bindparam(f"roles{word}", expanding=True)),
        placed,
    )


_MATCHING = _EVERYBODY.where(*(_fits(word) for word in range(SEARCH_WORDS)))
_WHO = (
    select(
        people.c.id,
        people.c.name,
        people.c.language,
        posts.c.role,
        units.c.id.label("unit_id"),
        units.c.name.label("unit_name"),
    )
    .select_from(people.outerjoin(posts, _held).outerjoin(units, units.c.id == posts.c.unit_id))
    .where(people.c.id.in_(bindparam("who", expanding=True)), people.c.ended_at.is_(None))
    .order_by(_rank, posts.c.id)
)
_ACCOUNT = select(accounts.c.external_id, accounts.c.person_id, accounts.c.language).where(
    accounts.c.platform == PLATFORM, accounts.c.external_id == bindparam("account")
)
_ACCOUNTS_OF = (
    select(accounts.c.external_id, accounts.c.person_id, accounts.c.private_chat_id)
    .where(
        accounts.c.platform == PLATFORM,
        or_(
            accounts.c.person_id.in_(bindparam("who", expanding=True)),
            accounts.c.external_id.in_(bindparam("names", expanding=True)),
        ),
    )
    .order_by(accounts.c.bound_at, accounts.c.id)
)
_BOUND_GUESTS = select(accounts.c.external_id).where(
    accounts.c.platform == PLATFORM,
    accounts.c.external_id.like("guest-%"),
    accounts.c.person_id.is_not(None),
)


def identities(tx: Tx, *, search: str, limit: int) -> list[Identity]:
    """At most `limit` people of the roster who fit the search, by role and place, and a stranger at the end.

    A search of several words finds those whom each word fits: a name, a role, a unit, or a unit above it.
    """
    words = search.casefold().split()[:SEARCH_WORDS]
    if words:
        values: dict[str, Any] = {"most": limit}
        for index in range(SEARCH_WORDS):
            word = words[index] if index < len(words) else ""
            values[f"pattern{index}"] = f"%{_escaped(word)}%"
            values[f"roles{index}"] = _roles_called(word)
        found = tx.all(_MATCHING, values)
    else:
        found = tx.all(_EVERYBODY, {"most": limit})
    return [*_listed(tx, [row.id for row in found]), _next_stranger(tx)]


def identity(tx: Tx, account: str) -> Identity:
    """Who is behind an account of the room; raises LookupError for one that cannot be."""
    row = tx.first(_ACCOUNT, {"account": account})
    named, guest = _person_in(account), _GUEST.fullmatch(account)
    bound = row.person_id if row else named
    # Who took the binding of their account back is a stranger by a known name.
    shown = bound if bound is not None else named
    known = _known(tx, [shown]).get(shown) if shown is not None else None
    if known is not None:
        held = known.posts if bound is not None else ()
        return Identity(account, known.name, held, known.language, bound=bound is not None)
    if guest:
        return _stranger(int(guest[1]), row.language if row else None)
    raise LookupError(account)


def enter(tx: Tx, account: str, *, now: datetime) -> Identity:
    """Who is behind an account, which comes into being with the first thing said from it."""
    who = identity(tx, account)
    person_id = _person_in(account)
    if person_id is not None:
        values = {
            "platform": PLATFORM,
            "external_id": account,
            "display_name": who.name,
            "person_id": person_id,
            "bound_at": now,
            "created_at": now,
        }
        tx.execute(insert(accounts, tx).values(values).on_conflict_do_nothing())
    return who


def person_behind(tx: Tx, account: str) -> int | None:
    """The number of the person who is bound to the account, or will be with the first word."""
    row = tx.first(_ACCOUNT, {"account": account})
    return row.person_id if row else _person_in(account)


def _person_in(account: str) -> int | None:
    named = _PERSON.fullmatch(account)
    return int(named[1]) if named else None


def _known(tx: Tx, person_ids: Iterable[int]) -> dict[int, Identity]:
    """People by number with their posts, the most responsible first; `account` is left to the caller."""
    found: dict[int, Identity] = {}
    for row in tx.among(_WHO, "who", person_ids):
        before = found[row.id].posts if row.id in found else ()
        held = (*before, Post(Role(row.role), row.unit_id, row.unit_name)) if row.role else before
        found[row.id] = Identity("", row.name, held, row.language)
    return found


def _listed(tx: Tx, person_ids: Sequence[int]) -> list[Identity]:
    if not person_ids:
        return []
    known = _known(tx, person_ids)
    own = {person_id: f"p{person_id}" for person_id in person_ids}
    unbound = set()
    for row in tx.all(_ACCOUNTS_OF, {"who": list(person_ids), "names": list(own.values())}):
        # The newest account that the bot can write to is the one where the person is reached.
        if row.person_id in own and row.private_chat_id is not None:
            own[row.person_id] = row.external_id
        elif row.person_id is None:
            unbound.add(row.external_id)
    return [
        Identity(own[one], known[one].name, known[one].posts, known[one].language, own[one] not in unbound)
        for one in person_ids
        if one in known
    ]


def _next_stranger(tx: Tx) -> Identity:
    """The first guest after those who have been bound."""
    bound = [_GUEST.fullmatch(row.external_id) for row in tx.all(_BOUND_GUESTS)]
    return _stranger(max((int(guest[1]) for guest in bound if guest), default=0) + 1, None)


def _stranger(number: int, language: str | None) -> Identity:
    name = "陌生人" if number == 1 else f"陌生人{number}"
    return Identity(f"guest-{number}", name, (), language, bound=False)


def _escaped(word: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", word)


def _roles_called(word: str) -> list[str]:
    if not word:
        return []
    return [
        role.value
        for role, text in ROLE_WORDS.items()
        if word in text.msgid or word in role.value.replace("_", " ")
    ]
