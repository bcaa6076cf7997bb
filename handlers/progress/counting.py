"""From the figures said to the total reached and its share of the target, exactly; or a doubt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal

from bot.chat.grammar.amounts import convert
from bot.chat.rendering import percent
from bot.chat.texts import T, Words
from handlers.progress import doubts
from handlers.progress.doubts import Doubt, Option, quantity, share_answer, value_answer
from handlers.progress.figures import POINTS, SHARE, Role, Said
from handlers.progress.reading import Reading
from storage.commitments import Commitment
from storage.terms import Kind

#: To this many decimals a share is kept; cut, so that what is not reached never reads as reached.
_KEPT = Decimal("0.00000001")
#: However absurd a figure is that somebody insists on, it must fit the column.
_MOST = Decimal(9999)
_TEN_THOUSAND = Decimal(10_000)
_MOST_PERCENT = Decimal(100)
_POINT_MEASURES = (POINTS, "百分点", "个点")


@dataclass(frozen=True, slots=True)
class Found:
    """What the figures say. `parts` has one value for each part of a compound commitment."""

    value: Decimal | None = None
    share: Decimal | None = None
    parts: tuple[Decimal | None, ...] = ()


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure in the commitment's own measure."""

    value: Decimal
    said: Said


def is_counted(c: Commitment) -> bool:
    """Whether the commitment has one figure that is to be reached."""
    return c.target is not None and c.target > 0 and c.kind is not Kind.COMPOUND


def share_of(value: Decimal, target: Decimal) -> Decimal:
    """The share of the target that a value is; 1 and more only when it is reached."""
    share = min(value / target, _MOST).quantize(_KEPT, ROUND_DOWN).normalize()
    return share.quantize(Decimal(1)) if share == share.to_integral_value() else share


def figure_words(c: Commitment, value: Decimal | None, share: Decimal | None) -> Words | None:
    """A figure as it is read back: 96盏（80%）, 95%, 60%; None when there is none."""
    if value is not None and c.measure == SHARE:
        return quantity(value, SHARE)
    if value is not None and share is not None:
        return T("{amount}（{share}）", amount=quantity(value, c.measure), share=percent(share))
    return percent(share) if share is not None else None


def with_measure(reading: Reading, c: Commitment) -> Reading | Doubt:
    """The reading with the measure that a bare number can only have, or the question which it has."""
    bare = next((said for said in reading.figures if not said.measure), None)
    if bare is None:
        return reading
    if not is_counted(c) or c.measure == SHARE or c.target is None:
        return replace(reading, figures=(replace(bare, measure=SHARE, value=bare.value / 100),))
    metres = convert(bare.value, "米", c.measure or "")
    if c.measure == "公里" and bare.value > _MOST_PERCENT and metres is not None and metres <= c.target:
        return replace(reading, figures=(replace(bare, measure="米"),))
    yuan = convert(bare.value, "元", c.measure or "")
    if yuan is not None and bare.value >= _TEN_THOUSAND:
        return replace(reading, figures=(replace(bare, measure="元"),))
    # Of 100 things each is one per cent.
    if bare.value > _MOST_PERCENT or c.target == _MOST_PERCENT:
        return replace(reading, figures=(replace(bare, measure=c.measure or ""),))
    if bare.value <= c.target:
        return doubts.bare(c, bare.value, reading.words)
    return replace(reading, figures=(replace(bare, measure=SHARE, value=bare.value / 100),))


def count(reading: Reading, c: Commitment) -> Found | Doubt | None:
    """The total and share that the figures give; None when they give none."""
    if not is_counted(c):
        return _plain_share(reading, c)
    assert c.target is not None
    own = _in_own_measure(reading, c)
    if own:
        return _by_value(reading, c, c.target, own)
    shares = [said for said in reading.figures if said.measure == SHARE]
    if any(not said.rate for said in shares):
        return _plain_share(reading, c)
    if shares and reading.status is None:
        return doubts.rate(c, shares[0].rate, reading.words)
    if reading.figures and reading.status is None:
        return doubts.measure(c, reading.words)
    return None


def _in_own_measure(reading: Reading, c: Commitment) -> list[_Figure]:
    found = []
    for said in reading.figures:
        value = _converted(said, c.measure or "")
        if value is not None:
            found.append(_Figure(value, said))
    return found


def _converted(said: Said, measure: str) -> Decimal | None:
    if measure == SHARE:
        if said.measure == SHARE:
            return said.value * 100
        return said.value if said.measure in _POINT_MEASURES else None
    return None if said.measure == SHARE else convert(said.value, said.measure, measure)


# --- a total in the commitment's measure --------------------------------------------------------------------


