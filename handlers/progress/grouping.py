"""The clauses of a message, put together by the commitment that they speak of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from handlers.progress.clauses import Clause, clauses
from handlers.progress.figures import SHARE, Role, Said, bare_figure, figures
from handlers.progress.matching import best, counted_in, measures, words_shared
from handlers.progress.statuses import is_plan, is_question, status_of
from storage.commitments import Commitment, Status

_UNCHANGED = re.compile(
    r"(?:无|没有?|没什么|无任何|未有?)(?:新的?|太大|啥|什么)?(?:变化|进展)|不变|照旧|同上|老样子|还(?:是)?那样"
    r"|(?:和|跟|与|同)(?:上|前)(?:次|回|期|个?季度|个?月)(?:一样|相同|差不多)"
)

#: Where a statement may end and the next one begin: behind a deed or a figure.
_TURN = re.compile(r"完[工成好]|[开停竣]工|推进|验收|到位|(?<=[装修铺种栽拆建])好|\d[一-鿿]{1,3}?(?=[一-鿿]{2})|%")
_A_DATE = re.compile(r"(?:今年|明年)?(?:\d{1,2}月(?:份?[底末初中]|\d{1,2}[日号])?|年[底末])(?:之?前)?")
_DONE = re.compile(r"[已了]|完成|累计|目前|达到|剩|还差|%")
_BOUGHT = re.compile(r"采购|购[置买进回]|进货|到货|订购|备料|运[到来]")
_OTHERS = re.compile(r"其[他它余]|别的|剩下的(?!\d)")
_TWO = 2


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
        return [said.measure for said in self.figures if said.measure not in ("", SHARE)]

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
    def also(self) -> tuple[int, ...]:
        """The other items that were named together with it."""
        return self.parts[0].clause.also

    @property
    def numbers(self) -> frozenset[int]:
        """The items that it is, or may be, about."""
        return frozenset((self.number, *self.also)) if self.number is not None else self.fitting

    @property
    def is_plan(self) -> bool:
        """Whether a date or plan stands beside its figures, and no word says that anything is done."""
        ahead = any(is_plan(p.clause.text) or _A_DATE.fullmatch(p.clause.text) for p in self.parts)
        return ahead and not any(_DONE.search(p.clause.text) for p in self.parts if p.figures)

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
    numbers = {item.number for item in items}
    for clause in (half for whole in clauses(folded, numbers) for half in _halves(whole, items)):
        if is_question(clause.text):
            continue
        part = _part(clause, items, groups[-1] if groups else None)
        if not groups or _begins(part, groups[-1]):
            groups.append(Group())
        groups[-1].parts.append(part)
    return groups


def _halves(clause: Clause, items: Sequence[Commitment]) -> tuple[Clause, ...]:
    """A clause cut where it goes over from one commitment to another without a pause.

    "道路硬化已完工路灯装了96盏": both sides name a commitment by its words, and not the same one.
    """
    if clause.number is not None or sum(1 for item in items if words_shared(clause.text, item)) < _TWO:
        return (clause,)
    for match in _TURN.finditer(clause.text):
        cut = match.end()
        before, after = best(clause.text[:cut], (), items), best(clause.text[cut:], (), items)
        if len(before) == 1 == len(after) and before != after:
            at = clause.start + cut
            first = replace(clause, end=at, text=clause.text[:cut])
            return (first, *_halves(Clause(at, clause.end, clause.text[cut:]), items))
    return (clause,)


def _part(clause: Clause, items: Sequence[Commitment], before: Group | None) -> Part:
    planned = is_plan(clause.text)
    said = figures(clause.text, {measure for item in items for measure in measures(item)})
    if planned:
        # "剩下24盏下周装完": what is left is no plan.
        said = tuple(one for one in said if one.role is Role.REMAINING)
    status = status_of(clause.text, figure=bool(said))
    if said and _BOUGHT.search(clause.text) and not any(_BOUGHT.search(item.words) for item in items):
        # What was bought or delivered is not done yet.
        said, status = (), status or Status.PREPARING
    part = Part(clause, said, status, bool(_UNCHANGED.search(clause.text)), items)
    if not planned and not part.says_something and _may_be_counted(part, before):
        part.figures = bare_figure(clause.text)
    return part


def _may_be_counted(part: Part, before: Group | None) -> bool:
    """Whether it is said of which commitment a number without a measure would be: "路灯96", "路灯 96"."""
    if part.clause.number is not None or part.named:
        return True
    return before is not None and not part.clause.breaks and before.named and not before.says_something


def _begins(part: Part, group: Group) -> bool:
    """Whether a clause begins to speak of another commitment than the clauses before it."""
    if part.clause.number is not None or (part.says_something and _OTHERS.match(part.clause.text)):
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
