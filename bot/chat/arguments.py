"""Typed arguments of commands.

Each kind of argument takes its part from the front of what is left of the message. An argument that may be
left out takes nothing when the words do not fit; one that may not be left out raises `Missing`, from which
the engine makes the usage line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from bot.chat.grammar.dates import date_at
from bot.chat.grammar.numerals import number_at
from bot.chat.texts import T, Text

V = TypeVar("V")


class Missing(Exception):
    """An argument that must be there is not, or does not fit."""

    def __init__(self, arg: Arg[object]) -> None:
        super().__init__(arg.name)
        self.arg = arg


class Cursor:
    """What is left of a message: the words as written and, position by position, as folded."""

    def __init__(self, raw: str, folded: str, start: int = 0, today: date | None = None) -> None:
        self.raw = raw
        self.folded = folded
        self.at = start
        self.today = today

    def skip(self) -> None:
        """Pass over spaces and loose punctuation."""
        gap = _GAP.match(self.folded, self.at)
        self.at = gap.end() if gap else self.at

    @property
    def rest(self) -> str:
        return self.raw[self.at :].strip()

    def word(self) -> str:
        """The next word up to a space or comma, as written; empty at the end. Does not move."""
        match = _WORD.match(self.folded, self.at)
        return self.raw[self.at : match.end()] if match else ""


_GAP = re.compile(r"[\s,;、:.]*")
_WORD = re.compile(r"[^\s,;、]+")


@dataclass(frozen=True, slots=True)
class Arg(Generic[V]):
    """One argument. `name` is the handler's parameter, `label` what the usage line calls it."""

    name: str
    label: Text
    optional: bool = False

    @property
    def usage(self) -> Text:
        if self.optional:
            return T("〔{label}〕", label=self.label)
        return T("<{label}>", label=self.label)

    def parse(self, cursor: Cursor) -> V | None:
        cursor.skip()
        value = self.take(cursor)
        if value is None and not self.optional:
            raise Missing(self)  # type: ignore[arg-type]
        return value

    def take(self, cursor: Cursor) -> V | None:
        """The value, with the cursor moved behind it; None, with the cursor where it was, if it does not fit."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Rest(Arg[str]):
    """Everything that is left, as written."""

    def take(self, cursor: Cursor) -> str | None:
        words = cursor.rest
        cursor.at = len(cursor.raw)
        return words or None


@dataclass(frozen=True, slots=True)
class Word(Arg[str]):
    """The next word, as written."""

    def take(self, cursor: Cursor) -> str | None:
        word = cursor.word()
        cursor.at += len(word)
        return word or None


@dataclass(frozen=True, slots=True)
class Choice(Arg[str]):
    """One of a few words; `options` maps what may be typed to the value."""

    options: tuple[tuple[str, str], ...] = ()

    def take(self, cursor: Cursor) -> str | None:
        ahead = cursor.folded[cursor.at :].casefold()
        for typed, value in sorted(self.options, key=lambda option: -len(option[0])):
            if ahead.startswith(typed.casefold()):
                cursor.at += len(typed)
                return value
        return None


@dataclass(frozen=True, slots=True)
class Item(Arg[int]):
    """The number of an item in a list: 2, 第2项, 二号, ②, 2、. Not the start of a quantity such as 60%."""

    def take(self, cursor: Cursor) -> int | None:
        found = item_at(cursor.folded, cursor.at)
        if found is None:
            return None
        cursor.at = found[1]
        return found[0]


_ORDINAL = re.compile(r"第\s*")
_COUNTER = re.compile(r"\s*(?:项承诺|条承诺|号承诺|个承诺|项|条|号|件|#)")
_ENDS_ITEM = re.compile(r"\s|[,;、:.)\]]|$|(?=期限|目标|内容|改[成为到]|延期|延长|推迟)")


def item_at(folded: str, at: int) -> tuple[int, int] | None:
    """The item number at a position and where it ends, or None.

    "第2项", "2号", "2、" and "2 " are item numbers; "60%" and "2公里" are not.
    """
    ordinal = _ORDINAL.match(folded, at)
    found = number_at(folded, ordinal.end() if ordinal else at)
    if found is None or found.about or found.value % 1 or not 0 < found.value < 1000:
        return None
    counter = _COUNTER.match(folded, found.end)
    if counter:
        end = counter.end()
    elif ordinal or _ENDS_ITEM.match(folded, found.end):
        end = found.end
    else:
        return None
    gap = _GAP.match(folded, end)
    return int(found.value), gap.end() if gap else end


@dataclass(frozen=True, slots=True)
class Day(Arg[date]):
    """A date as people write it: 12月底, 6月30日, 三季度末, 2026-06-30."""

    def take(self, cursor: Cursor) -> date | None:
        if cursor.today is None:
            raise LookupError("a date needs today")
        found = date_at(cursor.folded, cursor.at, cursor.today)
        if found is None:
            return None
        cursor.at = found.end
        return found.day
