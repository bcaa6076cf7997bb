"""From a configuration to a program: the database brought up to date, and every platform that is configured."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.chat.errors import ConfigurationError
from bot.config import Config
from storage import migrate
from storage.database import Database

if TYPE_CHECKING:
    from bot.app import App
    from bot.platforms.local.doors import Doors


def reach_database(config: Config) -> Database:
    """The database, whatever is in it. Raises ConfigurationError when it cannot be reached."""
    database = Database(config.database_url, threads=config.database.threads, direct=config.lock_url)
    database.check()
    return database


def prepare(config: Config, *, admit: Callable[[Database], None] = lambda _database: None) -> Database:
    """The database with the tables of today. Raises ConfigurationError when it cannot be reached.

    `admit` looks at the database before anything is changed in it, and may refuse it.
    """
    config.data.mkdir(parents=True, exist_ok=True)
    database = reach_database(config)
    try:
        admit(database)
        migrate.upgrade(database)
    except BaseException:
        database.close()
        raise
    return database


def assemble(config: Config, database: Database, *, doors: Doors | None = None) -> App:
    """The program with its platforms, not started. Raises ConfigurationError when one is not well configured."""
    # Here and not above: commands that only reach the database need not load the whole program.
    from bot.app import App

    app = App(config, database, doors=doors)
    if config.telegram.enabled:
        app.open_telegram()
    if config.local.enabled:
        app.open_room()
    if config.wecom.enabled:
        app.open_wecom()
    if not app.platforms:
        raise ConfigurationError("local.enabled: no platform is configured, so nobody could write to the bot")
    return app
