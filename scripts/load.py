"""The deadline's evening of a province, scaled to this machine: how much, how promptly, and where the time goes.

    pip install -e '.[test,bench]'
    python scripts/load.py                   # about eighteen minutes; leave the machine alone
    python scripts/load.py --quick           # only to see that it runs

10,000 villages on SQLite (one program) and PostgreSQL (one replica, then two), durable as they come. The programs
run as processes of their own with Telegram's webhook and WeCom's encrypted callback; this process plays both
platforms and 10,000 people, over real sockets. (The simulators of `tests/servers/` keep all that they see and
check every limit; the stand-ins here are lean, so that they are not what is measured.) What is said is the mixture
of `scripts/traffic.py`: reports with and without photos, queries, confirmations, scores. The platforms' limits are
switched off, since they would be all that is measured.

Rising rates: messages come at a steady rate, whatever becomes of them; the time is counted from when a message
should have come to when the platform has its answer. A photo without words, as WeCom brings them before the
report that they belong to, is not counted: of a series only the first is answered. Whoever gets a notice while
they wait (what they reported was confirmed) counts as answered with it. The memory run ends when the outbox is
empty, and then compares, person by person, what was brought with what the database has taken and answered; it
fails if anything was lost, or if anybody was told more than they asked for. (An office that confirms a report is
shown the next one that waits: those are counted by themselves.) Flood: so many at once as the platforms bring.
Then, on SQLite, 200,000 messages with the program's memory looked at every other second.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import aiohttp
import msgspec
import psutil
import uvloop
from aiohttp import web
from sqlalchemy import text

from bot.chat.clock import SystemClock
from scripts.evening import fresh, postgresql
from scripts.province import Shape, account, build, on_telegram
from scripts.traffic import PHOTO, Saying, Traffic
from storage.database import Database
from tests.program import free_port
from tests.servers.wecom.crypto import encrypt, signature

VILLAGES = 10_000
TOKEN = "4242424242:AAE_a-token-of-the-load-test-0123456789"
SECRET = "a-secret-of-the-load-test-0123"
CORP, AGENT, CALLBACK = "ww1234567890abcdef", 1000002, "callbackToken"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ME = {"id": 4242424242, "is_bot": True, "first_name": "load", "username": "load_bot"}
RATES = (50, 100, 200, 300, 400, 500, 600)
#: To whom Telegram's methods send, as JSON or in a form with files.
_CHAT = re.compile(rb'"?chat_id"?[^0-9]{1,80}?(\d+)')
#: Deliveries under way at once in the flood; Telegram brings 100 at most.
ABREAST = 100
#: Rates are raised no further once so few of the messages of the last one were answered in time.
ENOUGH = 0.95


# --- the platforms ----------------------------------------------------------------------------------------


class Stage:
    """Plays Telegram and WeCom, brings what people say, and notes when each is answered."""

    def __init__(self) -> None:
        self.hooks: list[tuple[str, str]] = []
        self.ready = 0
        self.times: list[float] = []
        self.sent = 0
        self.unasked = 0
        #: Photos without words, which may be taken silently.
        self.photos = 0
        #: By account: messages that must be answered, and photos without words.
        self.said: Counter[str] = Counter()
        self.shown: Counter[str] = Counter()
        self._open: dict[str, deque[float]] = defaultdict(deque)
        self._numbers = 0

    async def start(self) -> None:
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_post("/bot{token}/{method}", self._telegram)
        app.router.add_get("/file/bot{token}/{path:.*}", self._photo)
        app.router.add_get("/cgi-bin/media/get", self._photo)
        app.router.add_get("/cgi-bin/gettoken", self._token)
        app.router.add_post("/cgi-bin/message/send", self._wecom)
        app.router.add_post("/cgi-bin/media/upload", self._uploaded)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        self.port: int = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=2_000))

    async def stop(self) -> None:
        await self._http.close()
        await self._runner.cleanup()

    @property
    def unanswered(self) -> int:
        return sum(map(len, self._open.values()))

    def begin(self) -> None:
        """Count anew."""
        self.times, self.sent, self.unasked, self.photos = [], 0, 0, 0
        self._open.clear()
        self.said.clear()
        self.shown.clear()

    # --- towards the program ------------------------------------------------------------------------------

    async def bring(self, said: Saying, due: float) -> None:
        """Until it is acknowledged; `due`: when it should have come."""
        if on_telegram(said.person):
            await self._update(said, due)
        elif said.photo:
            # WeCom's photos have no words; they come before.
            self.photos += 1
            await self._callback(said.person, None, MsgType="image", PicUrl="http://p.invalid/1", MediaId="m")
            await self._callback(said.person, time.perf_counter(), MsgType="text", Content=said.words)
        else:
            await self._callback(said.person, due, MsgType="text", Content=said.words)

    def _expect(self, who: str, due: float | None) -> int:
        """A number for a message; without a time it need not be answered."""
        if due is not None:
            self.sent += 1
            self._open[who].append(due)
            self.said[who] += 1
        else:
            self.shown[who] += 1
        self._numbers += 1
        return self._numbers

    async def _update(self, said: Saying, due: float) -> None:
        who = account(said.person)
        number = self._expect(who, due)
        person = {"id": int(who), "is_bot": False, "first_name": f"书记{said.person}"}
        message: dict[str, Any] = {
            "message_id": number,
            "date": int(time.time()),
            "chat": {"id": int(who), "type": "private", "first_name": person["first_name"]},
            "from": person,
        }
        if said.photo:
            sizes = {"file_id": "p", "file_unique_id": "p", "width": 640, "height": 480, "file_size": len(PHOTO)}
            message |= {"photo": [sizes], "caption": said.words}
        else:
            message["text"] = said.words
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "application/json"}
        data = msgspec.json.encode({"update_id": number, "message": message})
        await self._post(self.hooks[number % len(self.hooks)][0], data, headers)

    async def _callback(self, person: int, due: float | None, **content: str) -> None:
        who = account(person)
        number = self._expect(who, due)
        stamp, nonce = str(int(time.time())), secrets.token_hex(5)
        fields = {"ToUserName": CORP, "FromUserName": who, "CreateTime": stamp, **content, "MsgId": str(number)}
        xml = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in fields.items())
        sealed = encrypt(AES_KEY, f"<xml>{xml}<AgentID>{AGENT}</AgentID></xml>", CORP)
        given = {"msg_signature": signature(CALLBACK, stamp, nonce, sealed), "timestamp": stamp, "nonce": nonce}
        body = f"<xml><ToUserName>{CORP}</ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        await self._post(f"{self.hooks[number % len(self.hooks)][1]}?{urlencode(given)}", body.encode(), {})

    async def _post(self, address: str, data: bytes, headers: dict[str, str]) -> None:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with self._http.post(address, data=data, headers=headers) as answer:
                    await answer.read()
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.05)

    # --- from the program ---------------------------------------------------------------------------------

    def _answered(self, who: str) -> None:
        waiting = self._open.get(who)
        if waiting:
            self.times.append(time.perf_counter() - waiting.popleft())
        else:
            self.unasked += 1

    async def _telegram(self, request: web.Request) -> web.Response:
        body = await request.read()
        method = request.match_info["method"]
        result: Any = True
        if method.startswith("send"):
            who = _CHAT.search(body)
            assert who is not None
            self._answered(who[1].decode())
            self._numbers += 1
            chat = {"id": int(who[1]), "type": "private", "first_name": "x"}
            result = {"message_id": self._numbers, "date": 1_700_000_000, "chat": chat, "from": ME, "text": "x"}
        elif method == "getMe":
            result = ME
        elif method == "getFile":
            result = {"file_id": "p", "file_unique_id": "p", "file_size": len(PHOTO), "file_path": "photos/1.jpg"}
        elif method == "setWebhook":
            self.ready += 1
        elif method == "getWebhookInfo":
            result = {"url": self.hooks[0][0], "has_custom_certificate": False, "pending_update_count": 0}
        return _json({"ok": True, "result": result})

    async def _wecom(self, request: web.Request) -> web.Response:
        given = msgspec.json.decode(await request.read())
        self._answered(given["touser"])
        self._numbers += 1
        return _json({"errcode": 0, "errmsg": "ok", "invaliduser": "", "msgid": f"m{self._numbers}"})

    async def _token(self, _request: web.Request) -> web.Response:
        return _json({"errcode": 0, "errmsg": "ok", "access_token": "t", "expires_in": 7200})

    async def _uploaded(self, request: web.Request) -> web.Response:
        await request.read()
        return _json({"errcode": 0, "errmsg": "ok", "type": "image", "media_id": "m", "created_at": "1700000000"})

    async def _photo(self, _request: web.Request) -> web.Response:
        return web.Response(body=PHOTO, content_type="image/jpeg")


def _json(body: Any) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), content_type="application/json")


# --- the load ---------------------------------------------------------------------------------------------


@dataclass
class Measured:
    """What became of some messages: how many were offered and answered a second, milliseconds to the answer."""

    offered: float
    answered: float
    times: list[float]
    #: Milliseconds of processor for a message, by whose.
    processor: dict[str, float] = field(default_factory=dict)

    def at(self, share: float) -> float:
        return self.times[min(len(self.times) - 1, int(len(self.times) * share))] if self.times else float("nan")


async def steadily(stage: Stage, traffic: Iterator[Saying], rate: float, seconds: float) -> Measured:
    """Messages come at that rate, whatever becomes of them."""
    stage.begin()
    began, tasks, count = time.perf_counter(), set[asyncio.Task[None]](), int(rate * seconds)
    for index in range(count):
        due = began + index / rate
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(stage.bring(next(traffic), due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    answered_in_time = len(stage.times) / seconds
    offered = stage.sent / seconds
    await _all_answered(stage, tasks, patience=60)
    return Measured(offered, answered_in_time, sorted(1000 * one for one in stage.times))


async def flood(stage: Stage, traffic: Iterator[Saying], seconds: float = 0, count: int = 0) -> Measured:
    """As many as are taken, for so many seconds, or so many messages."""
    stage.begin()
    began = time.perf_counter()

    async def one_after_another() -> None:
        while (time.perf_counter() - began < seconds) if seconds else (stage.sent < count):
            await stage.bring(next(traffic), time.perf_counter())

    await asyncio.gather(*(one_after_another() for _each in range(ABREAST)))
    taken, spent = stage.sent, time.perf_counter() - began
    await _all_answered(stage, set(), patience=60)
    spent = time.perf_counter() - began
    return Measured(taken / spent, len(stage.times) / spent, sorted(1000 * one for one in stage.times))


async def _all_answered(stage: Stage, tasks: set[asyncio.Task[None]], *, patience: float) -> None:
    """Wait until everybody is answered, or nobody was for so many seconds."""
    heard, since = len(stage.times), time.perf_counter()
    while (tasks or stage.unanswered) and time.perf_counter() - since < patience:
        await asyncio.sleep(0.01)
        if len(stage.times) > heard:
            heard, since = len(stage.times), time.perf_counter()


@dataclass(frozen=True)
class Account:
    """What the database says in the end: messages taken, answers put by account, and what still waits.

    `following` are the reports that offices were shown next after they had confirmed one. `parts` is how many
    messages more than one the answers took on their platform: a card of WeCom's has little room for words.
    """

    taken: int
    answers: Counter[str]
    following: Counter[str]
    parts: int
    waiting: int

    @classmethod
    def of(cls, url: str, villages: int) -> Account:
        """Without the messages that the province was built with."""
        database, built = Database(url), {"old": villages}
        try:
            with database.reading() as tx:
                answers, following = Counter[str](), Counter[str]()
                for name, count, shown in tx.all(_ANSWERS, built):
                    who = name.removeprefix("user:")
                    answers[who], following[who] = count - shown, shown
                more = tx.scalar(_PARTS, built) or 0
                return cls(tx.scalar(_TAKEN, built), answers, following, more, tx.scalar(_WAITING, built))
        finally:
            database.close()

    def silent(self, stage: Stage) -> int:
        """Photos without words to which nothing was said."""
        return sum(max(0, stage.said[who] + n - self.answers[who]) for who, n in stage.shown.items())

    def faults(self, stage: Stage) -> list[str]:
        """What was lost, or too much. A photo without words that continues a series may be taken silently."""
        found = []
        if self.taken != stage.sent + stage.photos:
            found.append(f"{stage.sent + stage.photos} brought, {self.taken} taken")
        if lost := sum(max(0, n - self.answers[who]) for who, n in stage.said.items()):
            found.append(f"{lost} messages with words were not answered")
        brought = stage.said + stage.shown
        if unasked := sum(max(0, n - brought[who]) for who, n in self.answers.items()):
            found.append(f"{unasked} answers more than there were messages")
        if self.waiting:
            found.append(f"{self.waiting} messages are still in the outbox")
        return found


_TAKEN = text("SELECT count(*) FROM inbox WHERE id > :old")
_WAITING = text("SELECT count(*) FROM outbox WHERE id > :old AND state <> 'sent'")
_PARTS = text("SELECT sum(weight - 1) FROM outbox WHERE id > :old AND state = 'sent'")
# On SQLite, where the memory run is. What is urgent goes to whoever has just written; the report that an office is
# shown next begins with its own words (`handlers/progress/verifying.py`).
_ANSWERS = text(
    "SELECT c.external_id, count(*), sum(json_extract(o.content, '$.body[0][1]') LIKE '请核实：%') "
    "FROM outbox o JOIN chats c ON c.id = o.chat_id WHERE o.id > :old AND o.urgent GROUP BY c.external_id"
)


async def settled(stage: Stage, url: str, villages: int, *, patience: float) -> Account:
    """Wait until the outbox is empty, or nothing came for so many seconds."""
    heard, since = -1, time.perf_counter()
    while True:
        found = await asyncio.to_thread(Account.of, url, villages)
        came = len(stage.times) + stage.unasked
        if came > heard:
            heard, since = came, time.perf_counter()
        if not found.waiting or time.perf_counter() - since > patience:
            return found
        await asyncio.sleep(2)


# --- the programs -----------------------------------------------------------------------------------------


class Programs:
    """Replicas on one database."""

    def __init__(self, stage: Stage, url: str, folder: Path, count: int) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []
        self.folder = folder
        stage.hooks, stage.ready = [], 0
        files = folder / "files"
        files.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            data = folder / f"data{number}"
            data.mkdir()
            (data / "files").symlink_to(files)
            telegram, wecom = free_port(), free_port()
            stage.hooks.append(
                (f"http://127.0.0.1:{telegram}/telegram", f"http://127.0.0.1:{wecom}/wecom/callback")
            )
            told = {"data": str(data), "url": url, "api": stage.port, "telegram": telegram, "wecom": wecom}
            with (folder / f"log{number}").open("wb") as log:
                command = [sys.executable, __file__, "--serve", json.dumps(told)]
                self.processes.append(subprocess.Popen(command, stdout=log, stderr=log))

    async def wait(self, stage: Stage) -> None:
        """Until all have set their webhooks, and WeCom's ports are open."""
        async with asyncio.timeout(90):
            while stage.ready < len(self.processes) or not all(map(_is_open, stage.hooks)):
                if any(process.poll() is not None for process in self.processes):
                    raise SystemExit("\n".join(path.read_text() for path in self.folder.glob("log*")))
                await asyncio.sleep(0.1)

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()

    @property
    def resident(self) -> float:
        """Megabytes of all together."""
        return sum(psutil.Process(process.pid).memory_info().rss for process in self.processes) / 1e6


