"""What somebody who takes over a unit has to know about its commitments."""

from __future__ import annotations

from datetime import date

from bot.chat.messages import Block, Light, Line
from bot.chat.settings import Policy
from bot.chat.texts import T
from handlers.commitments.describing import bar
from handlers.commitments.mine import counts
from handlers.commitments.pace import judge
from storage import commitments
from storage.commitments import Commitment, State
from storage.database import Tx


def briefing(tx: Tx, unit_id: int, *, today: date, policy: Policy) -> list[Block]:
    """The unit's counts of the year and, one by one, what needs attention: returned, behind, overdue.

    What earlier years left open is included. Empty when the unit has promised nothing.
    """
    own = commitments.of_unit(tx, unit_id, year=today.year)
    earlier = commitments.carried_over(tx, unit_id, before=today.year)
    if not own and not earlier:
        return []
    body: list[Block] = [Line(T("{year}年承诺：{counts}", year=today.year, counts=counts(own)))] if own else []
    urgent = [c for c in [*earlier, *own] if _needs_attention(c, today, policy)]
    if urgent:
        body.append(Line(T("需要先办的：")))
        body += [bar(c, judge(c, today, policy), this_year=today.year) for c in urgent]
    return body


def _needs_attention(commitment: Commitment, today: date, policy: Policy) -> bool:
    standing = judge(commitment, today, policy)
    return commitment.state is State.RETURNED or standing.light in (Light.YELLOW, Light.RED)
