"""A real process under load from many people, killed at random moments: nothing is lost, nothing done twice."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.program import Program

#: In CI as many as the issue asks for; `CRASHES=200 python -m pytest tests/test_crash.py` for a harder test.
CRASHES = int(os.environ.get("CRASHES", "50" if os.environ.get("CI") else "4"))
#: So many secretaries tell of highlights and strangers ask for help at once; the organizer announces meanwhile.
SECRETARIES, GUESTS = 8, 4


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    made = Program(tmp_path)
    made.start()
    made.wait_until_open()
    yield made
    made.kill()


class Person:
    """Somebody who says one thing after the other, each until it is taken, as the page does."""

    def __init__(self, account: str, kind: str) -> None:
        self.account = account
        self.room = f"private:{account}"
        self.kind = kind
        self.said = 0
        self.open: dict[str, str] | None = None

    @property
    def answer(self) -> str:
        """What stands in each answer to this person."""
        return "亮点已登记" if self.kind == "secretary" else ""

    def next_message(self) -> dict[str, str]:
        if self.open is None:
            self.said += 1
            self.open = {
                "account": self.account,
                "room": self.room,
                "id": f"message-{self.account}-{self.said}",
                "text": self._words(),
            }
        return self.open

    def _words(self) -> str:
        if self.kind == "secretary":
            return f"亮点 {self.account}的第{self.said}个做法"
        if self.kind == "organizer":
            # Odd ones write an announcement, even ones send it.
            return f"通报 第{self.said // 2 + 1}号通知" if self.said % 2 else "发送"
        return f"/help {self.said}"

    def talks(self, program: Program, until: float, chance: random.Random) -> None:
        """Talk until then; what was not surely taken stays open and is sent again under the same id."""
        while time.monotonic() < until:
            message = self.next_message()
            if chance.random() < 0.1:
                program.post(message)  # the answer is lost on the way, so the page sends it again
            if not program.post(message):
                return
            self.open = None

    def finishes(self, program: Program) -> None:
        """What is still open is taken in the end; an announcement that was begun is sent."""
        deadline = time.monotonic() + 60
        while self.open is not None or (self.kind == "organizer" and self.said % 2):
            assert time.monotonic() < deadline, "a message is not taken"
            if program.post(self.next_message()):
                self.open = None


def test_killed_at_random_nothing_is_lost_and_nothing_done_twice(program: Program) -> None:
    chance = random.Random(11)
    everybody = cast(program)
    for _ in range(CRASHES):
        until = time.monotonic() + 30
        killer = threading.Timer(chance.uniform(0.05, 0.8), program.kill)
        killer.start()
        with ThreadPoolExecutor(len(everybody)) as pool:
            talks = [pool.submit(p.talks, program, until, random.Random(chance.random())) for p in everybody]
        for talk in talks:
            talk.result()
        killer.join()
        program.start()
        program.wait_until_open()
    for person in everybody:
        person.finishes(program)
    assert sum(person.said for person in everybody) > 3 * CRASHES
    for person in everybody:
        if person.kind != "organizer":
            messages = settled(program, person, 2 * person.said)
            assert sum(m["author"] is not None for m in messages) == person.said
            # A secretary also hears what comes by itself, such as a reminder: only the answers count.
            assert sum(m["author"] is None and person.answer in plain(m) for m in messages) == person.said
    everything_was_done_once(program, everybody)


def cast(program: Program) -> list[Person]:
    """Secretaries, guests, and the organizer of the example district."""
    rows = asked(program, "SELECT person_id, role FROM posts WHERE until IS NULL ORDER BY id")
    secretaries = list(dict.fromkeys(person for person, role in rows if role == "secretary"))[:SECRETARIES]
    [organizer, *_] = [person for person, role in rows if role == "organizer"]
    people = [Person(f"p{person}", "secretary") for person in secretaries]
    people += [Person(f"guest-{number}", "guest") for number in range(1, GUESTS + 1)]
    return [*people, Person(f"p{organizer}", "organizer")]


def everything_was_done_once(program: Program, everybody: list[Person]) -> None:
    """Each highlight stands once, each announcement once in each group, and nothing waits or failed."""
    told = [row[0] for row in asked(program, "SELECT words FROM highlights WHERE words LIKE '%的第%个做法'")]
    expected = [
        f"{p.account}的第{n}个做法" for p in everybody if p.kind == "secretary" for n in range(1, p.said + 1)
    ]
    assert sorted(told) == sorted(expected)
    [organizer] = [p for p in everybody if p.kind == "organizer"]
    announced = [row[0] for row in asked(program, "SELECT words FROM announcements ORDER BY id")]
    assert announced == [f"第{n + 1}号通知" for n in range(organizer.said // 2)]
    deadline = time.monotonic() + 60
    unsent = "SELECT count(*) FROM outbox WHERE state NOT IN ('sent', 'cancelled')"
    while asked(program, unsent) != [(0,)]:
        assert time.monotonic() < deadline, "something is not delivered"
        time.sleep(0.2)
    shown = asked(program, "SELECT room, content FROM room_messages WHERE author IS NULL AND room LIKE 'group:%'")
    arrived = Counter(
        (room, words)
        for room, content in shown
        for words in announced
        if f'"{words}"' in plain(json.loads(content))
    )
    groups = {room for room, _words in arrived}
    assert len(groups) >= 5 or not announced
    assert arrived == Counter({(room, words): 1 for room in groups for words in announced})


def plain(message: Any) -> str:
    return json.dumps(message, ensure_ascii=False)


def asked(program: Program, query: str) -> list[Any]:
    """What the program's database says."""
    [path] = program.folder.glob("**/*.db")
    with closing(sqlite3.connect(path, timeout=30)) as database:
        return database.execute(query).fetchall()


def settled(program: Program, person: Person, expected: int) -> list[dict[str, Any]]:
    """The room once everything is delivered, and a moment later, when nothing more may come."""
    deadline = time.monotonic() + 60
    while len(program.room(person.account)) < expected and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.2)
    return program.room(person.account)
