"""The form of one-time codes: 8F3K-2274, without characters that are taken for one another."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from bot.chat.grammar.folding import fold
from bot.chat.settings import Binding

#: No 0 and O, no 1, I and L.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 8
_HALF = LENGTH // 2
_KEPT = re.compile(r"[^0-9A-Z]")
#: The first forced pause after too many wrong codes, doubled each time, in seconds.
FIRST_PAUSE = 10


def new_code() -> str:
    """A fresh code; one in 31^8, which is more than 8 * 10^11."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{drawn[:_HALF]}-{drawn[_HALF:]}"


def read_code(text: str) -> str | None:
    """A code as people type it: lower case, full-width, spaces, no dash. None when it cannot be one."""
    kept = _KEPT.sub("", fold(text).upper())
    if len(kept) != LENGTH or any(character not in ALPHABET for character in kept):
        return None
    return f"{kept[:_HALF]}-{kept[_HALF:]}"


def pause_until(times: int, last: datetime | None, rules: Binding) -> datetime | None:
    """Until when an account with so many wrong codes in a row must wait; None when it need not."""
    if last is None or times < rules.slow_after:
        return None
    if times >= rules.block_after:
        return last + timedelta(minutes=rules.block_minutes)
    return last + timedelta(seconds=FIRST_PAUSE * 2 ** (times - rules.slow_after))
