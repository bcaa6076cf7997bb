"""How fast messages become durable, how that grows with the district, and how much memory it takes.

    python scripts/bench.py                       # SQLite and PostgreSQL, 70 to 100,000 units
    python scripts/bench.py --units 70 --messages 2000 --only sqlite

For each size a database is built (five commitments a unit) and a fresh process sends real `进度` messages from
as many different secretaries as there are through the dispatcher to the commit, on the same worker that the
program uses, with the same number of messages per commit. "bare" is the yardstick: the very statements of those
messages, with their values, run by SQLAlchemy Core in a loop on an identical database, again with the same
number of messages per commit. One of the statements that a message needs is its savepoint, since a message that
fails must not take those committed with it along; "without savepoints" is the same loop with these left out.
Rates are messages a second, memory is the resident size of the whole process.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psutil
from sqlalchemy import create_engine, event, make_url, text

from bot.chat.messages import Inbound
from bot.chat.ports import Outcome
from bot.chat.rendering import Renderer
from bot.chat.settings import Policy
from bot.chat.texts import Catalogues
from bot.dispatch import Dispatcher
from bot.worker import BATCH, Worker
from handlers import all_commands, locale_folders
from scripts.evening import fresh, postgresql
from scripts.province import address, build
from storage.database import Database, Tx
from storage.files import DiskFiles

NOW = datetime(2021, 3, 25, 1, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
SIZES = (70, 1_000, 10_000, 100_000)
SAYINGS = ("进度 1 60% 已硬化1.2公里", "进度2 完成了48盏", "进度 3 一半", "进度４　25％", "进度 第5项 6次")


# --- measuring --------------------------------------------------------------------------------------------


def dispatcher(folder: Path) -> Dispatcher:
    bot = Path(__file__).resolve().parent.parent / "bot"
    return Dispatcher(
        registry=all_commands(),
        renderer=Renderer(Catalogues([bot / "locale", *locale_folders()], ZONE)),
        policy=Policy(),
        files=DiskFiles(folder),
        zone=ZONE,
    )


def messages(count: int, people: int, *, start: int = 0) -> list[Inbound]:
    chosen = random.Random(7)
    made = []
    for index in range(start, start + count):
        person = chosen.randrange(1, people + 1)
        ref, sender = address(person)
        said = SAYINGS[index % len(SAYINGS)]
        at = NOW + timedelta(milliseconds=index)
        made.append(Inbound(f"m{index}", ref, sender, said, at, addressed=True))
    return made


def through_dispatch(database: Database, sent: list[Inbound], folder: Path) -> float:
    """Seconds from the first message handed in to the last one committed."""
    engine = dispatcher(folder)
    worker = Worker(database)

    def job(message: Inbound) -> Callable[[Tx], Outcome]:
        return lambda tx: engine.process(tx, message, message.sent_at).outcome

    futures = [worker.submit(job(message)) for message in sent]
    began = time.perf_counter()
    worker.start()
    # Waiting for the last one alone: a thread that wakes for each message would measure itself.
    futures[-1].result()
    seconds = time.perf_counter() - began
    outcomes = {future.result() for future in futures}
    worker.stop()
    if outcomes != {Outcome.ANSWERED}:
        raise SystemExit(f"not every message was answered: {outcomes}")
    return seconds


def record(database: Database, sent: list[Inbound], folder: Path) -> list[list[tuple[Any, Any]]]:
    """The statements of each message with their values, noted while they run once."""
    engine = dispatcher(folder)
    noted: list[list[tuple[Any, Any]]] = []

    def note(_connection: Any, statement: Any, many: Any, values: Any, _options: Any) -> None:
        noted[-1].append((statement, many or values))

    event.listen(database.engine, "before_execute", note)
    for start in range(0, len(sent), BATCH):
        with database.transaction() as tx:
            for message in sent[start : start + BATCH]:
                noted.append([])
                engine.process(tx, message, message.sent_at)
    event.remove(database.engine, "before_execute", note)
    return noted


def bare(database: Database, noted: list[list[tuple[Any, Any]]], *, savepoints: bool) -> float:
    """Seconds that the same statements take in a loop, with the same number of messages per commit."""
    began = time.perf_counter()
    for start in range(0, len(noted), BATCH):
        with database.engine.begin() as connection:
            for statements in noted[start : start + BATCH]:
                with connection.begin_nested() if savepoints else nullcontext():
                    for statement, values in statements:
                        result = connection.execute(statement, values)
                        if result.returns_rows:
                            result.all()
    return time.perf_counter() - began


def measure(arguments: argparse.Namespace) -> None:
    """In a process of its own: memory first, as the program itself has it, then the rates."""
    import bot.app  # noqa: F401 - the whole program's modules count for its memory

    folder = Path(arguments.folder)
    sent = messages(arguments.messages, arguments.count)
    with open_copy(arguments, "warm") as database:
        through_dispatch(database, sent, folder)
    # Before the yardstick's statements are kept, which would count as well.
    resident = psutil.Process().memory_info().rss / 1e6
    with open_copy(arguments, "record") as database:
        noted = record(database, sent, folder)
    # In turns, so that a machine that is slower for a while is so for all three.
    seconds: dict[str, list[float]] = {"dispatch": [], "bare": [], "unsaved": []}
    for turn in range(arguments.turns):
        with open_copy(arguments, f"dispatch{turn}") as database:
            seconds["dispatch"].append(through_dispatch(database, sent, folder))
        with open_copy(arguments, f"bare{turn}") as database:
            seconds["bare"].append(bare(database, noted, savepoints=True))
        with open_copy(arguments, f"unsaved{turn}") as database:
            seconds["unsaved"].append(bare(database, noted, savepoints=False))
    found = {name: len(sent) / statistics.median(each) for name, each in seconds.items()}
    found |= {"statements": sum(len(s) for s in noted) / len(noted), "resident_mb": resident}
    print(json.dumps(found))


class open_copy:
    """A fresh copy of the built database, opened, and dropped afterwards."""

    def __init__(self, arguments: argparse.Namespace, name: str) -> None:
        self.built, self.name = arguments.url, name

    def __enter__(self) -> Database:
        url = make_url(self.built)
        if url.get_backend_name() == "sqlite":
            self.path = Path(str(url.database)).with_name(f"{self.name}.db")
            shutil.copy(str(url.database), self.path)
            self.database = Database(f"sqlite:///{self.path}")
        else:
            self._admin(f"CREATE DATABASE {self.name} TEMPLATE {url.database}")
            self.database = Database(url.set(database=self.name).render_as_string(hide_password=False))
        return self.database

    def __exit__(self, *_error: object) -> None:
        self.database.close()
        if self.database.is_sqlite:
            for path in self.path.parent.glob(f"{self.path.name}*"):
                path.unlink()
        else:
            self._admin(f"DROP DATABASE {self.name} WITH (FORCE)")

    def _admin(self, statement: str) -> None:
        url = make_url(self.built).set(drivername="postgresql+psycopg", database="postgres")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


# --- the table --------------------------------------------------------------------------------------------


def one_size(kind: str, count: int, arguments: argparse.Namespace, folder: Path, server: str) -> dict[str, Any]:
    name = f"built{count}"
    url = f"sqlite:///{folder / name}.db" if kind == "sqlite" else fresh(server, name)
    database = Database(url)
    build(database, count, now=NOW, past=False)
    if database.is_sqlite:
        with database.engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
    database.close()
    command = [sys.executable, __file__, "--measure", "--url", url, "--count", str(count)]
    command += ["--folder", str(folder), "--messages", str(arguments.messages), "--turns", str(arguments.turns)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"database": kind, "units": count}


def show(kind: str, count: int, r: dict[str, Any]) -> None:
    rate = r["dispatch"]
    print(
        f"| {kind} | {count:,} | {rate:,.0f} | {r['bare']:,.0f} | {rate / r['bare']:.2f} "
        f"| {r['unsaved']:,.0f} | {rate / r['unsaved']:.2f} "
        f"| {1000 / rate:.2f} | {r['statements']:.1f} | {r['resident_mb']:.0f} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, nargs="+", default=SIZES)
    parser.add_argument("--messages", type=int, default=6_000)
    parser.add_argument("--turns", type=int, default=3, help="runs of each kind; the median counts")
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments)
        return
    kinds = (arguments.only,) if arguments.only else ("sqlite", "postgresql")
    print(
        f"{platform.processor() or platform.machine()}, {psutil.cpu_count()} cores, "
        f"{psutil.virtual_memory().total / 1e9:.0f} GB, Python {platform.python_version()}, "
        f"{BATCH} messages per commit, {arguments.messages} messages a run\n"
    )
    print(
        "| database | units | messages/s | bare statements/s* | ratio | without savepoints/s | ratio "
        "| ms/message | statements | resident MB |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as name:
        for kind in kinds:
            with postgresql(Path(name) / "pg") if kind == "postgresql" else nullcontext("") as server:
                for count in arguments.units:
                    show(kind, count, one_size(kind, count, arguments, Path(name), server))
    print("\n\\* messages a second when only their statements run, in a loop")


if __name__ == "__main__":
    main()
