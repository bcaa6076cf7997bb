"""The ranking as a picture: bars with scores and ranks, drawn for a telephone's screen."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

from bot.chat.texts import T, Words
from handlers.rounds.counting import Outcome, Place
from handlers.rounds.document import clean
from handlers.rounds.results import fixed
from handlers.rounds.rulings import rules_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.font_manager import FontProperties

#: Okabe and Ito's colours, which colour-blind people tell apart; the first three ranks, then the others.
_MEDALS = ("#E69F00", "#999999", "#D55E00")
_OTHERS = "#0072B2"
_INK, _FAINT = "#222222", "#666666"
#: Inches and dots per inch: 1,080 dots wide.
_WIDTH, _DPI = 7.2, 150
_ROW, _FRAME = 0.42, 2.05
_LACKING = "□"
#: Room for the words beside a bar, as a share of its whole length.
_SPARE = 1.28


def ranking_picture(seen: Outcome, places: Sequence[Place], show: Callable[[Words], str], day: str) -> bytes:
    """The places as PNG, a panel for each class that is ranked apart. `day`: the date as it is to be shown.

    The font comes from a package, so Chinese is drawn on a machine without any fonts.
    """
    # Loaded with the first picture: the program starts faster, and many never need it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    font = _font()
    classes = _classes(seen, places)
    rows = sum(len(members) for _klass, members in classes)
    height = _FRAME + _ROW * rows + 0.4 * (len(classes) - 1)
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    ratios = [len(members) + 0.2 for _klass, members in classes]
    grid: dict[str, Any] = {"left": 0.27, "right": 0.97, "top": 1 - 0.95 / height, "bottom": 0.75 / height}
    axes = figure.subplots(
        len(classes), 1, squeeze=False, gridspec_kw={"height_ratios": ratios, "hspace": 0.25, **grid}
    )
    for (klass, members), (one,) in zip(classes, axes, strict=True):
        _bars(one, klass, members, font, show)
    name = _drawable(seen.round.head.name)
    figure.text(0.03, 1 - 0.32 / height, name, fontproperties=_sized(font, 17), color=_INK, va="center")
    figure.text(0.03, 1 - 0.66 / height, day, fontproperties=_sized(font, 11), color=_FAINT, va="center")
    rule = _drawable(show(rules_words(seen.rules)))
    figure.text(0.03, 0.26 / height, rule, fontproperties=_sized(font, 9), color=_FAINT, va="center", wrap=True)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _font() -> FontProperties:
    from matplotlib.font_manager import FontProperties

    with as_file(files("zhplot") / "fonts" / "NotoSansSC-Regular.ttf") as path:
        return FontProperties(fname=str(path))


@lru_cache(maxsize=1)
def _known() -> frozenset[int]:
    """The characters that the font has."""
    from matplotlib.ft2font import FT2Font

    with as_file(files("zhplot") / "fonts" / "NotoSansSC-Regular.ttf") as path:
        return frozenset(FT2Font(str(path)).get_charmap())


def _drawable(text: str) -> str:
    """The text with a box for every character that the font lacks, such as a rare one of a name."""
    return "".join(c if ord(c) in _known() else _LACKING for c in clean(text))


def _sized(font: FontProperties, points: float) -> FontProperties:
    copied = font.copy()
    copied.set_size(points)
    return copied


def _classes(seen: Outcome, places: Sequence[Place]) -> list[tuple[str, list[Place]]]:
    shown = [place for place in places if place.ranked.rank is not None]
    if not seen.rules.apart:
        return [("", shown)]
    names = dict.fromkeys(place.contestant.klass for place in shown)
    return [(name, [place for place in shown if place.contestant.klass == name]) for name in names]


def _bars(
    axes: Axes, klass: str, members: Sequence[Place], font: FontProperties, show: Callable[[Words], str]
) -> None:
    """One class, the best on top.

    Bars begin well below the lowest score, or nobody would see a difference; the axis says where.
    """
    scores = [float(place.ranked.shown or 0) for place in members]
    low, high = min(scores, default=0.0), max(scores, default=1.0)
    base = float(max(0, int(low - 2 * (high - low) - 2)))
    colours = [_MEDALS[r - 1] if (r := place.ranked.rank or 99) <= len(_MEDALS) else _OTHERS for place in members]
    heights = range(len(members))
    axes.barh(heights, [score - base for score in scores], left=base, color=colours, height=0.62)
    axes.set_yticks(list(heights))
    labels = [show(T("{rank}. {unit}", rank=p.ranked.rank, unit=_short(p.contestant.unit_name))) for p in members]
    axes.set_yticklabels(labels, fontproperties=_sized(font, 12), color=_INK)
    axes.invert_yaxis()
    axes.set_xlim(base, base + (high - base) * _SPARE or 1)
    axes.set_xticks([base])
    axes.set_xticklabels([show(T("{base}分起", base=int(base)))], fontproperties=_sized(font, 8), color=_FAINT)
    axes.tick_params(axis="both", length=0)
    for edge in ("top", "right", "bottom", "left"):
        axes.spines[edge].set_visible(False)
    for at, (place, score) in enumerate(zip(members, scores, strict=True)):
        axes.text(
            score,
            at,
            f" {fixed(place.ranked)}",
            va="center",
            fontproperties=_sized(font, 12),
            color=_INK,
            parse_math=False,
        )
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    if klass:
        axes.set_title(_drawable(klass), loc="left", fontproperties=_sized(font, 12), color=_FAINT)


def _short(name: str) -> str:
    """A name that fits beside its bar."""
    name = _drawable(name)
    return name if len(name) <= 9 else f"{name[:8]}…"
