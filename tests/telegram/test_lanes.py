"""What waits in its lane on several programs: put together by the one that leads, and by nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest
from telegram import Bot

from bot.chat.clock import SystemClock
from bot.chat.messages import ChatKind, ChatRef, Inbound, Sender, Turn
from bot.platforms.telegram import lanes
from bot.platforms.telegram.handing import Handing
from bot.platforms.telegram.lanes import Lanes
from bot.platforms.telegram.media import Fetcher
from bot.platforms.telegram.seen import Came
from bot.spool_store import SharedSpool
from bot.worker import Worker
from storage.database import Database
from storage.disk_spool import DiskSpool
from storage.files import DiskFiles
from tests.platforms.conformance import Engine, eventually
from tests.world import MORNING

WANG = "王芳"


class Program:
    """One of several that take a bot's updates."""

    def __init__(self, worker: Worker, folder: Path, name: str, leading: set[str]) -> None:
        self.engine = Engine()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.spool = SharedSpool(
            worker,
            SystemClock(),
            "telegram",
            DiskSpool(folder / name),
            leading=lambda: name in leading,
            of_leader=True,
        )
        fetcher = Fetcher(Bot("1:none"), DiskFiles(folder / "files"))
        handing = Handing(fetcher, lambda _came, _outcome: None, self.aside)
        handing.receive = self.engine.receive
        self.lanes = Lanes(self.spool, handing, self.aside, look=self.look)

    def aside(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def look(self) -> None:
        for data in await self.spool.left():
            self.lanes.go_on(data["update_id"], came(data["update_id"]))

    async def takes(self, *numbers: int) -> None:
        for number in numbers:
            await self.lanes.keep({"update_id": number}, came(number))

    def handed_in(self) -> list[str]:
        return [one.text for one in self.engine.messages]


def came(number: int) -> Came:
    """Updates up to the fourth are parts of one album."""
    chat = ChatRef("telegram", "1", ChatKind.PRIVATE)
    who, turn = Sender("1", WANG), Turn(WANG, number)
    said = Inbound(f"1:{number}", chat, who, f"{number}", MORNING, addressed=True, turn=turn)
    return Came(said, WANG, album="album" if number < 5 else None)


@pytest.fixture
async def programs(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    monkeypatch.setattr(lanes, "ALBUM_QUIET", 0.0)
    worker = Worker(database)
    worker.start()
    leading = {"甲"}
    made = [Program(worker, tmp_path, name, leading) for name in "甲乙"]
    yield (*made, leading)
    for program in made:
        for task in program.tasks:
            task.cancel()
        await asyncio.gather(*program.tasks, return_exceptions=True)
    await asyncio.to_thread(worker.stop)


async def test_an_album_that_waits_for_its_parts_goes_to_whoever_leads_by_then(
    programs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, leading = programs
    # Time enough, on any machine, to lose the lead meanwhile.
    monkeypatch.setattr(lanes, "ALBUM_QUIET", 3.0)
    await first.takes(1, 2, 5)
    monkeypatch.setattr(lanes, "ALBUM_QUIET", 0.0)
    leading.clear()
    leading.add("乙")
    await second.takes(3, 6)
    await eventually(lambda: not first.tasks)
    await eventually(lambda: not second.tasks)
    assert first.handed_in() == []
    assert WANG not in first.lanes
    # In the order of their numbers, though it was found in another.
    assert second.handed_in() == ["1\n2\n3", "5", "6"]
    assert await first.spool.left() == await second.spool.left() == []


async def test_the_one_that_leads_puts_together_what_came_to_both(programs: Any) -> None:
    first, second, _leading = programs
    await first.takes(1, 2)
    await second.spool.keep("3", WANG, {"update_id": 3}, passed_on=True)
    await first.takes(5)
    await first.look()
    await eventually(lambda: not first.tasks)
    assert first.handed_in() == ["1\n2\n3", "5"]
    assert second.handed_in() == []
