"""A bot whose webhook is taken by several programs: nothing hangs on one of them, and a chat keeps its order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.platforms.conformance import Engine, eventually
from tests.platforms.practice import PICTURE
from tests.platforms.telegram_rig import TelegramRig
from tests.servers.telegram.server import BotApi


class SharedRig(TelegramRig):
    replicas = True


@pytest.fixture
async def rig(api: BotApi, tmp_path: Path) -> AsyncIterator[SharedRig]:
    made = SharedRig(api, tmp_path, "webhook")
    yield made
    await made.stop()


def spooled(rig: SharedRig) -> list[Path]:
    return list((rig.folder / "telegram").glob("*.json"))


async def test_a_slow_photo_is_not_acknowledged_before_it_is_committed(api: BotApi, rig: SharedRig) -> None:
    engine = Engine()
    await rig.start(engine.receive)
    api.slow["file"] = 0.5
    await rig.say("王芳", "第2项 80%", photo=PICTURE)
    await rig.say("王芳", "第3项 90%")
    await rig.say("李建国", "我很快")
    assert [came.text for came in await engine.until(1)] == ["我很快"]
    slow = rig.town.private("王芳").id
    assert [chat for chat, _update in api.updates.waiting.values()].count(slow) == 2
    assert [came.text for came in await engine.until(3)] == ["我很快", "第2项 80%", "第3项 90%"]
    assert len(engine.messages[1].attachments) == 1
    await eventually(lambda: not api.updates.waiting)
    assert spooled(rig) == []


async def test_what_one_program_has_begun_another_takes_when_it_ends(
    api: BotApi, rig: SharedRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.local.server.GRACE", 1)
    monkeypatch.setattr("bot.platforms.telegram.intake.PATIENCE", 0.5)
    ending, living = Engine(failures=1_000_000), Engine()
    await rig.start(ending.receive)
    await rig.say("王芳", "第2项 80%", photo=PICTURE)
    await rig.say("王芳", "第3项 90%")
    await eventually(lambda: ending.failures < 1_000_000)
    assert (len(api.updates.waiting), spooled(rig)) == (2, [])
    await rig.stop()
    rig.platform = rig.make()
    await rig.start(living.receive)
    assert [came.text for came in await living.until(2)] == ["第2项 80%", "第3项 90%"]
    assert len(living.messages[0].attachments) == 1
    await eventually(lambda: not api.updates.waiting)


async def test_an_album_is_one_message_all_the_same(rig: SharedRig) -> None:
    engine = Engine()
    await rig.start(engine.receive)
    rig.town.album("王芳", rig.town.private("王芳"), [PICTURE, PICTURE + b"2"], caption="第2项 80%")
    [album] = await engine.until(1)
    assert (album.text, len(album.attachments)) == ("第2项 80%", 2)
