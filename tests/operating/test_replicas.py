"""Several replicas on one PostgreSQL, as processes of their own: one sends, another takes over within seconds."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.chat.clock import SystemClock
from bot.chat.messages import ChatKind, ChatRef
from bot.chat.ports import MOST_AT_ONCE
from bot.delivery import HANDOVER
from storage import accounts, outbox
from storage.database import Database
from tests.servers.recorder import Recorder

#: How long anything may take on a slow machine, in seconds.
PATIENCE = 60.0
#: Enough for many to be under way at once.
CHATS = 300


def wait_until(what: Callable[[], object], words: str) -> float:
    """Returns the seconds that it took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < PATIENCE, words
        time.sleep(0.05)
    return time.monotonic() - began


class Replicas:
    def __init__(self, database: Database, recorder: Recorder, folder: Path) -> None:
        self.database, self.recorder, self.folder = database, recorder, folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        words = [sys.executable, "-m", "tests.replica", name, self.database.address, self.recorder.address]
        with log:
            self.running[name] = subprocess.Popen([*words, str(self.folder)], stdout=log, stderr=log)
        wait_until(lambda: (name, "ready") in self.recorder.events, (self.folder / f"{name}.log").read_text())

    def signal(self, name: str, which: signal.Signals) -> None:
        self.running[name].send_signal(which)

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.kill()
        process.wait()


@pytest.fixture
def replicas(postgresql_database: Database, tmp_path: Path) -> Iterator[Replicas]:
    recorder = Recorder()
    made = Replicas(postgresql_database, recorder, tmp_path)
    yield made
    for name in list(made.running):
        made.kill(name)
    recorder.close()


class Writer:
    """Puts messages into the outbox, as any replica does, until told to stop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.written = 0
        self._stopped = threading.Event()
        with database.transaction() as tx:
            refs = [ChatRef("recorded", f"group:{n}", ChatKind.GROUP) for n in range(CHATS)]
            self._chats = [accounts.chat_for(tx, ref, now=SystemClock().now()).id for ref in refs]
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        number = 0
        while not self._stopped.wait(0.03):
            number += 1
            content = {"body": [["line", f"第{number}条", "plain"]]}
            with self._database.transaction() as tx:
                outbox.put(tx, chat_id=self._chats[number % CHATS], content=content, now=SystemClock().now())
            self.written = number

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopped.set()
        self._thread.join()


def states(database: Database) -> dict[str, set[int]]:
    with database.transaction() as tx:
        found: dict[str, set[int]] = {}
        for row in tx.all(text("SELECT id, state FROM outbox")):
            found.setdefault(row.state, set()).add(row.id)
    return found


def test_paused_and_killed_leaders_hand_over_within_seconds_and_nothing_is_sent_twice(replicas: Replicas) -> None:
    recorder, database = replicas.recorder, replicas.database
    replicas.start("甲")
    wait_until(lambda: recorder.leads("甲"), "nobody leads")
    replicas.start("乙")
    with Writer(database) as writer:
        wait_until(lambda: len(recorder.sent) > 15, "nothing is sent")
        assert {who for who, _number in recorder.sent} == {"甲"}

        # Paused, the leader keeps what it thinks is its lock; the server takes it away.
        replicas.signal("甲", signal.SIGSTOP)
        paused_for = wait_until(lambda: recorder.leads("乙"), "nobody takes over from a paused leader")
        before = len(recorder.sent)
        wait_until(lambda: len(recorder.sent) > before + 15, "the new leader sends nothing")
        replicas.signal("甲", signal.SIGCONT)
        wait_until(lambda: ("甲", "follow") in recorder.events, "the old leader has not noticed")
        before = len(recorder.sent)
        wait_until(lambda: len(recorder.sent) > before + 15, "nothing is sent")
        assert recorder.doubled() == []

        # Killed, its connection is gone with it.
        replicas.kill("乙")
        in_flight = states(database).get("sending", set())
        killed_for = wait_until(lambda: recorder.leads("甲"), "nobody takes over from the dead")
        before = len(recorder.sent)
        wait_until(lambda: len(recorder.sent) > before + 15, "nothing is sent after a leader's death")
    assert paused_for < 20
    assert killed_for < 20
    assert recorder.doubled() == []

    # What the dead leader was sending goes seconds later, once more at most.
    waited = wait_until(lambda: set(states(database)) <= {"sent", "unknown"}, "something stays behind")
    assert waited < HANDOVER + 20
    # A group is not told again what it may have been told: such a message is kept for people to see.
    unknown = states(database).get("unknown", set())
    assert len({number for _who, number in recorder.sent} | unknown) == writer.written
    again = Counter(number for _who, number in recorder.sent) - Counter({number for _who, number in recorder.sent})
    assert again <= Counter(in_flight)
    assert len(in_flight) <= MOST_AT_ONCE


def test_the_connection_that_holds_the_lock_is_cut_and_a_message_to_a_follower_is_answered_at_once(
    replicas: Replicas,
) -> None:
    recorder, database = replicas.recorder, replicas.database
    replicas.start("甲")
    wait_until(lambda: recorder.leads("甲"), "nobody leads")
    replicas.start("乙")
    recorder.say("乙", "/help")
    waited = wait_until(lambda: recorder.sent, "no answer")
    assert recorder.sent == [("甲", 1)]
    assert waited < PATIENCE

    with database.transaction() as tx:
        tx.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid) "
                "WHERE locktype = 'advisory' AND granted AND application_name = 'liangsaibi lock'"
            )
        )
    wait_until(lambda: ("甲", "follow") in recorder.events, "the loss is not noticed")
    wait_until(lambda: recorder.leads("甲") or recorder.leads("乙"), "nobody leads any more")
    recorder.say("甲", "/help")
    wait_until(lambda: len(recorder.sent) == 2, "no answer after the change")

    # Asked to end, a leader gives the lock back by itself.
    leader = next(name for name in "甲乙" if recorder.leads(name))
    replicas.signal(leader, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        assert replicas.running[leader].wait(PATIENCE) == 0
    other = "乙" if leader == "甲" else "甲"
    wait_until(lambda: recorder.leads(other), "nobody takes over")
    assert recorder.doubled() == []
