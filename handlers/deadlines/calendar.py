"""When things are due: the configured rules, what was set beyond them, and the official calendar, put together.

This is the one source of due dates. A unit's line is itself, its office, … up to the district: what was said for
the nearest of them holds; a date for the period goes before a rule for all periods.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

from bot.chat.errors import ConfigurationError
from bot.chat.settings import Deadlines, Policy
from bot.chat.texts import T, Text
from handlers.deadlines import rules
from handlers.deadlines.rules import Rule
from handlers.deadlines.workdays import WorkDays, working_days
from handlers.progress.quarters import Quarter, quarter_of
from storage import deadlines
from storage.database import Tx
from storage.deadlines import YEARLY, Kind, Setting

#: A unit and all above it, the nearest first.
Line: TypeAlias = Sequence[int]
#: A report cannot be put off longer than this after its quarter: by then the next one is half over.
MOST_LATER = timedelta(days=45)
#: Of what a rule may count its days.
_FOLLOWS = {Kind.EXAMINATION: Kind.REGISTRATION, Kind.VERIFICATION: Kind.REPORT}
_CONFIGURED = (Kind.REGISTRATION, Kind.REPORT, Kind.EXAMINATION, Kind.VERIFICATION)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A year (`quarter` 0) or a quarter of it."""

    year: int
    quarter: int = 0

    @staticmethod
    def of(kind: Kind, day: date) -> Period:
        """The period of what is due yearly or quarterly in which a day lies."""
        return Period(day.year) if kind in YEARLY else Period(day.year, quarter_of(day).number)

    def __str__(self) -> str:
        return f"{self.year}Q{self.quarter}" if self.quarter else str(self.year)

    @property
    def begins(self) -> date:
        return Quarter(self.year, self.quarter).begins if self.quarter else date(self.year, 1, 1)

    @property
    def previous(self) -> Period:
        if not self.quarter:
            return Period(self.year - 1)
        before = Quarter(self.year, self.quarter).previous
        return Period(before.year, before.number)

    @property
    def next(self) -> Period:
        if not self.quarter:
            return Period(self.year + 1)
        after = Quarter(self.year, self.quarter).next
        return Period(after.year, after.number)

    @property
    def name(self) -> Text:
        """As people read it."""
        return Quarter(self.year, self.quarter).name if self.quarter else T("{year}年", year=self.year)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Everything that says when something is due; `said` is what was set beyond the configuration."""

    settings: Deadlines
    days: WorkDays
    said: tuple[Setting, ...] = ()

    def due(self, kind: Kind, period: Period, line: Line = ()) -> date | None:
        """The last day on which it is in time; None when there is no such deadline."""
        said = self.holding(kind, period, line)
        if said is not None and said.due is not None:
            return said.due
        rule = self.rule(kind, period, line)
        if rule is None:
            return None
        return rule.day(period.begins, self.days, lambda other: self.due(other, period, line))

    def rule(self, kind: Kind, period: Period, line: Line = ()) -> Rule | None:
        """The rule that holds where no date was set for the period."""
        said = self.holding(kind, period, line)
        text = said.rule if said is not None and said.rule else getattr(self.settings, kind.value)
        return rule_for(kind, text) if text else None

    def holding(self, kind: Kind, period: Period, line: Line) -> Setting | None:
        """The statement that holds for a unit; None when the configuration does."""
        about = [one for one in self.said if one.kind is kind and one.unit_id in line]
        exact = [s for s in about if not s.standing and (s.year, s.quarter) == (period.year, period.quarter)]
        standing = [s for s in about if s.standing and (s.year, s.quarter) <= (period.year, period.quarter)]
        for unit_id in line:
            if found := deadlines.newest([one for one in exact if one.unit_id == unit_id]):
                return found
        for unit_id in line:
            found_rules = [one for one in standing if one.unit_id == unit_id]
            if found_rules:
                return max(found_rules, key=lambda one: (one.year, one.quarter, one.id))
        return None

    def own(self) -> list[Setting]:
        """The deadlines that the organizers thought of themselves."""
        return [one for one in self.said if one.kind is Kind.OWN and one.of_id is None]

    def own_due(self, own: Setting, line: Line) -> date | None:
        """When an own one is due for a unit; None when it does not concern it."""
        if own.unit_id not in line:
            return None
        for unit_id in line:
            moved = [one for one in self.said if one.of_id == own.id and one.unit_id == unit_id]
            if found := deadlines.newest(moved):
                return found.due
            if unit_id == own.unit_id:
                break
        return own.due

    def mentioned(self) -> set[int]:
        """The units for which something was set."""
        return {one.unit_id for one in self.said}

    def report_due(self, quarter: Quarter, line: Line = ()) -> date:
        """When a quarter's report is due; there is always such a day."""
        found = self.due(Kind.REPORT, Period(quarter.year, quarter.number), line)
        assert found is not None
        return found


def load(tx: Tx, policy: Policy, *, since: int) -> Calendar:
    """The calendar for what is due from that year on."""
    said = deadlines.current(tx, since=since)
    return Calendar(policy.deadlines, working_days(policy.deadlines), tuple(said))


def rule_for(kind: Kind, text: str) -> Rule:
    """The rule that a text states for a kind; raises ValueError, also for one that would go round in a circle."""
    rule = rules.parse(text, yearly=kind in YEARLY)
    if rule.after is not None and rule.after is not _FOLLOWS.get(kind):
        raise ValueError(text)
    if kind is Kind.REPORT and rule.month not in (2, 3):
        raise ValueError(text)
    return rule


def periods_around(kind: Kind, today: date) -> Iterator[Period]:
    """The periods of which something may be due near a day: the one before, this one, the next."""
    this = Period.of(kind, today)
    yield from (this.previous, this, this.next)


def check(policy: Policy) -> None:
    """Raises ConfigurationError for rules and days that cannot be read."""
    for kind in _CONFIGURED:
        text = getattr(policy.deadlines, kind.value)
        try:
            _ = text and rule_for(kind, text)
        except ValueError as error:
            raise ConfigurationError(
                f"deadlines.{kind.value}: {text!r} is no rule that is understood here"
            ) from error
    try:
        working_days(policy.deadlines)
    except ValueError as error:
        raise ConfigurationError(
            f"deadlines.days_off, deadlines.days_on: {error} is no day or span such as 2027-02-05..2027-02-11"
        ) from error


def lasting(dues: Iterable[date], policy: Policy) -> date:
    """The last day on which a report, though late, still counts for the quarter with these due dates."""
    return max(dues) + timedelta(days=policy.activity.late_days)
