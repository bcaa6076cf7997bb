"""What was acknowledged and is not committed yet: whose it is, who takes it over and when, on both databases."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import StatementError

from bot.chat.clock import ShiftedClock, StoppedClock
from bot.chat.messages import Turn
from bot.spool_store import LEASE, PATIENCE, RENEW, SharedSpool
from bot.worker import Worker
from storage import inbox, spool
from storage.database import Database
from storage.disk_spool import DiskSpool
from storage.tables import spool as table
from tests.world import MORNING

SECOND = timedelta(seconds=1)


class Programs:
    """Programs on one database; one of them leads. Their clock stands still unless it is moved."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.clock = ShiftedClock(base=StoppedClock(MORNING))
        self.worker = Worker(database)
        self.worker.start()
        self.leader = ""

    def program(self, name: str, *, of_leader: bool = False, patient: bool = False) -> SharedSpool:
        return SharedSpool(
            self.worker,
            self.clock,
            "wecom",
            DiskSpool(self.folder / name),
            leading=lambda: self.leader == name,
            of_leader=of_leader,
            patient=patient,
        )

    def passes(self, time: timedelta) -> None:
        self.clock.set(self.clock.now() + time)

    def kept(self) -> list[str]:
        with self.database.transaction() as tx:
            return [row.name for row in tx.all(select(table.c.name).order_by(table.c.id))]


@pytest.fixture
def programs(database: Database, tmp_path: Path) -> Iterator[Programs]:
    made = Programs(database, tmp_path)
    yield made
    made.worker.stop()


def said(number: int) -> dict[str, object]:
    return {"id": f"m{number}", "text": "第2项 80%", "nothing": "\x00"}


async def test_what_the_living_keep_is_theirs_and_what_the_dead_leave_is_the_leaders_in_order(
    programs: Programs,
) -> None:
    programs.leader = "leads"
    leads, lives, dies = (programs.program(name) for name in ("leads", "lives", "dies"))
    await dies.keep("m2", "王芳", said(2))
    await dies.keep("m1", "王芳", said(1))
    await lives.keep("m3", "李建国", said(3))
    assert await leads.left() == []
    # One says that it is alive, the other does not.
    programs.passes(RENEW)
    assert await lives.left() == []
    programs.passes(LEASE - RENEW - SECOND)
    assert await leads.left() == []
    programs.passes(SECOND)
    assert await leads.left() == [said(2), said(1)]
    assert await leads.left() == []
    # From now on they are the leader's, as long as it lives, and gone when they are committed.
    programs.passes(RENEW)
    await leads.left()
    programs.passes(LEASE - SECOND)
    assert await lives.left() == []
    await leads.drop("m1")
    await leads.drop("m2")
    assert programs.kept() == ["m3"]
    await lives.drop("m3")
    assert programs.kept() == []


async def test_where_only_the_leader_works_a_new_one_takes_all_at_once_and_what_is_passed_on_as_it_comes(
    programs: Programs,
) -> None:
    one, two = programs.program("one", of_leader=True), programs.program("two", of_leader=True)
    programs.leader = "one"
    assert (one.passes_on, two.passes_on) == (False, True)
    await one.keep("m1", "王芳", said(1))
    await two.keep("m2", "王芳", said(2), passed_on=True)
    assert await two.left() == []
    # At the first look as leader even what somebody has a lease on; itself it knows what it is at work on.
    assert await one.left() == [said(2)]
    programs.leader = "two"
    assert await one.left() == []
    assert await two.left() == [said(1), said(2)]
    await one.keep("m3", "王芳", said(3), passed_on=True)
    assert await two.left() == [said(3)]
    # The one before wakes up and ends what it had begun: nothing is there twice.
    for name in ("m1", "m2"):
        await one.drop(name)
    assert programs.kept() == ["m3"]


async def test_what_comes_again_lies_here_once_and_stays_with_whoever_has_it(programs: Programs) -> None:
    programs.leader = "one"
    one, two = programs.program("one"), programs.program("two")
    await one.keep("m1", "王芳", said(1))
    await two.keep("m1", "王芳", said(1))
    assert programs.kept() == ["m1"]
    await two.drop("m1")
    assert programs.kept() == []
    await one.drop("m1")


