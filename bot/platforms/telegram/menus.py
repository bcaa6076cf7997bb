"""The menus of commands that Telegram shows: for everybody, for groups, and for each person by their roles."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

import msgspec
from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    BotCommandScopeChatMember,
    BotCommandScopeDefault,
)

from bot.chat.texts import ENGLISH

log = logging.getLogger("liangsaibi.telegram")

MOST = 100
LONGEST_DESCRIPTION = 256
#: A person's menu is looked at again when they write, but not more often than this, in seconds.
EVERY = 60.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: its ASCII name and its help, in Chinese and in English. `in_groups`: it makes sense there."""

    name: str
    chinese: str
    english: str
    in_groups: bool


class MenuBook(Protocol):
    """What each account may do, and what it was shown; that outlives the program, and holds for all of several."""

    async def offered(self, account: str | None) -> Sequence[Entry]:
        """The commands that an account may use; None stands for somebody whom nobody knows."""
        ...

    async def shown(self, account: str, place: str) -> tuple[Sequence[Entry], str | None]:
        """The same, and the fingerprint of what was shown at that place last; None: nothing was."""
        ...

    async def note(self, place: str, fingerprint: str) -> None:
        """This is shown at that place now."""
        ...


def fingerprint(entries: Sequence[Entry]) -> str:
    """The same for the same menu, and for no other."""
    return blake2b(msgspec.json.encode(entries), digest_size=12).hexdigest()


class Menus:
    """Keeps the menus in step with the declarations and with who somebody is."""

    def __init__(self, bot: Bot, book: MenuBook) -> None:
        self._bot = bot
        self._book = book
        self._strangers: Sequence[Entry] = ()
        self._looked: dict[tuple[int, int], float] = {}

    async def begin(self) -> None:
        """The menus of those of whom nothing else is known."""
        self._strangers = await self._book.offered(None)
        await self._set(BotCommandScopeDefault(), self._strangers)
        await self._set(BotCommandScopeAllGroupChats(), _for_groups(self._strangers))

    def due(self, account: str, chat: str) -> bool:
        """Whether it is time to look at somebody's menu again; then it is taken as done."""
        key, now = (_number(chat), int(account)), time.monotonic()
        if now - self._looked.get(key, -EVERY) < EVERY:
            return False
        self._looked[key] = now
        return True

    async def keep_in_step(self, account: str, chat: str, *, group: bool) -> None:
        """Show a person what they may do, in their private chat or in a group where they wrote."""
        number, member = _number(chat), int(account)
        place = f"{number}:{member}"
        try:
            entries, shown = await self._book.shown(account, place)
            usual = self._strangers
            scope: BotCommandScope = BotCommandScopeChat(number)
            if group:
                entries, usual = _for_groups(entries), _for_groups(usual)
                scope = BotCommandScopeChatMember(number, member)
            wanted = fingerprint(entries)
            if (shown or fingerprint(usual)) != wanted:
                await self._set(scope, entries)
                await self._book.note(place, wanted)
        except Exception as error:  # noqa: BLE001 - a menu is a convenience
            log.info("the menu of one person is not set: %s", type(error).__name__)

    async def _set(self, scope: BotCommandScope, entries: Sequence[Entry]) -> None:
        some = entries[:MOST]
        await self._bot.set_my_commands([_command(e.name, e.chinese) for e in some], scope=scope)
        await self._bot.set_my_commands(
            [_command(e.name, e.english) for e in some], scope=scope, language_code=ENGLISH
        )


def _number(chat: str) -> int:
    """The number of a chat, its topics left aside."""
    return int(chat.partition("/")[0])


def _for_groups(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    return tuple(entry for entry in entries if entry.in_groups)


def _command(name: str, description: str) -> BotCommand:
    return BotCommand(name, description[:LONGEST_DESCRIPTION])
