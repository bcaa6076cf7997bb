"""Which reminders of what falls due have their moment now, and to whom each goes: the heart of it.

A pure function of the database and the time: of each due date the newest reminder that has had its time counts,
and it is sent if its moment lies after that up to which everything was taken care of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial

import msgspec

from bot.chat.people import Role
from bot.chat.settings import Reminders
from handlers.deadlines.calendar import lasting
from handlers.deadlines.matters import OF_OFFICES, Duty, Matter, matters, possible_dues
from handlers.reminders.policy import PRIVATE, Stage, Step, moment, newest, stages
from handlers.reminders.scene import PAGE, Scene
from storage import accounts, people
from storage.deadlines import Kind
from storage.people import Person
from storage.reminders import Sent

#: After a longer pause than this it is too late for what would have come before it.
STALE = timedelta(days=7)
#: The units of so many offices are looked up in one step at most.
OFFICES = 20


@dataclass(frozen=True, slots=True)
class Parcel:
    """Something for one recipient (`p12`, `c5`): the matter, the reminder, and the duties that it speaks of."""

    recipient: str
    matter: Matter
    stage: Stage
    due: date
    duties: tuple[Duty, ...]

    @property
    def sent(self) -> Sent:
        """How it is noted. The due date belongs to it: what is put off begins anew."""
        whose = f":u{self.duties[0].unit_id}" if self.stage.step in PRIVATE else ""
        return Sent(self.recipient, f"{self.matter.key}{whose}:{self.due}", self.stage.key)


def parcels(scene: Scene) -> Iterator[Parcel | None]:
    """All that is due now, for whomever: also who cannot be reached, or wants to be left in peace.

    None stands between two steps of the work: the transaction may be another one then.
    """
    for matter in matters(scene.calendar, scene.today):
        for due in sorted(possible_dues(matter, scene.calendar, scene.roots, scene.lines)):
            yield from _of(scene, matter, due)


def _of(scene: Scene, matter: Matter, due: date) -> Iterator[Parcel | None]:
    """Nothing is looked up unless a reminder has its moment."""
    found = stages(due, policy_for(scene, matter), scene.calendar.days)
    at = scene.hours.private
    private = _firing(scene, [s for s in found if s.step in PRIVATE], at)
    if private and not _is_over(scene, matter, due):
        yield from _private(scene, matter, private, due)
    office = _firing(scene, [s for s in found if s.step is Step.OFFICE], at)
    if office and matter.kind not in OF_OFFICES:
        yield from _to_offices(scene, matter, office, due)
    organizer = _firing(scene, [s for s in found if s.step is Step.ORGANIZER], at)
    if organizer:
        yield from _to_organizers(scene, matter, organizer, due)
    group = [s for s in found if s.step is Step.GROUP]
    if matter.kind not in OF_OFFICES and scene.today <= due:
        fires = partial(_firing, scene, group)
        if any(fires(at) for at in {scene.hours.group, *scene.times.values()}):
            yield from _to_groups(scene, matter, group, due)


def policy_for(scene: Scene, matter: Matter) -> Reminders:
    """Where registration closes nobody can make up for it: the office hears of it on the next working day."""
    settings = scene.policy.reminders
    if matter.kind is Kind.REGISTRATION and scene.policy.deadlines.registration_closes:
        return msgspec.structs.replace(settings, overdue_days=0)
    return settings


def _is_over(scene: Scene, matter: Matter, due: date) -> bool:
    """Whether it cannot be made up for any more: a report then counts for the next quarter."""
    return matter.kind is Kind.REPORT and scene.today > lasting([due], scene.policy)


def _firing(scene: Scene, found: Sequence[Stage], at: time) -> Stage | None:
    stage = newest(found, at, now=scene.now, zone=scene.zone)
    if stage is None:
        return None
    since = scene.since.overdue if stage.step is Step.OVERDUE else scene.since.ordinary
    return stage if fires(scene, stage.on, at, since) else None


def fires(scene: Scene, on: date, at: time, since: datetime) -> bool:
    """Whether a moment lies after that up to which everything was taken care of, and not after now."""
    return max(since, scene.now - STALE) < moment(on, at, scene.zone) <= scene.now


def owing(scene: Scene, matter: Matter, due: date) -> list[Duty]:
    """Who still owes the matter and has this due date."""
    return [duty for duty in scene.lacking(matter) if duty.owed and duty.due == due]


def in_pages(scene: Scene, unit_ids: Iterable[int], role: Role) -> Iterator[dict[int, list[Person]] | None]:
    """Who holds the role for each of the units; None between two pages."""
    ordered = list(dict.fromkeys(unit_ids))
    for start in range(0, len(ordered), PAGE):
        if start:
            yield None
        yield people.holders(scene.tx, ordered[start : start + PAGE], [role])


def _private(scene: Scene, matter: Matter, stage: Stage, due: date) -> Iterator[Parcel | None]:
    yield from scene.gather(matter)
    open_ones = {duty.unit_id: duty for duty in owing(scene, matter, due)}
    for held in in_pages(scene, open_ones, matter.role):
        if held is None:
            yield None
        for unit_id, persons in (held or {}).items():
            for person in persons:
                yield Parcel(f"p{person.id}", matter, stage, due, (open_ones[unit_id],))


def _to_offices(scene: Scene, matter: Matter, stage: Stage, due: date) -> Iterator[Parcel | None]:
    yield from scene.gather(matter)
    by_office: dict[int, list[Duty]] = defaultdict(list)
    for duty in owing(scene, matter, due):
        by_office[duty.office_id].append(duty)
    for held in in_pages(scene, by_office, Role.OFFICE_ADMINISTRATOR):
        if held is None:
            yield None
        for office_id, persons in (held or {}).items():
            for person in persons:
                yield Parcel(f"p{person.id}", matter, stage, due, tuple(by_office[office_id]))


def _to_organizers(scene: Scene, matter: Matter, stage: Stage, due: date) -> Iterator[Parcel | None]:
    yield from scene.gather(matter)
    open_ones = owing(scene, matter, due)
    for person in organizers(scene) if open_ones else ():
        yield Parcel(f"p{person.id}", matter, stage, due, tuple(open_ones))


def organizers(scene: Scene) -> list[Person]:
    """Those who run the year."""
    held = people.holders(scene.tx, scene.roots, [Role.ORGANIZER])
    return [person for root in scene.roots for person in held.get(root, ())]


def _to_groups(scene: Scene, matter: Matter, group: Sequence[Stage], due: date) -> Iterator[Parcel | None]:
    """To the groups of offices in which somebody owes it; each hears of all its units."""
    yield from scene.gather(matter)
    offices = list(dict.fromkeys(duty.office_id for duty in owing(scene, matter, due)))
    for start in range(0, len(offices), OFFICES):
        if start:
            yield None
        chats = accounts.reach_groups(scene.tx, offices[start : start + OFFICES])
        whole = scene.of_offices(matter, chats)
        for office_id, there in chats.items():
            duties = tuple(duty for duty in whole.get(office_id, ()) if duty.due == due)
            # Who owed it a moment ago may have done it meanwhile.
            for chat in there if any(duty.owed for duty in duties) else ():
                stage = _firing(scene, group, scene.group_time(chat.chat_id))
                if stage:
                    yield Parcel(f"c{chat.chat_id}", matter, stage, due, duties)
