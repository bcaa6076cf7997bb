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
from storage import units


def picture(ctx: Ctx, seen: Outcome, named: Sequence[Place]) -> OutFile:
    """The ranking as a picture."""
    made = ranking_picture(seen, named, ctx.show, ctx.show(T("{day}", day=ctx.today)))
    return OutFile(ctx.files.put(made), ctx.show(T("{name}成绩.png", name=seen.round.head.name)), "image/png")


def bulletin(ctx: Ctx, seen: Outcome, named: Sequence[Place]) -> OutFile:
    """The bulletin, to be looked over and sent on by the organizer."""
    made = bulletin_file(
        seen,
        named,
        show=ctx.show,
        issuer=units.get(ctx.tx, seen.round.head.unit_id).name,
        day=ctx.show(T("{day}", day=ctx.today)),
    )
    return OutFile(ctx.files.put(made), ctx.show(T("{name}通报.docx", name=seen.round.head.name)), DOCX)
