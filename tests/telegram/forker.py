"""Runs the whole program in children of a warm process, so that it can be killed and started again quickly.

`python -m tests.telegram.forker`: each line on standard input names a configuration and starts a child that runs
the program as `liangsaibi run` does; the child's number is answered. Whoever asked for children kills them. With
`paced` it keeps the platform's limits; otherwise it does not.
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


def child(file: Path, *, paced: bool) -> None:
    """The program, until it is killed."""
    config = load(file, {})
    logs.configure(level="debug", as_json=False)
    database = Database(config.database_url)
    migrate.upgrade(database)
    app = App(config, database)
    telegram = app.open_telegram()
    if config.wecom.enabled:
        app.open_wecom()
    if not paced:
        # It would only stretch the test: a thousand answers to four people take minutes within the limits.
        telegram.limits = Limits()
    run(serve(app, ready=lambda: None))


def main(*, paced: bool) -> None:
    for line in sys.stdin:
        number = os.fork()
        if number == 0:
            try:
                child(Path(line.strip()), paced=paced)
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
    main(paced="paced" in sys.argv)
