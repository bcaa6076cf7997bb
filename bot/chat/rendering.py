"""From words to strings: bodies in one language, as data for the outbox, and as plain text."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from wcwidth import wcswidth

from bot.chat.messages import Bar, Block, Button, Call, Fields, Light, Line, OutFile, Table
from bot.chat.texts import Catalogues, Mention, T, Text, Words

#: Always with the word, never the colour alone: colours mean different things in different places.
LIGHT_WORDS: dict[Light, Text] = {Light.GREEN: T("绿灯"), Light.YELLOW: T("黄灯"), Light.RED: T("红灯")}
LIGHT_SIGNS = {Light.GREEN: "🟢", Light.YELLOW: "🟡", Light.RED: "🔴"}
BAR_CELLS = 10
#: Between a label and its value.
COLON = T("：")
#: Brackets in which a mention stands while a line is put together. Nobody can type them: they differ with every
#: start of the program, and never leave it.
_OPEN, _CLOSE = (f"\ufdd0{secrets.token_hex(8)}{end}" for end in "<>")
_MARKED = re.compile(f"{re.escape(_OPEN)}(\\d+):(.*?){re.escape(_CLOSE)}", re.DOTALL)


class Renderer:
    """Turns words into strings of one language."""

    def __init__(self, catalogues: Catalogues) -> None:
        self._catalogues = catalogues

    def words(self, words: Words, language: str) -> str:
        return self._catalogues.show(words, language)

    def content(
        self,
        body: Iterable[Block],
        buttons: Iterable[tuple[Button, ...]],
        files: Iterable[OutFile],
        language: str,
        accounts: Mapping[int, str] | None = None,
    ) -> dict[str, Any]:
        """A message as JSON data in one language: what the outbox keeps.

        `accounts`: by person, how those are called on the platform who can be mentioned there.
        """
        called = accounts or {}

        def show(words: Words) -> str:
            return self._catalogues.show(words, language)

        def call(who: Mention) -> str:
            return f"{_OPEN}{who.person_id}:@{who.name}{_CLOSE}" if who.person_id in called else who.name

        def line(words: Words, style: str) -> list[Any]:
            said, calls = _unmarked(self._catalogues.show(words, language, call), called)
            return ["line", said, style, *([calls] if calls else [])]

        content: dict[str, Any] = {
            "body": [
                line(block.words, block.style) if isinstance(block, Line) else _block_to_wire(block, show)
                for block in body
            ]
        }
        rows = [[[show(b.label), b.payload] for b in row] for row in buttons if row]
        if rows:
            content["buttons"] = rows
        kept = [[f.key, f.name, f.mime] for f in files]
        if kept:
            content["files"] = kept
        return content


def _unmarked(marked: str, accounts: Mapping[int, str]) -> tuple[str, list[list[Any]]]:
    """The words without the brackets, and where in them who is called."""
    if _OPEN not in marked:
        return marked, []
    said, calls, at = "", [], 0
    for found in _MARKED.finditer(marked):
        said += marked[at : found.start()]
        calls.append([len(said), len(said) + len(found[2]), accounts[int(found[1])]])
        said += found[2]
        at = found.end()
    return said + marked[at:], calls


def _block_to_wire(block: Fields | Bar | Table, show: Callable[[Words], str]) -> list[Any]:
    match block:
        case Fields(pairs, _colon):
            return ["fields", [[show(label), show(value)] for label, value in pairs], show(COLON)]
        case Bar(label, share, light, note):
            word = show(LIGHT_WORDS[light]) if light else ""
            return ["bar", show(label), None if share is None else str(share), light, show(note), word]
        case Table(header, rows, align):
            return ["table", [show(cell) for cell in header], [[show(c) for c in row] for row in rows], align]


def body_from_wire(wire: list[list[Any]]) -> tuple[Block, ...]:
    """The blocks of an outbox row."""
    return tuple(_block_from_wire(block) for block in wire)


def _block_from_wire(wire: list[Any]) -> Block:
    match wire:
        case ["line", words, style]:
            return Line(words, style)
        case ["line", words, style, calls]:
            return Line(words, style, tuple(Call(*call) for call in calls))
        case ["fields", pairs, colon]:
            return Fields(tuple((label, value) for label, value in pairs), colon)
        case ["bar", label, share, light, note, word]:
            lit = Light(light) if light else None
            said = " ".join(part for part in (word, note) if part)
            return Bar(label, None if share is None else Decimal(share), lit, said)
        case ["table", header, rows, align]:
            return Table(tuple(header), tuple(tuple(row) for row in rows), align)
        case _:
            raise ValueError(f"unknown block {wire!r}")


def buttons_from_wire(wire: list[list[list[str]]]) -> tuple[tuple[Button, ...], ...]:
    return tuple(tuple(Button(label, payload) for label, payload in row) for row in wire)


def files_from_wire(wire: list[list[str]]) -> tuple[OutFile, ...]:
    return tuple(OutFile(key, name, mime) for key, name, mime in wire)


def percent(share: Decimal) -> str:
    """A share as whole per cent, cut rather than rounded, so that 99.6 % never reads as 100 %."""
    return f"{int(share * 100)}%"


def plain_text(body: Iterable[Block]) -> str:
    """The body as lines of text, for terminals, logs of conversations and platforms without markup."""
    lines: list[str] = []
    for block in body:
        match block:
            case Line(words, style):
                text = str(words)
                lines.append(f"「{text}」" if style == "quote" else text)
            case Fields(pairs, colon):
                lines.extend(f"{label}{colon}{value}" for label, value in pairs)
            case Bar():
                lines.append(bar_text(block))
            case Table():
                lines.extend(table_lines(block))
    return "\n".join(lines)


def bar_text(bar: Bar) -> str:
    sign = LIGHT_SIGNS[bar.light] if bar.light else ""
    drawn = ""
    if bar.share is not None:
        filled = min(BAR_CELLS, int(bar.share * BAR_CELLS))
        drawn = f"{'▰' * filled}{'▱' * (BAR_CELLS - filled)} {percent(bar.share)}"
    tail = " ".join(part for part in (drawn, f"{sign}{bar.note}") if part)
    return f"{bar.label} {tail}".strip()


def table_lines(table: Table) -> list[str]:
    """The table with its columns aligned for a fixed-width font; a Chinese character is two cells wide."""
    rows = [tuple(str(c) for c in row) for row in ((table.header,) if any(table.header) else ()) + table.rows]
    if not rows:
        return []
    widths = [max(_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    align = table.align.ljust(len(widths), "l")
    return ["  ".join(_pad(cell, widths[i], align[i]) for i, cell in enumerate(row)).rstrip() for row in rows]


def _width(text: str) -> int:
    width: int = wcswidth(text)
    return width if width >= 0 else len(text)


def _pad(text: str, width: int, align: str) -> str:
    gap = " " * (width - _width(text))
    return gap + text if align == "r" else text + gap
