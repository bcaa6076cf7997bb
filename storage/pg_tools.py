"""PostgreSQL's own client programs, which know every detail of a dump."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.engine import URL

from bot.chat.errors import ConfigurationError

#: A line of the list of a dump: number; numbers TABLE schema name owner.
_TABLE = re.compile(r"^\d+; \d+ \d+ TABLE (\S+) units ", re.MULTILINE)


def run(tool: str, *arguments: str, url: URL) -> None:
    """Run `pg_dump` or `pg_restore` on a database.

    The password goes through the environment, where other users of the machine do not see it. Raises
    ConfigurationError when the program is missing or fails, with what it said.
    """
    where = url.set(drivername="postgresql")._replace(password=None).render_as_string(hide_password=False)
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    _said(tool, *arguments, f"--dbname={where}", secret=secret)


def schema_of(dump: Path) -> str | None:
    """The schema in which a dump has our tables; None when it has none. Raises ConfigurationError like `run`."""
    found = _TABLE.search(_said("pg_restore", "--list", str(dump), secret={}))
    return found[1] if found else None


def _said(tool: str, *arguments: str, secret: Mapping[str, str]) -> str:
    path = shutil.which(tool)
    if path is None:
        raise ConfigurationError(f"{tool} is not on the PATH; install PostgreSQL's client programs")
    done = subprocess.run(  # noqa: S603 - our own arguments
        [path, *arguments], env=os.environ | dict(secret), capture_output=True, check=False
    )
    if done.returncode:
        raise ConfigurationError(f"{tool}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="replace")