def _is_open(hooks: tuple[str, str]) -> bool:
    import socket

    port = int(hooks[1].split(":")[2].split("/")[0])
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def serve(told: dict[str, Any]) -> None:
    """One program, as `liangsaibi run` is, without the platforms' limits."""
    from bot import logs
    from bot.app import App
    from bot.app import serve as run_app
    from bot.chat.ports import Limits
    from bot.config import Config, DatabaseSettings, General, LocalSection
    from bot.loop import run
    from bot.platforms.telegram.settings import TelegramSection
    from bot.platforms.wecom.settings import WeComSection

    base = f"http://127.0.0.1:{told['api']}"
    config = msgspec.structs.replace(
        Config(),
        general=General(data=told["data"]),
        database=DatabaseSettings(url=told["url"]),
        local=LocalSection(enabled=False),
        telegram=TelegramSection(
            enabled=True,
            token=TOKEN,
            mode="webhook",
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            webhook_url=f"http://127.0.0.1:{told['telegram']}/telegram",
            webhook_secret=SECRET,
            port=told["telegram"],
        ),
        wecom=WeComSection(
            enabled=True,
            corp_id=CORP,
            agent_id=AGENT,
            secret="app-secret-of-the-load-test",
            token=CALLBACK,
            aes_key=AES_KEY,
            port=told["wecom"],
            base_url=base,
            menu=False,
        ),
    )
    logs.configure(level="info", as_json=False)
    database = Database(told["url"], threads=config.database.threads)
    app = App(config, database)
    app.open_telegram().limits = Limits()
    app.open_wecom().limits = Limits()
    run(run_app(app, ready=lambda: None))


