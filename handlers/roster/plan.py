"""What an import would do: a plain value that can be shown, compared and carried out.

Units and people that the plan itself adds have numbers below zero (-1, -2, …) in the order in which they are
added; numbers above zero are those of the database.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.chat.people import Role
from bot.chat.texts import Text
from handlers.roster.sheets import Problem
from handlers.roster.vocabulary import Column
from storage.roster import KnownPerson, KnownUnit


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit to be added under `parent` (None: the root)."""

    number: int
    name: str
    kind: str
    parent: int | None
    organization: str | None = None
    class_name: str | None = None
    position: int = 0


@dataclass(frozen=True, slots=True)
class Shift:
    """One cell that gets another value; both as they are written in a file, empty for none."""

    column: Column
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangedUnit:
    """A unit that is changed, or moved (then `after.parent_id` differs). `revived`: it had ended."""

    before: KnownUnit
    after: KnownUnit
    shifts: tuple[Shift, ...]
    revived: bool = False


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody to be added to the roster."""

    number: int
    name: str
    mobile: str | None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class ChangedPerson:
    """Somebody whose name, mobile number or account changes."""

    before: KnownPerson
    after: KnownPerson
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class PlannedPost:
    """A post that begins or ends, with the names for showing it."""

    person: int
    unit: int
    role: Role
    person_name: str
    unit_name: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that an import would do. With `problems` nothing is done at all; `notes` only ask to look twice."""

    units_added: tuple[NewUnit, ...] = ()
    units_changed: tuple[ChangedUnit, ...] = ()
    units_ended: tuple[KnownUnit, ...] = ()
    people_added: tuple[NewPerson, ...] = ()
    people_changed: tuple[ChangedPerson, ...] = ()
    posts_added: tuple[PlannedPost, ...] = ()
    posts_ended: tuple[PlannedPost, ...] = ()
    notes: tuple[Text, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be done."""
        return not (
            self.units_added
            or self.units_changed
            or self.units_ended
            or self.people_added
            or self.people_changed
            or self.posts_added
            or self.posts_ended
        )
