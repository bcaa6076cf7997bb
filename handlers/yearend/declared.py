"""The registry of the year's end, and which year is meant."""

from __future__ import annotations

import re
from datetime import date

from bot.chat.commands import Registry
from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.people import Role
from bot.chat.texts import T

registry = Registry()

#: Who evaluates: the office first, then the district.
EVALUATING = (Role.ORGANIZER, Role.OFFICE_ADMINISTRATOR)
_YEAR = re.compile(r"\s*(20\d\d)\s*年?(?!\d)[\s,、]*")
#: Until the end of this month the year before is what the year's end is about.
_LAST_MONTH = 2


def year_now(today: date) -> int:
    """The year that is evaluated: until the end of February the one before."""
    return today.year - 1 if today.month <= _LAST_MONTH else today.year


def year_at(words: str | None, today: date) -> tuple[int, str]:
    """The year that words begin with, or the present one, and the rest."""
    match = _YEAR.match(fold(words or ""))
    if match is None:
        return year_now(today), (words or "").strip()
    return int(match[1]), (words or "")[match.end() :].strip()


def confirmed(said: Said) -> None:
    """Raises UserError for any answer but yes."""
    if said.folded.strip().casefold() not in {"yes", "确定", "是", "好", "公布"}:
        raise UserError(T("请点“确定”，不办了就发“取消”。"))
