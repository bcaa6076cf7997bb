"""What people of `scripts/province.py` say on the deadline's evening, the same for everything that measures.

Reports with and without photos, queries, confirmations by offices, scores of judges.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.province import EACH, IN_OFFICE, Shape, village_name

#: Of a hundred messages.
MIX = {"report": 55, "photo": 10, "query": 15, "confirmation": 10, "score": 10}
#: What a report says; the second number is a percentage.
_SAYINGS = ("进度 {} {}%", "进度{} 完成了{}%", "进度 第{}项 {}％", "进展 {} 到{}%了")
#: A message with all pixels that a photo needs: JPEG's first bytes, and some more.
PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 400
_BEGIN, _END = 61, 99
#: An office confirms what was reported so many messages ago, which has been committed by then.
_LATER = 200


@dataclass(frozen=True, slots=True)
class Saying:
    """One message of one person; with a photo, the words are its caption."""

    kind: str
    person: int
    words: str
    photo: bool = False


class Traffic:
    """Endless messages of `writers` secretaries, their offices and the judges, each in turn."""

    def __init__(self, shape: Shape, writers: int, *, seed: int = 7) -> None:
        self._shape = shape
        self._random = random.Random(seed)
        secretaries = list(range(1, min(writers, shape.villages) + 1))
        judges = list(range(shape.first_judge, shape.people + 1))
        self._random.shuffle(secretaries)
        self._random.shuffle(judges)
        self._secretaries, self._judges = deque(secretaries), deque(judges)
        self._turns: Counter[int] = Counter()
        #: Of each village the item reported last; offices confirm the oldest.
        self._reported: deque[tuple[int, int]] = deque()

    def mixed(self) -> Iterator[Saying]:
        """By the shares of `MIX`."""
        kinds, weights = list(MIX), list(MIX.values())
        while True:
            yield self.one(self._random.choices(kinds, weights)[0])

    def one(self, kind: str) -> Saying:
        """The next message of a kind; while an office has nothing to confirm yet there is a report instead."""
        if kind == "score":
            return self._score()
        if kind == "query":
            return Saying(kind, self._next(self._secretaries), "我的承诺")
        if kind == "confirmation" and len(self._reported) > _LATER:
            village, item = self._reported.popleft()
            office = (village - 1) // IN_OFFICE + self._shape.first_administrator
            return Saying(kind, office, f"核实 {village_name(village)} {item}")
        return self._report(photo=kind == "photo")

    def _report(self, *, photo: bool) -> Saying:
        person = self._next(self._secretaries)
        turn = self._turns[person]
        self._turns[person] += 1
        item, share = turn % EACH + 1, min(_END, _BEGIN + turn // EACH)
        self._reported.append((person, item))
        words = _SAYINGS[person % len(_SAYINGS)].format(item, share)
        return Saying("photo" if photo else "report", person, words, photo)

    def _score(self) -> Saying:
        judge = self._next(self._judges)
        units = self._shape.contestants(judge)
        unit = units[self._turns[judge] % len(units)]
        self._turns[judge] += 1
        first = self._random.randrange(60, 81) / 2
        return Saying("score", judge, f"{unit} {first:g} 27 27")

    @staticmethod
    def _next(people: deque[int]) -> int:
        people.rotate(-1)
        return people[-1]
