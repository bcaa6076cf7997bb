"""What a file's list of units would change. Pure: from rows and known units to additions, changes, ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.chat.grammar.folding import fold
from bot.chat.texts import T, Text
from handlers.roster.directory import Directory, steps
from handlers.roster.plan import ChangedUnit, NewUnit, Shift
from handlers.roster.sheets import Problem, Row
from handlers.roster.vocabulary import (
    KIND_WORDS,
    ORGANIZATION_WORDS,
    Column,
    State,
    kind_of,
    kind_word,
    organization_of,
    organization_word,
    state_of,
)
from storage.roster import KnownUnit

#: A cell that says so empties what was there; an empty cell leaves it.
_NOTHING = frozenset(("无", "-", "—", "none"))
_LONGEST_NAME = 80
_LONGEST_CLASS = 40
_HIGHEST_POSITION = 1_000_000


@dataclass(slots=True)
class Entry:
    """One row, read. None: the cell is empty; "" in `organization` and `class_name`: there is none."""

    row: Row
    name: str
    state: State
    kind: str | None = None
    organization: str | None = None
    class_name: str | None = None
    position: int | None = None
    known: KnownUnit | None = None
    #: In the directory; 0 as long as it is not known what the row is about.
    number: int = 0
    #: It is wrong in a way that makes everything else about it meaningless.
    dropped: bool = False

    @property
    def present(self) -> bool:
        return self.state is State.PRESENT and not self.dropped

    @property
    def parent(self) -> str:
        return self.row.get(Column.PARENT)

    @property
    def formerly(self) -> str:
        return self.row.get(Column.FORMERLY)


@dataclass(slots=True)
class UnitsOutcome:
    """What becomes of the units, and the directory in which the list of people is read."""

    directory: Directory = field(default_factory=Directory)
    added: list[NewUnit] = field(default_factory=list)
    changed: list[ChangedUnit] = field(default_factory=list)
    ended: list[KnownUnit] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def plan_units(rows: Iterable[Row], known: Sequence[KnownUnit], *, complete: bool) -> UnitsOutcome:
    """Compare the rows with the known units. `complete`: what the file does not name ends."""
    planner = _Planner(known)
    entries = [entry for row in rows if (entry := planner.read(row))]
    planner.match(entries)
    planner.end(entries, complete)
    planner.place(entries)
    planner.compare(entries)
    planner.check(entries)
    return planner.outcome


class _Planner:
    def __init__(self, known: Sequence[KnownUnit]) -> None:
        self.outcome = UnitsOutcome()
        self._known = {unit.id: unit for unit in known}
        self._named: dict[str, list[KnownUnit]] = {}
        for unit in known:
            self._named.setdefault(fold(unit.name), []).append(unit)
        self._taken: dict[int, Entry] = {}
        self._renamed: dict[int, str] = {}
        self._ended: set[int] = set()

    def _bad(self, entry: Entry | Row, column: Column, reason: Text) -> None:
        row = entry.row if isinstance(entry, Entry) else entry
        self.outcome.problems.append(Problem(row.sheet, row.number, column.value, reason))

    # --- reading ------------------------------------------------------------------------------------------

    def read(self, row: Row) -> Entry | None:
        """The row's cells understood; None for an example or when there is no telling what it is about."""
        state = state_of(row.get(Column.STATE))
        if state is State.EXAMPLE:
            return None
        if state is None:
            self._bad(row, Column.STATE, T("看不懂“{word}”，请留空或填“撤销”", word=row.get(Column.STATE)))
        name = row.get(Column.NAME)
        if not name:
            self._bad(row, Column.NAME, T("没有填"))
            return None
        if len(name) > _LONGEST_NAME:
            self._bad(row, Column.NAME, T("太长，最多{most}个字", most=_LONGEST_NAME))
        entry = Entry(row, name, state or State.PRESENT)
        self._read_kind(entry)
        self._read_organization(entry)
        self._read_class(entry)
        self._read_position(entry)
        return entry

    def _read_kind(self, entry: Entry) -> None:
        word = entry.row.get(Column.KIND)
        entry.kind = kind_of(word) or (word if any(u.kind == word for u in self._known.values()) else None)
        if word and entry.kind is None:
            allowed = list(KIND_WORDS.values())
            self._bad(entry, Column.KIND, T("没有“{word}”这一类，可填：{allowed}", word=word, allowed=allowed))

    def _read_organization(self, entry: Entry) -> None:
        word = entry.row.get(Column.ORGANIZATION)
        entry.organization = "" if word in _NOTHING else organization_of(word)
        if word and entry.organization is None:
            allowed = list(ORGANIZATION_WORDS.values())
            reason = T("看不懂“{word}”，可填：{allowed}", word=word, allowed=allowed)
            self._bad(entry, Column.ORGANIZATION, reason)

    def _read_class(self, entry: Entry) -> None:
        word = entry.row.get(Column.CLASS)
        entry.class_name = None if not word else "" if word in _NOTHING else word
        if len(word) > _LONGEST_CLASS:
            self._bad(entry, Column.CLASS, T("太长，最多{most}个字", most=_LONGEST_CLASS))

    def _read_position(self, entry: Entry) -> None:
        word = fold(entry.row.get(Column.POSITION))
        if not word:
            return
        if word.isascii() and word.isdigit() and int(word) <= _HIGHEST_POSITION:
            entry.position = int(word)
        else:
            self._bad(entry, Column.POSITION, T("“{word}”不是整数", word=word))

    # --- which unit a row is about ------------------------------------------------------------------------

    def match(self, entries: list[Entry]) -> None:
        """Tie each row to the known unit that it is about; what is tied to none is new."""
        often = Counter(fold(entry.name) for entry in entries)
        # Renamed ones first: the rows of what is below them may already use the new name.
        for entry in sorted(entries, key=lambda entry: not entry.formerly):
            found = self._about(entry, often)
            if found is None:
                continue
            earlier = self._taken.get(found.id)
            if earlier is not None:
                self._repeats(entry, earlier)
                continue
            self._taken[found.id], entry.known, entry.number = entry, found, found.id
            if found.name != entry.name:
                self._renamed[found.id] = entry.name
        fresh = (e for e in entries if not e.number and e.present)
        for index, entry in enumerate(fresh, start=1):
            entry.number = -index

    def _repeats(self, entry: Entry, earlier: Entry) -> None:
        entry.dropped = True
        self._bad(entry, Column.NAME, T("与第{row}行重复", row=earlier.row.number))

    def _about(self, entry: Entry, often: Counter[str]) -> KnownUnit | None:
        here = self._here(entry, entry.name)
        if entry.formerly and not any(unit.stands for unit in here):
            before = [unit for unit in self._here(entry, entry.formerly) if unit.stands]
            if len(before) == 1:
                return before[0]
            self._bad(entry, Column.FORMERLY, T("没有找到叫“{name}”的单位", name=entry.formerly))
            return here[0] if here else None
        if len(here) > 1:
            entry.dropped = True
            self._bad(entry, Column.PARENT, T("“{name}”不止一个，请填上级", name=entry.name))
            return None
        if here:
            return here[0]
        if entry.state is State.ENDED:
            self._bad(entry, Column.NAME, T("没有这个单位，无法撤销"))
            return None
        name = fold(entry.name)
        elsewhere = [u for u in self._named.get(name, ()) if u.stands and u.id not in self._taken]
        # The only one of its name, found under another parent: it has moved.
        return elsewhere[0] if len(elsewhere) == 1 and often[name] == 1 else None

    def _here(self, entry: Entry, name: str) -> list[KnownUnit]:
        """The known units of that name under the parent that the row names; standing ones if there are."""
        wanted = steps(entry.parent) if entry.parent else []
        named = [unit for unit in self._named.get(fold(name), ()) if self._fits(unit, wanted)]
        return [unit for unit in named if unit.stands] or named

    def _fits(self, unit: KnownUnit, wanted: list[str]) -> bool:
        """Whether parent, grandparent and so on have the wanted names (the nearest last), old or new."""
        for name in reversed(wanted):
            above = self._known.get(unit.parent_id or 0)
            if above is None or name not in (fold(above.name), fold(self._renamed.get(above.id, ""))):
                return False
            unit = above
        return True

    # --- where it stands ----------------------------------------------------------------------------------

    def end(self, entries: list[Entry], complete: bool) -> None:
        """Note what ends: because its row says so or, in a complete file, because it has no row."""
        named = {e.known.id for e in entries if e.known and e.state is State.ENDED}
        absent = {u for u in self._known if complete and u not in self._taken}
        self.outcome.ended = [u for u in self._known.values() if u.stands and u.id in named | absent]
        self._ended = {unit.id for unit in self.outcome.ended}

    def place(self, entries: list[Entry]) -> None:
        """Enter everything into the directory and find each row's parent in it."""
        directory = self.outcome.directory
        for unit in self._known.values():
            entry = self._taken.get(unit.id)
            revived = entry is not None and entry.present
            stands = unit.id not in self._ended and (unit.stands or revived)
            kind = (entry.kind if entry else None) or unit.kind
            directory.put(unit.id, self._renamed.get(unit.id, unit.name), kind, unit.parent_id, stands=stands)
        for entry in _new(entries):
            directory.put(entry.number, entry.name, entry.kind or "", None)
        waiting = [e for e in entries if e.present and e.parent]
        while waiting:
            # A path such as 枫杨办事处/大里村 can be followed only once what is above has found its place.
            left = [entry for entry in waiting if not self._settle(entry)]
            if len(left) == len(waiting):
                break
            waiting = left
        for entry in waiting:
            self._unsettled(entry)
        for entry in _new(entries):
            if not entry.parent:
                self._as_root(entry)

    def _settle(self, entry: Entry) -> bool:
        directory = self.outcome.directory
        found = [number for number in directory.find(entry.parent) if number != entry.number]
        if len(found) != 1:
            return False
        directory.parents[entry.number] = found[0]
        return True

    def _unsettled(self, entry: Entry) -> None:
        if self.outcome.directory.find(entry.parent):
            reason = T("“{name}”不止一个，请写成“上级/{name}”", name=entry.parent)
        else:
            reason = unknown_unit(self.outcome.directory, entry.parent)
        self._bad(entry, Column.PARENT, reason)

    def _as_root(self, entry: Entry) -> None:
        parents = self.outcome.directory.parents
        roots = [n for n in self.outcome.directory.standing() if n != entry.number and parents[n] is None]
        if any(n > 0 or n > entry.number for n in roots):
            self._bad(entry, Column.PARENT, T("没有填；只有最上面的一个单位可以没有上级"))

    # --- what that changes --------------------------------------------------------------------------------

    def compare(self, entries: list[Entry]) -> None:
        """Note what is added and what is changed."""
        last = max((unit.position for unit in self._known.values()), default=-1)
        last = max([last, *(e.position for e in entries if e.position is not None)])
        for entry in _new(entries):
            if entry.kind is None and not entry.row.get(Column.KIND):
                self._bad(entry, Column.KIND, T("没有填"))
            if entry.position is None:
                last += 1
            self.outcome.added.append(self._added(entry, last))
        for entry in entries:
            if entry.known and entry.present:
                self._changed(entry, entry.known)

    def _added(self, entry: Entry, position: int) -> NewUnit:
        return NewUnit(
            number=entry.number,
            name=entry.name,
            kind=entry.kind or "",
            parent=self.outcome.directory.parents[entry.number],
            organization=entry.organization or None,
            class_name=entry.class_name or None,
            position=position if entry.position is None else entry.position,
        )

    def _changed(self, entry: Entry, known: KnownUnit) -> None:
        directory = self.outcome.directory
        after = replace(
            known,
            name=entry.name,
            kind=entry.kind or known.kind,
            organization=_updated(known.organization, entry.organization),
            class_name=_updated(known.class_name, entry.class_name),
            position=known.position if entry.position is None else entry.position,
            parent_id=directory.parents[known.id],
            stands=True,
        )
        if after != known:
            shifts = tuple(_shifts(known, after, directory))
            self.outcome.changed.append(ChangedUnit(known, after, shifts, revived=not known.stands))

    # --- whether it holds together ------------------------------------------------------------------------

    def check(self, entries: list[Entry]) -> None:
        """The tree must stay one: names unique under a parent, nothing below itself or below what ends."""
        directory = self.outcome.directory
        kept = {(u.parent_id, u.name): u.id for u in self._known.values() if u.id not in self._taken}
        placed: dict[tuple[int | None, str], Entry] = {}
        for entry in entries:
            if not entry.present:
                continue
            if directory.bites_itself(entry.number):
                self._bad(entry, Column.PARENT, T("绕成了圈：一个单位不能在自己下面"))
            key = (directory.parents[entry.number], entry.name)
            if key in placed:
                self._bad(entry, Column.NAME, T("与第{row}行重复", row=placed[key].row.number))
            elif key in kept:
                self._bad(entry, Column.NAME, T("同一上级下已经有同名的单位"))
            placed.setdefault(key, entry)
        self._check_ended()

    def _check_ended(self) -> None:
        directory = self.outcome.directory
        below: dict[int, list[str]] = {}
        for number in directory.standing():
            above = directory.parents[number]
            if above is not None and above in self._ended:
                below.setdefault(above, []).append(directory.names[number])
        for unit in self.outcome.ended:
            entry = self._taken.get(unit.id)
            sheet, number = (entry.row.sheet, entry.row.number) if entry else ("", 0)
            if unit.parent_id is None:
                reason: Text = T("“{name}”在最上面，不能撤销", name=unit.name)
            elif unit.id in below:
                left = below[unit.id][:5]
                reason = T("撤销“{name}”之前，它下面的单位要先撤销或改上级：{left}", name=unit.name, left=left)
            else:
                continue
            self.outcome.problems.append(Problem(sheet, number, Column.STATE.value, reason))


