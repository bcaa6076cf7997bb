"""The composition root: the only place that builds concrete things and knows them all."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from bot import auditing
from bot.chat.clock import Clock, ShiftedClock, SystemClock
from bot.chat.errors import ConfigurationError
from bot.chat.messages import ChatRef, Inbound, Notice, Outgoing, Reply
from bot.chat.ports import Leading, Linking, Outcome, Platform, Previewing, Spool
from bot.chat.rendering import Renderer, body_from_wire, buttons_from_wire, files_from_wire
from bot.chat.texts import CHINESE, Catalogues
from bot.config import Config
from bot.delivery import Delivery
from bot.dispatch import Dispatcher, Processed
from bot.health import Health, Metrics
from bot.leadership import Leadership
from bot.loop import aside, asked_to_end
from bot.platforms.local.doors import Doors
from bot.platforms.local.room import LocalRoom
from bot.platforms.local.server import Server
from bot.platforms.local.settings import LocalSettings
from bot.platforms.local.store import Reset, Story
from bot.posting import Postman
from bot.practice import CommandList
from bot.room_store import WorkerRoomStore
from bot.scheduler import KEEP, Scheduler, tidy
from bot.spool_store import SharedSpool
from bot.ticking import Tick, Ticker
from bot.worker import Worker
from handlers import all_commands, locale_folders
from handlers.announcements.alarms import late, not_delivered
from handlers.deadlines.calendar import check as check_deadlines
from handlers.reminders.policy import check as check_reminders
from storage import claims, facts, leaderships, practice_room, spool
from storage.answers import Leave
from storage.database import Database, Tx
from storage.disk_spool import DiskSpool
from storage.files import DiskFiles

if TYPE_CHECKING:
    from bot.platforms.telegram.platform import Telegram
    from bot.platforms.wecom.platform import WeCom

log = logging.getLogger("liangsaibi")

#: The fact under which the practice clock's distance from real time is kept, in seconds.
CLOCK_SHIFT = "practice.clock_shift"


class App:
    """One running program: the database's worker, the platforms, delivery and the scheduler.

    The tables must be up to date; the caller closes the database. `doors` are the listening sockets that several
    share. Raises ConfigurationError for a policy that cannot be followed.
    """

    def __init__(
        self,
        config: Config,
        database: Database,
        *,
        clock: Clock | None = None,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
        doors: Doors | None = None,
    ) -> None:
        check_deadlines(config.policy)
        check_reminders(config.policy)
        self.config = config
        self.database = database
        self.files = DiskFiles(config.data / "files")
        self.registry = all_commands()
        self.renderer = Renderer(Catalogues(locale_roots(), config.zone))
        self.clock: Clock = clock or SystemClock()
        self._doors = doors or Doors()
        self.worker = Worker(database)
        home = LocalRoom.name if config.local.enabled else None
        self.dispatcher = Dispatcher(
            registry=self.registry,
            renderer=self.renderer,
            policy=config.policy,
            files=self.files,
            zone=config.zone,
            home=home,
            entropy=entropy,
            bind_link=self._bind_link,
            looks=self._looks,
        )
        self.platforms: dict[str, Platform] = {}
        self._postman = Postman(self.renderer, home=home, zone=config.zone)
        self.metrics = Metrics()
        self.health: Server | None = None
        #: What features do as time passes, by name.
        self.ticks = self._ticks()
        self._due = {"tidy": tidy} | self.ticks | {"audit": auditing.seal, "late messages": self._late}
        if not database.is_sqlite:
            self._due["spool"] = _tidy_spool
        self.delivery, self.scheduler = self._new_delivery(), self._new_scheduler()
        self._delivering: asyncio.Task[None] | None = None
        self.leadership = Leadership(
            None if database.is_sqlite else database.address,
            lead=self._lead,
            follow=self._follow,
            called=lambda: self.delivery.wake(),
        )

    def _new_delivery(self, leader: int | None = None) -> Delivery:
        return Delivery(
            self.worker,
            self.platforms,
            self.clock,
            took=self.metrics.took,
            tell=self._tell,
            leader=leader,
            # Without a number nobody else ever sends, as in the story: then there is no leadership to lose.
            leading=lambda: leader is None or self.leadership.leading,
        )

    def _new_scheduler(self) -> Scheduler:
        ping_url = self.config.scheduler.ping_url
        return Scheduler(self.worker, self.clock, self._due, wake=self._called, ping_url=ping_url)

    def _called(self) -> None:
        self.leadership.call()

    def _ticks(self) -> dict[str, Tick]:
        ticker = Ticker(
            postman=self._postman,
            renderer=self.renderer,
            policy=self.config.policy,
            zone=self.config.zone,
            files=self.files,
        )
        return {name: ticker.bind(handler) for name, handler in self.registry.ticks.items()}

    def open_room(self, *, story: Story | None = None, reset: Reset | None = None) -> LocalRoom:
        """Add the browser practice room to the platforms."""
        local = self.config.local
        room = LocalRoom(
            LocalSettings(host=local.host, port=local.port, max_upload_bytes=local.upload_megabytes * 1024 * 1024),
            WorkerRoomStore(self.worker),
            self.files,
            self.clock,
            CommandList(self.worker, self.registry, self.renderer),
            self.config.zone,
            story=story,
            reset=reset,
        )
        self.add(room)
        return room

    def open_health(self) -> Server:
        """Serve `/healthz` and `/metrics`."""
        settings = self.config.health
        self.health = Server(self.watch().app(), settings.host, settings.port, setting="health.port")
        return self.health

    def watch(self) -> Health:
        """Who can say how everything is."""
        return Health(
            self.worker,
            self.clock,
            self.platforms,
            lambda: self.delivery.troubled(),
            self.metrics,
            late_after=timedelta(minutes=self.config.health.late_minutes),
        )

    def open_telegram(self) -> Telegram:
        """Add Telegram to the platforms. Raises ConfigurationError."""
        # Here and not above: the libraries of a platform take memory only where it is used.
        from bot.menus import AccountMenus
        from bot.platforms.telegram.platform import Telegram

        telegram = Telegram(
            self.config.telegram,
            self.files,
            self._spool(Telegram.name, self.config.data / "telegram", of_leader=True),
            AccountMenus(self.worker, self.registry, self.renderer, Telegram.name),
            local_now=lambda: self.clock.now().astimezone(self.config.zone),
            leading=lambda: self.leadership.leading,
            replicas=not self.database.is_sqlite,
            doors=self._doors,
        )
        self.add(telegram)
        return telegram

    def open_wecom(self) -> WeCom:
        """Add WeCom to the platforms. Raises ConfigurationError when a setting is missing."""
        from bot.platforms.wecom.platform import WeCom
        from bot.wecom_store import WorkerWeComStore, headings

        wecom = WeCom(
            self.config.wecom,
            WorkerWeComStore(self.worker, self.clock),
            self.files,
            self.clock,
            self._spool(WeCom.name, self.config.data / "spool" / WeCom.name, of_leader=False, patient=True),
            headings=headings(self.registry, self.renderer),
            leading=lambda: self.leadership.leading,
            doors=self._doors,
        )
        self.add(wecom)
        return wecom

    def _spool(self, platform: str, folder: Path, *, of_leader: bool, patient: bool = False) -> Spool:
        """Where a platform keeps what is acknowledged and not committed: with several replicas in the database."""
        disk = DiskSpool(folder)
        if self.database.is_sqlite:
            return disk
        return SharedSpool(
            self.worker,
            self.clock,
            platform,
            disk,
            leading=lambda: self.leadership.leading,
            of_leader=of_leader,
            patient=patient,
        )

    def add(self, platform: Platform) -> None:
        """Use a platform. Raises ConfigurationError for the practice room beside a production platform.

        In the room anybody can speak as anybody, so it must never reach a real district by oversight.
        """
        names = {*self.platforms, platform.name}
        if LocalRoom.name in names and len(names) > 1 and not self.config.local.beside_production:
            others = ", ".join(sorted(names - {LocalRoom.name}))
            raise ConfigurationError(
                f"local.enabled: the practice room lets anybody speak as anybody and cannot run beside {others}; "
                "set local.enabled = false, or allow it with local.beside_production = true"
            )
        self.platforms[platform.name] = platform

    async def receive(self, came: Inbound | Notice) -> Outcome:
        """Take one message or notice; returns after its commit."""
        done = await self.process(came)
        return done.outcome

    async def process(self, came: Inbound | Notice) -> Processed:
        """The same, with all that is known of what became of it."""
        now, began = self.clock.now(), time.perf_counter()
        key = f"{came.chat.platform}:{came.sender.id if came.sender else came.chat.id}"
        delivery = self.delivery
        platform = came.chat.platform
        reserved = self.leadership.leading and delivery.reserve(platform)

        def work(tx: Tx) -> tuple[Processed, Leave | None]:
            leave = delivery.leave(now) if reserved else None
            return self.dispatcher.process(tx, came, now, leave), leave

        def follow_up(future: Future[tuple[Processed, Leave | None]]) -> None:
            if reserved:
                delivery.unreserve(platform)
            if future.cancelled() or future.exception() is not None:
                return
            done, leave = future.result()
            row = leave.row if leave is not None else None
            if leave is not None and row is not None:
                delivery.send_answer(row, more=leave.more)
            if done.wrote - {row.chat_id if row is not None else None}:
                self.leadership.call()

        submitted, loop = self.worker.submit(work, key=key), asyncio.get_running_loop()
        # Not after waiting for it: whoever waits may have gone.
        submitted.add_done_callback(lambda future: loop.call_soon_threadsafe(follow_up, future))
        done, _leave = await asyncio.wrap_future(submitted)
        self.metrics.came(came.chat.platform, done.outcome.value, time.perf_counter() - began)
        return done

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take and send messages inside; on leaving, take nothing more, finish what was taken, and end.

        Raises ConfigurationError when a platform cannot work as configured.
        """
        async with contextlib.AsyncExitStack() as ends:
            self.worker.start()
            ends.push_async_callback(aside, self.worker.stop)
            ends.push_async_callback(self._seal)
            if self.database.is_sqlite:
                # One file, one program: what was being sent when it ended need not wait for its lease.
                now = self.clock.now()
                await asyncio.wrap_future(self.worker.submit(lambda tx: claims.release_all(tx, now=now)))
            if LocalRoom.name in self.platforms:
                await asyncio.wrap_future(self.worker.submit(self._ensure_groups))
            for platform in self.platforms.values():
                await platform.start(self.receive)
                ends.push_async_callback(platform.stop)
            await self.leadership.start()
            ends.push_async_callback(self.leadership.stop)
            if self.health is not None:
                await self._serve_health(self.health, ends)
            yield

    async def _lead(self) -> None:
        """Begin with what only one program of all may do: sending, looking at the clock, asking for messages."""
        # First, because the database may refuse it: then nothing has begun.
        leader = await asyncio.wrap_future(self.worker.submit(leaderships.begin))
        self.delivery, self.scheduler = self._new_delivery(leader), self._new_scheduler()
        self._delivering = asyncio.create_task(self.delivery.run())
        for platform in self.platforms.values():
            if isinstance(platform, Leading):
                await platform.lead()
        self.scheduler.start()

    async def _follow(self) -> None:
        """End it: another program may do it from now on. What is in flight is finished."""
        self.scheduler.stop()
        self.delivery.stop()
        for platform in self.platforms.values():
            if isinstance(platform, Leading):
                await platform.follow()
        if self._delivering is not None:
            await self._delivering

    async def _seal(self) -> None:
        """Seal what came since the last look at the clock."""
        now = self.clock.now()
        with contextlib.suppress(SQLAlchemyError):  # the next start seals it
            while await asyncio.wrap_future(self.worker.submit(lambda tx: auditing.seal(tx, now))):
                pass

    async def _serve_health(self, server: Server, ends: contextlib.AsyncExitStack) -> None:
        """Without the port the bot runs all the same: its people matter more than whoever watches it."""
        try:
            await server.start()
        except ConfigurationError as error:
            log.error("no /healthz and no /metrics: %s", error)
        else:
            ends.push_async_callback(server.stop)

    def _late(self, tx: Tx, now: datetime) -> bool:
        """The organizers are told when messages wait for too long."""
        limit = timedelta(minutes=self.config.health.late_minutes)
        told = late(tx, now=now, limit=limit)
        if told:
            log.error("the oldest unsent message waits for more than %s", limit)
        self._postman.send(tx, told, now=now)
        return False

    def _tell(self, tx: Tx, chat_id: int, row_id: int | None, why: str, now: datetime) -> None:
        """The organizers are told of a chat that is parked and of a message that is given up."""
        self._postman.send(tx, not_delivered(tx, chat_id, row_id, why, now), now=now)

    def _looks(self, reply: Reply, chat: ChatRef) -> tuple[str, ...]:
        """How a reply would look in a chat, where its platform can tell."""
        able = [p for p in self.platforms.values() if p.name == chat.platform and isinstance(p, Previewing)]
        if not able:
            return ()
        content = self.renderer.content(reply.body, reply.buttons, reply.files, CHINESE)
        return able[0].preview(
            Outgoing(
                id=0,
                chat=chat,
                body=body_from_wire(content["body"]),
                buttons=buttons_from_wire(content.get("buttons", [])),
                files=files_from_wire(content.get("files", [])),
            )
        )

    def _bind_link(self, code: str) -> str | None:
        links = (p.bind_link(code) for p in self.platforms.values() if isinstance(p, Linking))
        return next(links, None)

    def _ensure_groups(self, tx: Tx) -> None:
        practice_room.ensure_groups(tx, now=self.clock.now())


def _tidy_spool(tx: Tx, now: datetime) -> bool:
    """What could not be read, and nobody has mended, goes with all else that nobody needs any more."""
    spool.forget(tx, before=now - KEEP)
    return False


def locale_roots() -> list[Path]:
    """Where all translations lie."""
    return [Path(__file__).parent / "locale", *locale_folders()]


async def serve(app: App, *, ready: Callable[[], None]) -> None:
    """Run until the process is asked to end (Ctrl+C, SIGTERM)."""
    ended = asked_to_end()
    async with app.running():
        ready()
        await ended.wait()


def practice_clock(database: Database) -> ShiftedClock:
    """The practice room's clock where it was left: as far from real time as it was set."""
    with database.transaction() as tx:
        shift = facts.get(tx, CLOCK_SHIFT)
    return ShiftedClock(timedelta(seconds=shift or 0))


def keep_clock(tx: Tx, clock: ShiftedClock) -> None:
    """Remember how far the practice clock is from real time."""
    facts.put(tx, CLOCK_SHIFT, clock.shift.total_seconds())
