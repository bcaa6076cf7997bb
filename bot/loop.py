"""The event loop: uvloop where it is available, which is faster, the standard one otherwise."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

R = TypeVar("R")

if sys.platform == "win32":  # pragma: no cover - uvloop does not exist there
    _factory = None
else:
    import uvloop

    _factory = uvloop.new_event_loop


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a program's main coroutine to its end."""
    # What is loaded by now stays: the collector need not look through it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 50)
    with asyncio.Runner(loop_factory=_factory) as runner:
        runner.run(main)


def asked_to_end() -> asyncio.Event:
    """Is set when the process is asked to end (Ctrl+C, SIGTERM)."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows knows no signal handlers here
            loop.add_signal_handler(name, ended.set)
    return ended


async def aside(work: Callable[[], R]) -> R:
    """Do what may hang (a database that does not answer) in a thread of its own.

    It takes no place in the common pool, where others would wait for it, and keeps no process from ending.
    """
    future: Future[R] = Future()
    future.set_running_or_notify_cancel()

    def do() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            future.set_exception(error)
        else:
            future.set_result(result)

    surroundings = contextvars.copy_context()
    threading.Thread(target=surroundings.run, args=(do,), name="aside", daemon=True).start()
    return await asyncio.wrap_future(future)