def unknown_unit(directory: Directory, words: str) -> Text:
    """The reason for a row whose unit is not known, with what may have been meant."""
    near = directory.suggest(words)
    if near:
        return T("没有“{name}”这个单位，是不是：{near}？", name=words, near=near)
    return T("没有“{name}”这个单位", name=words)


def _new(entries: Iterable[Entry]) -> Iterator[Entry]:
    return (entry for entry in entries if entry.number < 0)


def _updated(before: str | None, said: str | None) -> str | None:
    return before if said is None else said or None


def _shifts(before: KnownUnit, after: KnownUnit, directory: Directory) -> Iterator[Shift]:
    if before.name != after.name:
        yield Shift(Column.NAME, before.name, after.name)
    if before.kind != after.kind:
        yield Shift(Column.KIND, kind_word(before.kind), kind_word(after.kind))
    if before.organization != after.organization:
        old, new = organization_word(before.organization), organization_word(after.organization)
        yield Shift(Column.ORGANIZATION, old, new)
    if before.class_name != after.class_name:
        yield Shift(Column.CLASS, before.class_name or "", after.class_name or "")
    if before.position != after.position:
        yield Shift(Column.POSITION, str(before.position), str(after.position))
    if before.parent_id != after.parent_id:
        old, new = (directory.names.get(n or 0, "") for n in (before.parent_id, after.parent_id))
        yield Shift(Column.PARENT, old, new)
