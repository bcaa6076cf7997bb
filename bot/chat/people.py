"""Who is talking: persons, their posts and what a post lets them do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.chat.texts import T, Text, Words


class Role(StrEnum):
    """What somebody does for a unit. A person may hold several roles, for several units."""

    ORGANIZER = "organizer"
    OFFICE_ADMINISTRATOR = "office_administrator"
    SECRETARY = "secretary"
    JUDGE = "judge"
    SCOREKEEPER = "scorekeeper"
    SCRUTINEER = "scrutineer"
    OBSERVER = "observer"


ROLE_WORDS: dict[Role, Text] = {
    Role.ORGANIZER: T("组织者"),
    Role.OFFICE_ADMINISTRATOR: T("办事处管理员"),
    Role.SECRETARY: T("书记"),
    Role.JUDGE: T("评委"),
    Role.SCOREKEEPER: T("计票人"),
    Role.SCRUTINEER: T("监票人"),
    Role.OBSERVER: T("观察员"),
}
_PLATFORM_WORDS: dict[str, Text] = {
    "local": T("练习室"),
    "wecom": T("企业微信"),
    "telegram": T("Telegram"),
}


def platform_words(name: str) -> Words:
    """What people call a platform."""
    return _PLATFORM_WORDS.get(name, name.capitalize())


@dataclass(frozen=True, slots=True)
class Post:
    """One role held for one unit. For an office administrator the unit is the office."""

    role: Role
    unit_id: int
    unit_name: str


@dataclass(frozen=True, slots=True)
class Actor:
    """The account that wrote and, once bound, the person behind it with their current posts."""

    account_id: int
    person_id: int | None
    name: str
    posts: tuple[Post, ...] = ()
    language: str | None = None

    @property
    def is_bound(self) -> bool:
        return self.person_id is not None

    @property
    def id(self) -> int:
        """The person's number. Only for commands that a stranger cannot reach."""
        if self.person_id is None:
            raise LookupError("a stranger has no person")
        return self.person_id

    def has(self, *roles: Role) -> bool:
        return any(post.role in roles for post in self.posts)

    def units(self, *roles: Role) -> tuple[int, ...]:
        """The units for which any of the roles is held, in the order of the posts, each once."""
        return tuple(dict.fromkeys(post.unit_id for post in self.posts if post.role in roles))


@dataclass(frozen=True, slots=True)
class Chat:
    """A known chat. `unit_id` is the unit that a group is bound to.

    `state`: active, or parked when the bot cannot speak there at present (removed, blocked).
    """

    id: int
    platform: str
    external_id: str
    is_group: bool
    title: str = ""
    unit_id: int | None = None
    language: str | None = None
    state: str = "active"
