"""Two districts in one process, over real sockets: what each says and does, and what befalls one alone."""

from __future__ import annotations

import asyncio
import io
import logging
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot import districts, logs
from bot.chat.clock import SystemClock
from bot.deployment import read
from bot.districts import Districts
from bot.platforms.local.doors import Doors
from bot.platforms.wecom.platform import WeCom
from storage.disk_spool import DiskSpool
from storage.files import DiskFiles
from tests.platforms.conformance import Engine, eventually
from tests.platforms.wecom_office import MemoryStore, Office
from tests.program import free_port
from tests.servers.telegram.server import BotApi
from tests.servers.wecom import crypto

TOKENS = {name: f"{n}:AAE_a-token-of-{name}-0123456789abcdef" for n, name in enumerate(("lianghe", "qinghe"), 7)}
SECRETS = {name: f"{name}-0123456789abcdef" for name in TOKENS}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log as the program writes it, its own part at its most talkative."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(logs.name_district)
    handler.setFormatter(logs.LineFormatter())
    root, ours = logging.getLogger(), logging.getLogger("liangsaibi")
    before, levels = list(root.handlers), (root.level, ours.level)
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    ours.setLevel(logging.DEBUG)
    yield written
    root.handlers[:] = before
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


class Pair:
    """两河: two districts with a bot each, whose webhooks are taken on one port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.apis = {name: BotApi(token) for name, token in TOKENS.items()}
        self.port, self.health = free_port(), free_port()

    def hook(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/telegram/{name}"

    async def write(self) -> Path:
        lines = ["[districts]"]
        for name, api in self.apis.items():
            await api.start()
            (self.folder / f"{name}.toml").write_text(
                f'[general]\ndata = "{self.folder / name}"\n[local]\nenabled = false\n[telegram]\nenabled = true\n'
                f'mode = "webhook"\ntoken = "{TOKENS[name]}"\nport = {self.port}\n'
                f'webhook_url = "{self.hook(name)}"\nwebhook_secret = "{SECRETS[name]}"\n'
                f'base_url = "{api.base_url}"\nbase_file_url = "{api.base_file_url}"\n'
            )
            lines.append(f'{name} = "{name}.toml"')
        file = self.folder / "districts.toml"
        file.write_text("\n".join([*lines, "[health]", f"port = {self.health}"]))
        return file

    def says(self, name: str, who: str, text: str) -> None:
        town = self.apis[name].town
        town.private(who).parted = ""
        town.says(who, town.private(who), text)

    def answers(self, name: str, who: str) -> list[str]:
        room = self.apis[name].town.private(who)
        return [m["text"] for m in room.messages.values() if m["from"]["is_bot"]]


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    made = Pair(tmp_path)
    yield made
    for api in made.apis.values():
        await api.stop()


async def asked(port: int, path: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        return await client.get(path)


async def test_both_are_served_on_one_port_each_by_its_own_secret_and_told_apart_in_log_and_metrics(
    pair: Pair, log: io.StringIO
) -> None:
    both = Districts(read(await pair.write(), {}))
    async with both.running():
        assert [life.trouble for life in both.lives.values()] == [None, None]
        pair.says("lianghe", "王芳", "/help")
        pair.says("qinghe", "赵强", "/help")
        await eventually(lambda: pair.answers("lianghe", "王芳") and pair.answers("qinghe", "赵强"))
        assert pair.answers("lianghe", "赵强") == pair.answers("qinghe", "王芳") == []

        update: dict[str, Any] = {"update_id": 999, "message": {}}
        async with httpx.AsyncClient() as client:
            for path, secret, status in (
                ("lianghe", "qinghe", 403),
                ("qinghe", "lianghe", 403),
                ("qinghe", "qinghe", 200),
                ("beihe", "qinghe", 404),
            ):
                headers = {"X-Telegram-Bot-Api-Secret-Token": SECRETS[secret]}
                answer = await client.post(pair.hook(path), json=update, headers=headers)
                assert answer.status_code == status, (path, secret)

        # Each has looked at its clock once, and is well.
        for life in both.lives.values():
            assert life.app is not None
            await life.app.scheduler.tick()
        whole = await asked(pair.health, "/healthz")
        assert (whole.status_code, list(whole.json()["districts"])) == (200, ["lianghe", "qinghe"])
        metrics = (await asked(pair.health, "/metrics")).text.splitlines()
        for name in TOKENS:
            assert f'liangsaibi_district_up{{district="{name}"}} 1.0' in metrics
            taken = (
                f'liangsaibi_messages_received_total{{district="{name}",outcome="answered",platform="telegram"}}'
            )
            assert [line for line in metrics if line.startswith(taken)] == [f"{taken} 1.0"]
        assert len([line for line in metrics if line.startswith("# TYPE liangsaibi_sends_total")]) == 1

    for token in TOKENS.values():
        logging.getLogger("aiohttp").warning("GET /bot%s/getMe failed", token)
    lines = log.getvalue().splitlines()
    veiled = [line.split(" ", 2)[2].strip() for line in lines if "getMe" in line]
    assert veiled == ["aiohttp GET /bot<token>/getMe failed"] * 2
    told = [line.split(" message ")[1].split()[0] for line in lines if "liangsaibi.messages" in line]
    assert sorted(told) == ["district=lianghe", "district=qinghe"]
    assert [line for line in lines if "without the right secret" in line and "district=" not in line] == []
    assert [token for token in TOKENS.values() if token in log.getvalue()] == []
    assert [secret for secret in SECRETS.values() if secret in log.getvalue()] == []


async def test_one_that_cannot_start_is_tried_again_and_does_not_hold_up_the_other(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(districts, "RETRY", 0.2)
    file = await pair.write()
    pair.apis["lianghe"].token = "withdrawn"
    both = Districts(read(file, {}))
    async with both.running():
        pair.says("qinghe", "赵强", "/help")
        await eventually(lambda: pair.answers("qinghe", "赵强"))
        assert (
            both.lives["lianghe"].trouble == "telegram.token: Telegram does not know it; ask @BotFather for /token"
        )
        whole = await asked(pair.health, "/healthz")
        assert whole.status_code == 503
        assert whole.json()["districts"]["lianghe"] == {
            "ok": False,
            "problems": {"start": "telegram.token: Telegram does not know it; ask @BotFather for /token"},
        }
        assert (await asked(pair.health, "/healthz/lianghe")).status_code == 503
        assert (await asked(pair.health, "/healthz/beihe")).status_code == 404
        assert 'liangsaibi_district_up{district="lianghe"} 0.0' in (await asked(pair.health, "/metrics")).text

        pair.apis["lianghe"].token = TOKENS["lianghe"]
        pair.says("lianghe", "王芳", "/help")
        await eventually(lambda: pair.answers("lianghe", "王芳"))
        assert both.lives["lianghe"].trouble is None


async def test_a_database_that_hangs_stops_its_own_district_only(
    pair: Pair, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.health.DATABASE_PATIENCE", 0.3)
    both = Districts(read(await pair.write(), {}))
    async with both.running():
        stuck = both.lives["lianghe"].app
        assert stuck is not None
        with stuck.database.transaction():  # SQLite has one writer, and this is somebody else
            pair.says("lianghe", "王芳", "/help")
            pair.says("qinghe", "赵强", "/help")
            await eventually(lambda: pair.answers("qinghe", "赵强"))
            assert pair.answers("lianghe", "王芳") == []
            report = (await asked(pair.health, "/healthz")).json()["districts"]
            assert report["lianghe"]["problems"] == {"database": "no answer within 0 s"}
            assert "database" not in report["qinghe"]["problems"]
            metrics = (await asked(pair.health, "/metrics")).text
            assert 'liangsaibi_database_up{district="lianghe"} 0.0' in metrics
            assert 'liangsaibi_database_up{district="qinghe"} 1.0' in metrics
        await eventually(lambda: pair.answers("lianghe", "王芳"))
    assert "left behind" not in log.getvalue()


async def test_a_callback_takes_only_its_own_corporations_signature_though_both_share_a_port(
    tmp_path: Path,
) -> None:
    doors, offices, engines, platforms = Doors(), [Office(), Office()], [Engine(), Engine()], []
    for number, (office, engine) in enumerate(zip(offices, engines, strict=True)):
        office.company.token, office.company.aes_key = f"token-{number}", str(number) * 43
        office.callback_port, office.path = offices[0].callback_port, f"/wecom/{number}"
        office.sender.address = f"http://127.0.0.1:{office.callback_port}{office.path}"
        await office.open()
        settings = office.settings(bot=False, robots=False)
        files, spool = DiskFiles(tmp_path / f"files{number}"), DiskSpool(tmp_path / f"spool{number}")
        platform = WeCom(settings, MemoryStore(), files, SystemClock(), spool, doors=doors)
        await platform.start(engine.receive)
        platforms.append(platform)
    try:
        for number, (office, engine) in enumerate(zip(offices, engines, strict=True)):
            await office.says("wangfang", f"给{number}的话")
            assert [came.text for came in await engine.until(1)] == [f"给{number}的话"]
        # What the first corporation has signed is brought to the second's address, and the other way round.
        for office, other in (offices, offices[::-1]):
            sealed = crypto.encrypt(office.company.aes_key, "<xml></xml>", office.company.corp_id)
            answer = await office.sender.http.post(
                other.sender.address, params=office.sender.query(sealed), content=office.sender.envelope(sealed)
            )
            assert answer.status_code == 403
        assert [len(engine.messages) for engine in engines] == [1, 1]
        # One that ends leaves the other's address open, and its own says: again later.
        await platforms[0].stop()
        assert (await offices[0].sender.http.post(offices[0].sender.address)).status_code == 503
        await offices[1].says("wangfang", "还在")
        assert (await engines[1].until(2))[-1].text == "还在"
    finally:
        for platform in platforms[1:]:
            await platform.stop()
        for office in offices:
            await office.close()


async def test_the_command_runs_every_district_that_can_and_ends_when_asked(tmp_path: Path) -> None:
    rooms = {name: free_port() for name in ("lianghe", "qinghe")}
    for name, port in rooms.items():
        (tmp_path / f"{name}.toml").write_text(f'[general]\ndata = "{name}"\n[local]\nport = {port}\n')
    (tmp_path / "beihe.toml").write_text('[general]\ndata = "beihe"\n[local]\nenabled = false\n')
    names = [*rooms, "beihe"]
    listed = "\n".join(["[districts]", *(f'{name} = "{name}.toml"' for name in names)])
    watched = free_port()
    (tmp_path / "districts.toml").write_text(f"{listed}\n[health]\nport = {watched}\n")
    log = tmp_path / "log"
    with log.open("wb") as written:
        words = [sys.executable, "-m", "bot", "run", "--config", "districts.toml"]
        process = subprocess.Popen(words, cwd=tmp_path, stdout=written, stderr=written)
    try:
        await eventually(lambda: "没有启动 / does not run" in log.read_text(), patience=60)
        for port in rooms.values():
            assert "亮赛比" in (await asked(port, "/")).text
        report = (await asked(watched, "/healthz")).json()["districts"]
        assert "start" in report["beihe"]["problems"]
        assert "start" not in {**report["lianghe"]["problems"], **report["qinghe"]["problems"]}
    finally:
        process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 60) == 0
    said = log.read_text()
    assert "district=beihe" in next(line for line in said.splitlines() if "no platform is configured" in line)
    assert "Traceback" not in said
