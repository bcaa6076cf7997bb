"""The tick: everything that is due to one recipient at one moment, as one message."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import time, timedelta

from bot.chat.messages import Light, Reply
from handlers import TickCtx
from handlers.deadlines.workdays import working_days
from handlers.reminders import lights
from handlers.reminders.declared import registry
from handlers.reminders.due import Parcel, fires, organizers, parcels
from handlers.reminders.lights import Changes, Lamp
from handlers.reminders.news import News, news, picture
from handlers.reminders.parts import Writer
from handlers.reminders.policy import PRIVATE, may_send, moment
from handlers.reminders.scene import Scene, scene
from storage import reminders
from storage.reminders import Marks, Sent

#: So many messages are put into the outbox in one transaction; what people write goes in between.
CHUNK = 200
#: So long before a year begins its holidays should be known; the notices come out in November.
_LOOK_AHEAD = timedelta(days=31)


@dataclass(slots=True)
class Bag:
    """What one recipient is to be told, each thing with the note of it."""

    parcels: dict[Sent, Parcel] = field(default_factory=dict)
    lamps: dict[Sent, Lamp] = field(default_factory=dict)
    news: dict[Sent, News] = field(default_factory=dict)
    years: dict[Sent, int] = field(default_factory=dict)

    @property
    def notes(self) -> set[Sent]:
        return {*self.parcels, *self.lamps, *self.news, *self.years}

    def only(self, fresh: set[Sent]) -> Bag:
        """What of it was not sent before."""
        return Bag(*({s: v for s, v in part.items() if s in fresh} for part in self._parts()))  # type: ignore[arg-type]

    def _parts(self) -> tuple[Mapping[Sent, object], ...]:
        return self.parcels, self.lamps, self.news, self.years


@dataclass(frozen=True, slots=True)
class Moment:
    """All that is due at one moment, worked out once however many transactions it takes to send it.

    `recipients` are in order; `then` are the marks once everybody has been told.
    """

    seen: Scene
    recipients: tuple[str, ...]
    bags: Mapping[str, Bag]
    known: Mapping[int, Light]
    then: Marks

    def __call__(self, tick: TickCtx) -> Moment | None:
        """Tell the next ones what they were not told before; None when that were the last."""
        start = bisect_right(self.recipients, reminders.reached(tick.tx, tick.now))
        chosen = self.recipients[start : start + CHUNK]
        if chosen:
            _send(tick, replace(self.seen, tx=tick.tx), [self.bags[recipient] for recipient in chosen])
        if start + CHUNK < len(self.recipients):
            reminders.reach(tick.tx, chosen[-1], tick.now)
            return self
        reminders.know(tick.tx, self.known, now=tick.now)
        reminders.mark(tick.tx, self.then)
        return None


@registry.tick("reminders")
def remind(tick: TickCtx) -> Moment | None:
    """Send what has its moment; a `Moment` to go on with when that is more than one transaction should take."""
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
    muted = reminders.muted(tick.tx, tick.today)
    changes = lights.look(seen, muted)
    bags = _bags(tick, seen, changes, muted)
    then = Marks(tick.now if ordinary else done.ordinary, tick.now)
    return Moment(seen, tuple(bags), bags, changes.known, then)(tick)


def _beginning(tick: TickCtx, done: Marks | None) -> Marks:
    """The first time, or after the clock was put back: from here on. What was sent is noted and not repeated."""
    if done is None:
        return Marks(tick.now, tick.now)
    return Marks(min(done.ordinary, tick.now), min(done.overdue, tick.now))


def _may(tick: TickCtx, *, overdue: bool) -> bool:
    days = working_days(tick.policy.deadlines)
    return may_send(tick.now, tick.policy.reminders, days, tick.zone, overdue=overdue)


def _bags(tick: TickCtx, seen: Scene, changes: Changes, muted: Mapping[int, object]) -> dict[str, Bag]:
    """All that is due now, by recipient, without those who cannot be reached or want to be left in peace."""
    bags: dict[str, Bag] = defaultdict(Bag)
    quiet = {f"p{person_id}" for person_id in muted}
    for parcel in _not_nudged(seen, list(parcels(seen))):
        if parcel.recipient not in quiet or parcel.stage.last:
            bags[parcel.recipient].parcels[parcel.sent] = parcel
    for lamp in changes.told:
        bags[lamp.recipient].lamps[lamp.sent] = lamp
    for one in news(seen):
        bags[one.sent.recipient].news[one.sent] = one
    for sent, year in _unknown_years(seen):
        bags[sent.recipient].years[sent] = year
    people = {int(recipient[1:]) for recipient in bags if recipient.startswith("p")}
    reached = {f"p{person_id}" for person_id in tick.reach(people)} if people else set()
    return {r: bags[r] for r in sorted(bags) if r.startswith("c") or r in reached}


def _not_nudged(seen: Scene, due: list[Parcel]) -> Iterator[Parcel]:
    """Without those who were reminded of the same today by hand: once a day is enough, whoever asked for it."""
    private = [parcel.sent.about for parcel in due if parcel.stage.step in PRIVATE]
    today = moment(seen.today, time(), seen.zone)
    nudged = reminders.nudged(seen.tx, private, since=today) if private else set()
    return (parcel for parcel in due if (parcel.recipient, parcel.sent.about) not in nudged)


def _unknown_years(seen: Scene) -> list[tuple[Sent, int]]:
    """A plain word to the organizers, once, when the moved days of a year that is near are not known."""
    year = (seen.today + _LOOK_AHEAD).year
    morning = fires(seen, seen.today, seen.hours.private, seen.since.ordinary)
    if not morning or seen.calendar.days.knows(year):
        return []
    return [(Sent(f"p{person.id}", f"calendar:{year}", "unknown"), year) for person in organizers(seen)]


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
