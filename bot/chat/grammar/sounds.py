"""How Chinese words sound: people on phones type the right sound and pick the wrong character."""

from __future__ import annotations

import os
from functools import lru_cache

# Only single characters are looked up; the dictionary of phrases would cost forty megabytes.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")

#: What speakers of many dialects do not keep apart.
_MERGED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ing", "in"), ("eng", "en"), ("ang", "an"))


@lru_cache(maxsize=16384)
def sounds(word: str) -> tuple[str, ...]:
    """The syllables of a word without tones, one for each character: jin, du for 进度.

    Sounds that are often mixed up are written alike (zh and z, ing and in); other characters stay themselves.
    """
    return tuple(_sound(char) for char in word)


@lru_cache(maxsize=8192)
def _sound(char: str) -> str:
    # Loaded with the first suggestion, which most processes never make.
    from pypinyin import lazy_pinyin

    syllable = "".join(lazy_pinyin(char))
    for often, merged in _MERGED:
        syllable = syllable.replace(often, merged)
    return syllable


def spelled(word: str) -> str:
    """The word in letters without merging anything, for comparing with what was typed in letters: jindu."""
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(word))
