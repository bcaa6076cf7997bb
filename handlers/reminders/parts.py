"""One message out of everything that one recipient is told at one moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.chat.messages import Block, Button, Line, OutFile, Reply, ToChat, ToPerson, title
from bot.chat.people import Role
from bot.chat.texts import TN, T
from handlers.deadlines.calendar import Period
from handlers.deadlines.matters import quarter_end
from handlers.reminders import wording
from handlers.reminders.due import Parcel
from handlers.reminders.lights import Lamp
from handlers.reminders.news import News
from handlers.reminders.policy import PRIVATE, Step
from handlers.reminders.scene import Scene
from handlers.reminders.wording import Said
from storage import owing, people
from storage.deadlines import Kind
from storage.owing import Item
from storage.people import Person

#: A message has so many rows of buttons at most.
_MOST_BUTTONS = 6


class Writer:
    """Writes the messages; what several need is looked up once."""

    def __init__(
        self, scene: Scene, parcels: Sequence[Parcel], *, picture: Callable[[News], OutFile] | None = None
    ) -> None:
        self._today = scene.today
        self._naming = scene.policy.reminders.naming
        self._picture = picture
        self._items = items_of(scene, parcels)
        self._secretaries = _secretaries(scene, parcels)

    def reply(
        self,
        recipient: str,
        *,
        parcels: Sequence[Parcel] = (),
        lamps: Sequence[Lamp] = (),
        news: Sequence[News] = (),
        years: Sequence[int] = (),
    ) -> Reply:
        """One message with all of it."""
        said = [one.said for one in news]
        several = len({parcel.duties[0].unit_id for parcel in parcels if parcel.stage.step in PRIVATE}) > 1
        said += [self.said(parcel, several=several) for parcel in parcels]
        if lamps:
            said.append(wording.lights([(lamp.placed, lamp.standing) for lamp in lamps], self._today.year))
        said += [wording.unknown_year(year) for year in years]
        files = tuple(self._picture(one) for one in news if self._picture and one.counts is not None)
        number = int(recipient[1:])
        to = ToPerson(number) if recipient.startswith("p") else ToChat(number)
        return Reply(_body(said), _rows(said), files, to)

    def said(self, parcel: Parcel, *, several: bool = False) -> Said:
        """One reminder; `several`: beside others of other units."""
        if parcel.stage.step is Step.GROUP:
            return wording.group(parcel, self._today, self._naming, self._secretaries)
        if parcel.stage.step in PRIVATE:
            items = self._items.get(parcel.matter.period, {})
            return wording.private(parcel, self._today, items, several=several)
        return wording.upward(parcel, self._today)


def items_of(scene: Scene, parcels: Sequence[Parcel]) -> dict[Period, dict[int, list[Item]]]:
    """The commitments without a report of those who are reminded of one, by quarter and unit."""
    wanted: dict[Period, set[int]] = {}
    for parcel in parcels:
        if parcel.matter.kind is Kind.REPORT and parcel.stage.step in PRIVATE:
            wanted.setdefault(parcel.matter.period, set()).update(duty.unit_id for duty in parcel.duties)
    return {
        period: owing.unreported(
            scene.tx, units, year=period.year, quarter=str(period), before=quarter_end(period, scene.zone)
        )
        for period, units in wanted.items()
    }


def _secretaries(scene: Scene, parcels: Sequence[Parcel]) -> Mapping[int, Sequence[Person]]:
    """For groups in which secretaries are called by name."""
    if scene.policy.reminders.naming != "mention":
        return {}
    late = {d.unit_id for p in parcels if p.stage.step is Step.GROUP for d in p.duties if d.owed}
    return people.holders(scene.tx, late, [Role.SECRETARY]) if late else {}


def _body(said: Sequence[Said]) -> tuple[Block, ...]:
    """One matter under its own heading; several under a common one."""
    if len(said) == 1:
        return (title(said[0].heading), *said[0].lines)
    body: list[Block] = [title(TN("{count}件事", "{count}件事", len(said)))]
    for number, one in enumerate(said, 1):
        body += [Line(T("{number}. {what}", number=number, what=one.heading)), *one.lines]
    return tuple(body)


def _rows(said: Sequence[Said]) -> tuple[tuple[Button, ...], ...]:
    """The buttons, each once; those of one matter in one row."""
    seen: set[str] = set()
    rows = []
    for one in said:
        row = tuple(button for button in one.buttons if button.payload not in seen)
        seen |= {button.payload for button in row}
        if row:
            rows.append(row)
    return tuple(rows[:_MOST_BUTTONS])
