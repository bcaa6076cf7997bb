"""The file store: photos and documents on disk, named by what is in them."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

_KEY = re.compile(r"[0-9a-f]{64}")


class DiskFiles:
    """Files in a folder, two levels deep by the first characters of their SHA-256."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Keep the bytes durably (written aside, synced, then named) and return their key."""
        key = hashlib.sha256(data).hexdigest()
        path = self._path(key)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as aside:
                aside.write(data)
                aside.flush()
                os.fsync(aside.fileno())
            Path(aside.name).replace(path)
        return key

    def get(self, key: str) -> bytes:
        """The bytes; raises LookupError for an unknown or malformed key."""
        if not _KEY.fullmatch(key):
            raise LookupError(key)
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError as error:
            raise LookupError(key) from error

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key[2:4] / key
