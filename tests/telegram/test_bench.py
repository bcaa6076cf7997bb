"""The benchmark leaves nothing behind when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.platforms.conformance import eventually

SCRIPT = Path(__file__).parent.parent.parent / "scripts" / "bench_telegram.py"


@pytest.fixture
def underway(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Under way with one bot, its folders in a place of their own."""
    core = str(min(os.sched_getaffinity(0)))
    command = [sys.executable, str(SCRIPT), "--quick", "--only", "liangsaibi", "--core", core]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(SCRIPT.parent.parent)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_a_benchmark_that_is_killed_takes_its_bot_along(
    underway: subprocess.Popen[bytes], tmp_path: Path, how: signal.Signals
) -> None:
    measuring = psutil.Process(underway.pid)
    await eventually(measuring.children)
    [bot] = measuring.children()
    await eventually(lambda: list(tmp_path.glob("bench-telegram-*")))
    underway.send_signal(how)
    await eventually(lambda: not bot.is_running() or bot.status() == psutil.STATUS_ZOMBIE)
    await eventually(lambda: not list(tmp_path.glob("bench-telegram-*")))
