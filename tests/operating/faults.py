"""Everything that can break while three replicas work, and what must hold afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from sqlalchemy import select

from bot.chat.ports import MOST_AT_ONCE
from bot.delivery import HANDOVER
from storage.tables import evidence, incidents, reports
from tests.operating.cluster import Cluster, Replica, until

LONG = bool(os.environ.get("CI"))
SEED = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(1_000_000))
#: How long the paused leader sleeps at least, in seconds: longer than its lock lives.
PAUSE = 30.0 if LONG else 9.0
SECRETARIES, GUESTS = 18, 5
#: So long it may take until another leads, in seconds: six for the lock, the rest for a busy machine.
WITHIN = 30
#: How the bot confirms a report.
ANSWER = "已登记"


def say(words: str) -> None:
    """For whoever looks at a test that failed, or runs it with -s."""
    sys.stdout.write(f"{words}\n")


@contextlib.asynccontextmanager
async def cluster_of(folder: Path, *, sends_at_once: int = MOST_AT_ONCE) -> AsyncIterator[Cluster]:
    """Three replicas, and people who do not write yet."""
    made = Cluster(folder, SECRETARIES, GUESTS, sends_at_once=sends_at_once)
    try:
        await made.open()
        yield made
    finally:
        await made.close()


class Faults:
    """What can happen to a cluster. Each is counted, and waits until sending goes on."""

    def __init__(self, cluster: Cluster, chance: random.Random) -> None:
        self.cluster = cluster
        self.chance = chance
        self.happened: Counter[str] = Counter()
        self.began = time.monotonic()
        self.asleep: Replica | None = None
        #: By fault what was being sent by whoever failed, by chat and lamps. It may come once more for each:
        #: nobody but its sender knows whether it arrived.
        self.in_doubt: dict[str, Counter[tuple[int, int]]] = defaultdict(Counter)
        #: By fault how many of these came once more, when all is settled.
        self.repeated: dict[str, int] = {}
        self._now = ""
        #: The chats to which the one that is paused was sending something: one message each.
        self.held: set[int] = set()
        #: When it wakes up: who, how much had been sent by then, and which leadership it was.
        self.woke_up: tuple[Replica, int, int] | None = None

    async def happens(self, fault: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(self.chance.uniform(0.2, 1.0))
        self._now = fault.__name__
        self.happened[self._now] += 1
        began = time.monotonic()
        await fault()
        say(f"{self._now} at {began - self.began:.1f} s, over after {time.monotonic() - began:.1f} s")

    async def leadership(self) -> int:
        """The one that a fault is about to end, asked before it does."""
        return await asyncio.to_thread(self.cluster.leadership)

    async def sender(self) -> tuple[Replica, int]:
        """The one that leads, in the midst of sending, and its leadership."""
        while True:
            found, number = await self.leader(), await self.leadership()
            if await asyncio.to_thread(self.cluster.under_way, number):
                return found, number
            await asyncio.sleep(0.02)

    async def struck(self, leadership: int) -> dict[int, int | None]:
        """Called at once when it has ended; what was under way then, by chat."""
        found = await asyncio.to_thread(self.cluster.under_way, leadership)
        self.in_doubt[self._now].update((chat, number) for chat, number in found.items() if number is not None)
        return found

    async def leader(self) -> Replica:
        # Between two looks the lock may pass from one to another once more.
        while True:
            await self.cluster.another_leads(self.asleep)
            found = self.cluster.leader()
            if found is not None and found is not self.asleep:
                return found

    async def again(self, replica: Replica) -> None:
        await replica.ended()
        await replica.start()
        await replica.takes_calls()

    async def a_leader_is_paused(self) -> None:
        self.asleep, leadership = await self.sender()
        self.asleep.signal(signal.SIGSTOP)
        self.held = set(await self.struck(leadership))
        assert await self.cluster.another_leads(self.asleep) < WITHIN

    async def the_paused_one_wakes_up(self) -> None:
        """It had a claim on what it was sending, and sends nothing else."""
        assert self.asleep is not None
        self.woke_up = (self.asleep, len(self.cluster.api.sends), await self.leadership())
        self.asleep.signal(signal.SIGCONT)
        self.asleep = None
        await asyncio.sleep(1)

    def is_of_who_woke_up(self, at: int) -> bool:
        """Whether a message was sent by the one that had been paused, after it woke up and before it led anew."""
        assert self.woke_up is not None
        sleeper, sent, leadership = self.woke_up
        by = self.cluster.api.sends[at][0]
        return at >= sent and by == sleeper.sends_to and self.cluster.leadership() == leadership

    def sent_on_waking(self) -> Counter[int]:
        """By chat, how many messages."""
        sends = enumerate(self.cluster.api.sends)
        return Counter(int(given["chat_id"]) for at, (_by, given) in sends if self.is_of_who_woke_up(at))

    async def a_follower_is_killed(self) -> None:
        leader = await self.leader()
        awake = [r for r in self.cluster.replicas.values() if r not in (leader, self.asleep)]
        victim = self.chance.choice(awake)
        victim.signal(signal.SIGKILL)
        await self.again(victim)

    async def the_leader_is_killed(self) -> None:
        leader, leadership = await self.sender()
        leader.signal(signal.SIGKILL)
        await self.struck(leadership)
        assert await self.cluster.another_leads(leader) < WITHIN
        await self.again(leader)

    async def the_leader_is_asked_to_end(self) -> None:
        """It ends what it was sending first: nothing is in doubt."""
        leader, _leadership = await self.sender()
        leader.signal(signal.SIGTERM)
        assert await self.cluster.another_leads(leader) < WITHIN
        await self.again(leader)

    async def the_server_ends_connections(self) -> None:
        """Whoever leads goes on leading, and notes what it has sent over new ones: nothing is in doubt."""
        assert await asyncio.to_thread(self.cluster.end_connections, locks=False) > 0

    async def the_server_ends_the_lock(self) -> None:
        leadership = await self.leadership()
        assert await asyncio.to_thread(self.cluster.end_connections, locks=True) > 0
        await self.struck(leadership)
        await self.leader()

    async def all_lines_are_cut(self) -> None:
        leadership = await self.leadership()
        assert sum(replica.line.cut() for replica in self.cluster.replicas.values()) > 0
        await self.struck(leadership)
        await self.leader()

    async def the_leaders_cable_is_out(self) -> None:
        """Nothing passes and nobody is told; when it is back, the server has given the lock to somebody else."""
        leader, leadership = await self.sender()
        leader.line.open.clear()
        await self.struck(leadership)
        assert await self.cluster.another_leads(leader) < WITHIN
        leader.line.open.set()

    async def the_database_is_restarted(self) -> None:
        leadership = await self.leadership()
        self.cluster.database.engine.dispose()
        await asyncio.to_thread(self.cluster.server.restart)
        self.cluster.database.engine.dispose()
        await self.struck(leadership)
        await self.leader()


async def everything_breaks(cluster: Cluster, seconds: float) -> Faults:
    """Every fault in turn while people write; Telegram takes so many seconds at least for a message.

    Returns what happened, when all is settled and was found to be well.
    """
    say(f"FAULT_SEED={SEED}")
    chance = random.Random(SEED)
    faults = Faults(cluster, chance)
    between = [faults.the_leader_is_killed, faults.the_database_is_restarted]
    if LONG:
        between += [faults.a_follower_is_killed, faults.the_server_ends_connections, faults.all_lines_are_cut]
        between += [faults.the_server_ends_the_lock, faults.the_leaders_cable_is_out]
        between += [faults.the_leader_is_asked_to_end]
    chance.shuffle(between)
    usually(cluster, seconds)
    async with cluster.under_load(chance):
        await faults.happens(faults.a_leader_is_paused)
        asleep_since = time.monotonic() - HANDOVER
        await nothing_waits_in_a_transaction(cluster, faults.asleep, seconds)
        for fault in between:
            await faults.happens(fault)
        await asyncio.sleep(max(0.0, asleep_since + PAUSE - time.monotonic()))
        await faults.happens(faults.the_paused_one_wakes_up)
    await all_is_well(cluster, faults)
    return faults


def usually(cluster: Cluster, seconds: float) -> None:
    """Telegram takes a moment, as it does from far away, so that something is under way at every fault."""
    cluster.api.slow, cluster.api.late = {"sendMessage": seconds}, {"sendMessage": 2 * seconds}


async def nothing_waits_in_a_transaction(cluster: Cluster, asleep: Replica | None, seconds: float) -> None:
    """Telegram hangs, and gives out files slowly: no transaction stays open meanwhile."""
    cluster.api.slow = {"sendMessage": 3.0, "getFile": 1.0, "file": 2.0}
    ends = time.monotonic() + 4
    oldest = 0.0
    while time.monotonic() < ends:
        oldest = max(oldest, await asyncio.to_thread(cluster.oldest_transaction, but=asleep))
        await asyncio.sleep(0.05)
    usually(cluster, seconds)
    # What is under way goes its slow way to the end: otherwise all of it would be in doubt at the first fault.
    await asyncio.sleep(3)
    say(f"oldest transaction: {oldest:.2f} s")
    assert oldest < 2.0


async def all_is_well(cluster: Cluster, faults: Faults) -> None:
    took = await until(lambda: not cluster.api.updates.waiting, "a message is not taken")
    took += await until(lambda: not cluster.waiting(), "an answer is not sent")
    say(f"settled after {took:.1f} s")
    counted = Counter((row.person_id, row.words) for row in cluster.rows(select(reports)))
    expected = {
        (person, f"{n}盏") for name, person in cluster.people.items() for n in range(1, cluster.said[name] + 1)
    }
    assert set(counted) == expected
    assert set(counted.values()) == {1}
    assert len(cluster.rows(select(evidence.c.id))) == cluster.photos
    assert cluster.rows(select(incidents.c.id)) == []
    again: Counter[tuple[int, int]] = Counter()
    # Whoever wakes up sends at most what it had in its hands.
    assert faults.sent_on_waking() <= Counter(faults.held)
    for name in cluster.people:
        chat = cluster.api.town.private(name).id
        sent = cluster.sends(name, ANSWER)
        more = Counter(number for _at, number in sent) - Counter({number for _at, number in sent})
        again.update({(chat, number): often for number, often in more.items()})
        # Else one message is under way in a chat at a time: in order, and what comes twice comes after itself.
        answered = [number for at, number in sent if not faults.is_of_who_woke_up(at)]
        assert list(dict.fromkeys(answered)) == list(range(1, cluster.said[name] + 1))
        assert answered == sorted(answered)
    # Sent once, and once more at most for each fault at which it was under way at whoever failed.
    assert again <= sum(faults.in_doubt.values(), Counter())
    # WeCom drops repetitions by itself, so that there nothing is seen twice.
    for user in cluster.guests:
        await until(lambda user=user: len(cluster.office.phone(user)) >= cluster.asked[user], f"{user} waits")  # type: ignore[misc]
    assert {user: len(cluster.office.phone(user)) for user in cluster.guests} == dict(cluster.asked)
    assert cluster.office.company.dropped == []
    for fault, answers in faults.in_doubt.items():
        faults.repeated[fault] = (again & answers).total()
        say(f"{fault}: {faults.repeated[fault]} of {answers.total()} answers in doubt came again")
