"""Messages that were acknowledged and are not committed yet, on the disk of the program that took them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import re
from pathlib import Path
from typing import Any

import msgspec

log = logging.getLogger("liangsaibi.spool")

_HARMLESS = re.compile(r"[\w-]{1,60}", re.ASCII)


class DiskSpool:
    """One small file a message (implements `Spool`). The database, which may be what is slow, is not needed."""

    every = 0.0
    passes_on = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, name: str, lane: str, content: Any, *, passed_on: bool = False) -> None:
        """Durable when this returns; raises OSError."""
        await asyncio.to_thread(self._write, self._path(name), msgspec.json.encode(content))

    async def set_apart(self, name: str, content: Any) -> None:
        """Keep what cannot be read for whoever mends it."""
        await asyncio.to_thread(
            self._write, self._path(name).with_suffix(".unreadable"), msgspec.json.encode(content)
        )

    async def drop(self, name: str) -> None:
        """It is committed."""
        with contextlib.suppress(OSError):
            await asyncio.to_thread(self._path(name).unlink)

    async def give_up(self, name: str) -> None:
        """The only program has nobody to leave it to; it is found at the next start."""

    async def left(self) -> list[Any]:
        """What was not committed when the program ended; asked once, at its start."""
        return await asyncio.to_thread(self._left)

    def _left(self) -> list[Any]:
        found = []
        paths = [(path.stat().st_mtime_ns, path) for path in self._folder.glob("*.json")]
        for _at, path in sorted(paths):
            try:
                found.append(msgspec.json.decode(path.read_bytes()))
            except msgspec.MsgspecError:
                log.exception("%s cannot be read and stays where it is", path)
        return found

    def _path(self, name: str) -> Path:
        stem = name if _HARMLESS.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()[:40]
        return self._folder / f"{stem}.json"

    def _write(self, target: Path, data: bytes) -> None:
        """Written aside, synced, renamed, and the folder synced."""
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