async def test_more_than_one_step_is_taken_over_whole(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    dead, leads = programs.program("dead"), programs.program("leads")
    for number in range(spool.MOST + 3):
        await dead.keep(f"m{number}", "王芳", said(number))
    programs.passes(LEASE)
    programs.leader = "leads"
    assert await leads.left() == [said(number) for number in range(spool.MOST + 3)]


async def test_for_what_was_never_kept_the_database_is_not_asked(programs: Programs) -> None:
    program = programs.program("one")
    programs.worker.stop()
    # Whatever were asked now would never be answered.
    async with asyncio.timeout(30):
        await program.drop("m1")
    programs.worker.start()


async def test_while_the_database_hangs_the_disk_keeps_what_does_not_come_again(programs: Programs) -> None:
    hangs = threading.Event()
    for number in range(len(programs.worker._queues) * 4):
        programs.worker.submit(lambda _tx: hangs.wait(30), key=str(number), first=True)
    patient, strict = programs.program("one", patient=True), programs.program("two")
    waiting = asyncio.create_task(strict.keep("m1", "王芳", said(1)))
    began = asyncio.get_running_loop().time()
    await patient.keep("m2", "王芳", said(2))
    assert asyncio.get_running_loop().time() - began < PATIENCE + 10
    # The program is killed; its successor finds what is on its own disk, the leader what is in the database.
    assert await DiskSpool(programs.folder / "one").left() == [said(2)]
    assert not waiting.done()
    hangs.set()
    await waiting
    # It may have come into the database all the same.
    assert set(programs.kept()) in ({"m1"}, {"m1", "m2"})
    await patient.drop("m2")
    assert programs.kept() == ["m1"]
    assert await DiskSpool(programs.folder / "one").left() == []


async def test_what_a_program_had_on_its_disk_goes_from_there_when_it_is_committed(programs: Programs) -> None:
    disk = DiskSpool(programs.folder / "one")
    await disk.keep("app:2", "王芳", said(2))
    again = programs.program("one", patient=True)
    assert await again.left() == [said(2)]
    assert await again.left() == []
    await again.drop("app:2")
    assert await disk.left() == []


async def test_what_cannot_be_read_is_given_to_nobody_and_forgotten_some_day(programs: Programs) -> None:
    programs.leader = "leads"
    leads = programs.program("leads", of_leader=True)
    await leads.keep("m1", "王芳", said(1), passed_on=True)
    assert await leads.left() == [said(1)]
    await leads.set_apart("m1", said(1))
    await leads.set_apart("m2", said(2))
    await leads.drop("m1")
    assert programs.kept() == ["m1", "m2"]
    programs.passes(timedelta(days=1))
    assert await programs.program("leads", of_leader=True).left() == []
    now = programs.clock.now()
    for before, stay in ((now - timedelta(days=2), ["m1", "m2"]), (now, [])):
        with programs.database.transaction() as tx:
            spool.forget(tx, before=before)
        assert programs.kept() == stay


def test_two_that_both_think_they_lead_get_each_message_once_and_do_not_wait_for_one_another(
    postgresql_database: Database,
) -> None:
    free, until = MORNING, MORNING + LEASE

    def keep(number: int) -> None:
        with postgresql_database.transaction() as tx:
            spool.keep(
                tx,
                platform="telegram",
                name=str(number),
                lane="1",
                content=number,
                owner="",
                until=free,
                now=free,
            )

    keep(1)
    with postgresql_database.transaction() as one, postgresql_database.transaction() as two:
        taken = [
            spool.take_over(tx, platform="telegram", owner=owner, free_at=free, until=until)
            for tx, owner in ((one, "one"), (two, "two"))
        ]
    assert [[left.name for left in some] for some in taken] == [["1"], []]


async def test_what_a_program_gives_up_is_the_leaders_at_once_and_what_another_has_taken_over_stays_there(
    programs: Programs,
) -> None:
    programs.leader = "leads"
    leads, slept = programs.program("leads", of_leader=True), programs.program("slept", of_leader=True)
    assert await leads.left() == []
    for number in (1, 2):
        await slept.keep(f"m{number}", "王芳", said(number))
    await slept.give_up("m2")
    assert await leads.left() == [said(2)]
    await slept.give_up("m2")
    assert await leads.left() == []
    # It says that it is alive for the sake of m1 alone, and drops nothing that it has given up.
    programs.passes(LEASE - SECOND)
    await slept.left()
    await slept.drop("m2")
    programs.passes(SECOND * 2)
    assert await leads.left() == []
    assert programs.kept() == ["m1", "m2"]


async def test_what_may_lie_here_though_keeping_it_failed_is_the_leaders(programs: Programs) -> None:
    programs.leader = "leads"
    leads, other = programs.program("leads", of_leader=True), programs.program("other", of_leader=True)
    assert await leads.left() == []
    # It is there, and its keeper is told that it is not, as when a line is lost between the commit and the answer.
    await other.keep("m1", "王芳", said(1))
    with pytest.raises((StatementError, TypeError)):
        await other.keep("m1", "王芳", object())
    assert await leads.left() == []
    await other.left()
    assert await leads.left() == [said(1)]
    # Kept after all when it is brought again, it is as any other.
    with pytest.raises((StatementError, TypeError)):
        await other.keep("m2", "王芳", object())
    await other.keep("m2", "王芳", said(2))
    await other.left()
    assert await leads.left() == []
    await other.drop("m2")
    assert programs.kept() == ["m1"]


def take(database: Database, message: str, turn: Turn | None) -> bool | None:
    """Whether the message is taken; None when it had been."""
    with database.transaction() as tx:
        number = inbox.take(tx, platform="telegram", message_id=message, now=MORNING, turn=turn)
        if number is None and inbox.has(tx, platform="telegram", message_id=message):
            return None
        return number is not None


def test_no_message_is_taken_before_what_was_spooled_earlier_of_the_same_person(
    postgresql_database: Database,
) -> None:
    database = postgresql_database

    def keep(number: int, lane: str = "王芳", platform: str = "telegram") -> None:
        lying = {"content": number, "owner": "", "until": MORNING, "now": MORNING}
        with database.transaction() as tx:
            spool.keep(tx, platform=platform, name=str(number), lane=lane, **lying)  # type: ignore[arg-type]

    def drop(number: int) -> None:
        with database.transaction() as tx:
            spool.drop(tx, platform="telegram", name=str(number))

    for number in (99, 100):
        keep(number)
    keep(1, lane="李建国")
    keep(2, platform="wecom")
    later = Turn("王芳", 101)
    assert [take(database, "later", later) for _ in range(2)] == [False, False]
    # An album is taken in the turn of its first part, though the others lie there as well.
    assert take(database, "part", Turn("王芳", 99)) is True
    assert take(database, "part", Turn("王芳", 99)) is None
    # Others, and what nobody orders, need not wait.
    assert take(database, "somebody else's", Turn("刘洋", 101)) is True
    assert take(database, "without a turn", None) is True
    drop(99)
    assert take(database, "later", later) is False
    # What cannot be read holds up nobody.
    with database.transaction() as tx:
        spool.set_apart(tx, platform="telegram", name="100", content=100, now=MORNING)
    assert [take(database, "later", later) for _ in range(2)] == [True, None]
    # A repetition is known as one, whatever lies there.
    keep(98)
    assert take(database, "later", later) is None


def test_looking_for_what_came_before_takes_no_statement_more(postgresql_database: Database) -> None:
    told: list[str] = []
    with postgresql_database.transaction() as tx:
        event.listen(tx.connection, "before_cursor_execute", lambda *given: told.append(given[2]))
        assert inbox.take(tx, platform="telegram", message_id="1", now=MORNING, turn=Turn("王芳", 1)) is not None
    assert len(told) == 1
