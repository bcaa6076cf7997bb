"""What WeCom needs of the database, without knowing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

PLATFORM = "wecom"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody of the roster who is not bound in WeCom yet. `account`: what the roster says it is, if anything."""

    person_id: int
    mobile: str
    account: str = ""

    @property
    def user(self) -> str:
        """The account by which they would be known: the roster's, or else the one named like their number."""
        return (self.account or self.mobile).lower()


@dataclass(frozen=True, slots=True)
class OfficeGroup:
    """A group that the app keeps, or should make. `chat` is empty for one that is still to be made."""

    unit_id: int
    name: str
    members: tuple[str, ...]
    chat: str = ""


class Facts(Protocol):
    """Small facts of this platform, kept across restarts and shared by replicas."""

    async def get(self, name: str) -> Any:
        """A fact's JSON value; None when it is not known."""
        ...

    async def put(self, name: str, value: Any) -> None:
        """Keep a fact; None forgets it."""
        ...


class Store(Facts, Protocol):
    """Facts, and the few things that this platform does to the roster's accounts and groups."""

    async def tie_robots(self, chats: Mapping[str, str], prefix: str) -> Sequence[str]:
        """Bind each robot's chat to its unit (unit name → chat id); the names of which there is not one unit.

        Robots (chats whose id begins with the prefix) that are not among them are freed.
        """
        ...

    async def candidates(self) -> Sequence[Candidate]:
        """Everybody of the roster with a mobile number or an account named who is not bound in WeCom."""
        ...

    async def tie(self, person_id: int, user: str, chat: str) -> bool:
        """Bind an account to a person and make it reachable; False when either has been bound otherwise."""
        ...

    async def office_groups(self, prefix: str) -> Sequence[OfficeGroup]:
        """District and offices: those without any group, and those whose group's id begins with the prefix."""
        ...

    async def tie_group(self, unit_id: int, chat: str, title: str) -> None:
        """Bind a new group to a unit."""
        ...
