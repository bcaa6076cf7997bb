"""The form of one-time codes: 8F3K-2274, without characters that are taken for one another."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from bot.chat.grammar.folding import fold
from bot.chat.settings import Binding

#: No 0 and O, no 1, I and L; and of each pair that is misread (8 and B, 5 and S, 2 and Z, 6 and G) one only.
ALPHABET = "23456789ACDEFHJKMNPRTUVWXY"
LENGTH = 8
_HALF = LENGTH // 2
_LOOKS_LIKE = str.maketrans("BSZGOQ0", "8526DDD")
_SEPARATORS = re.compile(r"[\s\-_.,:;'\"·—–−]+")
#: The first forced pause after too many wrong codes, doubled each time, in seconds.
FIRST_PAUSE = 5


def new_code() -> str:
    """A fresh code; one in 26^8, which is more than 2 * 10^11."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{drawn[:_HALF]}-{drawn[_HALF:]}"


def read_code(text: str) -> str | None:
    """A code as people type it; None when it cannot be one.

    Lower case, full-width characters, spaces, a missing dash and look-alikes (O for D, S for 5) do not matter.
    """
    kept = _SEPARATORS.sub("", fold(text)).upper().translate(_LOOKS_LIKE)
    if len(kept) != LENGTH or any(character not in ALPHABET for character in kept):
        return None
    return f"{kept[:_HALF]}-{kept[_HALF:]}"


def pause_until(times: int, last: datetime | None, rules: Binding) -> datetime | None:
    """Until when an account with so many wrong codes in a row must wait; None when it need not.

    From the `slow_after`th on the pause grows (5, 10, 20 seconds, …); the `block_after`th blocks for
    `block_minutes`, which no pause exceeds.
    """
    if last is None or times < min(rules.slow_after, rules.block_after):
        return None
    seconds = rules.block_minutes * 60
    if times < rules.block_after:
        seconds = min(seconds, FIRST_PAUSE * 2 ** (times - rules.slow_after))
    return last + timedelta(seconds=seconds)
