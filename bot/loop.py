"""The event loop: uvloop where it is available, which is faster, the standard one otherwise."""

from __future__ import annotations

import asyncio
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
    with asyncio.Runner(loop_factory=_factory) as runner:
        runner.run(main)
