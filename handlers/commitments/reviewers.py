"""Who has to be told: the nearest office above a unit, the district's organizers, the unit's own secretaries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.chat.messages import Block, Button, Reply, ToGroup, ToPerson, say
from bot.chat.people import Role
from bot.chat.texts import Words
from handlers import Ctx
from handlers.commitments.declared import OFFICE
from storage import people, units
from storage.people import Person
from storage.units import Unit


def office_name(ctx: Ctx, unit_id: int) -> str:
    """The unit that examines: the office, or whatever is directly above the unit."""
    return _office(units.ancestors(ctx.tx, unit_id)).name


def reviewers(ctx: Ctx, unit_id: int, *, roles: Sequence[Role] = OFFICE) -> list[Person]:
    """Who holds one of the roles for the nearest unit above that has anybody, the actor left out.

    An office without an administrator is looked after by the district.
    """
    above = units.ancestors(ctx.tx, unit_id)
    holders = people.holders(ctx.tx, [unit.id for unit in above], roles)
    nearest: list[Person] = next((holders[unit.id] for unit in above if unit.id in holders), [])
    return [person for person in nearest if person.id != ctx.actor.person_id]


def tell(
    ctx: Ctx, persons: Sequence[Person], *parts: Words | Block, buttons: tuple[tuple[Button, ...], ...] = ()
) -> None:
    """Send each of them the same private message."""
    for person in persons:
        ctx.post(say(*parts, buttons=buttons, to=ToPerson(person.id)))


def tell_secretaries(
    ctx: Ctx, unit_id: int, *parts: Words | Block, buttons: tuple[tuple[Button, ...], ...] = ()
) -> None:
    """Send the unit's secretaries a private message; who does it themselves need not be told."""
    holders = people.holders(ctx.tx, [unit_id], [Role.SECRETARY]).get(unit_id, [])
    tell(ctx, [p for p in holders if p.id != ctx.actor.person_id], *parts, buttons=buttons)


def group_of(ctx: Ctx, unit_id: int) -> int:
    """The unit whose group hears of this unit's matters: its office, else what is directly above it."""
    return _office(units.ancestors(ctx.tx, unit_id)).id


def to_group(ctx: Ctx, unit_id: int, *parts: Words | Block) -> None:
    """Post to the work group of the unit's office."""
    ctx.post(Reply(say(*parts).body, to=ToGroup(group_of(ctx, unit_id))))


def _office(above: Sequence[Unit]) -> Unit:
    offices: Iterator[Unit] = (unit for unit in above if unit.kind == units.OFFICE)
    return next(offices, above[min(1, len(above) - 1)])
