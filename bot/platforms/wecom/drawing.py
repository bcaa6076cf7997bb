"""Bodies as WeCom shows them: plain text, or the markdown that it renders. Nobody's words can become markup.

Plain text makes links of `<a …>`, markdown mentions of `<@…>`; backslashes do not protect reliably. So marks in
words become their full-width forms, which read the same in Chinese and mean nothing to WeCom.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.chat.messages import Bar, Block, Fields, Line, Table
from bot.chat.rendering import bar_text

#: The one tag that plain text knows, opened or closed.
_TAG = re.compile(r"<(?=\s*/?\s*a(?![A-Za-z0-9]))", re.IGNORECASE)
_MARKS = str.maketrans("*_`~[]<>|\\", "＊＿ˋ～［］＜＞｜＼")
#: Marks that mean something at the start of a line only.
_STARTS = re.compile(r"^(\s*)([#\-+=])(?=[\s#\-+=]|$)", re.MULTILINE)
_START_MARKS = {"#": "＃", "-": "－", "+": "＋", "=": "＝"}
_GAP = "　"


def text(body: Iterable[Block]) -> str:
    """The body as plain text in which no tag is left."""
    return "\n".join(plain(block) for block in body)


def plain(block: Block) -> str:
    """One block as plain text; a table's cells stand apart, for the font is not of fixed width."""
    return plain_words(_lines(block))


def plain_words(words: str) -> str:
    """Words in which no tag is left."""
    return _TAG.sub("＜", words)


def _lines(block: Block) -> str:
    match block:
        case Line(words, style):
            return f"「{words}」" if style == "quote" else str(words)
        case Fields(pairs, colon):
            return "\n".join(f"{label}{colon}{value}" for label, value in pairs)
        case Bar():
            return bar_text(block)
        case Table(header, rows, _align):
            listed = [header, *rows] if any(map(str, header)) else list(rows)
            return "\n".join(_GAP.join(str(cell) for cell in row) for row in listed)


def markdown(body: Iterable[Block]) -> str:
    """The body as markdown: titles bold, quotes quoted, everything else as it stands."""
    return "\n".join(marked(block) for block in body)


def marked(block: Block) -> str:
    """One block as markdown."""
    match block:
        case Line(words, "title"):
            return f"**{escaped(str(words))}**" if str(words).strip() else ""
        case Line(words, "quote"):
            return "\n".join(f"> {line}" for line in escaped(str(words)).split("\n"))
        case _:
            return escaped(_lines(block))


def escaped(words: str) -> str:
    """The words with every mark of markdown made harmless."""
    harmless = words.translate(_MARKS)
    return _STARTS.sub(lambda found: found[1] + _START_MARKS[found[2]], harmless)
