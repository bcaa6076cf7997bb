"""Who owes an own deadline is listed soon after it is set, so that no reminder has to look for it among all."""

from __future__ import annotations

from handlers import TickCtx
from handlers.deadlines.declared import registry
from storage import fulfilments

#: So many rows that nobody asks for any more are dropped in one step.
STEP = 500


@registry.tick("own deadlines")
def list_owed(tick: TickCtx) -> bool:
    """One step of it, or of dropping what is over; True when there may be more."""
    # What is due around the turn of the year is still looked at in the year after it.
    last_year = tick.now.astimezone(tick.zone).year - 1
    return fulfilments.list_some(tick.tx) or fulfilments.forget(tick.tx, before=last_year, most=STEP)
