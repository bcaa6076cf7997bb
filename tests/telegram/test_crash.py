"""The whole program on Telegram, killed at random: no report is lost and none recorded twice.

Fifty kills in CI, few otherwise; `CRASHES=200 python -m pytest tests/telegram/test_crash.py` for more.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from storage import migrate
from storage.database import Database
from storage.tables import evidence, incidents, outbox, reports
from tests.platforms.conformance import eventually
from tests.platforms.telegram_rig import SECRET
from tests.program import free_port
from tests.servers.telegram.server import TOKEN, BotApi
from tests.telegram.secretaries import settle
from tests.world import World, small_district

CRASHES = int(os.environ.get("CRASHES", "50" if os.environ.get("CI") else "6")) // 2
SECRETARIES = {"王芳": "大里村", "李建国": "公园道社区", "赵强": "欢河村", "钱红": "南流村"}
#: How the bot confirms a report; reminders that happen to be due on the day of the test are another matter.
ANSWER = "已登记"
#: How long everything may take to arrive in the end, on a slow machine.
PATIENCE = 60.0


class Program:
    """The program, killed and started again."""

    def __init__(self, folder: Path, config: Path) -> None:
        self._folder = folder
        self._config = config
        self.child = 0

    async def open(self) -> None:
        self._log = (self._folder / "log").open("ab")
        self._forker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.telegram.forker"),
            cwd=Path(__file__).parent.parent.parent,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=self._log,
        )

    async def start(self) -> None:
        assert self._forker.stdin is not None
        assert self._forker.stdout is not None
        self._forker.stdin.write(f"{self._config}\n".encode())
        self.child = int(await self._forker.stdout.readline())

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.child, signal.SIGKILL)

    async def close(self) -> None:
        self.kill()
        assert self._forker.stdin is not None
        self._forker.stdin.close()
        await self._forker.wait()
        self._log.close()


class Place:
    """A district on Telegram: four secretaries, each with a commitment of very many lamps."""

    def __init__(self, api: BotApi, folder: Path, mode: str) -> None:
        self.api = api
        self.database = Database(f"sqlite:///{folder / 'liangsaibi.db'}")
        migrate.upgrade(self.database)
        now = datetime.now(UTC)  # noqa: TID251 - the program runs on the real clock
        world = small_district(World(self.database, folder / "files", now=now))
        with self.database.transaction() as tx:
            for name, unit in SECRETARIES.items():
                settle(tx, api.town, name, world.personas[name].id, world.units[unit], now)
        self.config = folder / "liangsaibi.toml"
        port = free_port()
        self.config.write_text(
            f'[general]\ndata = "{folder}"\n[local]\nenabled = false\n'
            f'[telegram]\nenabled = true\nmode = "{mode}"\n'
            f'token = "{TOKEN}"\nbase_url = "{api.base_url}"\nbase_file_url = "{api.base_file_url}"\n'
            f'webhook_url = "http://127.0.0.1:{port}/telegram"\nwebhook_secret = "{SECRET}"\nport = {port}\n'
        )

    def reported(self) -> Counter[tuple[int, str]]:
        """How often each figure of each person stands on record."""
        with self.database.transaction() as tx:
            return Counter((row.person_id, row.words) for row in tx.all(select(reports)))

    def photos(self) -> int:
        with self.database.transaction() as tx:
            return len(tx.all(select(evidence.c.id)))

    def waiting(self) -> int:
        with self.database.transaction() as tx:
            return len(tx.all(select(outbox.c.id).where(outbox.c.state.in_(("waiting", "sending")))))


@pytest.fixture
async def place(tmp_path: Path, mode: str) -> AsyncIterator[Place]:
    api = BotApi()
    await api.start()
    made = Place(api, tmp_path, mode)
    yield made
    made.database.close()
    await api.stop()


async def test_killed_at_random_nothing_is_lost_and_nothing_is_recorded_twice(
    place: Place, tmp_path: Path
) -> None:
    chance = random.Random(7)
    town, program = place.api.town, Program(tmp_path, place.config)
    await program.open()
    said: Counter[str] = Counter()
    photos = 0
    for _crash in range(CRASHES):
        await program.start()
        ends = asyncio.get_running_loop().time() + chance.uniform(0.2, 0.6)
        while asyncio.get_running_loop().time() < ends:
            name = chance.choice(list(SECRETARIES))
            said[name] += 1
            words = f"进度 1 {said[name]}盏"
            if chance.random() < 0.2:
                photos += 1
                town.photo(name, town.private(name), b"\xff\xd8\xff" + words.encode(), caption=words)
            else:
                town.says(name, town.private(name), words)
            if chance.random() < 0.2:
                place.api.updates.repeat()
            await asyncio.sleep(chance.uniform(0, 0.06))
        program.kill()
    await program.start()
    await eventually(lambda: sum(place.reported().values()) >= said.total(), patience=PATIENCE)
    await eventually(lambda: place.photos() >= photos, patience=PATIENCE)
    await eventually(lambda: not place.waiting(), patience=PATIENCE)
    await program.close()
    assert set(place.reported().values()) == {1}
    assert sum(place.reported().values()) == said.total()
    assert place.photos() == photos
    assert list((tmp_path / "telegram").glob("*.json")) == []
    with place.database.transaction() as tx:
        assert tx.all(select(incidents.c.id)) == []
        kept = [row for row in tx.all(select(outbox.c.content)) if ANSWER in row.content["body"][0][1]]
    assert len(kept) == said.total()
    messages = [m for name in SECRETARIES for m in town.private(name).messages.values()]
    shown = [m for m in messages if m["from"]["is_bot"] and m["text"].startswith(ANSWER)]
    # A kill between sending and noting that it was sent repeats an answer: at most what was on the way.
    assert said.total() <= len(shown) <= said.total() + CRASHES * len(SECRETARIES)
