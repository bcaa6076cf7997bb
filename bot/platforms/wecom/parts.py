"""What one message becomes on each way: texts within their bytes, cards, files. Pure, so it can be counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.chat.messages import PRIVATELY, Block, Button, OutFile, Outgoing, sign
from bot.chat.splitting import split_text, utf8_bytes
from bot.platforms.wecom import cards, drawing

#: Bytes of UTF-8 that each kind of message takes.
APP_BYTES, MARKDOWN_BYTES, ROBOT_MARKDOWN_BYTES, BOT_BYTES = 2048, 2048, 4096, 20480
#: Room for what tells equal messages apart.
_RESERVE = 16
#: Invisible characters in which a number is written, base eight.
INVISIBLE = "\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064"


@dataclass(frozen=True, slots=True)
class TextPart:
    """Words within the way's bytes. `form`: text or markdown. `mentioned`: accounts that are called by it."""

    form: str
    words: str
    mentioned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardPart:
    """A template card."""

    card: dict[str, Any]

    @property
    def task(self) -> str:
        return str(self.card["task_id"])


@dataclass(frozen=True, slots=True)
class FilePart:
    """A picture or file."""

    file: OutFile


@dataclass(frozen=True, slots=True)
class ArticlePart:
    """A link as a card of its own (news): tapping it anywhere follows the link."""

    title: str
    text: str
    address: str


Part = TextPart | CardPart | FilePart | ArticlePart


@dataclass(frozen=True, slots=True)
class Way:
    """What one way can show. `cards`: template cards; `typed`: whether choices can be answered by typing.

    `calls`: how people are mentioned: "inline" in the words, "listed" beside them, or not at all. `articles`:
    whether a message that is mainly a link becomes a card.
    """

    form: str
    most: int
    cards: bool
    typed: bool
    marks: bool = False
    calls: str = ""
    articles: bool = False


APP = Way("text", APP_BYTES - _RESERVE, cards=True, typed=True, marks=True)
APP_MARKDOWN = Way("markdown", MARKDOWN_BYTES - _RESERVE, cards=True, typed=True, marks=True)
APP_GROUP = Way("text", APP_BYTES, cards=False, typed=False, calls="listed")
ROBOT = Way("markdown", ROBOT_MARKDOWN_BYTES, cards=False, typed=False, calls="inline", articles=True)
BOT = Way("markdown", BOT_BYTES, cards=True, typed=True)
BOT_GROUP = Way("markdown", BOT_BYTES, cards=False, typed=True)


def plan(message: Outgoing, way: Way) -> tuple[Part, ...]:
    """The messages to send, in order; at least one unless there is nothing at all to show."""
    buttons = pressable(message)
    words = _drawer(way)(message.body)
    parts: list[Part] = []
    article = drawing.article(message.body) if way.articles else None
    if article is not None:
        parts.append(ArticlePart(*article))
    elif buttons and way.cards and len(buttons) <= cards.MOST_OPTIONS:
        parts += _with_card(message, buttons, words, way)
    else:
        if buttons and way.typed:
            words = f"{words}\n\n{numbered(message, buttons, way)}".strip()
        parts += _texts(message, words, way)
    parts += [FilePart(file) for file in message.files]
    return tuple(parts)


def _drawer(way: Way) -> Callable[[tuple[Block, ...]], str]:
    if way.form == "text":
        return drawing.text
    return drawing.calling if way.calls == "inline" else drawing.markdown


def pressable(message: Outgoing) -> list[Button]:
    """The buttons, without those that lead to the private chat: WeCom has no link to it."""
    return [button for row in message.buttons for button in row if button.payload != PRIVATELY]


def shows_numbers(message: Outgoing, way: Way) -> bool:
    """Whether the choices are shown with numbers, to be typed."""
    count = len(pressable(message))
    return way.typed and count > 0 and not (way.cards and count <= cards.MOST_OPTIONS)


def numbered(message: Outgoing, buttons: list[Button], way: Way) -> str:
    """The choices as lines to choose from by typing."""
    shown = drawing.escaped if way.form == "markdown" else drawing.plain_words
    lines = [f"{sign(index, letters=message.letters)}. {shown(str(b.label))}" for index, b in enumerate(buttons)]
    return "\n".join([*([shown(message.hint)] if message.hint else []), *lines])


def _with_card(message: Outgoing, buttons: list[Button], words: str, way: Way) -> list[Part]:
    plain = drawing.text(message.body)
    task = cards.task_id(message.id, plain, 0)
    if plain.strip() and cards.fits(plain):
        return [CardPart(cards.card(buttons, words=plain, task=task))]
    head = next((line for line in plain.splitlines() if line.strip()), "") or "⬇"
    return [*_texts(message, words, way), CardPart(cards.card(buttons, words=head, task=task))]


def _texts(message: Outgoing, words: str, way: Way) -> list[Part]:
    pieces = split_text(words, most=way.most, size=utf8_bytes)
    if not way.marks:
        # Once for all of it: whoever is called reads the parts before as well.
        last, listed = len(pieces) - 1, drawing.mentioned(message.body) if way.calls == "listed" else ()
        return [TextPart(way.form, piece, listed if at == last else ()) for at, piece in enumerate(pieces)]
    return [TextPart(way.form, piece + mark(message.id, index)) for index, piece in enumerate(pieces)]


def mark(message_id: int, index: int) -> str:
    """Tells this text from an equal one, invisibly: WeCom drops what it takes for a repetition.

    The same for every try of the same message, so that a real repetition is dropped. At most 15 bytes.
    """
    number = (message_id * 8 + index % 8) % 8**5
    signs = ""
    for _ in range(5):
        number, rest = divmod(number, 8)
        signs += INVISIBLE[rest]
    return signs


def as_markdown(words: str) -> str:
    """Plain words as markdown that reads the same."""
    return drawing.escaped(words.rstrip(INVISIBLE))
