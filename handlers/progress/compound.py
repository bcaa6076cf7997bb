"""Commitments of several parts: which figure belongs to which part, and the share of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bot.chat.grammar.amounts import convert
from bot.chat.rendering import percent
from bot.chat.texts import T, Words
from handlers.progress import doubts
from handlers.progress.counting import Found, share_of
from handlers.progress.doubts import Doubt, part_label, quantity
from handlers.progress.figures import SHARE, Role, Said
from handlers.progress.matching import keywords
from handlers.progress.reading import Reading
from storage.commitments import Commitment
from storage.terms import Part

_NOTHING = Decimal(0)


def count_parts(reading: Reading, c: Commitment, before: Sequence[Decimal | None]) -> Found | Doubt | None:
    """What the figures say about each part, on top of what was known `before`; None when they say nothing.

    The share of the whole is the plain mean over the parts that have a target, once all of them are known.
    """
    values = [*before, *[None] * len(c.parts)][: len(c.parts)]
    filled: set[int] = set()
    whole: Decimal | None = None
    for said in reading.figures:
        index = _part_of(said, c.parts, filled)
        if index is not None:
            values[index] = _reached(said, c.parts[index], values[index])
            filled.add(index)
        elif said.measure == SHARE and not said.rate and said.role is Role.TOTAL:
            if said.is_open:
                return doubts.exact(c, said.value, reading.words, less=said.bound == "at_most")
            whole = said.value
    if not filled and whole is None:
        return doubts.measure_of_parts(c, reading.words) if reading.figures and reading.status is None else None
    return Found(None, whole if whole is not None else whole_share(c.parts, values), tuple(values))


def whole_share(parts: Sequence[Part], values: Sequence[Decimal | None]) -> Decimal | None:
    """The mean share of the parts that have a target; None while one of them is unknown."""
    shares = []
    for part, value in zip(parts, values, strict=True):
        if part.is_input or not part.target:
            continue
        if value is None:
            return None
        # One part that is far over its target does not make up for another.
        shares.append(min(Decimal(1), value / part.target))
    return share_of(sum(shares, _NOTHING), Decimal(len(shares))) if shares else None


def parts_words(parts: Sequence[Part], values: Sequence[Decimal | None]) -> list[Words]:
    """Each part that is known, as it is read back: 整修水渠2000米（66%）."""
    return [
        T(
            "{part}{amount}（{share}）",
            part=part_label(part),
            amount=quantity(value, part.measure),
            share=percent(share_of(value, part.target)),
        )
        for part, value in zip(parts, values, strict=False)
        if value is not None and part.target
    ]


def full_values(parts: Sequence[Part]) -> tuple[Decimal | None, ...]:
    """Every part at its target."""
    return tuple(part.target for part in parts)


def _part_of(said: Said, parts: Sequence[Part], filled: set[int]) -> int | None:
    """The part that a figure belongs to: by measure and words, in the order of the parts when equal."""
    best, highest = None, 0
    for index, part in enumerate(parts):
        shared = len(keywords(said.about) & keywords(part.words))
        if said.measure == SHARE:
            score = shared
        else:
            fits = part.measure is not None and convert(said.value, said.measure, part.measure) is not None
            score = 2 * shared + 1 + (index not in filled) if fits else 0
        if score > highest:
            best, highest = index, score
    return best


def _reached(said: Said, part: Part, before: Decimal | None) -> Decimal | None:
    if said.measure == SHARE:
        return said.value * part.target if part.target else before
    value = convert(said.value, said.measure, part.measure or "")
    if value is None or said.role is Role.TARGET:
        return before
    if said.role is Role.REMAINING:
        return max(_NOTHING, part.target - value) if part.target else before
    return (before or _NOTHING) + value if said.role is Role.INCREMENT else value
