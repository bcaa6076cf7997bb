"""Questions that wait for an answer: at most one for a person in a chat. They outlive a restart, and expire."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.chat.context import Dialogue
from storage.database import Tx
from storage.tables import dialogues

#: What is kept of a question, in the order of `read`.
QUESTION = (dialogues.c.kind, dialogues.c.token, dialogues.c.data, dialogues.c.expires_at)
_OPEN = select(*QUESTION).where(
    dialogues.c.account_id == bindparam("who"),
    dialogues.c.chat_id == bindparam("there"),
    dialogues.c.expires_at > bindparam("now"),
)
#: Among the dialogue's own data: the engine's.
_BUTTONS = "buttons sent"
_REPLACED = ("kind", "token", "data", "opened_at", "expires_at")


def _upsert(insert: sqlite.Insert | postgresql.Insert) -> sqlite.Insert | postgresql.Insert:
    return insert.on_conflict_do_update(
        index_elements=["account_id", "chat_id"], set_={name: insert.excluded[name] for name in _REPLACED}
    )


_PUT = {
    "sqlite": _upsert(sqlite.insert(dialogues)),
    "postgresql": _upsert(postgresql.insert(dialogues)),
}
_END = delete(dialogues).where(
    dialogues.c.account_id == bindparam("who"), dialogues.c.chat_id == bindparam("there")
)
_EXPIRED = (
    select(dialogues.c.id)
    .where(dialogues.c.expires_at <= bindparam("now"))
    .order_by(dialogues.c.expires_at)
    .limit(bindparam("most"))
    # Somebody who answers too late is not waited for.
    .with_for_update(skip_locked=True)
)
_DROP = delete(dialogues).where(dialogues.c.id.in_(bindparam("which", expanding=True)))


def find(tx: Tx, *, account_id: int, chat_id: int, now: datetime) -> Dialogue | None:
    """The question open for this account in this chat."""
    row = tx.first(_OPEN, {"who": account_id, "there": chat_id, "now": now})
    return None if row is None else read(*row)


def read(kind: str, token: str, data: dict[str, Any], expires_at: datetime) -> Dialogue:
    """A question as it is kept."""
    buttons = data.pop(_BUTTONS, {})
    return Dialogue(kind, token, data, expires_at, buttons)


def put(tx: Tx, dialogue: Dialogue, *, account_id: int, chat_id: int, now: datetime, expires_at: datetime) -> None:
    """Open a question; it takes the place of the one that was open there."""
    values = {
        "account_id": account_id,
        "chat_id": chat_id,
        "kind": dialogue.kind,
        "token": dialogue.token,
        "data": dialogue.data | ({_BUTTONS: dict(dialogue.buttons)} if dialogue.buttons else {}),
        "opened_at": now,
        "expires_at": expires_at,
    }
    tx.execute(_PUT[tx.connection.dialect.name], values)


def end(tx: Tx, *, account_id: int, chat_id: int) -> None:
    """Close whatever is open."""
    tx.execute(_END, {"who": account_id, "there": chat_id})


def expire(tx: Tx, *, now: datetime, most: int) -> int:
    """Drop at most so many of the questions that nobody answered in time; returns how many."""
    expired = [row.id for row in tx.all(_EXPIRED, {"now": now, "most": most})]
    return tx.execute(_DROP, {"which": expired}).rowcount if expired else 0
