"""Changes of light: each is told once to those concerned, together with whatever else they get that morning.

Yellow concerns the unit's secretaries; red also the office that looks after it. A return to green is good news
that needs no message, and a light that came of a report was on the answer to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from bot.chat.messages import Light
from bot.chat.people import Role
from handlers.commitments.pace import NEVER, Standing, judge, next_look
from handlers.reminders.due import STALE
from handlers.reminders.policy import moment
from handlers.reminders.scene import PAGE, Scene
from storage import people, reminders
from storage.commitments import Placed
from storage.people import Person
from storage.reminders import Lit, Sent

#: What concerns nobody at present (its unit has ended, its year is long over) is looked at again so much later.
_LATER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Lamp:
    """A light that somebody is to be told of."""

    recipient: str
    placed: Placed
    standing: Standing
    before: datetime | None
    position: int

    @property
    def order(self) -> tuple[int, ...]:
        """Where it stands among others: as in lists."""
        c = self.placed.commitment
        return self.position, c.unit_id, c.year, c.number

    @property
    def sent(self) -> Sent:
        """How it is noted: once for each change from what was known before."""
        assert self.standing.light is not None
        since = f"{self.before:%Y%m%dT%H%M}" if self.before else "begin"
        about = f"light:c{self.placed.commitment.id}"
        return Sent(self.recipient, about, f"{self.standing.light.value}:{since}")


@dataclass(frozen=True, slots=True)
class Changes:
    """Lights to be told, and all that are known once that is done, with the day on which they may be others."""

    told: list[Lamp] = field(default_factory=list)
    known: dict[int, tuple[Light, date]] = field(default_factory=dict)


def look(scene: Scene, muted: Collection[int], changes: Changes) -> Iterator[None]:
    """Find the changes since the last look, once a working day at the time of private reminders.

    Only what may have changed is looked at. Between two steps the transaction may be another one.
    """
    if not scene.policy.reminders.lights or not _is_time(scene):
        return
    yield from _under_new_rules(scene)
    after = (date.min, 0)
    while page := reminders.lit(scene.tx, today=scene.today, after=after, most=PAGE):
        _take(scene, page, muted, changes)
        after = (page[-1].look_on, page[-1].placed.commitment.id)
        if len(page) == PAGE:
            yield None


def _under_new_rules(scene: Scene) -> Iterator[None]:
    """Where others than before say what is behind and what is near, every light that may yet change may have."""
    activity = scene.policy.activity
    rules = {"behind_pace": str(activity.behind_pace), "due_soon_days": str(activity.due_soon_days)}
    before = reminders.judged_by(scene.tx)
    if before == rules:
        return
    if before:
        while reminders.look_at_all(scene.tx, never=NEVER, most=PAGE) == PAGE:
            yield None
    reminders.judge_by(scene.tx, rules)


def _take(scene: Scene, page: Sequence[Lit], muted: Collection[int], changes: Changes) -> None:
    changed: list[tuple[Lit, Standing]] = []
    again: dict[date, list[int]] = defaultdict(list)
    for lit in page:
        commitment = lit.placed.commitment
        light = (standing := judge(commitment, scene.today, scene.policy)).light
        if lit.ended or commitment.year < scene.today.year - 1:
            again[scene.today + _LATER].append(commitment.id)
        elif light is None or light is (lit.known or Light.GREEN):
            again[next_look(commitment, scene.today, scene.policy)].append(commitment.id)
        else:
            changed.append((lit, standing))
    reminders.look_again(scene.tx, again)
    held = _concerned(scene, changed)
    for lit, standing in changed:
        _tell(scene, lit, standing, held[lit.placed.commitment.id], muted, changes)


def _tell(
    scene: Scene,
    lit: Lit,
    standing: Standing,
    persons: Sequence[Person],
    muted: Collection[int],
    changes: Changes,
) -> None:
    light, commitment = standing.light, lit.placed.commitment
    assert light is not None
    awake = [person for person in persons if person.id not in muted]
    if len(awake) == len(persons):
        # Otherwise the others are told when they are no longer to be left in peace.
        changes.known[commitment.id] = (light, next_look(commitment, scene.today, scene.policy))
    if light is not Light.GREEN and not _was_answered(scene, lit, light):
        changes.told.extend(Lamp(f"p{p.id}", lit.placed, standing, lit.since, lit.position) for p in awake)


def _is_time(scene: Scene) -> bool:
    """Whether the newest working day's time for it lies after that up to which everything was taken care of."""
    at = scene.hours.private
    day = scene.calendar.days.until_day(scene.today)
    if moment(day, at, scene.zone) > scene.now:
        return False
    return max(scene.since.ordinary, scene.now - STALE) < moment(day, at, scene.zone)


def _was_answered(scene: Scene, lit: Lit, light: Light) -> bool:
    """Whether the light came of the secretary's own words, whose answer showed it."""
    c = lit.placed.commitment
    if light is Light.RED or lit.known is Light.RED or c.reported_at is None:
        return False
    reported_on = c.reported_at.astimezone(scene.zone).date()
    return judge(c, reported_on, scene.policy).light is light


def _concerned(scene: Scene, changed: list[tuple[Lit, Standing]]) -> dict[int, list[Person]]:
    """Whom each of the commitments concerns in its light."""
    placed = [(lit.placed, standing.light is Light.RED) for lit, standing in changed]
    secretaries = people.holders(scene.tx, {p.commitment.unit_id for p, _red in placed}, [Role.SECRETARY])
    offices = {p.office_id for p, red in placed if red and p.office_id is not None}
    administrators = people.holders(scene.tx, offices, [Role.OFFICE_ADMINISTRATOR])
    found = {}
    for one, red in placed:
        above = administrators.get(one.office_id or 0, ()) if red else ()
        found[one.commitment.id] = [*secretaries.get(one.commitment.unit_id, ()), *above]
    return found
