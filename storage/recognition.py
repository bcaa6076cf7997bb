"""Who wrote, in which chat, and what they had been asked there: with every message, so in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam

from bot.chat.context import Dialogue
from bot.chat.messages import ChatRef, Sender
from bot.chat.people import Actor, Chat
from storage import accounts, dialogues
from storage.database import Tx
from storage.prepared import Prepared
from storage.tables import accounts as accounts_table
from storage.tables import chats
from storage.tables import dialogues as dialogues_table

_CHAT_AT = len(accounts.IDENTIFY.selected_columns)
_QUESTION_AT = _CHAT_AT + len(accounts.CHAT)
_RECOGNISE = Prepared(
    accounts.IDENTIFY.add_columns(
        *(column.label(f"chat_{column.name}") for column in accounts.CHAT),
        *(column.label(f"question_{column.name}") for column in dialogues.QUESTION),
    )
    .join(chats, and_(chats.c.platform == bindparam("on"), chats.c.external_id == bindparam("which")))
    .outerjoin(
        dialogues_table,
        and_(
            dialogues_table.c.account_id == accounts_table.c.id,
            dialogues_table.c.chat_id == chats.c.id,
            dialogues_table.c.expires_at > bindparam("now"),
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Recognised:
    """Where somebody wrote, who they are, and the question that is open for them there."""

    chat: Chat
    actor: Actor
    dialogue: Dialogue | None


def recognise(tx: Tx, ref: ChatRef, sender: Sender, *, now: datetime) -> Recognised:
    """Who wrote in the chat that the platform names so. Chat and account become known when they are new."""
    rows = _RECOGNISE.all(tx, {"on": ref.platform, "which": ref.id, "who": sender.id, "now": now})
    if not rows:
        return _for_the_first_time(tx, ref, sender, now)
    chat = accounts.as_now(tx, Chat(*rows[0][_CHAT_AT:_QUESTION_AT]), ref)
    actor = accounts.actor_in(tx, rows, private_chat=_private(chat))
    question = rows[0][_QUESTION_AT:]
    return Recognised(chat, actor, dialogues.read(*question) if question[0] is not None else None)


def _for_the_first_time(tx: Tx, ref: ChatRef, sender: Sender, now: datetime) -> Recognised:
    chat = accounts.chat_for(tx, ref, now=now)
    actor = accounts.identify(tx, ref.platform, sender, private_chat=_private(chat), now=now)
    # They may have been asked something here before the chat or the account was theirs.
    dialogue = dialogues.find(tx, account_id=actor.account_id, chat_id=chat.id, now=now)
    return Recognised(chat, actor, dialogue)


def _private(chat: Chat) -> int | None:
    return None if chat.is_group else chat.id
