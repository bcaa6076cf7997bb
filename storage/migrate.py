"""Migrations: from nothing, or from any older version, to the tables of today."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.chat.errors import ConfigurationError
from storage.database import Database
from storage.tables import metadata

#: The number under which programs that upgrade one PostgreSQL take turns.
TURN = 7_261_002
FOLDER = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def upgrade(database: Database) -> None:
    """Bring the database to the newest version, whole or not at all."""
    config = _config()
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            # Replicas that start together take turns; the later ones find nothing left to do.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({TURN})")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def version(database: Database) -> str | None:
    """The version the database is at; None when it is empty."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The version this program needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def require_newest(database: Database) -> None:
    """Raises ConfigurationError when the database is older or newer than this program."""
    at = version(database)
    if at != newest():
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
