"""The closing of registration: where that is configured, no new commitment is taken after the deadline."""

from __future__ import annotations

from bot.chat.errors import UserError
from bot.chat.texts import T
from handlers import Ctx
from handlers.deadlines.calendar import Period, load
from storage import units
from storage.deadlines import Kind


def refuse_if_closed(ctx: Ctx, unit_id: int) -> None:
    """Raises UserError when the unit's registration for this year is over; an extension opens it again."""
    if not ctx.policy.deadlines.registration_closes:
        return
    calendar = load(ctx.tx, ctx.policy, since=ctx.today.year)
    line = units.lines(ctx.tx, [unit_id])[unit_id]
    due = calendar.due(Kind.REGISTRATION, Period(ctx.today.year), line)
    if due is not None and ctx.today > due:
        raise UserError(
            T("今年的承诺登记已于{due}截止。还要加的话，请联系组织者给您单位延期；改原来的请发“变更”。", due=due)
        )