# --- where the time goes ----------------------------------------------------------------------------------

#: By what stands in a stack, the first that fits.
PARTS = (
    ("database: commit", re.compile(r"do_commit|_commit_impl")),
    ("database: statements and rows", re.compile(r"\(storage/|sqlalchemy/|psycopg")),
    ("rendering", re.compile(r"\(bot/chat/rendering|\(bot/posting|babel/")),
    ("understanding and handlers", re.compile(r"\(bot/dispatch|\(handlers/")),
    (
        "taking: HTTP, decryption, files",
        re.compile(r"platforms/\w+/(?:webhook|callback|crypto|incoming|intake|reading|media|spool|seen)|uvicorn/"),
    ),
    (
        "sending",
        re.compile(r"\(bot/(?:sending|delivery|routes|lines|pacing)|platforms/|requests/|urllib3/|aiohttp/"),
    ),
    ("worker, clock, logs", re.compile(r"\(bot/(?!loop)|logging/")),
)


def profiled(number: int, seconds: float, folder: Path) -> subprocess.Popen[bytes] | None:
    """py-spy on a program, where it is installed: the stacks of its threads that run, a hundred times a second."""
    tool = shutil.which("py-spy", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if tool is None:
        return None
    command = [tool, "record", "--pid", str(number), "--format", "raw", "--rate", "100", "--nonblocking"]
    command += ["--duration", str(max(1, int(seconds))), "--output", str(folder / "stacks")]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def shares(stacks: Path) -> dict[str, float]:
    """How much of the running threads' time each part takes."""
    found: Counter[str] = Counter()
    for line in stacks.read_text("utf-8", errors="replace").splitlines() if stacks.exists() else ():
        stack, _, count = line.rpartition(" ")
        part = next((name for name, pattern in PARTS if pattern.search(stack)), "event loop")
        found[part] += int(count)
    whole = sum(found.values()) or 1
    return {part: count / whole for part, count in found.most_common()}


class Processor:
    """Seconds of processor that the programs, PostgreSQL and this generator have used."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._before = self._now()

    def _now(self) -> dict[str, float]:
        database = [one for one in psutil.process_iter(["name"]) if one.info["name"] == "postgres"]
        return {
            "programs": sum(map(_seconds, (psutil.Process(one.pid) for one in self._programs.processes))),
            "PostgreSQL": sum(map(_seconds, database)),
            "this generator": _seconds(psutil.Process()),
        }

    def per_message(self, count: int) -> dict[str, float]:
        """Milliseconds a message since the beginning."""
        spent = {name: now - self._before[name] for name, now in self._now().items()}
        return {name: 1000 * max(0.0, seconds) / count for name, seconds in spent.items()}


def _seconds(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        used = process.cpu_times()
        return float(used.user + used.system)
    return 0.0


# --- the runs ---------------------------------------------------------------------------------------------


@dataclass
class Run:
    """One database with so many programs."""

    name: str
    rates: list[Measured] = field(default_factory=list)
    flooded: Measured | None = None
    parts: dict[str, float] = field(default_factory=dict)
    resident: float = 0.0


async def play(stage: Stage, run: Run, url: str, shape: Shape, count: int, asked: argparse.Namespace) -> None:
    """Rising rates, then a flood, with programs that have just begun."""
    folder = Path(tempfile.mkdtemp(prefix="load-"))
    programs = Programs(stage, url, folder, count)
    try:
        await programs.wait(stage)
        traffic = Traffic(shape, asked.villages).mixed()
        await flood(stage, traffic, seconds=asked.seconds / 3)
        for rate in RATES:
            measured = await steadily(stage, traffic, rate, asked.seconds)
            run.rates.append(measured)
            _say(f"{run.name}: {rate}/s: p50 {measured.at(0.5):.0f}, p99 {measured.at(0.99):.0f} ms")
            if measured.answered < ENOUGH * measured.offered or measured.at(0.5) > 2000:
                break
        used, spy = Processor(programs), profiled(programs.processes[0].pid, asked.seconds, folder)
        run.flooded = await flood(stage, traffic, seconds=asked.seconds + 2)
        run.flooded.processor = used.per_message(len(stage.times))
        if spy is not None:
            spy.wait(60)
            run.parts = shares(folder / "stacks")
        run.resident = programs.resident
        _say(f"{run.name}: flood {run.flooded.answered:.0f}/s")
    finally:
        programs.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def remember(stage: Stage, url: str, shape: Shape, asked: argparse.Namespace) -> list[tuple[int, float]]:
    """(messages answered, megabytes) every other second, until all have been."""
    folder = Path(tempfile.mkdtemp(prefix="load-"))
    programs = Programs(stage, url, folder, 1)
    found: list[tuple[int, float]] = []
    try:
        await programs.wait(stage)
        traffic = Traffic(shape, asked.villages, seed=11).mixed()

        async def look() -> None:
            while True:
                await asyncio.sleep(2)
                found.append((len(stage.times), programs.resident))

        looking = asyncio.create_task(look())
        measured = await flood(stage, traffic, count=asked.messages)
        looking.cancel()
        account = await settled(stage, url, asked.villages, patience=60)
        _say(
            f"memory: {stage.sent} messages with words, {measured.answered:.0f}/s, and {stage.photos} photos "
            f"without; {account.answers.total()} answers, {account.silent(stage)} photos taken silently; "
            f"{account.following.total()} times an office was shown the next report to confirm; {account.parts} "
            f"messages more than answers, for want of room on a card; {account.waiting} still in the outbox"
        )
        faults = account.faults(stage)
        found.append((len(stage.times), programs.resident))
    finally:
        programs.stop()
        shutil.rmtree(folder, ignore_errors=True)
    if faults:
        raise SystemExit("; ".join(faults))
    return found


def slope(looks: list[tuple[int, float]]) -> float:
    """Megabytes for every 100,000 messages, over the last three quarters."""
    last = looks[len(looks) // 4 :]
    if len(last) < 3:
        return float("nan")
    return statistics.linear_regression([n for n, _mb in last], [mb for _n, mb in last]).slope * 100_000


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


# --- the tables -------------------------------------------------------------------------------------------


def table(runs: list[Run]) -> str:
    lines = [
        "| database | programs | offered/s | answered/s | p50 ms | p95 ms | p99 ms |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for run in runs:
        listed = [*run.rates, *([run.flooded] if run.flooded else [])]
        for one in listed:
            offered = "flood" if one is run.flooded else f"{one.offered:.0f}"
            figures = " | ".join(f"{one.at(share):,.0f}" for share in (0.5, 0.95, 0.99))
            lines.append(f"| {run.name} | {offered} | {one.answered:.0f} | {figures} |")
    return "\n".join(lines)


def going(runs: list[Run]) -> str:
    """Where the time goes."""
    lines = ["| | " + " | ".join(run.name.replace(" | ", ", programs: ") for run in runs) + " |"]
    lines.append("|---|" + "--:|" * len(runs))
    for part in dict.fromkeys(part for run in runs for part in run.parts):
        lines.append(f"| {part} | " + " | ".join(f"{run.parts.get(part, 0):.0%}" for run in runs) + " |")
    for whose in ("programs", "PostgreSQL", "this generator"):
        cells = [f"{run.flooded.processor.get(whose, 0):.2f}" if run.flooded else "" for run in runs]
        lines.append(f"| processor ms a message: {whose} | " + " | ".join(cells) + " |")
    lines.append("| resident MB, all programs | " + " | ".join(f"{run.resident:.0f}" for run in runs) + " |")
    return "\n".join(lines)


async def measure(asked: argparse.Namespace) -> None:
    stage = Stage()
    await stage.start()
    runs: list[Run] = []
    now = SystemClock().now()
    folder = Path(tempfile.mkdtemp(prefix="load-"))
    try:
        if "sqlite" in asked.only:
            runs.append(Run("SQLite | 1"))
            url = f"sqlite:///{folder / 'one.db'}"
            await play(stage, runs[-1], url, _built(url, asked.villages, now), 1, asked)
        if "postgresql" in asked.only:
            with postgresql(folder / "pg") as server:
                for count in (1, 2):
                    runs.append(Run(f"PostgreSQL | {count}"))
                    url = fresh(server, f"replicas{count}")
                    await play(stage, runs[-1], url, _built(url, asked.villages, now), count, asked)
        looks: list[tuple[int, float]] = []
        if asked.messages:
            url = f"sqlite:///{folder / 'memory.db'}"
            looks = await remember(stage, url, _built(url, asked.villages, now), asked)
    finally:
        await stage.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{platform.machine()}, {psutil.cpu_count()} cores, Python {platform.python_version()}\n")
    if runs:
        print(table(runs), going(runs), sep="\n\n")
    found = {run.name: run.flooded.answered for run in runs if run.flooded}
    one, two, lite = (found.get(name) for name in ("PostgreSQL | 1", "PostgreSQL | 2", "SQLite | 1"))
    if one and two and lite:
        print(f"\nPostgreSQL to SQLite: {one / lite:.2f}; two replicas to one: {two / one:.2f}")
    if looks:
        quarter, last = looks[len(looks) // 4], looks[-1]
        print(
            f"\nMemory: {quarter[1]:.0f} MB after {quarter[0]:,} messages, {last[1]:.0f} MB after {last[0]:,}; "
            f"slope over the last three quarters of the time {slope(looks):+.1f} MB for 100,000 messages"
        )


def _built(url: str, villages: int, now: Any) -> Shape:
    database = Database(url)
    try:
        return build(database, villages, now=now)
    finally:
        database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--villages", type=int, default=VILLAGES)
    parser.add_argument("--seconds", type=float, default=12, help="of each rate")
    parser.add_argument("--messages", type=int, default=200_000, help="of the memory run; 0: none")
    parser.add_argument("--only", nargs="*", default=["sqlite", "postgresql"], help="without a name: memory alone")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--serve", type=json.loads, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve)
        return
    if asked.quick:
        asked.seconds, asked.messages, asked.villages = 3, min(asked.messages, 2_000), 1_000
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measure(asked))


if __name__ == "__main__":
    main()
