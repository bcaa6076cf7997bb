"""Answers to what was asked back: a reading and an answer make the next reading."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from bot.chat.arguments import item_at
from bot.chat.grammar.folding import fold
from handlers.commitments.answers import means_no, means_yes
from handlers.progress.compound import full_values
from handlers.progress.doubts import ADDED, ALL, AS_SAID, FAR, NONE, SAME, WHOLE, Question
from handlers.progress.figures import SHARE, Role, Said
from handlers.progress.matching import words_shared
from handlers.progress.reading import Reading, read
from handlers.progress.statuses import STATUS_WORDS
from storage.commitments import Commitment, Status

#: Questions that can be answered with yes or no.
_CONFIRMING = frozenset((Question.WHOLE, Question.OVER, Question.BACKWARDS))
_DENIED = re.compile(
    r"(?:不|不对|不是|没有?|还没有?|没完成?|未完成|错了?|报错了|写错了|说错了|否|no|n)了?[.!]?", re.IGNORECASE
)
_UNSURE = re.compile(r"说不[准清]|不[清太]?(?:清楚|知道|确定|好说)|记不清|没统计")
_AND = "；"
_VALUE = re.compile(r"(=?)(\d{1,12}(?:\.\d{1,8})?)")
_SHARE = re.compile(r"(\d{1,5}(?:\.\d{1,6})?)%?")


def answered(
    reading: Reading, question: Question, answer: str, items: Mapping[int, Commitment]
) -> tuple[Reading, ...] | None:
    """The readings that take the place of the one asked about; None when the answer is not understood.

    No reading at all: none of the unit's commitments was meant.
    """
    folded = fold(answer).strip()
    if folded == NONE or (question is Question.WHICH and means_no(folded)):
        return ()
    if folded == ALL:
        return tuple(_one_of_all(reading, items[n]) for n in sorted(items) if n not in reading.but)
    one = _pressed(reading, question, folded, items) or _typed(reading, question, answer, items)
    return None if one is None else (one,)


def _one_of_all(reading: Reading, c: Commitment) -> Reading:
    """What was said of everything, said of one."""
    one = replace(reading, number=c.number, everything=False, but=())
    return _whole(one, c) if reading.status is Status.DONE else one


def _pressed(reading: Reading, question: Question, answer: str, items: Mapping[int, Commitment]) -> Reading | None:
    """The answer of a button, or a word that means the same."""
    c = items.get(reading.number) if reading.number is not None else None
    if answer[:1] == "#" and answer[1:].isdecimal() and int(answer[1:]) in items:
        return replace(reading, number=int(answer[1:]), certain=True)
    if c is None:
        return None
    if answer[:1] == "!" and answer[1:] in set(Status):
        status = Status(answer[1:])
        words = reading.words or STATUS_WORDS[status].msgid
        return replace(reading, words=words, figures=(), status=status, unchanged=False)
    figure = _figure(answer, c)
    if figure is not None:
        kept = None if reading.status is Status.DONE else reading.status
        words = reading.words or answer.lstrip("=") + (figure.measure if answer[:1] == "=" else "")
        return replace(reading, words=words, figures=(figure,), status=kept, unchanged=False)
    if answer == SAME:
        return replace(reading, words=reading.words or "无变化", figures=(), status=None, unchanged=True)
    if answer == FAR or (question in _CONFIRMING and _DENIED.fullmatch(answer)):
        return replace(reading, figures=(), status=None, certain=True)
    if question is Question.EXACT and _UNSURE.search(answer):
        return replace(reading, figures=(), status=reading.status or Status.UNDER_WAY)
    if answer == WHOLE or (question is Question.WHOLE and means_yes(answer)):
        return _whole(reading, c)
    if answer == ADDED:
        added = tuple(replace(s, role=Role.INCREMENT) for s in reading.figures if s.role is Role.TOTAL)
        return replace(reading, figures=added)
    if question in (Question.BACKWARDS, Question.OVER) and (answer == AS_SAID or means_yes(answer)):
        return replace(reading, settled=(*reading.settled, question.value))
    return None


def _figure(answer: str, c: Commitment) -> Said | None:
    """A figure as buttons carry it: "=96" in the commitment's measure, "60%" of the target; or a bare number."""
    value, share = _VALUE.fullmatch(answer), _SHARE.fullmatch(answer)
    if value and (value.group(1) or c.target is not None):
        own = c.measure == SHARE
        return (
            Said(Decimal(value.group(2)) / 100, SHARE) if own else Said(Decimal(value.group(2)), c.measure or "")
        )
    if share and c.measure != SHARE:
        return Said(Decimal(share.group(1)) / 100, SHARE)
    return None


def _whole(reading: Reading, c: Commitment) -> Reading:
    """All that was promised."""
    if c.target is not None and not c.parts:
        share = c.measure == SHARE
        figures: tuple[Said, ...] = (Said(c.target / 100 if share else c.target, c.measure or ""),)
    else:
        figures = tuple(
            Said(value, part.measure or "", about=part.words)
            for part, value in zip(c.parts, full_values(c.parts), strict=True)
            if value is not None and not part.is_input
        )
    return replace(reading, figures=figures, status=Status.DONE, unchanged=False, everything=False, planned=False)


def _typed(reading: Reading, question: Question, answer: str, items: Mapping[int, Commitment]) -> Reading | None:
    """An answer in the person's own words."""
    c = items.get(reading.number) if reading.number is not None else None
    if question is Question.WHICH or c is None:
        return _named(reading, answer, items)
    other = _about_another(answer, c, items)
    if other is not None:
        return other
    [again, *_rest] = read(answer, [c], expected=True) or (None,)
    if again is None or not again.says_something:
        return None
    # What was said first, and the answer that counts; not every answer that did not.
    words = f"{reading.words.split(_AND)[0]}{_AND}{again.words}" if reading.words else again.words
    return replace(
        reading,
        words=words,
        figures=again.figures,
        status=again.status or (None if reading.status is Status.DONE else reading.status),
        unchanged=again.unchanged,
    )


def _named(reading: Reading, answer: str, items: Mapping[int, Commitment]) -> Reading | None:
    """The commitment that an answer names, by number or by its words."""
    at = item_at(fold(answer), 0)
    if at and at[0] in items:
        return replace(reading, number=at[0], certain=True)
    [again, *_rest] = read(answer, list(items.values()), expected=True) or (None,)
    if again is None or again.number not in items:
        return None
    return (
        replace(again, certain=False)
        if again.says_something
        else replace(reading, number=again.number, certain=True)
    )


def _about_another(answer: str, c: Commitment, items: Mapping[int, Commitment]) -> Reading | None:
    """A report about another commitment, named by its number or its words, in the place of an answer."""
    readings = read(answer, list(items.values()), expected=True) or ()
    return next((r for r in readings if is_about_another(r, answer, c, items)), None)


def is_about_another(reading: Reading, text: str, c: Commitment, items: Mapping[int, Commitment]) -> bool:
    """Whether a reading of the text reports on another commitment than the one that is being talked over."""
    other = items.get(reading.number) if reading.number is not None else None
    if other is None or other.number == c.number or not reading.says_something:
        return False
    return reading.certain or bool(words_shared(text, other) and not words_shared(text, c))
