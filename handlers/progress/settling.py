"""From a reading to what is recorded, or to the question that has to be asked first.

Nothing is refused for being unusual: going backwards, more than the target, another measure are asked back, and
what the person then confirms is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.chat.texts import Value, Words
from handlers.progress import doubts
from handlers.progress.compound import count_parts
from handlers.progress.counting import Found, count, figure_words, is_counted, with_measure
from handlers.progress.doubts import (
    WHOLE,
    Doubt,
    Option,
    Question,
    goal_words,
    quantity,
    share_answer,
    value_answer,
)
from handlers.progress.figures import SHARE, Role
from handlers.progress.reading import Reading
from handlers.progress.statuses import STATUS_WORDS
from storage.commitments import Commitment, Status
from storage.terms import Kind

_ONE = Decimal(1)
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Draft:
    """What would be recorded about one commitment.

    `value` is the total in the commitment's measure, `share` is of the target; both None without a figure.
    """

    commitment: Commitment
    words: str
    value: Decimal | None = None
    share: Decimal | None = None
    status: Status | None = None
    parts: tuple[Decimal | None, ...] = ()


def settle(
    reading: Reading, items: Mapping[int, Commitment], before: Mapping[int, Sequence[Decimal | None]] | None = None
) -> Draft | Doubt:
    """What the reading amounts to. `items` are the open commitments by number.

    `before` has the values of the parts that were last reported, by the commitment's id.
    """
    c = items.get(reading.number) if reading.number is not None else None
    if c is None:
        return _which(reading, items)
    measured = with_measure(reading, c)
    if isinstance(measured, Doubt):
        return measured
    reading, known = measured, tuple((before or {}).get(c.id, ()))
    if reading.unchanged and not reading.figures and reading.status is None:
        return _unchanged(reading, c, known)
    found = count_parts(reading, c, known) if c.kind is Kind.COMPOUND else count(reading, c)
    if isinstance(found, Doubt):
        return found
    doubt = _status_doubt(reading, c) if found is None else _figure_doubt(reading, c, found, known)
    if doubt is not None:
        return doubt
    return _draft(reading, c, found or Found(), known)


def _which(reading: Reading, items: Mapping[int, Commitment]) -> Doubt:
    candidates = [items[number] for number in reading.candidates if number in items] or list(items.values())
    everything = None
    if reading.everything and reading.status is not None:
        meant = [number for number in items if number not in reading.but]
        candidates = [items[number] for number in meant]
        everything = doubts.everything(len(meant), reading.status, others=bool(reading.but))
    return doubts.which(candidates, said=reading.words, unknown=reading.number, everything=everything)


def _unchanged(reading: Reading, c: Commitment, known: tuple[Decimal | None, ...]) -> Draft | Doubt:
    if c.reported_at is None:
        return doubts.how_far(c)
    return Draft(c, reading.words, c.value, c.share, c.status, known)


def _draft(reading: Reading, c: Commitment, found: Found, known: tuple[Decimal | None, ...]) -> Draft:
    status, share = reading.status, found.share
    if share is None and status is Status.DONE:
        # Only what has no figure to be reached comes here: done is all there is.
        share = _ONE
    if share is not None and share >= 1 and c.kind is not Kind.THRESHOLD:
        status = Status.DONE
    if found.value is None and share is None and status is None:
        # Something was done that the promise does not count ("走访了300户").
        status = Status.UNDER_WAY
    return Draft(c, reading.words, found.value, share, status, found.parts or known)


def _status_doubt(reading: Reading, c: Commitment) -> Doubt | None:
    """What has to be asked when there is no figure."""
    if reading.status is None:
        only_aims = all(said.role is Role.TARGET for said in reading.figures)
        return None if not only_aims else doubts.how_far(c, sure=reading.certain or bool(reading.settled))
    if reading.status is Status.DONE:
        if is_counted(c) and c.target is not None:
            return doubts.whole(c, quantity(c.target, c.measure), value_answer(c.target))
        if c.kind is Kind.COMPOUND:
            return doubts.whole(c, goal_words(c.parts), WHOLE)
        return None
    if c.share is not None and c.share >= 1 and Question.BACKWARDS not in reading.settled:
        before = figure_words(c, c.value, c.share) or STATUS_WORDS[Status.DONE]
        return doubts.backwards(c, before, STATUS_WORDS[reading.status], may_add=False)
    return None


def _figure_doubt(reading: Reading, c: Commitment, found: Found, known: Sequence[Decimal | None]) -> Doubt | None:
    """What has to be asked about the figure."""
    now = figure_words(c, found.value, found.share)
    if found.share is None or now is None:
        return None
    if reading.planned and found.share >= 1 and found.value is not None and c.target is not None:
        return doubts.whole(c, quantity(c.target, c.measure), value_answer(c.target))
    if reading.status is Status.DONE and found.share < 1:
        return doubts.mismatch(c, reading.words, _either(c, found, now))
    if Question.OVER not in reading.settled and _is_over(c, found):
        return _over(reading, c, found, now)
    if Question.BACKWARDS not in reading.settled and _is_less(c, found):
        before = figure_words(c, c.value, c.share) or ""
        totals = [said for said in reading.figures if said.role is Role.TOTAL]
        may_add = bool(totals) and found.value is not None and c.value is not None and c.measure != SHARE
        return doubts.backwards(c, before, now, may_add=may_add)
    return None


def _either(c: Commitment, found: Found, now: Words) -> list[Option]:
    """The figure, or all of it."""
    if found.value is None or c.target is None:
        assert found.share is not None
        return [Option(now, share_answer(found.share)), Option(STATUS_WORDS[Status.DONE], share_answer(_ONE))]
    full = figure_words(c, c.target, _ONE) or ""
    return [Option(now, value_answer(found.value)), Option(full, value_answer(c.target))]


def _is_over(c: Commitment, found: Found) -> bool:
    assert found.share is not None
    if c.kind is Kind.THRESHOLD:
        return c.measure == SHARE and found.value is not None and found.value > _HUNDRED
    if c.kind is Kind.COMPOUND:
        return any(
            value is not None and part.target is not None and not part.is_input and value > part.target
            for part, value in zip(c.parts, found.parts, strict=False)
        )
    return found.share > 1


def _over(reading: Reading, c: Commitment, found: Found, now: Words) -> Doubt:
    of_work = c.kind is Kind.QUANTITY and c.measure == SHARE
    if of_work and c.target is not None and found.value is not None and found.value <= _HUNDRED:
        return doubts.of_work_or_of_target(c, found.value, c.target)
    goal: Value = (
        goal_words(c.parts) if c.kind is Kind.COMPOUND else quantity(c.target or _HUNDRED, c.measure or SHARE)
    )
    return doubts.over(c, reading.words if c.kind is Kind.COMPOUND else now, goal)


def _is_less(c: Commitment, found: Found) -> bool:
    assert found.share is not None
    if found.value is not None and c.value is not None:
        return found.value < c.value
    # A share that was said is rounded; the exact one that stands may be a little more.
    return c.share is not None and found.share + Decimal("0.005") < c.share
