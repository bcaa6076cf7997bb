"""Blocks as Telegram shows them: plain text with entities beside it, so that nobody's words can be markup.

Telegram itself makes mentions of what looks like a user's name; such an @ is written in its full width, so that
nobody is called but by a mention of ours.

Telegram counts in UTF-16 units: 4,096 to a text, 1,024 to a caption, and so are the entities' offsets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity, User
from wcwidth import wcswidth

from bot.chat.messages import PRIVATELY, Bar, Block, Button, Call, Fields, Line, Table
from bot.chat.rendering import bar_text
from bot.chat.splitting import split_blocks, utf16_units

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
#: Wider tables, in cells of which a Chinese character takes two, would be broken up on a phone.
WIDEST_TABLE = 36
#: A first column that is no wider only numbers the rows.
_NUMBER_CELLS = 4
IN_A_ROW = 8
MOST_BUTTONS = 100

_STYLES = {"title": MessageEntity.BOLD, "quote": MessageEntity.BLOCKQUOTE}
_USERNAME = re.compile(r"(?<!\w)@(?=\w{2,32}(?!\w))", re.ASCII)


class _Piece(NamedTuple):
    """A line as it is shown, the entity that styles it, and who is called in it."""

    text: str
    style: str | None = None
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """One message's text and the entities that style it."""

    text: str
    entities: tuple[MessageEntity, ...] = ()


#: No words at all, as under a picture that speaks for itself.
NOTHING = Drawn("")


def draw(body: Iterable[Block]) -> list[Drawn]:
    """The body as as many messages as it takes, the texts never empty."""
    parts = split_blocks(body, most=LONGEST_TEXT, draw=_plain, size=utf16_units)
    return [drawn for part in parts if (drawn := _together(part)).text]


def _together(blocks: Iterable[Block]) -> Drawn:
    texts: list[str] = []
    entities: list[MessageEntity] = []
    offset = 0
    for block in blocks:
        for text, style, calls in _pieces(block):
            if not text and not texts:
                # Telegram cuts off what is blank in front; the offsets must not count it.
                continue
            length = utf16_units(text)
            if style and length:
                entities.append(MessageEntity(style, offset, length))
            entities += [_mention(text, call, offset) for call in calls if call.account.isdecimal()]
            texts.append(_USERNAME.sub("＠", text))
            offset += length + 1
    return Drawn("\n".join(texts), tuple(entities))


def _mention(text: str, call: Call, offset: int) -> MessageEntity:
    """Somebody called by the number of their account, whatever they call themselves."""
    name = text[call.start : call.end]
    user = User(int(call.account), name.removeprefix("@"), is_bot=False)
    start = offset + utf16_units(text[: call.start])
    return MessageEntity(MessageEntity.TEXT_MENTION, start, utf16_units(name), user=user)


def _plain(block: Block) -> str:
    return "\n".join(piece.text for piece in _pieces(block))


def _pieces(block: Block) -> Iterator[_Piece]:
    """The block's lines, each with its style; white space that Telegram would cut off is cut off here."""
    match block:
        case Line(words, style):
            start = len(str(words)) - len(str(words).lstrip())
            line = block.part(start, max(start, len(str(words).rstrip())))
            yield _Piece(str(line.words), _STYLES.get(style), line.calls)
        case Fields(pairs, colon):
            for label, value in pairs:
                yield _Piece(f"{label}{colon}{value}".strip())
        case Bar():
            yield _Piece(bar_text(block))
        case Table():
            yield from _table(block)


# --- tables -----------------------------------------------------------------------------------------------


def _table(table: Table) -> Iterator[_Piece]:
    """Columns in a fixed-width font where a phone has room for them, otherwise a paragraph for each row."""
    rows = [tuple(str(c) for c in row) for row in ((table.header,) if any(table.header) else ()) + table.rows]
    if not rows:
        return
    lines = list(_aligned(rows, table.align))
    if max(map(width, lines)) <= WIDEST_TABLE:
        yield _Piece("\n".join(lines), MessageEntity.PRE)
    elif any(table.header) and len(table.header) > 2 and table.rows:
        yield from _records(rows[0], rows[1:])
    else:
        yield from (_Piece("  ".join(cell for cell in row if cell)) for row in rows)


def _records(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[_Piece]:
    """Each row as a heading of its first cell (two, after mere numbers), the others named."""
    headed = 2 if max(width(row[0]) for row in rows) <= _NUMBER_CELLS else 1
    for row in rows:
        yield _Piece("  ".join(cell for cell in row[:headed] if cell), MessageEntity.BOLD)
        named = zip(header[headed:], row[headed:], strict=True)
        rest = "　".join(f"{name} {cell}" for name, cell in named if cell)
        if rest:
            yield _Piece(rest)


def _aligned(rows: list[tuple[str, ...]], align: str) -> Iterator[str]:
    sides = align.ljust(len(rows[0]), "l")
    columns = [[row[i] for row in rows] for i in range(len(rows[0]))]
    widths = [max(map(width, column)) for column in columns]
    # In a phone's fixed-width font a Chinese character is not exactly as wide as two letters: a column of
    # Chinese is filled up with Chinese spaces, so that it is equally wide in every row.
    wide = [any(width(cell) > len(cell) for cell in column) for column in columns]
    for row in rows:
        yield "  ".join(_pad(cell, widths[i], sides[i], wide[i]) for i, cell in enumerate(row)).rstrip()


def _pad(cell: str, to: int, side: str, wide: bool) -> str:
    gap = to - width(cell)
    fill = "　" * (gap // 2) + " " * (gap % 2) if wide else " " * gap
    return fill + cell if side == "r" else cell + fill


def width(text: str) -> int:
    """How many cells a text takes in a fixed-width font."""
    cells: int = wcswidth(text)
    return cells if cells >= 0 else len(text)


# --- buttons ----------------------------------------------------------------------------------------------


def keyboard(buttons: Iterable[tuple[Button, ...]], *, private_link: str) -> InlineKeyboardMarkup | None:
    """The buttons below a message; rows that are too long for Telegram are parted."""
    rows = []
    left = MOST_BUTTONS
    for row in buttons:
        for start in range(0, len(row), IN_A_ROW):
            some = [_button(one, private_link) for one in row[start : start + IN_A_ROW]][:left]
            left -= len(some)
            if some:
                rows.append(some)
    return InlineKeyboardMarkup(rows) if rows else None


def _button(button: Button, private_link: str) -> InlineKeyboardButton:
    label = str(button.label).strip() or "…"
    if button.payload == PRIVATELY:
        return InlineKeyboardButton(label, url=private_link)
    return InlineKeyboardButton(label, callback_data=button.payload)
