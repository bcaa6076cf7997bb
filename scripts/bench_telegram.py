"""How fast and how promptly the bot answers on Telegram, beside bots of two well-known libraries.

    pip install -e '.[bench]'
    python scripts/bench_telegram.py                  # everything, about ten minutes; leave the machine alone
    python scripts/bench_telegram.py --quick          # only to see that it runs

One process plays Telegram: it brings updates by webhook, at most a hundred at once, each of another chat, and
takes `sendMessage`. The other runs the bot under test, alone on one core. Measured is what people see: from the
moment an update is brought until the server has accepted the answer. The bots:

- liangsaibi: this program's durable path with a command that answers what it is told. Message and answer are
  committed to SQLite with `synchronous=FULL` before the update is confirmed; the answer is marked when it is sent.
  Its pacing is switched off, since Telegram's own limits (30 messages a second) would be all that is measured.
- liangsaibi-progress: the same with real progress reports of secretaries instead of an echo.
- python-telegram-bot: its echo bot as documented, default settings; it stores nothing.
- python-telegram-bot-orm: the same, one commit a message through SQLAlchemy's asyncio ORM (SQLite, FULL).
- aiogram: its echo bot as documented, default settings; it stores nothing. aiogram-uvloop: the same on uvloop.

Throughput is the median of the rounds, in which the bots take turns; latency is measured at a steady 100 messages
a second. Each round gives every bot the same load from the same generator.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import psutil
import uvloop
from aiohttp import web

TOKEN = "4242424242:AAE_a-token-of-the-benchmark-0123456789"
SECRET = "a-secret-of-the-benchmark-0123"
#: So many chats write, each by turns; Telegram brings at most so many updates at once.
CHATS, ABREAST = 200, 100
STEADY = 100
NUMBER = re.compile(rb"9(\d{6})9")
BOTS = (
    "liangsaibi",
    "liangsaibi-progress",
    "python-telegram-bot",
    "python-telegram-bot-orm",
    "aiogram",
    "aiogram-uvloop",
)
ME = {"id": 4242424242, "is_bot": True, "first_name": "bench", "username": "bench_bot"}
#: What the methods other than `sendMessage` answer.
OTHER: dict[str, Any] = {
    "getMe": ME,
    "getWebhookInfo": {"url": "", "has_custom_certificate": False, "pending_update_count": 0},
}


# --- the server and the load ------------------------------------------------------------------------------


@dataclass
class Server:
    """Plays Telegram for one bot."""

    port: int = 0
    hook: str = ""
    begun: dict[int, float] = field(default_factory=dict)
    answered: dict[int, float] = field(default_factory=dict)
    webhook_set: asyncio.Event = field(default_factory=asyncio.Event)
    _numbers: int = 0

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", self._call)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=ABREAST))

    async def stop(self) -> None:
        await self._http.close()
        await self._runner.cleanup()

    async def _call(self, request: web.Request) -> web.Response:
        body = await request.read()
        method = request.match_info["method"]
        if method != "sendMessage":
            if method == "setWebhook":
                self.webhook_set.set()
            return _json({"ok": True, "result": OTHER.get(method, True)})
        now = time.perf_counter()
        found = NUMBER.search(body)
        if found is not None:
            self.answered.setdefault(int(found[1]), now)
        self._numbers += 1
        chat = {"id": 1, "type": "private", "first_name": "x"}
        message = {"message_id": self._numbers, "date": 1_700_000_000, "chat": chat, "from": ME, "text": "x"}
        return _json({"ok": True, "result": message})

    async def bring(self, number: int, text: str) -> None:
        """One update; returns when it is confirmed."""
        chat = 7_000_000_000 + number % CHATS
        person = {"id": chat, "is_bot": False, "first_name": f"书记{number % CHATS}"}
        message = {
            "message_id": number,
            "date": 1_700_000_000,
            "chat": {"id": chat, "type": "private", "first_name": person["first_name"]},
            "from": person,
            "text": text,
        }
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "application/json"}
        data = msgspec.json.encode({"update_id": number, "message": message})
        self.begun[number] = time.perf_counter()
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with self._http.post(self.hook, data=data, headers=headers) as answer:
                    await answer.read()
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.05)

    async def all_answered(self, numbers: range, patience: float = 120.0) -> None:
        async with asyncio.timeout(patience):
            while not all(number in self.answered for number in numbers):
                await asyncio.sleep(0.002)


def _json(body: Any) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), content_type="application/json")


async def flood(server: Server, numbers: range, say: Any) -> float:
    """All at once, a hundred on the way; messages answered per second."""
    gate = asyncio.Semaphore(ABREAST)

    async def one(number: int) -> None:
        async with gate:
            await server.bring(number, say(number))

    began = time.perf_counter()
    await asyncio.gather(*map(one, numbers))
    await server.all_answered(numbers)
    return len(numbers) / (max(server.answered[n] for n in numbers) - began)


async def steadily(server: Server, numbers: range, say: Any) -> tuple[float, float]:
    """A hundred a second; the median and the 99th percentile of the time to the answer, in milliseconds."""
    began = time.perf_counter()
    tasks = []
    for index, number in enumerate(numbers):
        await asyncio.sleep(max(0.0, began + index / STEADY - time.perf_counter()))
        tasks.append(asyncio.create_task(server.bring(number, say(number))))
    await asyncio.gather(*tasks)
    await server.all_answered(numbers)
    times = sorted(1000 * (server.answered[n] - server.begun[n]) for n in numbers)
    return statistics.median(times), times[int(len(times) * 0.99) - 1]


# --- one bot ----------------------------------------------------------------------------------------------


def saying(bot: str) -> Any:
    """What is said to a bot; the number in it comes back with the answer."""
    if bot == "liangsaibi":
        return lambda number: f"/echo 9{number:06}9"
    if bot == "liangsaibi-progress":
        return lambda number: f"进度 1 9{number:06}9盏"
    return lambda number: f"9{number:06}9"


@dataclass
class Figures:
    rates: list[float] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)
    tails: list[float] = field(default_factory=list)
    #: Of the bot's process, for one message of the flood, in milliseconds: it does not depend on other load.
    cpu: list[float] = field(default_factory=list)
    memory: float = 0.0


async def measure(bot: str, figures: Figures, *, messages: int, seconds: int, core: int) -> None:
    """One round with one bot in a fresh process."""
    server = Server()
    await server.start()
    folder = Path(tempfile.mkdtemp(prefix="bench-telegram-"))
    hook = free_port()
    server.hook = f"http://127.0.0.1:{hook}/telegram"
    command = [sys.executable, __file__, "--serve", bot, "--api", str(server.port), "--hook", str(hook)]
    # The bot ends when this pipe does, so that it does not outlive a benchmark that is killed.
    process = subprocess.Popen([*command, "--folder", str(folder), "--core", str(core)], stdin=subprocess.PIPE)
    try:
        async with asyncio.timeout(60):
            await server.webhook_set.wait()
        say, first = saying(bot), 1
        for count, work in ((max(CHATS, messages // 10), flood), (messages, flood), (STEADY * seconds, steadily)):
            numbers = range(first, first + count)
            first += count
            before = cpu_seconds(process.pid)
            result = await work(server, numbers, say)  # type: ignore[operator]
            if work is steadily:
                figures.medians.append(result[0])
                figures.tails.append(result[1])
            elif count == messages:
                figures.rates.append(result)
                figures.cpu.append(1000 * (cpu_seconds(process.pid) - before) / count)
        figures.memory = psutil.Process(process.pid).memory_info().rss / 1024 / 1024
    finally:
        process.terminate()
        process.wait()
        process.stdin.close()  # type: ignore[union-attr]
        await server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def cpu_seconds(number: int) -> float:
    used = psutil.Process(number).cpu_times()
    return float(used.user + used.system)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


# --- the bots under test ----------------------------------------------------------------------------------


def end_with_the_benchmark(folder: Path) -> None:
    """Wait in the background for the end of standard input, which comes when whoever measures is gone."""

    def wait() -> None:
        # Not through `sys.stdin`: its lock would be held when the bot ends.
        while os.read(0, 1024):
            pass
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def serve(bot: str, api: int, hook: int, folder: Path) -> None:
    base = f"http://127.0.0.1:{api}"
    if bot.startswith("liangsaibi"):
        serve_liangsaibi(base, hook, folder, real=bot.endswith("progress"))
    elif bot.startswith("python-telegram-bot"):
        serve_ptb(base, hook, folder, orm=bot.endswith("orm"))
    else:
        serve_aiogram(base, hook, fast=bot.endswith("uvloop"))


def serve_liangsaibi(base: str, hook: int, folder: Path, *, real: bool) -> None:
    from bot.app import App
    from bot.app import serve as run_app
    from bot.chat.ports import Limits
    from bot.config import Config, General, LocalSection
    from bot.loop import run
    from bot.platforms.telegram.settings import TelegramSection
    from storage import migrate
    from storage.database import Database

    config = msgspec.structs.replace(
        Config(),
        general=General(data=str(folder)),
        local=LocalSection(enabled=False),
        telegram=TelegramSection(
            enabled=True,
            token=TOKEN,
            mode="webhook",
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            webhook_url=f"http://127.0.0.1:{hook}/telegram",
            webhook_secret=SECRET,
            port=hook,
        ),
    )
    database = Database(config.database_url)
    migrate.upgrade(database)
    app = App(config, database)
    if real:
        secretaries(database, app.clock.now())
    else:
        echo_only(app)
    app.open_telegram().limits = Limits()
    run(run_app(app, ready=lambda: None))


def echo_only(app: Any) -> None:
    """The engine as it is, with one command that says what it is told."""
    from bot.chat.arguments import Rest
    from bot.chat.commands import Registry, Section
    from bot.chat.messages import say
    from bot.chat.texts import T
    from bot.dispatch import Dispatcher

    registry = Registry()

    @registry.command(
        "回声",
        ascii="echo",
        section=Section.GENERAL,
        help=T("回声"),
        args=(Rest("words", T("话")),),
        strangers=True,
    )
    def echo(_ctx: Any, words: str) -> Any:
        return say(words)

    app.dispatcher = Dispatcher(
        registry=registry,
        renderer=app.renderer,
        policy=app.config.policy,
        files=app.files,
        zone=app.config.zone,
    )


def secretaries(database: Any, now: Any) -> None:
    """As many villages as chats, each with a bound secretary and one commitment."""
    from decimal import Decimal

    from bot.chat.messages import ChatKind, ChatRef, Sender
    from bot.chat.people import Role
    from storage import accounts, commitments, people, tables, units
    from storage.commitments import Category, State
    from storage.terms import Kind

    with database.transaction() as tx:
        root = units.add(tx, name="区", kind="district", parent_id=None, now=now, position=0)
        for number in range(CHATS):
            unit = units.add(tx, name=f"村{number}", kind="village", parent_id=root, now=now, position=number)
            person = people.add(tx, name=f"书记{number}", now=now)
            people.appoint(tx, person_id=person, unit_id=unit, role=Role.SECRETARY, now=now)
            external = str(7_000_000_000 + number)
            chat = accounts.chat_for(tx, ChatRef("telegram", external, ChatKind.PRIVATE), now=now)
            actor = accounts.identify(tx, "telegram", Sender(external, "x"), private_chat=chat.id, now=now)
            mine = tables.accounts.c.id == actor.account_id
            tx.execute(tables.accounts.update().where(mine).values(person_id=person, bound_at=now))
            commitments.add(
                tx,
                unit_id=unit,
                year=now.year,
                category=Category.ELECTIVE,
                words="安装路灯100000000盏",
                kind=Kind.QUANTITY,
                target=Decimal(100_000_000),
                measure="盏",
                parts=(),
                due=None,
                state=State.PUBLISHED,
                proposed_at=now,
                published_at=now,
            )


def serve_ptb(base: str, hook: int, folder: Path, *, orm: bool) -> None:
    """The echo bot of the library's documentation, with its own webhook server."""
    from telegram import Update
    from telegram.ext import Application, ContextTypes, MessageHandler, filters

    keep = orm_store(folder) if orm else None

    async def echo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        if keep is not None:
            await keep(update.message.chat.id, update.message.text or "")
        await update.message.reply_text(update.message.text or "")

    application = Application.builder().token(TOKEN).base_url(f"{base}/bot").build()
    application.add_handler(MessageHandler(filters.TEXT & ~filters.COMMAND, echo))
    application.run_webhook(
        listen="127.0.0.1",
        port=hook,
        url_path="telegram",
        webhook_url=f"http://127.0.0.1:{hook}/telegram",
        secret_token=SECRET,
    )


