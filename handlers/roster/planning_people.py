"""What a file's list of people would change. Pure: from rows, units and known people to additions and ends.

People are told apart by their mobile number; without one, by name and unit. A mobile number that is known
under another name is refused unless the row says that the name has changed (原名): a successor who took over
the office's telephone must not inherit the predecessor's account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.chat.people import ROLE_WORDS, Role
from bot.chat.texts import T, Text
from handlers.roster.directory import Directory
from handlers.roster.plan import ChangedPerson, NewPerson, PlannedPost, Shift
from handlers.roster.planning_units import unknown_unit
from handlers.roster.sheets import Problem, Row
from handlers.roster.vocabulary import Column, State, account_of, mobile_of, role_of, split_posts, state_of
from storage.roster import KnownPerson, KnownPost
from storage.units import COMMUNITY, DISTRICT, OFFICE, VILLAGE

_LONGEST_NAME = 80
#: Where a post is plainly on the wrong line. Kinds of one's own are left alone.
_MISPLACED = {
    Role.ORGANIZER: (VILLAGE, COMMUNITY),
    Role.OFFICE_ADMINISTRATOR: (DISTRICT, VILLAGE, COMMUNITY),
    Role.SECRETARY: (DISTRICT, OFFICE),
}
_BELONGS = {
    Role.ORGANIZER: T("组织者的单位应当是区"),
    Role.OFFICE_ADMINISTRATOR: T("办事处管理员的单位应当是办事处；区里的管理员请填“组织者”"),
    Role.SECRETARY: T("书记的单位应当是村或社区；办事处的请填“办事处管理员”"),
}


@dataclass(slots=True)
class Entry:
    """One row, read. `mobile`, `account` None: the cell is empty."""

    row: Row
    name: str
    unit: int
    mobile: str | None
    roles: tuple[Role, ...]
    ends: bool
    account: str | None = None
    #: Of the person, below zero when new; 0 as long as it is not known who is meant.
    number: int = 0

    @property
    def formerly(self) -> str:
        return self.row.get(Column.FORMERLY)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, self.formerly) if self.formerly else (self.name,)


@dataclass(slots=True)
class PeopleOutcome:
    """What becomes of the people and their posts."""

    added: list[NewPerson] = field(default_factory=list)
    changed: list[ChangedPerson] = field(default_factory=list)
    begun: list[PlannedPost] = field(default_factory=list)
    ended: list[PlannedPost] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def plan_people(
    rows: Iterable[Row],
    people: Sequence[KnownPerson],
    posts: Sequence[KnownPost],
    directory: Directory,
    *,
    gone: Iterable[int],
    complete: bool,
) -> PeopleOutcome:
    """Compare the rows with who is known. `gone`: units that end, and their posts with them.

    `complete`: a post that the rows do not name ends.
    """
    planner = _Planner(people, posts, directory)
    entries = [entry for row in rows if (entry := planner.read(row))]
    planner.identify(entries)
    planner.compare(entries)
    planner.post(entries, gone=set(gone), complete=complete)
    return planner.outcome


class _Planner:
    def __init__(self, people: Sequence[KnownPerson], posts: Sequence[KnownPost], directory: Directory) -> None:
        self.outcome = PeopleOutcome()
        self._directory = directory
        self._people = {person.id: person for person in people}
        self._by_mobile = {p.mobile: p for p in people if p.mobile}
        self._held = {(p.person_id, p.unit_id, p.role) for p in posts if p.held and p.person_id in self._people}
        self._here: dict[tuple[str, int], set[int]] = defaultdict(set)
        self._been_here: dict[tuple[str, int], set[int]] = defaultdict(set)
        self._ever = {(post.person_id, post.unit_id) for post in posts}
        for post in posts:
            person = self._people.get(post.person_id)
            if person:
                table = self._here if post.held else self._been_here
                table[person.name, post.unit_id].add(person.id)

    def _bad(self, entry: Entry | Row, column: Column, reason: Text) -> None:
        row = entry.row if isinstance(entry, Entry) else entry
        self.outcome.problems.append(Problem(row.sheet, row.number, column.value, reason))

    # --- reading ------------------------------------------------------------------------------------------

    def read(self, row: Row) -> Entry | None:
        """The row's cells understood; None for an example or when there is no telling whom it is about."""
        state = state_of(row.get(Column.STATE))
        if state is State.EXAMPLE:
            return None
        if state is None:
            self._bad(row, Column.STATE, T("看不懂“{word}”，请留空或填“离任”", word=row.get(Column.STATE)))
        ends = state is State.ENDED
        mobile, account = self._mobile(row), self._account(row)
        unit = self._unit(row, ends)
        roles = tuple(self._roles(row, unit, ends))
        name = row.get(Column.PERSON)
        if not name:
            self._bad(row, Column.PERSON, T("没有填"))
        elif len(name) > _LONGEST_NAME:
            self._bad(row, Column.PERSON, T("太长，最多{most}个字", most=_LONGEST_NAME))
        elif unit is not None:
            return Entry(row, name, unit, mobile, roles, ends, account)
        return None

    def _mobile(self, row: Row) -> str | None:
        words = row.get(Column.MOBILE)
        mobile = mobile_of(words)
        if words and mobile is None:
            self._bad(row, Column.MOBILE, T("“{word}”不是手机号（11位数字，境外号码写成+国家代码）", word=words))
        return mobile

    def _account(self, row: Row) -> str | None:
        words = row.get(Column.ACCOUNT)
        account = account_of(words)
        if words and account is None:
            self._bad(row, Column.ACCOUNT, T("“{word}”不是企业微信账号（字母、数字和_-@.）", word=words))
        return account

    def _unit(self, row: Row, ends: bool) -> int | None:
        words = row.get(Column.UNIT)
        if not words:
            self._bad(row, Column.UNIT, T("没有填"))
            return None
        found = self._directory.find(words, ended=ends)
        if len(found) == 1:
            return found[0]
        if found:
            ways = [self._directory.path(number) for number in found[:3]]
            self._bad(row, Column.UNIT, T("“{name}”不止一个，请写成：{ways}", name=words, ways=ways))
        else:
            self._bad(row, Column.UNIT, unknown_unit(self._directory, words))
        return None

    def _roles(self, row: Row, unit: int | None, ends: bool) -> Iterator[Role]:
        words = split_posts(row.get(Column.POSTS))
        if not words and not ends:
            self._bad(row, Column.POSTS, T("没有填"))
        for word in words:
            role = role_of(word)
            if role is None:
                allowed = list(ROLE_WORDS.values())
                self._bad(
                    row, Column.POSTS, T("没有“{word}”这个职务，可填：{allowed}", word=word, allowed=allowed)
                )
                continue
            if unit is not None and not ends and self._directory.kinds[unit] in _MISPLACED.get(role, ()):
                self._bad(row, Column.POSTS, _BELONGS[role])
            yield role

    # --- who is meant -------------------------------------------------------------------------------------

    def identify(self, entries: list[Entry]) -> None:
        """Tie each row to a known person, or to one of the new ones."""
        by_mobile: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            if entry.mobile:
                by_mobile[entry.mobile].append(entry)
        for mobile, same in by_mobile.items():
            self._by_number(mobile, same, set(by_mobile))
        named = {(entry.name, entry.unit): entry.number for entry in entries if entry.mobile}
        for entry in entries:
            if not entry.mobile:
                self._by_name(entry, named)
            if entry.ends and entry.number and (entry.number, entry.unit) not in self._ever:
                self._bad(entry, Column.PERSON, T("“{name}”在这个单位没有职务", name=entry.name))

    def _by_number(self, mobile: str, same: list[Entry], mentioned: set[str]) -> None:
        first = same[0]
        for entry in same[1:]:
            if entry.name != first.name:
                reason = T("与第{row}行手机相同而姓名不同", row=first.row.number)
                self._bad(entry, Column.MOBILE, reason)
        known = self._by_mobile.get(mobile)
        if known is None:
            number = self._without_number(same, mentioned) or self._new(first.name, mobile)
        else:
            number = known.id
            if known.name != first.name and not any(entry.formerly == known.name for entry in same):
                reason = T(
                    "这个手机在名册里是{known}的。若是改名，请加一列“原名”填{known}；若换了人，请先改{known}的手机",
                    known=known.name,
                )
                self._bad(first, Column.PERSON, reason)
        for entry in same:
            entry.number = number

    def _without_number(self, same: list[Entry], mentioned: set[str]) -> int | None:
        """Who is known by name and unit, with no mobile number or one that the file no longer has."""
        for entry in same:
            for name in entry.names:
                here = self._here[name, entry.unit]
                free = [n for n in here if self._people[n].mobile not in mentioned]
                if len(free) == 1:
                    return free[0]
        return None

    def _by_name(self, entry: Entry, named: dict[tuple[str, int], int]) -> None:
        for name in entry.names:
            for table in (self._here, self._been_here):
                found = table[name, entry.unit]
                if len(found) > 1:
                    reason = T("“{name}”在这个单位不止一位，请填手机", name=name)
                    self._bad(entry, Column.PERSON, reason)
                    return
                if found:
                    entry.number = next(iter(found))
                    return
        entry.number = named.get((entry.name, entry.unit)) or self._new(entry.name, None)
        named[entry.name, entry.unit] = entry.number

    def _new(self, name: str, mobile: str | None) -> int:
        self.outcome.added.append(NewPerson(-1 - len(self.outcome.added), name, mobile))
        return self.outcome.added[-1].number

    # --- what that changes --------------------------------------------------------------------------------

    def compare(self, entries: list[Entry]) -> None:
        """Note new names, mobile numbers and accounts of known people, and the accounts of new ones."""
        accounts = self._accounts(entries)
        self.outcome.added = [replace(new, account=accounts.get(new.number)) for new in self.outcome.added]
        seen: set[int] = set()
        for entry in entries:
            known = self._people.get(entry.number)
            if known is None or entry.ends or known.id in seen:
                continue
            account = accounts.get(known.id, known.account)
            after = replace(known, name=entry.name, mobile=entry.mobile or known.mobile, account=account)
            if after != known:
                self.outcome.changed.append(ChangedPerson(known, after, tuple(_shifts(known, after))))
                seen.add(known.id)

    def _accounts(self, entries: list[Entry]) -> dict[int, str]:
        """By person the account that the file tells; one that two people would have is refused."""
        told: dict[int, str] = {}
        for entry in entries:
            if entry.account and entry.number and not entry.ends:
                told.setdefault(entry.number, entry.account)
        owners = {p.account.lower(): p.name for p in self._people.values() if p.account and p.id not in told}
        holder: dict[str, int] = {}
        for entry in entries:
            if not entry.account or not entry.number or entry.ends:
                continue
            name = entry.account.lower()
            if told[entry.number].lower() != name or holder.setdefault(name, entry.number) != entry.number:
                self._bad(entry, Column.ACCOUNT, T("同一个账号只能是一个人的，一个人也只有一个账号"))
            elif name in owners:
                self._bad(entry, Column.ACCOUNT, T("这个账号在名册里是{known}的", known=owners[name]))
        return told

    def post(self, entries: list[Entry], *, gone: set[int], complete: bool) -> None:
        """Note the posts that begin and end."""
        said: dict[tuple[int, int, Role], Entry] = {}
        for entry in entries:
            for key in self._keys(entry):
                if key in said:
                    self._bad(entry, Column.POSTS, T("与第{row}行重复", row=said[key].row.number))
                said.setdefault(key, entry)
        for key, entry in said.items():
            if not entry.ends and key not in self._held:
                self.outcome.begun.append(self._planned(key, entry.name))
        for key in sorted(self._held, key=lambda key: (key[1], key[0], key[2])):
            ends = said[key].ends if key in said else complete
            if ends or key[1] in gone:
                self.outcome.ended.append(self._planned(key, self._people[key[0]].name))

    def _keys(self, entry: Entry) -> list[tuple[int, int, Role]]:
        if not entry.number:
            return []
        if entry.roles or not entry.ends:
            return [(entry.number, entry.unit, role) for role in dict.fromkeys(entry.roles)]
        return sorted(key for key in self._held if key[:2] == (entry.number, entry.unit))

    def _planned(self, key: tuple[int, int, Role], name: str) -> PlannedPost:
        person, unit, role = key
        return PlannedPost(person, unit, role, name, self._directory.names[unit])


def _shifts(before: KnownPerson, after: KnownPerson) -> Iterator[Shift]:
    if before.name != after.name:
        yield Shift(Column.PERSON, before.name, after.name)
    if before.mobile != after.mobile:
        yield Shift(Column.MOBILE, before.mobile or "", after.mobile or "")
    if before.account != after.account:
        yield Shift(Column.ACCOUNT, before.account or "", after.account or "")
