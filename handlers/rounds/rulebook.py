"""评分规则: the rule sheet of a round, for whoever takes part in it, made from the rules that are computed."""

from __future__ import annotations

from bot.chat.arguments import Item
from bot.chat.commands import Place, Section
from bot.chat.errors import UserError
from bot.chat.messages import Reply, say, title
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.rounds.declared import RUNNING, registry
from handlers.rounds.rulings import rule_sheet
from storage import rounds, units
from storage.rounds import Head, Round, State

_SHOWN = (State.DRAFT, State.OPEN, State.CLOSED, State.COMPUTED, State.SIGNED, State.PUBLISHED)


@registry.command(
    "评分规则",
    ascii="rules",
    aliases=("规则", "怎么打分"),
    section=Section.ROUNDS,
    help=T("看一场的评分项、算法和规则"),
    args=(Item("number", T("场次编号"), optional=True),),
    roles=(*RUNNING, Role.JUDGE, Role.SECRETARY, Role.OFFICE_ADMINISTRATOR),
    place=Place.PRIVATE,
    examples=("评分规则",),
)
def rules(ctx: Ctx, number: int | None) -> Reply:
    """The rules of the round of that number, or of the newest that concerns the person."""
    found = _round(ctx, number)
    lines = [T("{number}. {rule}", number=at, rule=line) for at, line in enumerate(rule_sheet(found), 1)]
    return say(title(T("{name}　评分规则", name=found.head.name)), *lines)


def _round(ctx: Ctx, number: int | None) -> Round:
    for head in _concerning(ctx):
        if number in (None, head.id):
            return rounds.get(ctx.tx, head.id)
    raise UserError(T("现在没有和您有关的评分场次。"))


def _concerning(ctx: Ctx) -> list[Head]:
    """Rounds whose unit is the person's, above or below it; newest first. Rules are no secret."""
    roots = {above.id for post in ctx.actor.posts for above in units.ancestors(ctx.tx, post.unit_id)}
    return rounds.below(ctx.tx, sorted(roots), states=_SHOWN)