def orm_store(folder: Path) -> Any:
    """One row and one commit a message through SQLAlchemy's asyncio ORM."""
    from sqlalchemy import Integer, String, event
    from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
    from sqlalchemy.orm import DeclarativeBase, mapped_column

    class Base(DeclarativeBase):
        pass

    class Message(Base):
        __tablename__ = "messages"
        id = mapped_column(Integer, primary_key=True)
        chat = mapped_column(Integer)
        words = mapped_column(String)

    engine = create_async_engine(f"sqlite+aiosqlite:///{folder / 'echo.db'}")

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    sessions = async_sessionmaker(engine)
    made = False

    async def keep(chat: int, words: str) -> None:
        nonlocal made
        if not made:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
            made = True
        async with sessions() as session:
            session.add(Message(chat=chat, words=words))
            await session.commit()

    return keep


def serve_aiogram(base: str, hook: int, *, fast: bool) -> None:
    """The echo bot of the library's documentation on its own webhook handler."""
    from aiogram import Bot, Dispatcher
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.types import Message
    from aiogram.webhook.aiohttp_server import SimpleRequestHandler, setup_application

    dispatcher = Dispatcher()

    @dispatcher.message()
    async def echo(message: Message) -> None:
        await message.answer(message.text or "")

    async def on_startup(bot: Bot) -> None:
        await bot.set_webhook(f"http://127.0.0.1:{hook}/telegram", secret_token=SECRET)

    dispatcher.startup.register(on_startup)
    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(base)))
    app = web.Application()
    SimpleRequestHandler(dispatcher=dispatcher, bot=bot, secret_token=SECRET).register(app, path="/telegram")
    setup_application(app, dispatcher, bot=bot)
    loop = uvloop.new_event_loop() if fast else None
    web.run_app(app, host="127.0.0.1", port=hook, print=None, access_log=None, loop=loop)


