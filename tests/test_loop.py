"""The program runs on uvloop where there is one."""

from __future__ import annotations

import asyncio
import gc
import sys

import pytest

from bot.loop import run


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop does not exist on Windows")
def test_it_runs_on_uvloop() -> None:
    found: list[str] = []

    async def main() -> None:
        found.append(type(asyncio.get_running_loop()).__module__.split(".")[0])

    thresholds = gc.get_threshold()
    run(main())
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    assert found == ["uvloop"]
