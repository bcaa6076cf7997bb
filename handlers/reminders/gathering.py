"""What is due at one moment, by recipient, gathered in small steps, each in a transaction of its own.

Nothing is sent before all is gathered, since everything that one recipient is told at one moment is one message.
What is lost on the way (the program ends, a transaction fails) is gathered anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta

from handlers import TickCtx
from handlers.reminders import lights
from handlers.reminders.due import Parcel, fires, organizers, parcels
from handlers.reminders.lights import Changes, Lamp
from handlers.reminders.news import News, news
from handlers.reminders.policy import PRIVATE, moment
from handlers.reminders.scene import PAGE, Scene
from storage import reminders
from storage.reminders import Marks, Sent

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

    @property
    def pictures(self) -> int:
        """How many are to be drawn."""
        return sum(one.counts is not None for one in self.news.values())

    def only(self, fresh: set[Sent]) -> Bag:
        """What of it was not sent before."""
        return Bag(*({s: v for s, v in part.items() if s in fresh} for part in self._parts()))  # type: ignore[arg-type]

    def _parts(self) -> tuple[Mapping[Sent, object], ...]:
        return self.parcels, self.lamps, self.news, self.years


#: What goes on with everything that was gathered, in transactions of its own.
GoingOn = Callable[[TickCtx], "GoingOn | None"]


class Gathering:
    """The work up to the first message; each call is one step and returns what goes on."""

    def __init__(
        self, seen: Scene, then: Marks, ending: Callable[[Scene, dict[str, Bag], Changes, Marks], GoingOn]
    ) -> None:
        self._seen, self._then, self._ending = seen, then, ending
        self._bags: dict[str, Bag] = defaultdict(Bag)
        self._changes = Changes()
        self._steps = self._gather()
        self._several = False

    def __call__(self, tick: TickCtx) -> GoingOn | None:
        self._tick, self._seen.desk.tx = tick, tick.tx
        for _step in self._steps:
            self._several = True
            return self
        reached = {r: self._bags[r] for r in sorted(self._bags)}
        going_on = self._ending(self._seen, reached, self._changes, self._then)
        # A little is done in one go.
        return going_on if self._several else going_on(tick)

    def _gather(self) -> Iterator[None]:
        """All that is due now, by recipient, without those who cannot be reached or want to be left in peace."""
        seen = self._seen
        muted = reminders.muted(seen.tx, seen.today)
        yield from lights.look(seen, muted, self._changes)
        for lamp in sorted(self._changes.told, key=lambda lamp: lamp.order):
            self._bags[lamp.recipient].lamps[lamp.sent] = lamp
        yield from self._parcels({f"p{person_id}" for person_id in muted})
        for one in news(seen):
            if one is None:
                yield None
            else:
                self._bags[one.sent.recipient].news[one.sent] = one
        for sent, year in _unknown_years(seen):
            self._bags[sent.recipient].years[sent] = year
        yield from self._reach()

    def _parcels(self, quiet: set[str]) -> Iterator[None]:
        some: list[Parcel] = []
        for parcel in parcels(self._seen):
            if parcel is not None:
                some.append(parcel)
            if parcel is None or len(some) >= PAGE:
                self._pack(some, quiet)
                some = []
                yield None
        self._pack(some, quiet)

    def _pack(self, some: list[Parcel], quiet: set[str]) -> None:
        for parcel in _not_nudged(self._seen, some):
            if parcel.recipient not in quiet or parcel.stage.last:
                self._bags[parcel.recipient].parcels[parcel.sent] = parcel

    def _reach(self) -> Iterator[None]:
        """Leave out who cannot be written to."""
        people = sorted(int(recipient[1:]) for recipient in self._bags if recipient.startswith("p"))
        for start in range(0, len(people), PAGE):
            if start:
                yield None
            some = people[start : start + PAGE]
            for person_id in set(some) - set(self._tick.reach(set(some))):
                del self._bags[f"p{person_id}"]


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
