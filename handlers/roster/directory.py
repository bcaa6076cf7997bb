"""Units by the names that people write into a file: 大里村, or 枫杨办事处/大里村 where two offices have one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.chat.grammar.folding import fold
from bot.chat.grammar.suggest import closest

_STEP = re.compile(r"\s*[/>]\s*")


def steps(words: str) -> list[str]:
    """The names in a path such as 枫杨办事处/大里村, from the top down, folded."""
    return _STEP.split(fold(words))


class Directory:
    """The units as they will stand after an import, with those that will have ended kept apart."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self.kinds: dict[int, str] = {}
        self.parents: dict[int, int | None] = {}
        self._standing: dict[str, list[int]] = {}
        self._ended: dict[str, list[int]] = {}

    def put(self, number: int, name: str, kind: str, parent: int | None, *, stands: bool = True) -> None:
        """Enter a unit."""
        self.names[number], self.kinds[number], self.parents[number] = name, kind, parent
        (self._standing if stands else self._ended).setdefault(fold(name), []).append(number)

    def standing(self) -> Iterator[int]:
        """The numbers of all units that will stand."""
        for numbers in self._standing.values():
            yield from numbers

    def find(self, words: str, *, ended: bool = False) -> list[int]:
        """The units that the words may mean; none, one, or several of the same name.

        `ended`: those that will have ended are looked through when no standing one fits.
        """
        found = self._find(self._standing, words)
        return found or (self._find(self._ended, words) if ended else [])

    def _find(self, table: dict[str, list[int]], words: str) -> list[int]:
        words = fold(words)
        if words in table:
            return table[words]
        *above, last = steps(words)
        if above:
            return [number for number in table.get(last, ()) if self._is_below(number, above)]
        for cut in range(1, len(words)):
            found = [n for n in table.get(words[cut:], ()) if self._is_below(n, [words[:cut]])]
            if found:
                return found
        return []

    def _is_below(self, number: int, above: list[str]) -> bool:
        """Whether the names are those of ancestors, from the top down, perhaps with gaps."""
        wanted = list(above)
        for ancestor in self.ancestors(number):
            if wanted and fold(self.names.get(ancestor, "")) == wanted[-1]:
                wanted.pop()
        return not wanted

    def ancestors(self, number: int) -> Iterator[int]:
        """The numbers of the parent, its parent and so on; ends when the tree bites its own tail."""
        seen = {number}
        above = self.parents.get(number)
        while above is not None and above not in seen:
            yield above
            seen.add(above)
            above = self.parents.get(above)

    def bites_itself(self, number: int) -> bool:
        """Whether a unit would be below itself."""
        above = self.parents.get(number)
        seen: set[int] = set()
        while above is not None and above not in seen:
            if above == number:
                return True
            seen.add(above)
            above = self.parents.get(above)
        return False

    def path(self, number: int) -> str:
        """The shortest way to write the unit so that `find` finds only it."""
        name = self.names[number]
        written = name
        for ancestor in self.ancestors(number):
            if self.find(written) == [number]:
                break
            written = f"{self.names[ancestor]}/{written}"
        return written

    def suggest(self, words: str) -> list[str]:
        """Names that the words may have been meant to be."""
        near = closest(words, self._standing)
        return [self.names[self._standing[name][0]] for name in near]
