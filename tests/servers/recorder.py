"""A platform's server that remembers what it was sent and by whom, and has messages for whoever asks."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


@dataclass
class Recorder:
    """`sent`: (replica, number of the message) in the order of arrival; `leaders`: who leads, as they say."""

    sent: list[tuple[str, int]] = field(default_factory=list)
    events: list[tuple[str, str]] = field(default_factory=list)
    waiting: dict[str, queue.SimpleQueue[str]] = field(default_factory=dict)
    #: How long the server takes for a message, in seconds.
    slowness: float = 0.02

    def __post_init__(self) -> None:
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer(recorder.take(said))

            def _answer(self, answer: dict[str, Any]) -> None:
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(ConnectionError):  # who asked has been killed
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """The test's output is not the place for this."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, said: dict[str, Any]) -> dict[str, Any]:
        replica = said["replica"]
        if said["what"] == "send":
            self.sent.append((replica, said["number"]))
            time.sleep(self.slowness)
        elif said["what"] == "ask":
            try:
                return {"text": self.waiting.setdefault(replica, queue.SimpleQueue()).get(timeout=0.5)}
            except queue.Empty:
                return {}
        else:
            self.events.append((replica, said["what"]))
        return {}

    def say(self, replica: str, text: str) -> None:
        """Somebody writes, and the platform hands it to this replica."""
        self.waiting.setdefault(replica, queue.SimpleQueue()).put(text)

    def leads(self, replica: str) -> bool:
        """Whether that is the last we heard of it."""
        own = [what for name, what in self.events if name == replica]
        return bool(own) and own[-1] == "lead"

    def doubled(self) -> list[int]:
        counts = Counter(number for _replica, number in self.sent)
        return [number for number, count in counts.items() if count > 1]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
