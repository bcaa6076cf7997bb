"""The tick: everything that is due to one recipient at one moment, as one message."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate

from bot.chat.messages import Reply
from handlers import TickCtx
from handlers.deadlines.workdays import working_days
from handlers.reminders.declared import registry
from handlers.reminders.gathering import Bag, Gathering, GoingOn
from handlers.reminders.lights import Changes
from handlers.reminders.news import picture
from handlers.reminders.parts import Writer
from handlers.reminders.policy import may_send
from handlers.reminders.scene import Scene, scene
from storage import reminders
from storage.reminders import Marks

#: So many messages are put into the outbox in one transaction; what people write goes in between.
CHUNK = 50
#: And so many pictures are drawn for them, each of which takes as long as dozens of messages do.
PICTURES = 1
#: And so many lights are noted.
KNOWN = 500


class Moment:
    """All that is due at one moment, worked out once however many transactions it takes to send it."""

    def __init__(self, seen: Scene, bags: Mapping[str, Bag], changes: Changes, then: Marks) -> None:
        self._seen, self._bags = seen, bags
        #: In order.
        self._recipients = tuple(bags)
        #: Lights that are known once everybody has been told, and the marks at the very end.
        self._known, self._then = sorted(changes.known.items()), then

    def __call__(self, tick: TickCtx) -> Moment | None:
        """Tell the next ones what they were not told before; None when all is done."""
        start = bisect_right(self._recipients, reminders.reached(tick.tx, tick.now))
        chosen = self._next(start)
        if chosen:
            self._seen.desk.tx = tick.tx
            _send(tick, self._seen, [self._bags[recipient] for recipient in chosen])
            reminders.reach(tick.tx, chosen[-1], tick.now)
            if start + len(chosen) < len(self._recipients):
                return self
        return self._note(tick)

    def _next(self, start: int) -> tuple[str, ...]:
        """As many as one transaction should take."""
        drawn = accumulate(self._bags[r].pictures for r in self._recipients[start : start + CHUNK])
        count = sum(whole <= PICTURES for whole in drawn)
        return self._recipients[start : start + max(1, count)]

    def _note(self, tick: TickCtx) -> Moment | None:
        """Some of the lights; what of them is lost with a transaction is looked at again and not told again."""
        some, self._known = self._known[:KNOWN], self._known[KNOWN:]
        reminders.know(tick.tx, dict(some), now=tick.now)
        if self._known:
            return self
        reminders.mark(tick.tx, self._then)
        return None


@registry.tick("reminders")
def remind(tick: TickCtx) -> GoingOn | None:
    """Send what has its moment; what to go on with when that is more than one transaction should take."""
    done = reminders.marks(tick.tx)
    if done is None or max(done.ordinary, done.overdue) > tick.now:
        reminders.mark(tick.tx, _beginning(tick, done))
        return None
    ordinary, overdue = _may(tick, overdue=False), _may(tick, overdue=True)
    if not overdue:
        return None
    # What may not be sent now is not looked for; it keeps its mark and comes when it may.
    since = Marks(done.ordinary if ordinary else tick.now, done.overdue)
    seen = scene(tick.tx, now=tick.now, zone=tick.zone, policy=tick.policy, since=since)
    return Gathering(seen, Marks(tick.now if ordinary else done.ordinary, tick.now), Moment)(tick)


def _beginning(tick: TickCtx, done: Marks | None) -> Marks:
    """The first time, or after the clock was put back: from here on. What was sent is noted and not repeated."""
    if done is None:
        return Marks(tick.now, tick.now)
    return Marks(min(done.ordinary, tick.now), min(done.overdue, tick.now))


def _may(tick: TickCtx, *, overdue: bool) -> bool:
    days = working_days(tick.policy.deadlines)
    return may_send(tick.now, tick.policy.reminders, days, tick.zone, overdue=overdue)


def _send(tick: TickCtx, seen: Scene, bags: list[Bag]) -> None:
    """Post what was not sent before."""
    fresh = reminders.claim(tick.tx, (note for bag in bags for note in bag.notes), now=tick.now)
    fitting = [bag.only(fresh) for bag in bags if bag.notes & fresh]
    for reply in _replies(tick, seen, fitting) if fitting else ():
        tick.post(reply)


def _replies(tick: TickCtx, seen: Scene, bags: list[Bag]) -> list[Reply]:
    wanted = [parcel for bag in bags for parcel in bag.parcels.values()]
    writer = Writer(seen, wanted, picture=lambda one: picture(tick, one))
    return [
        writer.reply(
            next(iter(bag.notes)).recipient,
            parcels=list(bag.parcels.values()),
            lamps=list(bag.lamps.values()),
            news=list(bag.news.values()),
            years=list(bag.years.values()),
        )
        for bag in bags
    ]
