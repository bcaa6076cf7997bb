"""The clauses of a message, put together by the commitment that they speak of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from handlers.progress.clauses import Clause, clauses
from handlers.progress.figures import SHARE, Role, Said, figures
from handlers.progress.matching import best, counted_in
from handlers.progress.statuses import is_plan, is_question, status_of
from storage.commitments import Commitment, Status

_UNCHANGED = re.compile(
    r"(?:无|没有?|没什么|无任何|未有?)(?:新的?|太大|啥|什么)?(?:变化|进展)|不变|照旧|同上|(?:和|跟|与|同)上(?:次|期|个?季度|个?月)(?:一样|相同)"
)


@dataclass(slots=True)
class Part:
    """One clause with what was found in it."""

    clause: Clause
    figures: tuple[Said, ...]
    status: Status | None
    unchanged: bool
    items: Sequence[Commitment]
    _named: frozenset[int] | None = None
    _fitting: frozenset[int] | None = None

    @property
    def says_something(self) -> bool:
        return bool(self.figures or self.status or self.unchanged)

    @property
    def measures(self) -> list[str]:
        return [said.measure for said in self.figures if said.measure != SHARE]

    @property
    def named(self) -> frozenset[int]:
        """The commitments that the clause's words fit best."""
        if self._named is None:
            self._named = frozenset(c.number for c in best(self.clause.text, (), self.items))
        return self._named

    @property
    def fitting(self) -> frozenset[int]:
        """The commitments that its words and measures fit best."""
        if self._fitting is None:
            found = best(self.clause.text, self.measures, self.items)
            self._fitting = frozenset(c.number for c in found)
        return self._fitting


@dataclass(slots=True)
class Group:
    """Clauses that speak of the same commitment."""

    parts: list[Part] = field(default_factory=list)

    @property
    def number(self) -> int | None:
        return self.parts[0].clause.number

    @property
    def text(self) -> str:
        return " ".join(part.clause.text for part in self.parts)

    @property
    def figures(self) -> tuple[Said, ...]:
        return tuple(said for part in self.parts for said in part.figures)

    @property
    def says_something(self) -> bool:
        return any(part.says_something for part in self.parts)

    @property
    def named(self) -> bool:
        return any(part.named for part in self.parts)

    @property
    def fitting(self) -> frozenset[int]:
        return frozenset(number for part in self.parts for number in part.fitting)


def groups_of(folded: str, items: Sequence[Commitment]) -> list[Group]:
    """The message's statements, in order; a question in it states nothing."""
    groups: list[Group] = []
    for clause in clauses(folded, {item.number for item in items}):
        if is_question(clause.text):
            continue
        part = _part(clause, items)
        if not groups or _begins(part, groups[-1]):
            groups.append(Group())
        groups[-1].parts.append(part)
    return groups


def _part(clause: Clause, items: Sequence[Commitment]) -> Part:
    said = () if is_plan(clause.text) else figures(clause.text)
    status = status_of(clause.text, figure=bool(said))
    return Part(clause, said, status, bool(_UNCHANGED.search(clause.text)), items)


def _begins(part: Part, group: Group) -> bool:
    """Whether a clause begins to speak of another commitment than the clauses before it."""
    if part.clause.number is not None:
        return True
    if not group.says_something:
        return False
    if group.number is not None:
        leaves = _leaves(part, group.number)
        return part.says_something and (leaves or (part.clause.breaks and not _continues(part)))
    other = bool(part.fitting) and not group.fitting & part.fitting
    if part.clause.breaks:
        return other or not _continues(part)
    return other and (bool(group.fitting) or bool(part.named))


def _leaves(part: Part, number: int) -> bool:
    """Whether a clause after a numbered one plainly speaks of another commitment, with a figure of its own."""
    own = next((c for c in part.items if c.number == number), None)
    if not part.figures or (own and any(counted_in(own, measure) for measure in part.measures)):
        return False
    return bool(part.named) and number not in part.fitting


def _continues(part: Part) -> bool:
    """Whether a sentence goes on with the matter of the sentence before it."""
    return not part.named and all(said.role in (Role.REMAINING, Role.INCREMENT) for said in part.figures)
