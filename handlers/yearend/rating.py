"""A unit's stars with what the rules say about each, for one unit or for many in as few questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bot.chat.texts import T, Text
from handlers import Ctx
from handlers.standings.gathering import YEAR, Period, composite
from handlers.yearend.star_rules import Finding, findings
from storage import commitments, stars, units, verdicts
from storage.commitments import PUBLIC, Commitment
from storage.stars import Award
from storage.units import Unit

_LEVELS = (
    T("没有星"),
    T("一星"),
    T("二星"),
    T("三星"),
    T("四星"),
    T("五星"),
    T("六星"),
    T("七星"),
    T("八星"),
    T("九星"),
)


@dataclass(frozen=True, slots=True)
class Rated:
    """A unit with its stars so far. `waiting`: commitments of which the district has not spoken."""

    unit: Unit
    findings: tuple[Finding, ...]
    awards: Mapping[str, Award]
    waiting: int

    @property
    def count(self) -> int:
        """How many of the stars there are it has."""
        return sum(finding.star.name in self.awards for finding in self.findings)

    @property
    def due(self) -> list[Finding]:
        """Stars that the rules give and that it does not have yet."""
        return [f for f in self.findings if f.met and f.star.name not in self.awards]


def rated(ctx: Ctx, roots: Sequence[int], year: int) -> list[Rated]:
    """The units at or below the roots that have commitments in that year, in their order."""
    own: dict[int, list[Commitment]] = {}
    for placed in commitments.in_subtree(ctx.tx, roots, year=year, states=PUBLIC):
        own.setdefault(placed.commitment.unit_id, []).append(placed.commitment)
    given = verdicts.standing(ctx.tx, roots, year=year)
    awarded = stars.standing(ctx.tx, roots, year=year)
    scores = _scores(ctx, roots, year)
    policy = ctx.policy
    return [
        Rated(
            unit,
            tuple(
                findings(
                    policy.rating.stars,
                    own[unit.id],
                    given,
                    score=scores.get(unit.id),
                    partly=policy.standings.partly,
                )
            ),
            awarded.get(unit.id, {}),
            sum(not (c.id in given and given[c.id].district) for c in own[unit.id]),
        )
        for unit in units.subtree(ctx.tx, roots, kinds=units.CONTESTING)
        if unit.id in own
    ]


def _scores(ctx: Ctx, roots: Sequence[int], year: int) -> dict[int, Fraction]:
    """The year's standings, where a star asks for them."""
    if not any(star.score for star in ctx.policy.rating.stars):
        return {}
    root = units.ancestors(ctx.tx, roots[0])[-1].id
    places = composite(ctx.tx, root, Period(year, YEAR), ctx.policy).places
    return {place.unit.id: place.exact for place in places if place.exact is not None}


def row_of_stars(count: int, most: int) -> str:
    """★★★☆☆"""
    return "★" * count + "☆" * (most - count)


def level(count: int) -> Text:
    """So many stars in words."""
    return _LEVELS[count]


def star_line(one: Rated, finding: Finding, *, final: bool = False) -> Text:
    """One star of a unit: whether it has it, and what the rules say. `final`: nothing is left to be decided."""
    award = one.awards.get(finding.star.name)
    why: list[Text] = list(finding.words)
    if award is not None:
        reason = award.reason
        return T("★ {star}：{person}授予，{reason}", star=finding.star.name, person=award.person, reason=reason)
    if final:
        return T("☆ {star}：没有评上（{why}）", star=finding.star.name, why=why)
    if finding.met:
        return T("☆ {star}：达到（{why}）", star=finding.star.name, why=why)
    if finding.met is None:
        return T("☆ {star}：待定（{why}）", star=finding.star.name, why=why)
    return T("☆ {star}：没达到（{why}）", star=finding.star.name, why=why)
