"""Folding: full-width and odd characters to plain ones, one for one, so that positions stay valid."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

#: Single characters that phones, Word and PDF put where a plain one is meant.
_ODD = {
    **dict.fromkeys("“”„‟«»「」『』〝〞〟｢｣", '"'),
    **dict.fromkeys("‘’‚‛´", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("〔〖【", "["),
    **dict.fromkeys("〕〗】", "]"),
    "。": ".",
    "｡": ".",
    "〜": "~",
    "｟": "(",
    "｠": ")",
    # Spaces of every width; tabs from spreadsheets.
    **dict.fromkeys("\t\v\f\x1c\x1d\x1e\x1f\xa0\u1680\u202f\u205f\u3000\u2800\u3164\uffa0", " "),
    **dict.fromkeys(map(chr, range(0x2000, 0x200B)), " "),
    # Invisible marks that come along when a text is pasted. Joiners stay: emoji are made with them.
    **dict.fromkeys("\xad\u200b\u200e\u200f\u2060\ufeff", " "),
    **dict.fromkeys(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))), " "),
    **dict.fromkeys("\x85\u2028\u2029", "\n"),
}
#: Blocks whose characters are plain ones in another dress: radicals (from PDF), compatibility ideographs,
#: small and full-width forms.
_DRESSED = (
    range(0x2E80, 0x2FE0),
    range(0xF900, 0xFB00),
    range(0xFE50, 0xFE70),
    range(0xFF01, 0xFF65),
    range(0xFFE0, 0xFFE7),
)


def _pairs() -> Iterator[tuple[str, str]]:
    for block in _DRESSED:
        for char in map(chr, block):
            plain = unicodedata.normalize("NFKC", char)
            if len(plain) == 1 and plain != char:
                yield char, _ODD.get(plain, plain)
    yield from _ODD.items()


_PLAIN = dict(_pairs())
_TO_FOLD = re.compile("[" + "".join(map(re.escape, _PLAIN)) + "]")
# A string is the fastest table for str.translate: characters beyond its end stay as they are.
_TABLE = "".join(_PLAIN.get(char, char) for char in map(chr, range(0x10000)))


def fold(text: str) -> str:
    """The text in plain half-width characters, of the same length.

    Full-width letters, digits and punctuation become ASCII, 。 a full stop, curly and corner quotes plain
    ones, odd spaces a space. Letter case, Chinese characters, 、 … ① and emoji stay as they are.
    """
    return text.translate(_TABLE) if _TO_FOLD.search(text) else text


_LOOSE = re.compile(r"[\s,.;:!?~、()\[\]\"']+(?![0-9])")


def bared(text: str) -> str:
    """The text folded, without case, spaces and punctuation: in this form what people retype is compared."""
    return _LOOSE.sub("", fold(text)).casefold()
