"""A real process, killed at random moments under load: nothing is lost, nothing is answered twice."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

#: More kills make a longer, harder test: `CRASHES=50 python -m pytest tests/test_crash.py`.
CRASHES = int(os.environ.get("CRASHES", "5"))
PEOPLE = 4


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


class Program:
    """`liangsaibi demo` as a process of its own, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        environment = os.environ | {"LIANGSAIBI_LOCAL_PORT": str(self.port), "LIANGSAIBI_LOGGING_LEVEL": "error"}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "demo"], cwd=self.folder, env=environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def wait_until_open(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(self.address, timeout=5).status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def post(self, body: dict[str, str]) -> bool:
        """Whether the message was taken; a lost connection is no answer."""
        try:
            answer = httpx.post(
                f"{self.address}/api/messages", json=body, headers={"Origin": self.address}, timeout=5
            )
        except httpx.TransportError:
            return False
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 200

    def room(self, account: str) -> list[dict[str, object]]:
        """Everything that stands in somebody's private room."""
        found: list[dict[str, object]] = []
        after = 0
        while True:
            query = {"as": account, "room": f"private:{account}", "after": after}
            page = httpx.get(f"{self.address}/api/messages", params=query, timeout=5).json()["messages"]
            if not page:
                return found
            found += page
            after = page[-1]["id"]


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
