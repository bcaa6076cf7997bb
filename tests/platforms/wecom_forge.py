"""Has everything imported, and makes a fresh `liangsaibi run` of itself for each line on its standard input.

A child process is the whole program, killed as such; only the time for importing it is saved, fifty times over.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

import bot.app  # noqa: F401 - imported once, for all children
from bot.cli import main


def make() -> int:
    child = os.fork()
    if child == 0:
        os.dup2(2, 1)
        main(["run"], standalone_mode=True)
        os._exit(0)
    return child


def serve() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    assert threading.active_count() == 1, "a fork must not leave threads behind"
    for _line in sys.stdin:
        sys.stdout.write(f"{make()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
