"""What the organizers are told by themselves when messages cannot be delivered: once, not for every message."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.chat.messages import Button, Reply, ToPerson, say
from bot.chat.people import Role
from bot.chat.texts import T, Text
from handlers.announcements.reasons import plain
from storage import accounts, deliveries, facts, parking, people, units
from storage.database import Tx

#: The fact under which it is kept that the organizers know of messages that wait for too long.
_LATE = "delivery.late_since"


def not_delivered(tx: Tx, chat_id: int, row_id: int | None, why: str, now: datetime) -> list[Reply]:
    """A chat is parked (`row_id` None), or one message to it was given up or is in doubt."""
    chat = accounts.chat(tx, chat_id)
    found = parking.find(tx, chat_id)
    who = (found.person if found and found.person else None) or chat.title or chat.external_id
    if row_id is None:
        words = T("“{who}”联系不上了：{why}。发给它的消息先留着，恢复或重新绑定后补发。", who=who, why=plain(why))
        key = f"parked:{chat_id}:{now:%Y-%m-%d}"
    else:
        words = T("有一条给“{who}”的消息没有发成：{why}。", who=who, why=plain(why))
        key = f"failed:{chat_id}:{now:%Y-%m-%d}"
    return _to_organizers(tx, words, key, except_for=found.person_id if found else None)


def late(tx: Tx, *, now: datetime, limit: timedelta) -> list[Reply]:
    """Messages wait for longer than the limit: told once, and again only after all was well in between.

    A message that had to be tried again counts from when it was to go at first.
    """
    oldest, told = deliveries.unsent(tx, now=now).oldest, facts.get(tx, _LATE)
    if oldest is None or now - oldest <= limit:
        if told:
            facts.put(tx, _LATE, None)
        return []
    if told:
        return []
    facts.put(tx, _LATE, now.isoformat())
    minutes = int((now - oldest).total_seconds() // 60)
    words = T("有消息等了{minutes}分钟还没发出，请看看网络和平台是否正常。", minutes=minutes)
    return _to_organizers(tx, words, f"late:{now.isoformat()}")


def _to_organizers(tx: Tx, words: Text, key: str, *, except_for: int | None = None) -> list[Reply]:
    roots = [unit.id for unit in units.roots(tx)]
    found = people.holders(tx, roots, [Role.ORGANIZER])
    chosen = {person.id for holders in found.values() for person in holders if person.id != except_for}
    look = ((Button(T("看投递"), "delivery"),),)
    return [say(words, buttons=look, to=ToPerson(person), key=key) for person in sorted(chosen)]
