"""The adapter on the simulated Telegram, with an engine that only takes what is handed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.platforms.conformance import Engine
from tests.platforms.telegram_rig import TelegramRig
from tests.servers.telegram.server import BotApi


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    api = BotApi()
    await api.start()
    yield api
    await api.stop()


@pytest.fixture(params=["polling", "webhook"])
def mode(request: pytest.FixtureRequest) -> str:
    """Each way in turn."""
    chosen: str = request.param
    return chosen


@pytest.fixture
def rig(api: BotApi, tmp_path: Path) -> TelegramRig:
    """By polling, not started."""
    return TelegramRig(api, tmp_path)


@pytest.fixture
async def engine(rig: TelegramRig) -> AsyncIterator[Engine]:
    """Started."""
    engine = Engine()
    await rig.start(engine.receive)
    yield engine
    engine.gate.set()
    await rig.stop()
