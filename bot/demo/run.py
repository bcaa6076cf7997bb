"""`liangsaibi demo`: the example quarter, loaded, opened in the practice room, and played as a story."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from datetime import timedelta

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bot.app import App, keep_clock, practice_clock, serve
from bot.chat.clock import ShiftedClock
from bot.chat.errors import ConfigurationError
from bot.config import Config
from bot.demo import facts, load, story, tour
from bot.demo.room import RoomStage
from bot.demo.terminal import TerminalPlatform, TerminalStage
from bot.platforms.local.room import LocalRoom
from bot.platforms.local.store import Progress as Tell
from storage import migrate, reminders
from storage.database import Database, Tx
from storage.reminders import Marks
from storage.wipe import wipe


class Demo:
    """The example quarter on a database of its own."""

    def __init__(self, config: Config, console: Console) -> None:
        self.console = console
        self.config = msgspec.structs.replace(
            config, general=msgspec.structs.replace(config.general, data=str(config.data / "demo"))
        )
        self.quarter = facts.read()

    def prepare(self, *, fresh: bool) -> None:
        """Make the tables and load the quarter, unless it is there already."""
        if self.config.database.url:
            raise ConfigurationError("demo: runs on its own SQLite file; leave database.url empty")
        if fresh:
            shutil.rmtree(self.config.data, ignore_errors=True)
        self.config.data.mkdir(parents=True, exist_ok=True)
        self.database = Database(self.config.database_url)
        migrate.upgrade(self.database)
        with self.database.transaction() as tx:
            loaded = load.is_loaded(tx)
        if not loaded:
            self._load()
        self.clock = practice_clock(self.database)
        self.app = App(self.config, self.database, clock=self.clock)
        if not loaded:
            with self.database.transaction() as tx:
                self._greet(tx)

    def _load(self) -> None:
        with self._bar() as bar, self.database.transaction() as tx:
            task = bar.add_task("载入示例季度 / loading the example quarter", total=len(self.quarter.units))
            load.load(tx, self.quarter, progress=lambda done, _total: bar.update(task, completed=done))
            self._set_clock(tx)

    def _greet(self, tx: Tx) -> None:
        """Everybody's first message, and what has come by itself that morning: once, and before anybody looks."""
        now = self.quarter.clock
        tour.greet(tx, self.app.renderer, home=LocalRoom.name, now=now)
        dawn = now - timedelta(hours=1)
        reminders.mark(tx, Marks(dawn, dawn))
        for due in self.app.ticks.values():
            while due(tx, now):
                pass

    def _set_clock(self, tx: Tx) -> None:
        clock = ShiftedClock()
        clock.set(self.quarter.clock)
        keep_clock(tx, clock)

    async def in_room(self, *, play: bool, pace: float, announce: Callable[[str], None]) -> None:
        """Open the practice room until stopped; with `play`, the story begins at once."""

        async def live(tell: Tell) -> None:
            """The story in the room, from the beginning, with its progress in the terminal as well."""
            await self._reset()
            with self._bar() as bar:
                task = bar.add_task("", total=None)

                def both(done: int, total: int, caption: str) -> None:
                    bar.update(task, completed=done, total=total, description=caption)
                    tell(done, total, caption)

                stage = RoomStage(self.app, room)
                await story.play(story.script(), stage, self.clock, tell=both, pace=pace)
            await self._keep_clock()

        room = self.app.open_room(story=live, reset=self._reset)

        def ready() -> None:
            announce(room.address)
            if play:
                room.begin_story()

        await serve(self.app, ready=ready)

    async def in_terminal(self, *, pace: float) -> None:
        """Play the story in the terminal, from the beginning of the quarter."""
        platform = TerminalPlatform(self._show)
        self.app.add(platform)
        self.app.worker.start()
        try:
            await self._reset(greet=False)
            with self._bar() as bar:
                task = bar.add_task("", total=None)
                await story.play(
                    story.script(),
                    TerminalStage(self.app, platform),
                    self.clock,
                    tell=lambda done, total, caption: bar.update(
                        task, completed=done, total=total, description=caption
                    ),
                    pace=pace,
                )
            await self._keep_clock()
        finally:
            await asyncio.to_thread(self.app.worker.stop)

    def _show(self, place: str, speaker: str, text: str) -> None:
        at = self.clock.now().astimezone(self.config.zone)
        self.console.print(f"[dim]{at:%m-%d %H:%M} {place}[/dim] [bold]{speaker or '亮赛比'}[/bold]")
        self.console.print(text, markup=False, highlight=False)

    async def _reset(self, *, greet: bool = True) -> None:
        """Everything back to the beginning of the quarter."""

        def again(tx: Tx) -> None:
            wipe(tx)
            load.load(tx, self.quarter)
            if greet:
                self._greet(tx)
            self._set_clock(tx)

        await asyncio.wrap_future(self.app.worker.submit(again))
        self.clock.set(self.quarter.clock)

    async def _keep_clock(self) -> None:
        await asyncio.wrap_future(self.app.worker.submit(lambda tx: keep_clock(tx, self.clock)))

    def _bar(self) -> Progress:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        return Progress(*columns, console=self.console)


def run_demo(
    config: Config,
    console: Console,
    *,
    fresh: bool,
    story: bool,
    pace: float,
    room: bool,
    announce: Callable[[str], None],
) -> None:
    """Load what is missing and open the room, or play the story in the terminal only."""
    demo = Demo(config, console)
    demo.prepare(fresh=fresh)
    try:
        if room:
            asyncio.run(demo.in_room(play=story, pace=pace, announce=announce))
        else:
            asyncio.run(demo.in_terminal(pace=pace))
    finally:
        demo.database.close()
