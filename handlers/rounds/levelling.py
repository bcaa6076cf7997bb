"""二次平均法: panels that saw different contestants, brought to the same level.

Source: the published rule of examinations with several panels: each panel's scores are multiplied by the mean of
the panels' means over the panel's own mean. It supposes that the contestants were given to the panels by lot.
Where all panels score some contestants in common (anchors), the means are those of the anchors alone, and nothing
has to be supposed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction

from handlers.rounds.rulings import Rules
from handlers.rounds.tally import Entry, tally


def levels(entries: Sequence[Entry], rules: Rules, anchors: Collection[int]) -> dict[str, Fraction]:
    """By what each panel's means are multiplied. `anchors`: the contestants in common, empty for none.

    Means are those of the panel's trimmed means, before adjustments. A panel whose mean is 0 is left as it is.
    """
    means: dict[str, list[Fraction]] = {}
    for entry in entries:
        if not anchors or entry.contestant in anchors:
            for panel in tally(entry, rules).panels:
                means.setdefault(panel.panel, []).append(panel.mean)
    level = {panel: sum(found, Fraction(0)) / len(found) for panel, found in means.items()}
    if not level:
        return {}
    middle = sum(level.values(), Fraction(0)) / len(level)
    return {panel: middle / own if own else Fraction(1) for panel, own in level.items()}
