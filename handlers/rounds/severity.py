"""What the result would be if all judges were equally severe.

When judges who are severe or mild are missing for some contestants only, because of recusal, plain means are
biased. The additive model score = contestant + judge, fitted by least squares to the scores that were given,
tells a judge's severity from the quality of the contestants they saw.

Source: the two-way layout without interaction for unbalanced data, e.g. Searle, Casella and McCulloch, Variance
Components (1992), chapter 4. The normal equations are solved by alternating means (backfitting), which converge to
a least squares solution: Buja, Hastie and Tibshirani, Linear Smoothers and Additive Models (1989).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, localcontext

from handlers.rounds.tally import Entry

#: Totals by contestant, then by judge.
Totals = Mapping[int, Mapping[int, Decimal]]

_PLACES = Decimal("0.000001")
_ENOUGH = Decimal("1e-12")
_ROUNDS = 10_000


def effects(totals: Totals) -> dict[int, Decimal]:
    """How many points each judge gives above (mild) or below (severe) the others, to six decimals.

    Within each set of judges who are linked by common contestants the effects add up to 0 (nearly: they are
    rounded); between two such sets severity cannot be told from quality, and nothing is corrected.
    """
    found = {judge: Decimal(0) for row in totals.values() for judge in row}
    with localcontext() as exactly:
        exactly.prec = 34
        quality = {c: Decimal(0) for c, row in totals.items() if row}
        seen: dict[int, list[int]] = {judge: [] for judge in found}
        for contestant in quality:
            for judge in totals[contestant]:
                seen[judge].append(contestant)
        for _turn in range(_ROUNDS):
            for contestant in quality:
                row = totals[contestant]
                quality[contestant] = sum((row[j] - found[j] for j in row), Decimal(0)) / len(row)
            moved = Decimal(0)
            for judge, contestants in seen.items():
                before = found[judge]
                off = sum((totals[c][judge] - quality[c] for c in contestants), Decimal(0))
                found[judge] = off / len(contestants)
                moved = max(moved, abs(found[judge] - before))
            if moved < _ENOUGH:
                break
        for judges in linked(totals):
            middle = sum((found[judge] for judge in judges), Decimal(0)) / len(judges)
            for judge in judges:
                found[judge] = (found[judge] - middle).quantize(_PLACES) + 0
    return found


def corrected(totals: Totals) -> dict[int, dict[int, Decimal]]:
    """The same totals less each judge's effect, to be trimmed and averaged as usual."""
    off = effects(totals)
    return {c: {judge: score - off[judge] for judge, score in row.items()} for c, row in totals.items()}


def linked(totals: Totals) -> list[frozenset[int]]:
    """The judges in sets that have no contestant in common with one another."""
    parts: list[frozenset[int]] = []
    for row in totals.values():
        joined = frozenset(row)
        for part in [part for part in parts if part & joined]:
            parts.remove(part)
            joined |= part
        if joined:
            parts.append(joined)
    return sorted(parts, key=min)


def fair(entries: Sequence[Entry]) -> list[Entry]:
    """What the tally is given, with each judge's severity taken out."""
    off = effects({e.contestant: {given.judge: given.score for given in e.given} for e in entries})
    return [
        replace(e, given=tuple(replace(given, score=given.score - off[given.judge]) for given in e.given))
        for e in entries
    ]
