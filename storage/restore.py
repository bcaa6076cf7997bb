"""Bringing back what `storage.backup` wrote: into a fresh place, or over what is there when that is asked for."""

from __future__ import annotations

import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.engine import URL, make_url

from bot.chat.errors import ConfigurationError
from storage import moving, pg_tools, schemas
from storage.backup import POSTGRESQL, SQLITE
from storage.database import Database
from storage.files import DiskFiles
from storage.schemas import PUBLIC
from storage.tables import metadata

Progress = Callable[[int, int], None]


def restore(archive: Path, url: str, files: Path, *, overwrite: bool, progress: Progress) -> None:
    """Restore an archive into the database at `url` and its photos and files into the folder `files`.

    Files come first, and the database takes its place at the very end, whole: a restore that fails half-way leaves
    the database as it was. Raises ConfigurationError when something is there already (unless `overwrite`), when a
    program is using it, or when the archive is damaged or belongs to the other kind of database.
    """
    where = make_url(url)
    to_sqlite = where.get_backend_name() == "sqlite"
    if to_sqlite:
        _require_free(Path(str(where.database)), overwrite=overwrite)
    else:
        _require_no_tables(url, overwrite=overwrite)
    beside = Path(str(where.database)).parent if to_sqlite else files.parent
    with tempfile.TemporaryDirectory(dir=beside) as folder:
        copy = Path(folder) / (SQLITE if to_sqlite else POSTGRESQL)
        try:
            _unpack(archive, copy, DiskFiles(files), progress)
        except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
            raise ConfigurationError(f"{archive}: damaged or no backup of this program: {error}") from error
        if to_sqlite:
            _place_sqlite(copy, Path(str(where.database)))
        else:
            _place_postgresql(copy, where, overwrite=overwrite)


def _require_free(path: Path, *, overwrite: bool) -> None:
    if not path.exists():
        return
    if not overwrite:
        raise ConfigurationError(f"{path}: there is a database already; --overwrite replaces it")
    moving.require_unused(path)


def _require_no_tables(url: str, *, overwrite: bool) -> None:
    database = Database(url)
    database.check()
    there = set(inspect(database.engine).get_table_names()) & set(metadata.tables)
    database.close()
    if there and not overwrite:
        raise ConfigurationError("database.url: there are tables already; --overwrite replaces them")


def _unpack(archive: Path, copy: Path, files: DiskFiles, progress: Progress) -> None:
    """The database to `copy`, the files to their places; every file must be what its name says."""
    with tarfile.open(archive, "r:gz") as tar:
        first = tar.next()
        if first is None or first.name != copy.name:
            found = first.name if first else "nothing"
            raise ConfigurationError(
                f"{archive}: begins with {found}, and database.url needs {copy.name}: restore a SQLite backup "
                "without database.url, then run liangsaibi db move"
            )
        with copy.open("wb") as target:
            shutil.copyfileobj(_content(tar, first), target)
        done = 0
        while entry := tar.next():
            key = Path(entry.name).name
            if files.put(_content(tar, entry).read()) != key:
                raise ConfigurationError(f"{archive}: {entry.name} is damaged")
            progress(done := done + 1, done + 1)
    progress(done, done)


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> tarfile.ExFileObject:
    content = tar.extractfile(entry)
    if content is None:
        raise tarfile.TarError(f"{entry.name} is no file")
    return content  # type: ignore[return-value]


def _place_sqlite(copy: Path, path: Path) -> None:
    with sqlite3.connect(copy) as restored:
        found = restored.execute("PRAGMA integrity_check").fetchall()
        loose = restored.execute("PRAGMA foreign_key_check").fetchall()
    restored.close()
    if found != [("ok",)] or loose:
        raise ConfigurationError(
            f"the database in the archive is damaged: {(found + loose)[:3]}; nothing was changed"
        )
    for leftover in ("-wal", "-shm"):
        path.with_name(path.name + leftover).unlink(missing_ok=True)
    copy.replace(path)


def _place_postgresql(copy: Path, url: URL, *, overwrite: bool) -> None:
    clean = ("--clean", "--if-exists") if overwrite else ()
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    here, there = _schema(url), pg_tools.schema_of(copy)
    if here != there:
        raise ConfigurationError(
            f"the backup is of the schema {there}, and this is {here}: restore it under its own name"
        )
    if here != PUBLIC:
        # The schema itself is the administrator's.
        options.append(f"--schema={here}")
    pg_tools.run("pg_restore", *options, *clean, str(copy), url=url)


def _schema(url: URL) -> str | None:
    database = Database(url.render_as_string(hide_password=False))
    try:
        return schemas.current(database)
    finally:
        database.close()
