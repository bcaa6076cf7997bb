"""An announcement before it is sent: its words, its files, to whom it goes and when. Kept in the dialogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from bot.chat.links import only_link
from bot.chat.messages import Block, Button, Line, OutFile, Reply, ToGroup, ToPerson, faint, link, say, title
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.announcements.declared import SENDERS
from storage import accounts, people, units
from storage.units import Unit

#: Of whom a sender can choose all at once.
CIRCLES = (Role.SECRETARY, Role.OFFICE_ADMINISTRATOR, Role.JUDGE)


@dataclass(frozen=True)
class Draft:
    """What the author has decided so far. `at` is an ISO time; `files` are (key, name, mime)."""

    words: str
    files: list[list[str]] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    circles: list[str] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    asks: bool = False
    at: str | None = None

    def to_data(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def moment(self) -> datetime | None:
        return datetime.fromisoformat(self.at) if self.at else None

    @property
    def out_files(self) -> tuple[OutFile, ...]:
        return tuple(OutFile(*file) for file in self.files)


def roots(ctx: Ctx) -> tuple[int, ...]:
    """The units for whose people and groups the sender may speak."""
    return ctx.actor.units(*SENDERS)


def with_groups(ctx: Ctx) -> list[Unit]:
    """The units below the sender that have a work group, the highest first."""
    below = units.subtree(ctx.tx, roots(ctx))
    bound = ctx.memo.get("announcements.groups")
    if bound is None:
        bound = ctx.memo["announcements.groups"] = accounts.reach_groups(ctx.tx, [unit.id for unit in below])
    return [unit for unit in below if unit.id in bound]


def everybody(ctx: Ctx, draft: Draft) -> dict[int, str]:
    """The people whom the draft goes to privately, with their names."""
    if not draft.circles and not draft.people:
        return {}
    chosen = {
        holder.person_id: holder.name
        for holder in people.posts_below(ctx.tx, roots(ctx))
        if holder.role in draft.circles or holder.person_id in draft.people
    }
    chosen.pop(ctx.actor.id, None)
    return chosen


def message(ctx: Ctx, draft: Draft, *, number: int | None = None) -> Reply:
    """The announcement as people get it."""
    post = next(post for post in ctx.actor.posts if post.role in SENDERS)
    lines = _lines(draft.words)
    body: Sequence[Block] = (
        title(T("通报")),
        *lines,
        faint(T("{unit}　{name}", unit=post.unit_name, name=ctx.actor.name)),
    )
    buttons = ((Button(T("收到"), f"acknowledge {number}"),),) if draft.asks and number else ()
    return say(*body, files=draft.out_files, buttons=buttons)


def _lines(words: str) -> list[Line]:
    """The words line by line; their only address stands by itself, so that it can be followed everywhere."""
    found = only_link(words)
    if found is None:
        return [Line(part.strip()) for part in words.split("\n") if part.strip()]
    before, address, after = found
    return [*_lines(before), link(address), *_lines(after)]


def addressed(draft: Draft, persons: Sequence[int]) -> list[ToGroup | ToPerson]:
    """Groups first, then people."""
    return [*(ToGroup(unit) for unit in draft.groups), *(ToPerson(person) for person in persons)]
