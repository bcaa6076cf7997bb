"""What goes out beside the words: the picture of a ranking and the formal bulletin."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.messages import OutFile
from bot.chat.texts import T
from handlers import Ctx
from handlers.rounds.bulletin import bulletin as bulletin_file
from handlers.rounds.counting import Outcome, Place
from handlers.rounds.document import DOCX
from handlers.rounds.picture import ranking_picture
from handlers.rounds.signing import signatures
from storage import highlights, units

#: So many that the organizer has picked go into a bulletin; without any, so many of the most recommended.
_HIGHLIGHTS, _RECOMMENDED = 10, 3


def picture(ctx: Ctx, seen: Outcome, named: Sequence[Place]) -> OutFile:
    """The ranking as a picture."""
    made = ranking_picture(seen, named, ctx.show, ctx.show(T("{day}", day=ctx.today)))
    return OutFile(ctx.files.put(made), ctx.show(T("{name}成绩.png", name=seen.round.head.name)), "image/png")


def bulletin(ctx: Ctx, seen: Outcome, named: Sequence[Place], correction: str | None) -> OutFile:
    """The bulletin with the quarter's best highlights, to be looked over and sent on by the organizer.

    `correction`: why an earlier version does not hold any more; None for the first.
    """
    head = seen.round.head
    best = highlights.best(ctx.tx, [head.unit_id], year=head.year, quarter=head.quarter, most=_HIGHLIGHTS)
    chosen = [one for one in best if one.picked] or [one for one in best if one.voices][:_RECOMMENDED]
    made = bulletin_file(
        seen,
        named,
        show=ctx.show,
        issuer=units.get(ctx.tx, seen.round.head.unit_id).name,
        day=ctx.show(T("{day}", day=ctx.today)),
        highlights=[ctx.show(T("{unit}：{words}", unit=one.unit_name, words=one.words)) for one in chosen],
        signed=[name for _person, name in signatures(ctx, seen.round).values()],
        correction=correction,
    )
    return OutFile(ctx.files.put(made), ctx.show(T("{name}通报.docx", name=seen.round.head.name)), DOCX)
