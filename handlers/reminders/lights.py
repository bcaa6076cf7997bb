"""Changes of light: each is told once to those concerned, together with whatever else they get that morning.

Yellow concerns the unit's secretaries; red also the office that looks after it. A return to green is good news
that needs no message, and a light that came of a report was on the answer to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bot.chat.messages import Light
from bot.chat.people import Role
from handlers.commitments.pace import Standing, judge
from handlers.reminders.due import STALE
from handlers.reminders.policy import moment
from handlers.reminders.scene import Scene
from storage import people, reminders
from storage.commitments import Placed
from storage.people import Person
from storage.reminders import Lit, Sent


@dataclass(frozen=True, slots=True)
class Lamp:
    """A light that somebody is to be told of."""

    recipient: str
    placed: Placed
    standing: Standing
    before: datetime | None

    @property
    def sent(self) -> Sent:
        """How it is noted: once for each change from what was known before."""
        assert self.standing.light is not None
        since = f"{self.before:%Y%m%dT%H%M}" if self.before else "begin"
        about = f"light:c{self.placed.commitment.id}"
        return Sent(self.recipient, about, f"{self.standing.light.value}:{since}")


@dataclass(frozen=True, slots=True)
class Changes:
    """Lights to be told, and all that are known once that is done."""

    told: list[Lamp] = field(default_factory=list)
    known: dict[int, Light] = field(default_factory=dict)


def look(scene: Scene, muted: Iterable[int]) -> Changes:
    """The changes since the last look, once a working day at the time of private reminders."""
    changes = Changes()
    if not scene.policy.reminders.lights or not _is_time(scene):
        return changes
    changed = _changed(scene)
    held = _concerned(scene, changed)
    quiet = set(muted)
    for lit, standing in changed:
        light = standing.light
        assert light is not None
        persons = held[lit.placed.commitment.id]
        awake = [person for person in persons if person.id not in quiet]
        if len(awake) == len(persons):
            # Otherwise the others are told when they are no longer to be left in peace.
            changes.known[lit.placed.commitment.id] = light
        if light is not Light.GREEN and not _was_answered(scene, lit, light):
            changes.told.extend(Lamp(f"p{p.id}", lit.placed, standing, lit.since) for p in awake)
    return changes


def _is_time(scene: Scene) -> bool:
    """Whether the newest working day's time for it lies after that up to which everything was taken care of."""
    at = scene.hours.private
    day = scene.calendar.days.until_day(scene.today)
    if moment(day, at, scene.zone) > scene.now:
        return False
    return max(scene.since.ordinary, scene.now - STALE) < moment(day, at, scene.zone)


def _changed(scene: Scene) -> list[tuple[Lit, Standing]]:
    found = []
    activity = scene.policy.activity
    for lit in reminders.lit(
        scene.tx,
        scene.roots,
        since=scene.today.year - 1,
        today=scene.today,
        due_soon_days=activity.due_soon_days,
        behind_pace=activity.behind_pace,
    ):
        standing = judge(lit.placed.commitment, scene.today, scene.policy)
        if standing.light is not None and standing.light is not (lit.known or Light.GREEN):
            found.append((lit, standing))
    return found


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
