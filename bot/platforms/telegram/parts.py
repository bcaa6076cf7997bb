"""An outgoing message as the requests that it takes: texts, pictures, documents, in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO

from PIL import Image
from telegram import InlineKeyboardMarkup

from bot.chat.messages import OutFile, Outgoing
from bot.chat.splitting import utf16_units
from bot.platforms.telegram.drawing import LONGEST_CAPTION, NOTHING, Drawn, draw, keyboard

_PHOTOS = frozenset({"image/png", "image/jpeg", "image/webp"})
_MEGABYTE = 1024 * 1024
LARGEST_PHOTO = 10 * _MEGABYTE
LARGEST_FILE = 50 * _MEGABYTE
#: A photo's width and height together, and one divided by the other, at most.
_MOST_PIXELS = 10_000
_MOST_SLENDER = 20


@dataclass(frozen=True, slots=True)
class Part:
    """One request: a text, or a file with the text as its caption."""

    drawn: Drawn = NOTHING
    file: OutFile | None = None
    buttons: InlineKeyboardMarkup | None = None


def parts(message: Outgoing, *, private_link: str) -> list[Part]:
    """The parts in order. Buttons stand below the last text; a single file takes a short text as caption."""
    texts = draw(message.body)
    buttons = keyboard(message.buttons, private_link=private_link)
    files = list(message.files)
    if message.replaces is None and len(files) == 1 and len(texts) <= 1:
        caption = texts[0] if texts else NOTHING
        if utf16_units(caption.text) <= LONGEST_CAPTION:
            return [Part(caption, files[0], buttons)]
    if buttons is not None and not texts:
        texts = [Drawn("…")]
    made = [Part(text) for text in texts]
    if made:
        made[-1] = replace(made[-1], buttons=buttons)
    return made + [Part(file=file) for file in files]


def carries_buttons(made: list[Part]) -> int:
    """Which part stands for the whole message when it is changed later: the one with the text's end."""
    last = [index for index, part in enumerate(made) if part.drawn.text or part.buttons]
    return last[-1] if last else len(made) - 1


def is_photo(file: OutFile, read: Callable[[], bytes]) -> bool:
    """Whether Telegram takes it as a photo; it is a document otherwise, which arrives just as well."""
    if file.mime not in _PHOTOS:
        return False
    data = read()
    if len(data) > LARGEST_PHOTO:
        return False
    try:
        with Image.open(BytesIO(data)) as picture:
            width, height = picture.size
    except (OSError, ValueError):
        return False
    return width + height <= _MOST_PIXELS and max(width, height) <= _MOST_SLENDER * min(width, height)