def _by_value(reading: Reading, c: Commitment, target: Decimal, own: Sequence[_Figure]) -> Found | Doubt | None:
    totals = _values(own, Role.TOTAL)
    if len(totals) > 1:
        # "120盏路灯装了96盏": the larger one is the target, said along.
        totals = [value for value in totals if value != target]
    left = [target - value for value in _values(own, Role.REMAINING)]
    candidates = list(dict.fromkeys([*totals, *left]))
    if any(value < 0 for value in candidates):
        return doubts.too_much_left(c, reading.words, quantity(target, c.measure))
    if len(candidates) > 1:
        return _choose(reading, c, target, candidates)
    if candidates:
        open_one = next((f for f in own if _is_open(f.said, c) or _is_nearly_all(f, c, target)), None)
        if open_one:
            return _exactly(reading, c, open_one)
        return _checked(reading, c, target, candidates[0])
    return _added(reading, c, target, own)


def _values(own: Iterable[_Figure], role: Role) -> list[Decimal]:
    return list(dict.fromkeys(figure.value for figure in own if figure.said.role is role))


def _is_open(said: Said, c: Commitment) -> bool:
    """Whether the figure is to be asked for exactly. For a rate, "97%以上" is all there is to know."""
    met = c.kind is Kind.THRESHOLD and said.bound == "at_least"
    return said.is_open and said.role is Role.TOTAL and not met


def _is_nearly_all(figure: _Figure, c: Commitment, target: Decimal) -> bool:
    """Whether about as much as was promised is said ("近600亩" of 600): then it may be done, or not quite."""
    about = figure.said.bound == "about" and figure.said.role is Role.TOTAL
    return about and c.kind is not Kind.THRESHOLD and figure.value >= target


def _exactly(reading: Reading, c: Commitment, figure: _Figure) -> Doubt:
    if figure.said.measure == SHARE:
        return doubts.exact(c, figure.said.value, reading.words, less=figure.said.bound == "at_most")
    return doubts.exact_value(c, figure.value, reading.words)


def _added(reading: Reading, c: Commitment, target: Decimal, own: Sequence[_Figure]) -> Found | Doubt | None:
    plus = [figure.value for figure in own if figure.said.role is Role.INCREMENT]
    spell = [figure.value for figure in own if figure.said.role is Role.PERIOD]
    if not plus and not spell:
        return None
    added = sum(plus or spell[:1], Decimal(0))
    if c.value is None and c.share is not None:
        return doubts.base(c, quantity(added, c.measure))
    if not plus and c.value:
        return doubts.period(c, added, c.value)
    return _checked(reading, c, target, (c.value or Decimal(0)) + added)


def _checked(reading: Reading, c: Commitment, target: Decimal, value: Decimal) -> Found | Doubt:
    """The value, provided that the share which was said beside it fits."""
    share = share_of(value, target)
    if c.measure != SHARE:
        for said in reading.figures:
            if (
                said.measure == SHARE
                and said.role is Role.TOTAL
                and not said.rate
                and not _fits(said, value / target)
            ):
                by_value = Option(figure_words(c, value, share) or "", value_answer(value))
                by_share = Option(percent(said.value), share_answer(said.value))
                return doubts.mismatch(c, reading.words, [by_value, by_share])
    return Found(value, share)


def _fits(said: Said, share: Decimal) -> bool:
    """Whether a share as said can be the rounded form of the exact one."""
    if said.is_open:
        return share >= said.value if said.bound == "at_least" else share <= said.value
    return abs(said.value - share) < said.step


def _choose(reading: Reading, c: Commitment, target: Decimal, values: Iterable[Decimal]) -> Doubt:
    choices = [
        Option(figure_words(c, value, share_of(value, target)) or "", value_answer(value)) for value in values
    ]
    return doubts.mismatch(c, reading.words, choices)


# --- a mere share -------------------------------------------------------------------------------------------


def _plain_share(reading: Reading, c: Commitment) -> Found | Doubt | None:
    said = [s for s in reading.figures if s.measure == SHARE and not s.rate]
    if not said:
        return None
    distinct = list(dict.fromkeys(_as_total(s, c) for s in said if s.role is not Role.TARGET))
    if None in distinct:
        return doubts.base(c, percent(said[0].value))
    shares = [share for share in distinct if share is not None]
    if len(shares) > 1:
        return doubts.mismatch(c, reading.words, [Option(percent(s), share_answer(s)) for s in shares])
    nearly = said[0].bound == "about" and said[0].value >= 1
    if (said[0].is_open or nearly) and said[0].role is Role.TOTAL:
        return doubts.exact(c, said[0].value, reading.words, less=nearly or said[0].bound == "at_most")
    return Found(None, shares[0]) if shares else None


def _as_total(said: Said, c: Commitment) -> Decimal | None:
    """The share of the target reached; None when it was added to an unknown one."""
    if said.role is Role.REMAINING:
        return max(Decimal(0), 1 - said.value)
    if said.role is Role.INCREMENT:
        if c.share is None and c.reported_at is not None:
            return None
        return (c.share or Decimal(0)) + said.value
    return said.value
