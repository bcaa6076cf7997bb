"""Telegram passes the suite that every platform passes, by polling and by webhook."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.platforms.conformance import Conformance
from tests.platforms.telegram_rig import TelegramRig
from tests.servers.telegram.server import BotApi


class TestTelegram(Conformance):
    @pytest.fixture(params=["polling", "webhook"])
    async def rig(self, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[TelegramRig]:
        api = BotApi()
        await api.start()
        yield TelegramRig(api, tmp_path, request.param)
        await api.stop()
