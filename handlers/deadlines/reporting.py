"""The quarterly report's calendar as one person meets it: which quarter counts now, when it is due."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from bot.chat.people import Role
from handlers import Ctx
from handlers.deadlines.calendar import MOST_LATER, Calendar, lasting
from handlers.deadlines.workdays import working_days
from handlers.progress.quarters import Quarter, quarter_of
from storage import deadlines, units

_QUARTER, _CALENDAR = "report quarter", "report calendar"
_OFFICE = (Role.ORGANIZER, Role.OFFICE_ADMINISTRATOR)


def quarter_now(ctx: Ctx) -> Quarter:
    """The quarter that a report made now counts for: the one before, as long as late reports are taken.

    Of somebody with several units, the quarter before counts as long as it does for one of them.
    """
    if _QUARTER not in ctx.memo:
        ctx.memo[_QUARTER] = _quarter_now(ctx)
    quarter: Quarter = ctx.memo[_QUARTER]
    return quarter


def _quarter_now(ctx: Ctx) -> Quarter:
    current = quarter_of(ctx.today)
    before = current.previous
    # Whatever was set: later than this nobody reports for the quarter before, and nothing need be looked up.
    if ctx.today > before.ends + MOST_LATER + timedelta(days=ctx.policy.activity.late_days):
        return current
    return before if ctx.today <= lasting(dues_of(ctx, before), ctx.policy) else current


def dues_of(ctx: Ctx, quarter: Quarter) -> set[date]:
    """The due dates that concern a person: of their units and, for those who administer, of all units below."""
    calendar = _calendar(ctx, quarter)
    own = {post.unit_id for post in ctx.actor.posts}
    if not calendar.said or not own:
        return {calendar.report_due(quarter)}
    lines = units.lines(ctx.tx, own | calendar.mentioned())
    administered = set(ctx.actor.units(*_OFFICE))
    below = [u for u in calendar.mentioned() if administered.intersection(lines[u])]
    return {calendar.report_due(quarter, lines[unit_id]) for unit_id in [*own, *below]}


def report_due(ctx: Ctx, quarter: Quarter, unit_id: int) -> date:
    """When the unit's report is due."""
    calendar = _calendar(ctx, quarter)
    if not calendar.said:
        return calendar.report_due(quarter)
    return calendar.report_due(quarter, units.lines(ctx.tx, [unit_id])[unit_id])


def late_until(ctx: Ctx, due: date) -> date:
    """The last day on which a report, though late, still counts for the quarter."""
    return lasting([due], ctx.policy)


def report_dues(ctx: Ctx, quarter: Quarter, unit_ids: Iterable[int]) -> dict[int, date]:
    """When the reports of several units are due."""
    calendar = _calendar(ctx, quarter)
    wanted = list(unit_ids)
    lines = units.lines(ctx.tx, wanted) if calendar.said else {}
    return {unit_id: calendar.report_due(quarter, lines.get(unit_id, ())) for unit_id in wanted}


def _calendar(ctx: Ctx, quarter: Quarter) -> Calendar:
    key = f"{_CALENDAR} {quarter}"
    if key not in ctx.memo:
        said = deadlines.about_report(ctx.tx, year=quarter.year, quarter=quarter.number)
        settings = ctx.policy.deadlines
        ctx.memo[key] = Calendar(settings, working_days(settings), tuple(said))
    found: Calendar = ctx.memo[key]
    return found
