"""Units that owe something, office by office."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.messages import Block, Line, faint
from bot.chat.texts import T, Words
from handlers import Ctx
from storage import units

#: So many names are listed; a district of thousands is looked at office by office.
MOST_NAMED = 200


def by_office(ctx: Ctx, late: Sequence[tuple[int, Words]], *, example: str) -> list[Block]:
    """A line for each office, with its units as (office, words); `example`: how to ask for one office only."""
    offices: dict[int, list[Words]] = {}
    for office_id, words in late[:MOST_NAMED]:
        offices.setdefault(office_id, []).append(words)
    names = units.get_many(ctx.tx, offices) if offices else {}
    lines: list[Block] = [
        Line(T("{office}（{count}）：{names}", office=names[office_id].name, count=len(listed), names=listed))
        for office_id, listed in offices.items()
    ]
    more = len(late) - MOST_NAMED
    if more > 0:
        lines.append(faint(T("还有{count}个没有列出，请按办事处看，例如：{example}", count=more, example=example)))
    return lines
