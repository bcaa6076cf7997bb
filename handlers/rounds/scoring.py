"""打分: scores by words, with the command or without."""

from __future__ import annotations

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Said
from bot.chat.messages import Reply
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.rounds.declared import registry
from handlers.rounds.keeping import said_scores, take
from handlers.rounds.pad import sheet_card
from handlers.rounds.seats import seat_for, some_seats


@registry.command(
    "打分",
    ascii="score",
    aliases=("评分", "给分"),
    section=Section.ROUNDS,
    help=T("给参评单位打分，封评前都可以改"),
    args=(Rest("words", T("单位 分数"), optional=True),),
    roles=(Role.JUDGE,),
    place=Place.PRIVATE,
    examples=("打分 大里村 28 26 19 20", "打分 大里村 92.5"),
)
def score(ctx: Ctx, words: str | None) -> Reply:
    """Score one contestant or several, a line each."""
    taken = some_seats(ctx)
    return take(ctx, seat_for(taken, words), words) if words else sheet_card(ctx, taken[0])


@registry.reader(20)
def scores_said(ctx: Ctx, said: Said) -> Reply | None:
    """Scores without a command word, from a judge of an open round."""
    return said_scores(ctx, said)
