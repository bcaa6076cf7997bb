"""Updates that were acknowledged before they were committed, safe on disk until they are.

Photos have to be fetched, albums come in parts, and Telegram gives a chat its next update only once this one is
acknowledged. So what takes long is put here first. What is handed in again is deduplicated by the engine.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import msgspec

log = logging.getLogger("liangsaibi.telegram")


class Spool:
    """One small file an update, named by its number."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, update: dict[str, Any]) -> None:
        """Durable when this returns: written aside, synced, renamed, and the folder synced."""
        self._write(self._path(update["update_id"]), msgspec.json.encode(update))

    def keep_unreadable(self, update: Any) -> None:
        """Keep what cannot be read for whoever mends it; not acknowledged, it would block its chat."""
        data = msgspec.json.encode(update)
        number = update.get("update_id", "unknown") if isinstance(update, dict) else "unknown"
        self._write(self._folder / f"{number}.unreadable", data)

    def drop(self, number: int) -> None:
        """It is committed."""
        self._path(number).unlink(missing_ok=True)

    def left(self) -> list[dict[str, Any]]:
        """What was not committed when the program ended, in the order in which it came."""
        found = []
        for path in self._folder.glob("*.json") if self._folder.exists() else ():
            try:
                found.append(msgspec.json.decode(path.read_bytes(), type=dict[str, Any]))
            except msgspec.MsgspecError:
                log.exception("%s cannot be read and stays where it is", path)
        return sorted(found, key=lambda update: update["update_id"])

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.json"

    def _write(self, target: Path, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        aside = target.with_suffix(".part")
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
