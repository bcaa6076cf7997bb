"""`liangsaibi run` with WeCom as a process of its own, for the test that kills it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from bot.platforms.wecom.settings import WeComSection


class Program:
    """The program on a data folder, which can be killed and started again."""

    def __init__(self, folder: Path, settings: WeComSection) -> None:
        self.folder = folder
        self.port = settings.port
        lines = ["[general]", f'data = "{folder / "data"}"', "[local]", "enabled = false", "[logging]"]
        lines += ['level = "warning"', "[wecom]", "enabled = true", "menu = false"]
        for name in ("corp_id", "secret", "token", "aes_key", "base_url", "path"):
            lines.append(f'{name} = "{getattr(settings, name)}"')
        lines += [f"agent_id = {settings.agent_id}", f"port = {settings.port}"]
        (folder / "liangsaibi.toml").write_text("\n".join(lines), "utf-8")

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run"], cwd=self.folder, env=os.environ, stdout=log, stderr=log
            )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def wait_until_open(self, patience: float = 60) -> None:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
            else:
                return
        raise AssertionError((self.folder / "log").read_text()[-3000:])