# --- the table --------------------------------------------------------------------------------------------


def table(found: dict[str, Figures]) -> str:
    lines = [
        "| bot | messages/s | of python-telegram-bot | of aiogram | CPU ms | p50 ms | p99 ms at 100/s | MB |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    rates = {bot: statistics.median(figures.rates) for bot, figures in found.items() if figures.rates}

    def ratio(bot: str, other: str) -> str:
        return f"{rates[bot] / rates[other]:.2f}" if other in rates else "–"

    for bot, figures in found.items():
        if bot in rates:
            lines.append(
                f"| {bot} | {rates[bot]:.0f} | {ratio(bot, 'python-telegram-bot')} | {ratio(bot, 'aiogram')} | "
                f"{statistics.median(figures.cpu):.2f} | "
                f"{statistics.median(figures.medians):.1f} | {statistics.median(figures.tails):.1f} | "
                f"{figures.memory:.0f} |"
            )
    return "\n".join(lines)


async def compare(asked: argparse.Namespace) -> None:
    found = {bot: Figures() for bot in asked.only}
    for number in range(1, asked.rounds + 1):
        for bot, figures in found.items():
            await measure(bot, figures, messages=asked.messages, seconds=asked.seconds, core=asked.core)
            rate, tail = figures.rates[-1], figures.tails[-1]
            print(
                f"round {number}: {bot}: {rate:.0f}/s, {figures.cpu[-1]:.2f} ms of CPU, p99 {tail:.1f} ms",
                file=sys.stderr,
            )
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}\n")
    print(table(found))
    if asked.json:
        data = {bot: {"rates": f.rates, "p50": f.medians, "p99": f.tails} for bot, f in found.items()}
        asked.json.write_text(json.dumps(data, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=BOTS, default=list(BOTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--seconds", type=int, default=20, help="of the steady load")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--core", type=int, default=0, help="the core on which the bot runs")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--serve", choices=BOTS, help=argparse.SUPPRESS)
    parser.add_argument("--api", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--hook", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        end_with_the_benchmark(asked.folder)
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {asked.core})
        serve(asked.serve, asked.api, asked.hook, asked.folder)
        return
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, set(range(os.cpu_count() or 1)) - {asked.core})
    if asked.quick:
        asked.rounds, asked.messages, asked.seconds = 1, 400, 3
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(compare(asked))


if __name__ == "__main__":
    main()
