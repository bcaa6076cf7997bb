"""What the rules say about each star of a unit: demanded and met, not met, or for people to decide. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bot.chat.settings import Star
from bot.chat.texts import T, Text
from handlers.rounds.tally import rounded
from handlers.standings.fulfilment import fulfilment
from storage.commitments import Commitment
from storage.verdicts import Both


@dataclass(frozen=True, slots=True)
class Finding:
    """`met`: whether the rules give the star; None where people decide. `words`: why."""

    star: Star
    met: bool | None
    words: tuple[Text, ...]


def findings(
    stars: Sequence[Star],
    own: Sequence[Commitment],
    given: Mapping[int, Both],
    *,
    score: Fraction | None,
    partly: int,
) -> list[Finding]:
    """What the rules say about a unit's stars. `score`: its year's standing; `partly`: see `fulfilment`."""
    return [_finding(star, own, given, score, partly) for star in stars]


def _finding(
    star: Star, own: Sequence[Commitment], given: Mapping[int, Both], score: Fraction | None, partly: int
) -> Finding:
    said: list[tuple[bool | None, Text]] = []
    if star.fulfilled:
        said.append(_fulfilled(star, [given.get(c.id, Both()) for c in own if concerns(star, c)], partly))
    if star.score:
        said.append(_scored(star, score))
    if not said:
        return Finding(star, None, (T("由组织者评定"),))
    met = [each for each, _words in said]
    verdict = False if False in met else None if None in met else True
    return Finding(star, verdict, tuple(words for _met, words in said))


def concerns(star: Star, commitment: Commitment) -> bool:
    """Whether a commitment counts for the star."""
    return not star.words or any(word in commitment.words for word in star.words)


def _fulfilled(star: Star, given: Sequence[Both], partly: int) -> tuple[bool | None, Text]:
    if not given:
        return None, T("没有相关承诺，由组织者评定")
    found = fulfilment(given, partly)
    if found.open or found.first_only:
        return False, T("相关承诺还有{count}项没有定评", count=found.open + found.first_only)
    assert found.share is not None
    met = found.share >= star.fulfilled
    words = T(
        "相关承诺{count}项，兑现率{share}%，要求{least}%以上",
        count=found.total,
        share=rounded(found.share, 1),
        least=star.fulfilled,
    )
    return met, words


def _scored(star: Star, score: Fraction | None) -> tuple[bool, Text]:
    if score is None:
        return False, T("没有年度综合成绩，要求{least}分以上", least=star.score)
    words = T("年度综合成绩{score}分，要求{least}分以上", score=rounded(score, 2), least=star.score)
    return score >= star.score, words
