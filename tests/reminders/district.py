"""The small district in a year in which everybody reports in their own way, for the program and the slow model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select

from bot.chat.people import Role
from storage import commitments, deadlines, people, reminders, reports, reviews
from storage.commitments import Category, Kind, State
from storage.database import Tx
from storage.reports import Review
from storage.tables import outbox
from storage.tables import reminders as table
from tests.reminders.slow_model import DAY, ZONE, Thing, local, works
from tests.world import World

#: Unit, its office, how many days after the due date it reports each quarter (None: never), and at which hour.
VILLAGES: dict[str, tuple[str, int | None, int]] = {
    "大里村": ("枫杨办事处", -10, 10),
    "公园道社区": ("枫杨办事处", 0, 15),
    "欢河村": ("石佛办事处", 4, 9),
    "南流村": ("石佛办事处", None, 0),
}
Action = Callable[[Tx], object]


def next_working(day: date) -> date:
    while not works(day):
        day += DAY
    return day


def quarter_due(year: int, quarter: int) -> date:
    """The 5th after the quarter, moved to the next working day."""
    return next_working(date(year + quarter // 4, quarter % 4 * 3 + 1, 5))


@dataclass
class Year:
    """What happens in the year, and what each thing's due date and debt are at each moment.

    `peace`: who asks to be left in peace, when, and until which day. `put_off`: the office for which the second
    quarter's report is put off by a week, ten days before it is due.
    """

    world: World
    year: int
    peace: tuple[int, datetime, date]
    put_off: str = "石佛办事处"

    def __post_init__(self) -> None:
        self.made: dict[str, int] = {}
        self.reported: dict[tuple[str, int], datetime] = {}
        for name, (_office, late, hour) in VILLAGES.items():
            for quarter in range(1, 5):
                if late is not None:
                    day = quarter_due(self.year, quarter) + late * DAY
                    self.reported[name, quarter] = local(day, hour)
        # Put off in the morning; whoever looks at the calendar before sees the usual day.
        self.extended_at = local(quarter_due(self.year, 2) - 10 * DAY, 11)
        self.extended_to = next_working(quarter_due(self.year, 2) + 7 * DAY)
        self.promised = {name: local(date(self.year, 1, 12), 10) for name in VILLAGES}
        self.promised["南流村"] = local(date(self.year, 4, 2), 10)

    def person(self, unit: str, role: Role) -> str:
        with self.world.database.transaction() as tx:
            held = people.holders(tx, [self.world.units[unit]], [role])
        return f"p{held[self.world.units[unit]][0].id}"

    # --- what happens ---------------------------------------------------------------------------------------

    def events(self) -> Iterator[tuple[datetime, Action]]:
        for name, at in self.promised.items():
            yield at, self._promise(name, at)
        for (name, quarter), at in self.reported.items():
            yield at, self._report(name, quarter, at)
        yield self.extended_at, self._extend
        person_id, at, until = self.peace
        yield at, lambda tx: reminders.mute(tx, person_id, until)
        for moment, recipient, about in self.nudges():
            yield moment, self._nudge(moment, recipient, about)

    def nudges(self) -> Iterator[tuple[datetime, str, str]]:
        """When whom somebody reminds of what by hand: before the day's own reminder, and after it."""
        for quarter in range(1, 5):
            for name, late, hour in (
                ("公园道社区", 0, 8),
                ("南流村", 2, 8),
                ("南流村", 3, 10),
                ("大里村", -3, 20),
            ):
                due = self._due(VILLAGES[name][0], quarter)
                at = local(due(local(quarter_due(self.year, quarter), 0)) + late * DAY, hour)
                about = f"report:{self.year}Q{quarter}:u{self.world.units[name]}:{due(at)}"
                yield at, self.person(name, Role.SECRETARY), about

    @staticmethod
    def _nudge(at: datetime, recipient: str, about: str) -> Action:
        step = f"{reminders.NUDGE}:{at:%Y%m%dT%H}"
        return lambda tx: reminders.claim(tx, [reminders.Sent(recipient, about, step)], now=at)

    def _promise(self, name: str, at: datetime) -> Action:
        def act(tx: Tx) -> None:
            made = commitments.add(
                tx,
                unit_id=self.world.units[name],
                year=self.year,
                category=Category.ELECTIVE,
                words="硬化村内道路2公里",
                kind=Kind.QUANTITY,
                target=Decimal(2),
                measure="公里",
                due=date(self.year, 12, 31),
                state=State.PUBLISHED,
                proposed_at=at,
                published_at=at,
            )
            self.made[name] = made.id

        return act

    def _report(self, name: str, quarter: int, at: datetime) -> Action:
        def act(tx: Tx) -> None:
            share = Decimal(quarter) / 5
            label = f"{self.year}Q{quarter}"
            made = reports.add(
                tx,
                commitment_id=self.made[name],
                quarter=label,
                person_id=1,
                words="…",
                value=None,
                share=share,
                now=at,
                status=None,
                evidence_since=at,
            )
            reviews.review(tx, [made.id], before=Review.REPORTED, becomes=Review.VERIFIED, by=1, at=at)
            commitments.set_progress(
                tx, self.made[name], share=share, value=None, status=None, reported_at=at, quarter=label
            )

        return act

    def _extend(self, tx: Tx) -> None:
        deadlines.add(
            tx,
            kind=deadlines.Kind.REPORT,
            year=self.year,
            quarter=2,
            unit_id=self.world.units[self.put_off],
            due=self.extended_to,
            reason="汛情",
            by=1,
            now=self.extended_at,
        )

    # --- what may be owed, for the slow model ---------------------------------------------------------------

    def things(self) -> list[Thing]:
        found: list[Thing] = []
        for quarter in range(1, 5):
            about = f"report:{self.year}Q{quarter}"
            for name, (office, _late, _hour) in VILLAGES.items():
                found.append(
                    Thing(
                        self.person(name, Role.SECRETARY),
                        f"{about}:u{self.world.units[name]}",
                        ("before", "overdue"),
                        self._due(office, quarter),
                        self._owes(name, quarter),
                        closes=10,
                    )
                )
            for office in dict.fromkeys(office for office, _l, _h in VILLAGES.values()):
                found += self._of_office(about, office, quarter)
        return [*found, *self._registration()]

    def _of_office(self, about: str, office: str, quarter: int) -> Iterator[Thing]:
        owes = [self._owes(name, quarter) for name, (of, _l, _h) in VILLAGES.items() if of == office]
        anybody = lambda at: any(one(at) for one in owes)  # noqa: E731
        due = self._due(office, quarter)
        group = f"c{self.world.groups[office]}"
        yield Thing(group, about, ("group",), due, anybody)
        yield Thing(self.person(office, Role.OFFICE_ADMINISTRATOR), about, ("office",), due, anybody)
        yield Thing(self.person("高新区", Role.ORGANIZER), about, ("organizer",), due, anybody)

    def _registration(self) -> Iterator[Thing]:
        due = date(self.year, 3, 31)
        while not works(due):
            due -= DAY
        about = f"registration:{self.year}"
        for name in VILLAGES:
            owed = lambda at, name=name: at < self.promised[name]  # noqa: E731
            yield Thing(
                self.person(name, Role.SECRETARY),
                f"{about}:u{self.world.units[name]}",
                ("before", "overdue"),
                lambda _at: due,
                owed,
            )
        late = lambda at: at < self.promised["南流村"]  # noqa: E731
        yield Thing(f"c{self.world.groups['石佛办事处']}", about, ("group",), lambda _at: due, late)
        yield Thing(
            self.person("石佛办事处", Role.OFFICE_ADMINISTRATOR), about, ("office",), lambda _at: due, late
        )
        yield Thing(self.person("高新区", Role.ORGANIZER), about, ("organizer",), lambda _at: due, late)

    def _due(self, office: str, quarter: int) -> Callable[[datetime], date]:
        usual = quarter_due(self.year, quarter)

        def due(at: datetime) -> date:
            put_off = quarter == 2 and office == self.put_off and at >= self.extended_at
            return self.extended_to if put_off else usual

        return due

    def _owes(self, name: str, quarter: int) -> Callable[[datetime], bool]:
        end = local(date(self.year + quarter // 4, quarter % 4 * 3 + 1, 1), 0)
        done = self.reported.get((name, quarter))
        published = self.promised[name]
        # What is not published yet is not owed; what is published after the quarter is not of that quarter.
        return lambda at: published < end and at >= published and (done is None or at < done)


def noted(world: World) -> list[tuple[datetime, str, str, str]]:
    """What the program has sent by itself, as the slow model writes it."""
    by_hand = table.c.step.like(f"{reminders.NUDGE}:%")
    with world.database.transaction() as tx:
        rows = tx.all(select(table.c.at, table.c.recipient, table.c.about, table.c.step).where(~by_hand))
    return sorted((row.at.astimezone(ZONE), row.recipient, row.about, row.step) for row in rows)


def messages(world: World) -> list[tuple[int, datetime]]:
    """Every message that was put into the outbox: its chat and when."""
    with world.database.transaction() as tx:
        rows = tx.all(select(outbox.c.chat_id, outbox.c.created_at).order_by(outbox.c.id))
    return [(row.chat_id, row.created_at) for row in rows]


def begin_watching(world: World, at: datetime) -> None:
    """From then on reminders are sent."""
    with world.database.transaction() as tx:
        reminders.mark(tx, reminders.Marks(at, at))
