"""PostgreSQL's own client programs, which know every detail of a dump."""

from __future__ import annotations

import os
import shutil
import subprocess

from sqlalchemy.engine import URL

from bot.chat.errors import ConfigurationError


def run(tool: str, *arguments: str, url: URL) -> None:
    """Run `pg_dump` or `pg_restore` on a database.

    The password goes through the environment, where other users of the machine do not see it. Raises
    ConfigurationError when the program is missing or fails, with what it said.
    """
    path = shutil.which(tool)
    if path is None:
        raise ConfigurationError(f"{tool} is not on the PATH; install PostgreSQL's client programs")
    where = url.set(drivername="postgresql")._replace(password=None).render_as_string(hide_password=False)
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    done = subprocess.run(  # noqa: S603 - our own arguments
        [path, *arguments, f"--dbname={where}"], env=os.environ | secret, capture_output=True, check=False
    )
    if done.returncode:
        raise ConfigurationError(f"{tool}: {done.stderr.decode(errors='replace').strip()}")
