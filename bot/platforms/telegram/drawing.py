"""Blocks as Telegram shows them: plain text with entities beside it, so that nobody's words can be markup.

Telegram counts in UTF-16 units: 4,096 to a text, 1,024 to a caption, and so are the entities' offsets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity
from wcwidth import wcswidth

from bot.chat.messages import PRIVATELY, Bar, Block, Button, Fields, Line, Table
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
        for text, style in _pieces(block):
            if not text and not texts:
                # Telegram cuts off what is blank in front; the offsets must not count it.
                continue
            length = utf16_units(text)
            if style and length:
                entities.append(MessageEntity(style, offset, length))
            texts.append(text)
            offset += length + 1
    return Drawn("\n".join(texts), tuple(entities))


def _plain(block: Block) -> str:
    return "\n".join(text for text, _style in _pieces(block))


def _pieces(block: Block) -> Iterator[tuple[str, str | None]]:
    """The block's lines, each with its style; white space that Telegram would cut off is cut off here."""
    match block:
        case Line(words, style):
            yield str(words).strip(), _STYLES.get(style)
        case Fields(pairs, colon):
            for label, value in pairs:
                yield f"{label}{colon}{value}".strip(), None
        case Bar():
            yield bar_text(block), None
        case Table():
            yield from _table(block)


# --- tables -----------------------------------------------------------------------------------------------


def _table(table: Table) -> Iterator[tuple[str, str | None]]:
    """Columns in a fixed-width font where a phone has room for them, otherwise a paragraph for each row."""
    rows = [tuple(str(c) for c in row) for row in ((table.header,) if any(table.header) else ()) + table.rows]
    if not rows:
        return
    lines = list(_aligned(rows, table.align))
    if max(map(width, lines)) <= WIDEST_TABLE:
        yield "\n".join(lines), MessageEntity.PRE
    elif any(table.header) and len(table.header) > 2 and table.rows:
        yield from _records(rows[0], rows[1:])
    else:
        yield from (("  ".join(cell for cell in row if cell), None) for row in rows)


def _records(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[tuple[str, str | None]]:
    """Each row as a heading of its first cell (two, after mere numbers), the others named."""
    headed = 2 if max(width(row[0]) for row in rows) <= _NUMBER_CELLS else 1
    for row in rows:
        yield "  ".join(cell for cell in row[:headed] if cell), MessageEntity.BOLD
        named = zip(header[headed:], row[headed:], strict=True)
        rest = "　".join(f"{name} {cell}" for name, cell in named if cell)
        if rest:
            yield rest, None


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
