"""Answers that are claimed as they are put (`storage.claims`), so that nobody has to look for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, cast, literal, literal_column, or_, select, true

from bot.chat.people import Chat
from storage.claims import Waiting
from storage.database import Tx
from storage.leaderships import is_current
from storage.prepared import Prepared
from storage.tables import outbox

_GIVEN = ("chat_id", "content", "replaces", "created_at", "next_at", "lease_until")
_busy, _before = outbox.alias("busy"), outbox.alias("before")
_answer = select(
    *(bindparam(name, type_=outbox.c[name].type) for name in _GIVEN),
    cast(bindparam("claimed_by"), outbox.c.claimed_by.type),
    true(),
    literal("sending"),
    literal(1),
).where(
    # Literals and not parameters: only so do the databases see that the partial indexes fit.
    ~select(_busy.c.id)
    .where(_busy.c.state == literal_column("'sending'"), _busy.c.chat_id == bindparam("chat_id"))
    .exists(),
    ~select(_before.c.id)
    .where(
        _before.c.state == literal_column("'waiting'"),
        _before.c.urgent == true(),
        _before.c.chat_id == bindparam("chat_id"),
        or_(_before.c.next_at <= bindparam("created_at"), _before.c.attempts > 0),
    )
    .exists(),
)
# By whether a number of leadership is given: then only as long as it is the current one.
_PUT = {
    led: Prepared(
        outbox.insert()
        .from_select(
            (*_GIVEN, "claimed_by", "urgent", "state", "attempts"),
            _answer.where(is_current(bindparam("leader"))) if led else _answer,
        )
        .returning(outbox.c.id)
    )
    for led in (True, False)
}


@dataclass(slots=True)
class Leave:
    """Leave to claim one answer as it is put, with a lease until then, for the leadership of that number.

    `hold` hears of the row before it is committed. What came of it: the `row` that was claimed, and whether there
    is `more` for the same chat that was not.
    """

    until: datetime
    leader: int | None
    hold: Callable[[int], None]
    row: Waiting | None = None
    more: bool = False


def put_claimed(
    tx: Tx, leave: Leave, chat: Chat, *, content: dict[str, Any], replaces: str | None, now: datetime
) -> bool:
    """Put an answer that is claimed already.

    False, and nothing is put, when something is under way or waits before it in the chat, or the leadership is
    over.
    """
    values = {
        "chat_id": chat.id,
        "content": content,
        "replaces": replaces,
        "created_at": now,
        "next_at": now,
        "lease_until": leave.until,
        "claimed_by": leave.leader,
    }
    values |= {} if leave.leader is None else {"leader": str(leave.leader)}
    row_id = _PUT[leave.leader is not None].scalar(tx, values)
    if row_id is None:
        return False
    # Before the commit: whoever sees the claim finds that it is held.
    leave.hold(row_id)
    leave.row = Waiting(
        id=row_id,
        chat_id=chat.id,
        platform=chat.platform,
        external_id=chat.external_id,
        is_group=chat.is_group,
        title=chat.title,
        content=content,
        replaces=replaces,
        attempts=1,
        urgent=True,
        created_at=now,
    )
    return True
