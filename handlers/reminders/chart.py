"""The small chart of a weekly digest: one bar, how much is done, on pace, behind."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

#: Okabe and Ito's colours, which colour-blind people tell apart; the words stand beside them all the same.
COLOURS = ("#0072B2", "#009E73", "#E69F00")
_INK, _FAINT = "#222222", "#666666"
#: In dots; twice what a telephone shows.
_WIDTH, _HEIGHT, _MARGIN = 1080, 330, 48
_BAR_TOP, _BAR_BOTTOM, _LEGEND_TOP = 130, 200, 240


def chart(heading: str, parts: Sequence[tuple[str, int]]) -> bytes:
    """A PNG with one bar of these parts (label and count, in the order of `COLOURS`), drawn in milliseconds."""
    # Loaded with the first picture: the program starts faster, and many never need it.
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (_WIDTH, _HEIGHT), "white")
    pen = ImageDraw.Draw(picture)
    pen.text((_MARGIN, 36), heading, font=_font(44), fill=_INK)
    whole = sum(count for _label, count in parts) or 1
    left, room = float(_MARGIN), _WIDTH - 2 * _MARGIN
    place = float(_MARGIN)
    for (label, count), colour in zip(parts, COLOURS, strict=True):
        width = room * count / whole
        if count:
            pen.rectangle((left, _BAR_TOP, left + width, _BAR_BOTTOM), fill=colour)
        left += width
        pen.rectangle((place, _LEGEND_TOP + 8, place + 32, _LEGEND_TOP + 40), fill=colour)
        pen.text((place + 44, _LEGEND_TOP), f"{label} {count}", font=_font(34), fill=_INK if count else _FAINT)
        place += room / len(parts)
    buffer = io.BytesIO()
    picture.save(buffer, format="png", optimize=True)
    return buffer.getvalue()


@lru_cache(maxsize=4)
def _font(size: int) -> FreeTypeFont:
    """From a package, so Chinese is drawn on a machine without any fonts."""
    from PIL import ImageFont

    with as_file(files("zhplot") / "fonts" / "NotoSansSC-Regular.ttf") as path:
        return ImageFont.truetype(str(path), size)
