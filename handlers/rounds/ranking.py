"""From what the tally is given to the ranking, by all the corrections that the rules declare."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from handlers.rounds.levelling import levels
from handlers.rounds.rulings import Rules
from handlers.rounds.severity import fair
from handlers.rounds.tally import Entry, Ranked, rank, tally


def ranked(entries: Sequence[Entry], rules: Rules, anchors: Collection[int] = ()) -> list[Ranked]:
    """The ranking: severity first where it is corrected, then panels brought to one level, then the tally."""
    given = fair(entries) if rules.corrected else entries
    level = levels(given, rules, anchors) if rules.levelled else {}
    return rank([tally(entry, rules, level) for entry in given], rules)


def plain(rules: Rules) -> Rules:
    """The same rules without any correction."""
    return replace(rules, corrected=False, levelled=False)
