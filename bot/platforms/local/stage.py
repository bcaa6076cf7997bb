"""What only a training ground has: the example quarter played as a story, and a fresh beginning."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from typing import Any

from bot.platforms.local.live import Hub
from bot.platforms.local.store import Reset, Story

log = logging.getLogger("liangsaibi.local")


class Stage:
    """Plays the story and starts afresh, and keeps every window posted on it."""

    def __init__(self, hub: Hub, story: Story | None, reset: Reset | None) -> None:
        self._hub = hub
        self._story = story
        self._reset = reset
        self._playing: asyncio.Task[None] | None = None
        #: How far the story is, for windows that open in the middle of it.
        self.progress: dict[str, Any] | None = None
        #: Changes when what windows remember may no longer be true.
        self.epoch = secrets.token_hex(8)

    @property
    def features(self) -> dict[str, bool]:
        """Which of the two there are."""
        return {"story": self._story is not None, "reset": self._reset is not None}

    def play(self) -> bool:
        """Begin the story; False when it is being played already. Raises LookupError when there is none."""
        if self._story is None:
            raise LookupError("story")
        if self._playing is not None:
            return False
        self._playing = asyncio.create_task(self._play(self._story))
        return True

    async def restart(self) -> None:
        """End the story and put everything back to the beginning. Raises LookupError when that is not offered."""
        if self._reset is None:
            raise LookupError("reset")
        await self.stop()
        await self._reset()
        self.epoch = secrets.token_hex(8)
        self._hub.publish("reset", epoch=self.epoch)

    async def stop(self) -> None:
        """End the story where it is."""
        if self._playing is not None:
            self._playing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._playing

    async def _play(self, story: Story) -> None:
        failed = False
        try:
            await story(self._tell)
        except Exception:
            log.exception("the story broke off")
            failed = True
        finally:
            self._playing, self.progress = None, None
            self._hub.publish("story", over=True, failed=failed)

    def _tell(self, done: int, total: int, caption: str) -> None:
        self.progress = {"done": done, "total": total, "caption": caption}
        self._hub.publish("story", **self.progress)
