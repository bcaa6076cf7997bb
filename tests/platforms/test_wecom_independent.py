"""The simulators are proved by clients that others wrote: two official ones for Node.js and one from PyPI.

The official packages are installed into a folder of the test run; without Node.js, or without a registry, that
part is skipped with the reason, but never in CI.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.platforms.wecom.crypto import Codec
from tests.platforms.conformance import eventually
from tests.platforms.practice import PICTURE
from tests.platforms.wecom_office import GROUP, Office
from tests.servers.wecom import crypto
from tests.servers.wecom.company import Company
from tests.world import MORNING

PACKAGES = ("@wecom/crypto@1.0.1", "@wecom/aibot-node-sdk@1.0.7")
SCRIPT = Path(__file__).parent / "wecom_clients.js"


def cannot(reason: str) -> Any:
    if os.environ.get("CI"):
        pytest.fail(f"in CI the official clients must be there: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the official packages."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        cannot("Node.js and npm are not installed")
    folder = tmp_path_factory.mktemp("node")
    (folder / "package.json").write_text('{"private": true}')
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", *PACKAGES]
    for _ in range(3):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
        if done.returncode == 0:
            return folder
    return cannot(f"npm could not install them: {done.stderr[-200:]}")


class Node:
    """The official clients in a process of their own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            said = json.loads(line)
            if "event" in said:
                self.events.append(said)
            else:
                self._answers.pop(said["n"]).set_result(said)

    async def ask(self, command: str, **given: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self.process.stdin.write(json.dumps({"n": number, "command": command, **given}).encode() + b"\n")
        await self.process.stdin.drain()
        return await asyncio.wait_for(answer, 30)

    async def close(self) -> None:
        self.process.kill()
        await self.process.wait()
        await self._reading


@pytest.fixture
async def node(packages: Path) -> AsyncIterator[Node]:
    shutil.copy(SCRIPT, packages / "clients.js")
    process = await asyncio.create_subprocess_exec(
        "node",
        "clients.js",
        cwd=packages,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    made = Node(process)
    yield made
    await made.close()


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    made = Office()
    await made.open()
    yield made
    await made.close()


MESSAGES = [
    "",
    "a",
    "进度 2 60%",
    "😀👨‍👩‍👧 表情",
    "<![CDATA[ ]]> ]]>",
    "\n\r\t ",
    *("汉" * n for n in range(1, 70)),
]
MESSAGES += ["x" * n for n in (15, 16, 31, 32, 33, 1000, 2047, 2048, 3000)]


@pytest.mark.parametrize("receive_id", ["ww1234567890abcdef", ""])
async def test_the_official_encryption_both_ways(node: Node, receive_id: str) -> None:
    company = Company(corp_id=receive_id)
    codec = Codec(company.token, company.aes_key, receive_id)
    for message in MESSAGES:
        theirs = (await node.ask("encrypt", key=company.aes_key, message=message, id=receive_id))["encrypted"]
        assert codec.decrypt(theirs) == message
        assert crypto.decrypt(company.aes_key, theirs) == (message, receive_id)
        for ours in (codec.encrypt(message), crypto.encrypt(company.aes_key, message, receive_id)):
            read = await node.ask("decrypt", key=company.aes_key, encrypted=ours)
            assert (read["message"], read["id"]) == (message, receive_id)
        sealed, query = codec.envelope(message, now=MORNING)
        given = {
            "token": company.token,
            "timestamp": query["timestamp"],
            "nonce": query["nonce"],
            "encrypted": sealed,
        }
        official = (await node.ask("sign", **given))["signature"]
        assert official == query["msg_signature"] == crypto.signature(**given)


async def test_the_official_bot_client_with_the_simulator(node: Node, office: Office) -> None:
    bot, company = office.bot, office.company
    await node.ask("connect", url=bot.address, botId=company.bot_id, secret=company.bot_secret)
    await eventually(lambda: {"event": "authenticated"} in node.events)
    # A message, answered by a stream.
    await bot.says("WangFang", "@亮赛比 帮助", group=GROUP)
    await eventually(lambda: {"event": "answered"} in node.events)
    assert [(seen.text, seen.stream) for seen in office.group()] == [("收到：@亮赛比 帮助", "finished")]
    # A photo, decrypted.
    await bot.sends_photo("WangFang", PICTURE)
    await eventually(lambda: any(one["event"] == "image" for one in node.events))
    data = next(one["data"] for one in node.events if one["event"] == "image")
    assert base64.b64decode(data) == PICTURE
    # Entering, welcomed.
    await bot.enters("LiJianGuo")
    await eventually(lambda: {"event": "welcomed"} in node.events)
    assert [seen.text for seen in office.phone("lijianguo")] == ["欢迎"]
    # A push, only where somebody has written; a card, pressed and updated.
    nowhere = await node.ask(
        "send", chatid="nobody", body={"msgtype": "markdown", "markdown": {"content": "在吗"}}
    )
    assert nowhere["code"] == 93006
    card = {
        "card_type": "button_interaction",
        "main_title": {"title": "登记吗？"},
        "task_id": "t1",
        "button_list": [{"text": "登记", "style": 1, "key": "yes"}],
    }
    sent = await node.ask("send", chatid="wangfang", body={"msgtype": "template_card", "template_card": card})
    assert sent["answer"]["errcode"] == 0
    await bot.presses("wangfang", "登记")
    await eventually(lambda: {"event": "pressed", "key": "yes"} in node.events)
    assert (office.phone("wangfang")[-1].text, office.phone("wangfang")[-1].earlier) == ("已选", ["登记吗？"])
    # A file of more than one chunk, and text, which is refused.
    large = bytes(range(256)) * 5000
    up = await node.ask("upload", data=base64.b64encode(large).decode(), filename="台账.xlsx")
    assert company.media[up["media_id"]][1] == large
    refused = await node.ask("send", chatid="wangfang", body={"msgtype": "text", "text": {"content": "x"}})
    assert refused["code"] == 40008


async def test_the_official_bot_client_is_refused_and_cut_off_as_the_facts_say(node: Node, office: Office) -> None:
    bot, company = office.bot, office.company
    await node.ask("connect", url=bot.address, botId=company.bot_id, secret="wrong")
    await eventually(lambda: any("853000" in one.get("message", "") for one in node.events))
    assert {"event": "authenticated"} not in node.events


async def test_a_client_from_pypi_with_the_simulator(office: Office) -> None:
    """`wecom-aibot-sdk`: answering, streaming and pushing work with it as with the official one."""
    from wecom_aibot_sdk import WSClient

    bot, company = office.bot, office.company
    heard: list[Any] = []
    client = WSClient(company.bot_id, company.bot_secret, ws_url=bot.address)

    async def answer(frame: Any) -> None:
        await client.reply_stream(frame, "s1", "收到", True)
        heard.append(frame["body"]["text"]["content"])

    client.on("message.text", answer)
    await client.connect()
    await bot.subscribed.wait()
    await bot.says("WangFang", "你好")
    await eventually(lambda: heard == ["你好"])
    assert [(seen.text, seen.stream) for seen in office.phone("wangfang")] == [("收到", "finished")]
    body = {"msgtype": "markdown", "markdown": {"content": "**在**"}}
    await client.send_message("wangfang", body)
    assert office.phone("wangfang")[-1].text == "**在**"
    await client.disconnect()
