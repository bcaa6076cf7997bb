"""`liangsaibi demo` as a process of its own, for tests that kill it or use it as its users do."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

#: Below the ports that the system gives to outgoing connections: one of those might take a port that was free a
#: moment ago. Every worker begins elsewhere.
_ports = itertools.cycle(range(20_000, 32_000))
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
for _ in range((_worker * 4_000 + os.getpid() % 1_000) % 12_000):
    next(_ports)


def free_port() -> int:
    """A port on which nobody listens, and which is not given twice."""
    for port in _ports:
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("every port is taken")


class Program:
    """`liangsaibi demo` as a process of its own, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        environment = os.environ | {"LIANGSAIBI_LOCAL_PORT": str(self.port), "LIANGSAIBI_LOGGING_LEVEL": "debug"}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "demo"], cwd=self.folder, env=environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def wait_until_open(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(self.address, timeout=5).status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def post(self, body: dict[str, str]) -> bool:
        """Whether the message was taken; a lost connection is no answer."""
        try:
            answer = httpx.post(
                f"{self.address}/api/messages", json=body, headers={"Origin": self.address}, timeout=5
            )
        except httpx.TransportError:
            return False
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 200

    def room(self, account: str) -> list[dict[str, object]]:
        """Everything that stands in somebody's private room."""
        found: list[dict[str, object]] = []
        after = 0
        while True:
            query = {"as": account, "room": f"private:{account}", "after": after}
            page = httpx.get(f"{self.address}/api/messages", params=query, timeout=5).json()["messages"]
            if not page:
                return found
            found += page
            after = page[-1]["id"]
