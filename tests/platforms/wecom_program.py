"""`liangsaibi run` with WeCom as a process of its own, for the test that kills it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from bot.platforms.wecom.settings import WeComSection

ROOT = Path(__file__).resolve().parents[2]


class Program:
    """The program on a data folder, which can be killed and started again."""

    def __init__(self, folder: Path, settings: WeComSection) -> None:
        self.folder = folder
        self.port = settings.port
        lines = ["[general]", f'data = "{folder / "data"}"', "[local]", "enabled = false", "[logging]"]
        lines += ['level = "debug"', "[wecom]", "enabled = true", "menu = false"]
        for name in ("corp_id", "secret", "token", "aes_key", "base_url", "path"):
            lines.append(f'{name} = "{getattr(settings, name)}"')
        lines += [f"agent_id = {settings.agent_id}", f"port = {settings.port}"]
        (folder / "liangsaibi.toml").write_text("\n".join(lines), "utf-8")
        with (folder / "log").open("ab") as log:
            self._forge = subprocess.Popen(
                [sys.executable, "-m", "tests.platforms.wecom_forge"],
                cwd=folder,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def start(self) -> None:
        assert self._forge.stdin is not None
        assert self._forge.stdout is not None
        self._forge.stdin.write(b"\n")
        self._forge.stdin.flush()
        self._running = int(self._forge.stdout.readline())

    def kill(self) -> None:
        os.kill(self._running, signal.SIGKILL)
        self._wait_until_gone()

    def close(self) -> None:
        self.kill()
        self._forge.kill()
        self._forge.wait()

    def _wait_until_gone(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            while True:
                os.kill(self._running, 0)
                time.sleep(0.005)

    def wait_until_open(self, patience: float = 60) -> None:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        raise AssertionError((self.folder / "log").read_text()[-3000:])
