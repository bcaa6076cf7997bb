"""A consistent copy of everything while the program runs: the database and the files, in one archive."""

from __future__ import annotations

import io
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.engine import make_url

from storage import pg_tools, schemas
from storage.database import Database
from storage.schemas import PUBLIC

#: Pages of the SQLite file that are copied between two looks at the progress.
PAGES = 256
#: What the database is called in the archive, of which it is the first entry.
SQLITE, POSTGRESQL = "liangsaibi.db", "liangsaibi.dump"


def backup(database: Database, files: Path, target: Path, *, progress: Callable[[int, int], None]) -> None:
    """Write the archive; it appears under its name only when complete.

    The database is copied first: every file that it knows is then already on disk, and files never change.
    `progress(done, total)` is called along the way. Raises ConfigurationError when the means are missing.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        copied = Path(folder) / (SQLITE if database.is_sqlite else POSTGRESQL)
        if database.is_sqlite:
            _copy_sqlite(database, copied, progress)
        else:
            # Of a database that several districts share, only what is this one's.
            only = () if (schema := schemas.current(database)) == PUBLIC else (f"--schema={schema}",)
            pg_tools.run("pg_dump", "--format=custom", f"--file={copied}", *only, url=make_url(database.address))
        archive = Path(folder) / "archive.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(copied, copied.name)
            _add_files(tar, files, progress)
        archive.replace(target)


def _copy_sqlite(database: Database, target: Path, progress: Callable[[int, int], None]) -> None:
    source = sqlite3.connect(str(database.url.database))
    copy = sqlite3.connect(target)
    try:
        source.backup(copy, pages=PAGES, progress=lambda _status, left, total: progress(total - left, total))
    finally:
        copy.close()
        source.close()


def _add_files(tar: tarfile.TarFile, files: Path, progress: Callable[[int, int], None]) -> None:
    kept = sorted(p for p in files.rglob("*") if p.is_file() and len(p.name) == 64) if files.exists() else []
    for done, path in enumerate(kept, 1):
        data = path.read_bytes()
        entry = tarfile.TarInfo(f"files/{path.relative_to(files)}")
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
        progress(done, len(kept))
