"""Messages that were acknowledged before they were committed, safe on disk until they are.

Only what takes too long comes here: WeCom waits five seconds and gives up after three tries. The disk does not
depend on the database, which is what is slow then. What is handed in again is deduplicated by the engine.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from pathlib import Path

import msgspec

from bot.platforms.wecom.incoming import Incoming

log = logging.getLogger("liangsaibi.wecom")


class Spool:
    """One small file a message, named by its id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, message: Incoming) -> None:
        """Durable when this returns: written aside, synced, renamed, and the folder synced."""
        self._folder.mkdir(parents=True, exist_ok=True)
        target = self._path(message)
        aside = target.with_suffix(".part")
        with aside.open("wb") as file:
            file.write(msgspec.json.encode(message))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def drop(self, message: Incoming) -> None:
        """It is committed. What cannot be dropped is handed in again some day, and known to be a repetition."""
        with contextlib.suppress(OSError):
            self._path(message).unlink()

    def left(self) -> list[Incoming]:
        """What was not committed when the program ended, oldest first."""
        found = []
        for path in self._folder.glob("*.json") if self._folder.exists() else ():
            try:
                found.append(msgspec.json.decode(path.read_bytes(), type=Incoming))
            except msgspec.MsgspecError:
                log.exception("%s cannot be read and stays where it is", path)
        return sorted(found, key=lambda message: message.at)

    def _path(self, message: Incoming) -> Path:
        return self._folder / f"{hashlib.sha256(message.id.encode()).hexdigest()[:40]}.json"
