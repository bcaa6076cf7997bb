"""The event loop: uvloop where it is available, which is faster, the standard one otherwise."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Coroutine
from typing import Any

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
