"""Importing a roster file: first a plan, which is shown; then, if all of it is good, the plan carried out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.chat.people import Role
from bot.chat.texts import T, Text
from handlers.roster.plan import ChangedUnit, NewUnit, Plan, PlannedPost
from handlers.roster.planning_people import PeopleOutcome, plan_people
from handlers.roster.planning_units import UnitsOutcome, plan_units
from handlers.roster.sheets import Book, Problem
from storage import fulfilments, roster, units
from storage.database import Tx
from storage.roster import KnownPost

#: So many examples are enough for a note.
_FEW = 5


def plan(tx: Tx, book: Book, *, complete: bool = False, roots: Sequence[int] | None = None) -> Plan:
    """What importing the book would do; changes nothing.

    `complete`: the book is the whole roster, so units and posts that it does not name end. Without it only
    what a row itself calls 离任 or 撤销 ends. `roots` limits everything to what is at or below these units.
    """
    if not book.is_roster:
        reason = T("没有认出表头：单位表要有“名称、类别”，人员表要有“姓名、单位、职务”")
        return Plan(problems=(Problem("", 0, "", reason),))
    known_units, posts = roster.known_units(tx, roots), roster.known_posts(tx, roots)
    placed = plan_units(book.units, known_units, complete=complete and book.has_units)
    people = plan_people(
        book.people,
        roster.known_people(tx, roots),
        posts,
        placed.directory,
        gone=[unit.id for unit in placed.ended],
        complete=complete and book.has_people,
    )
    problems = [*book.problems, *placed.problems, *people.problems]
    if not problems:
        problems += _leaderless(posts, people)
    return Plan(
        units_added=tuple(placed.added),
        units_changed=tuple(placed.changed),
        units_ended=tuple(placed.ended),
        people_added=tuple(people.added),
        people_changed=tuple(people.changed),
        posts_added=tuple(people.begun),
        posts_ended=tuple(people.ended),
        notes=tuple(_notes(book, placed, people, posts)),
        problems=tuple(problems),
    )


def _leaderless(posts: Sequence[KnownPost], people: PeopleOutcome) -> Iterator[Problem]:
    """Nobody would be left who could put it right by chat."""
    before = sum(post.held and post.role is Role.ORGANIZER for post in posts)
    begun = sum(post.role is Role.ORGANIZER for post in people.begun)
    ended = sum(post.role is Role.ORGANIZER for post in people.ended)
    if before and before + begun - ended <= 0:
        yield Problem("", 0, "", T("导入后就没有组织者了；请至少保留一位组织者"))


def _notes(book: Book, placed: UnitsOutcome, people: PeopleOutcome, posts: Sequence[KnownPost]) -> Iterator[Text]:
    if book.ignored:
        yield T("没有用到的列：{columns}", columns=list(book.ignored))
    often = Counter(person.name for person in people.added)
    bare = {person.name for person in people.added if person.mobile is None}
    same = sorted(name for name, times in often.items() if times > 1 and name in bare)
    if same:
        yield T("按不同的人登记的同名者：{names}；若是同一个人，请填上手机", names=same[:_FEW])
    crowded = _crowded(posts, people)
    if crowded:
        names = [placed.directory.names[unit] for unit in crowded[:_FEW]]
        yield T("将有两位以上书记的单位：{names}；若是换届，请给前任填“离任”", names=names)


def _crowded(posts: Sequence[KnownPost], people: PeopleOutcome) -> list[int]:
    """Units that get a secretary beside the one they have."""
    serving: dict[int, set[int]] = defaultdict(set)
    for post in posts:
        if post.held and post.role is Role.SECRETARY:
            serving[post.unit_id].add(post.person_id)
    for ended in _secretaries(people.ended):
        serving[ended.unit].discard(ended.person)
    begun = _secretaries(people.begun)
    for new in begun:
        serving[new.unit].add(new.person)
    return sorted({new.unit for new in begun if len(serving[new.unit]) > 1})


def _secretaries(posts: Sequence[PlannedPost]) -> list[PlannedPost]:
    return [post for post in posts if post.role is Role.SECRETARY]


def apply(tx: Tx, plan: Plan, now: datetime) -> None:
    """Carry the plan out; raises ValueError for one with problems. Statements do not grow with the rows."""
    if plan.problems:
        raise ValueError("a plan with problems is not carried out")
    roster.change_units(tx, [changed.after for changed in plan.units_changed])
    unit_ids = _add_units(tx, plan.units_added, now)
    for moved in _moved(plan.units_changed):
        parent = moved.after.parent_id
        assert parent is not None
        units.move(tx, moved.after.id, parent_id=unit_ids.get(parent, parent))
    new = [(person.name, person.mobile, person.account) for person in plan.people_added]
    added = roster.add_people(tx, new, now=now)
    person_ids = {person.number: number for person, number in zip(plan.people_added, added, strict=True)}
    roster.change_people(tx, [changed.after for changed in plan.people_changed])
    roster.end_posts(tx, [(post.person, post.unit, post.role) for post in plan.posts_ended], now=now)
    begun = [
        (person_ids.get(post.person, post.person), unit_ids.get(post.unit, post.unit), post.role)
        for post in plan.posts_added
    ]
    roster.add_posts(tx, begun, now=now)
    roster.end_units(tx, [unit.id for unit in plan.units_ended], now=now)
    # Where they stand now, something may be due for them.
    fulfilments.ask_also(tx, [*unit_ids.values(), *(changed.after.id for changed in plan.units_changed)])


def _moved(changed: Sequence[ChangedUnit]) -> Iterator[ChangedUnit]:
    return (one for one in changed if one.before.parent_id != one.after.parent_id)


def _add_units(tx: Tx, added: Sequence[NewUnit], now: datetime) -> dict[int, int]:
    """Add level by level, parents first; returns the database's numbers by those of the plan."""
    ids: dict[int, int] = {}
    waiting = list(added)
    while waiting:
        level = [unit for unit in waiting if unit.parent is None or unit.parent > 0 or unit.parent in ids]
        rows = [
            {
                "name": unit.name,
                "kind": unit.kind,
                "parent_id": None if unit.parent is None else ids.get(unit.parent, unit.parent),
                "organization": unit.organization,
                "class_name": unit.class_name,
                "position": unit.position,
            }
            for unit in level
        ]
        ids |= zip([unit.number for unit in level], roster.add_units(tx, rows, now=now), strict=True)
        waiting = [unit for unit in waiting if unit.number not in ids]
    return ids
