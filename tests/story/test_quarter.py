"""The whole example quarter, from registering to published results, word for word, on both databases.

`UPDATE_TRANSCRIPT=1 python -m pytest tests/story` writes the transcript anew; then read what changed.
"""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import msgspec

from bot.app import App
from bot.chat.clock import ShiftedClock, StoppedClock
from bot.config import Config, General
from bot.demo import facts, load, story
from bot.demo.terminal import TerminalPlatform, TerminalStage
from storage import incidents, outbox
from storage.database import Database

TRANSCRIPT = Path(__file__).parent / "quarter.txt"


async def played(database: Database, folder: Path) -> str:
    """Play the story and return everything that was said."""
    lines: list[str] = []
    quarter = facts.read()
    config = msgspec.structs.replace(Config(), general=General(data=str(folder)))
    clock = ShiftedClock(base=StoppedClock(quarter.clock))
    app = App(config, database, clock=clock, entropy=random.Random(2021).randbytes)
    with database.transaction() as tx:
        load.load(tx, quarter)

    def show(place: str, speaker: str, text: str) -> None:
        at = clock.now().astimezone(config.zone)
        lines.append(f"{at:%m-%d %H:%M} {place} {speaker or '亮赛比'}\n{text}\n")

    platform = TerminalPlatform(show)
    app.add(platform)
    app.worker.start()
    try:
        stage = TerminalStage(app, platform)
        await story.play(story.script(), stage, clock, tell=lambda *_progress: None, pace=0)
    finally:
        await asyncio.to_thread(app.worker.stop)
    with database.transaction() as tx:
        assert incidents.newest(tx) == []
        assert outbox.failures(tx) == []
    return "\n".join(lines)


async def test_every_word_of_the_quarter(database: Database, tmp_path: Path) -> None:
    said = await played(database, tmp_path)
    if os.environ.get("UPDATE_TRANSCRIPT"):
        TRANSCRIPT.write_text(said, "utf-8")
    assert said == TRANSCRIPT.read_text("utf-8")
