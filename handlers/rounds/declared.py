"""The registry of this feature and what all of its commands need: which round, and whose it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.chat.arguments import Item
from bot.chat.commands import Registry
from bot.chat.errors import UserError
from bot.chat.messages import Button
from bot.chat.people import Role
from bot.chat.texts import T, Text
from handlers import Ctx
from storage import people, rounds, units
from storage.people import Person
from storage.rounds import Kind, Round, State

registry = Registry()

NUMBER = Item("number", T("场次编号"), optional=True)
#: Those who run a round; what each of them may do is said with each command.
RUNNING = (Role.ORGANIZER, Role.SCOREKEEPER, Role.SCRUTINEER)
_OFFERED = 6
_LONGEST_NUMBER = 10

KIND_WORDS: dict[Kind, Text] = {
    Kind.OBSERVATION: T("逐办观摩"),
    Kind.FORUM: T("专场比学"),
    Kind.EVALUATION: T("年终评议"),
    Kind.OTHER: T("其他评分"),
}
STATE_WORDS: dict[State, Text] = {
    State.DRAFT: T("待开评"),
    State.OPEN: T("评分中"),
    State.CLOSED: T("已封评"),
    State.COMPUTED: T("已启封，待签字"),
    State.SIGNED: T("已签字，待公布"),
    State.PUBLISHED: T("已公布"),
    State.CANCELLED: T("已取消"),
}


def my_round(
    ctx: Ctx,
    round_id: int | None,
    *,
    states: tuple[State, ...],
    none: Text,
    roles: tuple[Role, ...] = RUNNING,
    again: str = "",
    fits: Callable[[Round], bool] | None = None,
) -> Round:
    """The round of that number, or the one in these states of those that the person helps to run.

    Of several, those that fit what was said; of several still, the person is asked, with buttons of the command
    `again` ("draw r", "close ") followed by a number; without such a command it is the newest. Raises UserError:
    `none` when there is none in these states.
    """
    roots = ctx.actor.units(*roles)
    if round_id is not None:
        return _numbered(ctx, round_id, roots, states, none)
    heads = rounds.below(ctx.tx, roots, states=states)
    if not heads:
        raise UserError(none)
    if len(heads) > 1 and fits is not None:
        heads = [head for head in heads if fits(rounds.get(ctx.tx, head.id))] or heads
    if len(heads) > 1 and again:
        raise UserError(
            T("有{count}场符合：{names}。请选一场：", count=len(heads), names=[h.name for h in heads]),
            buttons=tuple((Button(h.name, f"{again}{h.id}"),) for h in heads[:_OFFERED]),
        )
    return rounds.get(ctx.tx, heads[0].id)


def _numbered(ctx: Ctx, round_id: int, roots: Sequence[int], states: tuple[State, ...], none: Text) -> Round:
    try:
        found = rounds.get(ctx.tx, round_id)
    except LookupError:
        raise UserError(none) from None
    if not units.is_within(ctx.tx, found.head.unit_id, roots):
        raise UserError(none)
    if found.head.state not in states:
        raise UserError(
            T("“{name}”{state}，不能这样做。", name=found.head.name, state=STATE_WORDS[found.head.state])
        )
    return found


def chairs(ctx: Ctx, found: Round, role: Role) -> list[Person]:
    """Those who hold the role for the unit whose round it is, or for a unit above it."""
    line = [unit.id for unit in units.ancestors(ctx.tx, found.head.unit_id)]
    held = people.holders(ctx.tx, line, [role])
    return [person for unit_id in line for person in held.get(unit_id, [])]


def numbered(words: str | None) -> tuple[int | None, str]:
    """The number of a round with which the words begin, as on buttons ("r12"), and the rest."""
    first, _, rest = (words or "").strip().partition(" ")
    if first[:1] == "r" and first[1:].isdecimal() and len(first) <= _LONGEST_NUMBER:
        return int(first[1:]), rest.strip()
    return None, (words or "").strip()
