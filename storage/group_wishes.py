"""Work groups that somebody asked the platform to make: which are missing, who would be in them, what came of it.

Only WeCom's self-built app can make groups. It looks here from time to time, keeps the groups that it made in step
with the roster, and says here why one could not be made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storage import facts, joining, units
from storage.database import Tx
from storage.joining import GroupToKeep
from storage.units import DISTRICT, OFFICE

PLATFORM = "wecom"
#: What the ids of groups that the app made begin with.
MADE = "app:"
#: Kinds of units that have a work group of their own.
KINDS = (DISTRICT, OFFICE)
_MAKES, _WISHES, _TROUBLE = (f"{PLATFORM}.{name}" for name in ("makes_groups", "group_wishes", "group_trouble"))


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a wish: the group's chat, or why there is none."""

    unit_id: int
    person_id: int
    chat: str = ""
    trouble: str = ""


def can_be_made(tx: Tx) -> bool:
    """Whether a platform is in use that makes groups."""
    return bool(facts.get(tx, _MAKES))


def missing(tx: Tx, roots: Sequence[int]) -> list[GroupToKeep]:
    """Of the units at or below the roots those without any group on the platform, with who would be in it."""
    below = {unit.id for unit in units.subtree(tx, roots, kinds=KINDS)}
    kept = joining.groups_to_keep(tx, PLATFORM, KINDS, prefix=MADE)
    return [one for one in kept if not one.chat and one.unit_id in below]


def wish(tx: Tx, unit_ids: Iterable[int], person_id: int) -> None:
    """Have groups made for these units; this person hears of it."""
    wished = facts.get(tx, _WISHES) or {}
    facts.put(tx, _WISHES, wished | {str(unit_id): person_id for unit_id in unit_ids})


def results(tx: Tx) -> list[Result]:
    """What has come of wishes, each told once."""
    wished: dict[str, int] = facts.get(tx, _WISHES) or {}
    if not wished:
        return []
    trouble: dict[str, str] = facts.get(tx, _TROUBLE) or {}
    kept = joining.groups_to_keep(tx, PLATFORM, KINDS, prefix=MADE)
    made = {str(one.unit_id): one.chat for one in kept if one.chat}
    found = [
        Result(int(unit), person, made.get(unit, ""), trouble.get(unit, ""))
        for unit, person in wished.items()
        if unit in made or unit in trouble
    ]
    if found:
        told = {str(one.unit_id) for one in found}
        facts.put(tx, _WISHES, {unit: person for unit, person in wished.items() if unit not in told})
        facts.put(tx, _TROUBLE, {})
    return found
