"""Own matters by the words that people have for them: 消防台账 is 报消防台账."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.chat.grammar.folding import fold
from storage.deadlines import Setting

#: What a matter's name begins with is left out when people speak of it.
_VERB = re.compile(r"^(?:上报|报送|填报|提交|上交|完成|开展|组织|做好|报|交|填|做|办)")
_SPACES = re.compile(r"\s+")
#: A single character names nothing.
_SHORTEST = 2


def plain(words: str) -> str:
    """Words without what does not tell matters apart: width, case, spaces."""
    return _SPACES.sub("", fold(words)).casefold()


def core(name: str) -> str:
    """What of a matter's name tells it from others."""
    folded = plain(name)
    short = _VERB.sub("", folded)
    return short if len(short) >= _SHORTEST else folded


def named(owns: Sequence[Setting], words: str) -> list[Setting]:
    """The own matters whose names stand in the words; of two names of which one holds the other, the longer."""
    said = plain(words)
    cores = {own.id: core(own.name or "") for own in owns}
    found = [own for own in owns if cores[own.id] and cores[own.id] in said]
    held = {own.id for own in found for other in found if cores[own.id] in cores[other.id] != cores[own.id]}
    return [own for own in found if own.id not in held]


def without(own: Setting, words: str) -> str:
    """What the words say beside the name of the matter."""
    name = own.name or ""
    return plain(words).replace(plain(name), "").replace(core(name), "")


def hinted(owns: Sequence[Setting], words: str) -> list[Setting]:
    """The own matters of whose names the words are a part."""
    said = plain(words)
    return [own for own in owns if len(said) >= _SHORTEST and said in plain(own.name or "")]
