"""A real process, killed at random moments under load: nothing is lost, nothing is answered twice."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program import Program

#: More kills make a longer, harder test: `CRASHES=50 python -m pytest tests/test_crash.py`.
CRASHES = int(os.environ.get("CRASHES", "5"))
PEOPLE = 4


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    made = Program(tmp_path)
    made.start()
    made.wait_until_open()
    yield made
    made.kill()


def test_killed_at_random_nothing_is_lost_and_nothing_answered_twice(program: Program) -> None:
    chance = random.Random(11)
    accounts = [f"guest-{n}" for n in range(1, PEOPLE + 1)]
    said: Counter[str] = Counter()
    crashes = 0
    while crashes < CRASHES:
        kill_at = time.monotonic() + chance.uniform(0.02, 0.6)
        while time.monotonic() < kill_at:
            account = chance.choice(accounts)
            said[account] += 1
            words = {"account": account, "room": f"private:{account}", "text": f"/help {said[account]}"}
            words["id"] = f"message-{account}-{said[account]}"
            if chance.random() < 0.2:
                # The answer to the first delivery is not waited for: the page sends it again.
                program.post(words)
            if not program.post(words):
                break
        crashes += 1
        program.kill()
        program.start()
        program.wait_until_open()
        program.post(words)
    for account in accounts:
        messages = settled(program, account, 2 * said[account])
        own = [m for m in messages if m["author"] is not None]
        answers = [m for m in messages if m["author"] is None]
        assert len(own) == said[account]
        assert len(answers) == said[account]
    assert sum(said.values()) > 2 * CRASHES


def settled(program: Program, account: str, expected: int) -> list[dict[str, object]]:
    """The room once everything is delivered, and a moment later, when nothing more may come."""
    deadline = time.monotonic() + 20
    while len(program.room(account)) < expected and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.5)
    return program.room(account)
