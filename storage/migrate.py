"""Migrations: from nothing, or from any older version, to the tables of today."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.chat.errors import ConfigurationError
from storage.database import Database
from storage.schemas import LOCK_OF_SCHEMA
from storage.tables import metadata

log = logging.getLogger("liangsaibi.migrate")

#: The number under which programs that upgrade one PostgreSQL take turns.
TURN = 7_261_002
#: Alembic keeps what it works on in its own module, so within one process databases take turns, too.
_ALEMBIC = threading.Lock()
FOLDER = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def upgrade(database: Database) -> None:
    """Bring the database to the newest version, whole or not at all.

    One that a newer program has brought further already, and that serves this one as well, is left as it is.
    Raises ConfigurationError when it does not.
    """
    config = _config()
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            # Replicas that start together take turns; the later ones find nothing left to do.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({TURN} + {LOCK_OF_SCHEMA})")
        before = _current(connection)
        if before is not None and before not in _revisions():
            _require_serving(connection, before)
            return
        if before == newest():
            return
        config.attributes["connection"] = connection
        with _ALEMBIC:
            command.upgrade(config, "head")
        if not database.is_sqlite:
            connection.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS '{_SERVES} {' '.join(served())}'")


#: Before the versions of the program that the tables serve, in the comment on the table of their version.
_SERVES = "serves:"


def served() -> list[str]:
    """The versions that can work with today's tables: back to before the last that took away something.

    A migration that does (a column that the version before it no longer uses) says `contracts = True`.
    """
    found: list[str] = []
    for script in ScriptDirectory.from_config(_config()).walk_revisions():
        found.append(script.revision)
        if getattr(script.module, "contracts", False):
            return [*found, str(script.down_revision)]
    return found


def _revisions() -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _require_serving(connection: Connection, at: str) -> None:
    said = None
    if connection.dialect.name == "postgresql":
        said = connection.exec_driver_sql("SELECT obj_description('alembic_version'::regclass)").scalar()
    if not said or newest() not in said.removeprefix(_SERVES).split():
        raise ConfigurationError(
            f"the database is at version {at}, of a newer program, and this one cannot work with it: start the "
            "newer one, or restore a backup of before"
        )
    log.warning("the database is at version %s, of a newer program; this one can work with it", at)


def version(database: Database) -> str | None:
    """The version the database is at; None when it is empty."""
    with database.engine.connect() as connection:
        return _current(connection)


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The version this program needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def require_newest(database: Database) -> None:
    """Raises ConfigurationError when the database is older than this program, or newer and does not serve it."""
    at = version(database)
    if at is not None and at not in _revisions():
        with database.engine.connect() as connection:
            _require_serving(connection, at)
    elif at != newest():
        raise ConfigurationError(
            f"the database is at version {at or 'nothing'}, this program needs {newest()}: "
            "run liangsaibi db upgrade"
        )


def differences(database: Database) -> list[Any]:
    """How the database differs from the tables; empty when it is as it should be."""
    with database.engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))


def draft(database: Database, message: str) -> None:
    """For maintainers: write the migration from the database's version to the tables as they are now."""
    config = _config()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True)
