"""Long messages in parts: at paragraphs where possible, never beyond what a platform takes, nothing cut off.

What a platform counts differs (characters, UTF-16 units, bytes of UTF-8), so the size is a function; it must not
shrink when a text grows.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence

from bot.chat.errors import Unfinished
from bot.chat.messages import Block, Fields, Line, Outgoing, Table

Size = Callable[[str], int]

#: Where to part, the best first: paragraph, line, sentence, clause, word.
_BREAKS = tuple(
    re.compile(pattern)
    for pattern in (r"\n\s*\n", r"\n", r"[。！？；!?;…]+[”’」』）)]*|\.(?=\s)", r"[，、：,:]+", r"\s+")
)
#: Marks that belong to the character before them: combining marks, variation selectors, joiners, skin tones.
_CLINGS = re.compile("[\u0300-\u036f\u200d\u20d0-\u20ff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")


def utf8_bytes(text: str) -> int:
    """What WeCom counts."""
    return len(text.encode())


def utf16_units(text: str) -> int:
    """What Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def split_text(text: str, *, most: int, size: Size = len) -> list[str]:
    """The text in parts of at most `most`; only white space between parts is left out. Empty for a blank text.

    Raises ValueError when not even one character fits.
    """
    parts = []
    rest = text.strip()
    while rest:
        if size(rest) <= most:
            parts.append(rest)
            break
        end = _end_of_part(rest, _fitting(rest, most, size))
        parts.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return parts


def _fitting(text: str, most: int, size: Size) -> int:
    """How many characters of the text fit."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle]) <= most else (low, middle - 1)
    if low == 0:
        raise ValueError(f"not even {text[:1]!r} fits into {most}")
    return low


def _end_of_part(text: str, fits: int) -> int:
    """Where the part ends: at the last good place, but not so early that the part is nearly empty."""
    for pattern in _BREAKS:
        ends = [m.end() for m in pattern.finditer(text, 0, fits)]
        # White space that begins exactly where the part is full is the best place of all.
        if pattern.match(text, fits) and text[fits].isspace():
            ends.append(fits)
        if ends and ends[-1] * 4 >= fits:
            return ends[-1]
    end = fits
    while end > 0 and (_CLINGS.match(text, end) or text[end - 1] == "\u200d"):
        end -= 1
    return end or fits


def split_blocks(
    blocks: Iterable[Block], *, most: int, draw: Callable[[Block], str], size: Size = len
) -> list[tuple[Block, ...]]:
    """The blocks in groups of which each, drawn and put on lines of their own, is at most `most`.

    A block that is too large alone is parted: lines at paragraphs, tables between rows (the header is
    repeated), fields between pairs. Raises ValueError when something that cannot be parted does not fit.
    """

    def measure(group: Sequence[Block]) -> int:
        return size("\n".join(draw(block) for block in group))

    everything = tuple(blocks)
    if everything and measure(everything) <= most:
        return [everything]
    groups: list[tuple[Block, ...]] = []
    current: tuple[Block, ...] = ()
    for block in everything:
        for piece in _pieces(block, most, measure, lambda b: size(draw(b))):
            if current and measure((*current, piece)) > most:
                groups.append(current)
                current = ()
            current = (*current, piece)
    return [*groups, current] if current else groups


def _pieces(
    block: Block, most: int, measure: Callable[[Sequence[Block]], int], alone: Callable[[Block], int]
) -> Iterator[Block]:
    if measure([block]) <= most:
        yield block
        return
    match block:
        case Line(words, style):
            at = 0
            for part in split_text(str(words), most=most, size=lambda text: alone(Line(text, style))):
                at = str(words).index(part, at)
                yield block.part(at, at + len(part))
                at += len(part)
        case Table(header, rows, align) if len(rows) > 1:
            half = len(rows) // 2
            for some in (rows[:half], rows[half:]):
                yield from _pieces(Table(header, some, align), most, measure, alone)
        case Fields(pairs, colon) if len(pairs) > 1:
            half = len(pairs) // 2
            for few in (pairs[:half], pairs[half:]):
                yield from _pieces(Fields(few, colon), most, measure, alone)
        case Fields(((label, value),), colon):
            for part in split_text(f"{label}{colon}{value}", most=most, size=lambda text: alone(Line(text))):
                yield Line(part)
        case _:
            cells = "  ".join(str(cell) for row in block.rows for cell in row) if isinstance(block, Table) else ""
            if not cells:
                raise ValueError(f"{block!r} does not fit into {most}")
            for part in split_text(cells, most=most, size=lambda text: alone(Line(text))):
                yield Line(part)


class PartsSent:
    """How many parts of a message the platform has taken, so that another try goes on with the next one.

    Kept in memory, and in the outbox (`Outgoing.taken`) where the parts go in several turns: after a crash those
    of one turn may be repeated, which is the one repetition allowed. In a group, and where only one
    message may be on its way, each part is a turn of its own.
    """

    def __init__(self, remember: int = 1000) -> None:
        self._taken: OrderedDict[int, int] = OrderedDict()
        self._remember = remember

    def taken(self, message: Outgoing) -> int:
        """How many parts of this message need not be sent again."""
        return max(self._taken.get(message.id, 0), message.taken)

    def turn(self, message: Outgoing, parts: int) -> Iterator[int]:
        """Which of so many parts to send now, one after the other. Raises Unfinished when others are left."""
        first = self.taken(message)
        for index in range(first, parts):
            if message.most is not None and index - first >= message.most:
                raise Unfinished(index)
            yield index

    def one_more(self, message: Outgoing) -> None:
        """The platform took the next part."""
        self._taken[message.id] = self.taken(message) + 1
        self._taken.move_to_end(message.id)
        while len(self._taken) > self._remember:
            self._taken.popitem(last=False)

    def done(self, message_id: int) -> None:
        """All parts are with the platform."""
        self._taken.pop(message_id, None)
