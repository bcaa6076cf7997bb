"""What somebody has to evaluate at the year's end, and what stands when nobody says otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.chat.people import Role
from bot.chat.texts import Words
from handlers import Ctx
from handlers.standings.fulfilment import suggestion
from handlers.yearend.verdict_words import why
from storage import commitments, verdicts
from storage.commitments import PUBLIC, Commitment, Placed
from storage.verdicts import Both, Level, Verdict


@dataclass(frozen=True, slots=True)
class Desk:
    """What somebody evaluates: the year's published commitments of their units, and what was said of them."""

    year: int
    level: Level
    placed: tuple[Placed, ...]
    given: Mapping[int, Both]

    def of(self, unit_id: int) -> list[Commitment]:
        return [p.commitment for p in self.placed if p.commitment.unit_id == unit_id]

    def both(self, commitment: Commitment) -> Both:
        return self.given.get(commitment.id, Both())

    def done(self, commitment: Commitment) -> bool:
        """Whether this level has spoken."""
        both = self.both(commitment)
        return (both.district if self.level is Level.DISTRICT else both.office) is not None

    def waits_for_office(self, unit_id: int) -> bool:
        """Whether the office has to speak first."""
        named = any(p.office_id for p in self.placed if p.commitment.unit_id == unit_id)
        return self.level is Level.DISTRICT and named and any(not self.both(c).office for c in self.of(unit_id))

    def default(self, commitment: Commitment) -> tuple[Verdict, Words]:
        """This level's own word, the office's, or what the record says; with the reason."""
        both = self.both(commitment)
        own = both.district if self.level is Level.DISTRICT else both.office
        before = own or both.office
        if before:
            return before.verdict, before.reason or ""
        verdict = suggestion(commitment)
        return verdict, why(commitment, verdict)

    def name(self, unit_id: int) -> str:
        """The name of a unit that has commitments."""
        return next(p.unit_name for p in self.placed if p.commitment.unit_id == unit_id)

    @property
    def open(self) -> list[int]:
        """Units that can be evaluated now, in their order."""
        waiting = dict.fromkeys(p.commitment.unit_id for p in self.placed if not self.done(p.commitment))
        return [unit_id for unit_id in waiting if not self.waits_for_office(unit_id)]


def desk(ctx: Ctx, year: int, roots: Sequence[int] | None = None) -> Desk:
    """The desk of the person; an organizer's is the district's."""
    organizer = ctx.actor.has(Role.ORGANIZER)
    own = ctx.actor.units(Role.ORGANIZER if organizer else Role.OFFICE_ADMINISTRATOR)
    roots = own if roots is None else roots
    return Desk(
        year,
        Level.DISTRICT if organizer else Level.OFFICE,
        tuple(commitments.in_subtree(ctx.tx, roots, year=year, states=PUBLIC)),
        verdicts.standing(ctx.tx, roots, year=year),
    )
