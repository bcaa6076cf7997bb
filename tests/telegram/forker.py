"""Runs the whole program in children of a warm process, so that it can be killed and started again quickly.

`python -m tests.telegram.forker liangsaibi.toml`: each line on standard input starts a child that runs the program
as `liangsaibi run` does; the child's number is answered. Children are killed by whoever asked for them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import zhplot  # noqa: F401 - loaded beforehand, as everything that takes long

from bot import logs
from bot.app import App, serve
from bot.chat.ports import Limits
from bot.config import load
from bot.loop import run
from storage import migrate
from storage.database import Database


def child(file: Path) -> None:
    """The program, until it is killed."""
    config = load(file, {})
    logs.configure(level="error", as_json=False)
    database = Database(config.database_url)
    migrate.upgrade(database)
    app = App(config, database)
    # Pacing would only stretch the test: a thousand answers to four people take minutes within the limits.
    app.open_telegram().limits = Limits()
    run(serve(app, ready=lambda: None))


def main(file: Path) -> None:
    for _line in sys.stdin:
        number = os.fork()
        if number == 0:
            try:
                child(file)
            finally:
                os._exit(1)
        print(number, flush=True)  # noqa: T201 - this is how it answers
        # Whoever was killed before is put away.
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    break
            except ChildProcessError:
                break


if __name__ == "__main__":
    main(Path(sys.argv[1]))
