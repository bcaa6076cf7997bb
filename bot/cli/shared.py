"""What the commands of the command line share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bot import logs
from bot.chat.errors import ConfigurationError
from bot.config import Config, load
from storage import migrate
from storage.database import Database

console = Console()
#: Read when it lies in the current folder and no other file is named.
DEFAULT_FILE = Path("liangsaibi.toml")


def configured(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give the command the configuration, and answer configuration errors with one clear message."""

    @click.option(
        "--config",
        "-c",
        "configuration",
        type=click.Path(path_type=Path, dir_okay=False),
        help="配置文件 / configuration file (default: liangsaibi.toml, if there is one)",
    )
    @wraps(command)
    def with_configuration(configuration: Path | None, **arguments: Any) -> Any:
        try:
            config = load(configuration or (DEFAULT_FILE if DEFAULT_FILE.exists() else None))
            logs.configure(level=config.logging.level, as_json=config.logging.json)
            return command(config, **arguments)
        except ConfigurationError as error:
            raise click.ClickException(str(error)) from error

    return with_configuration


def reach_database(config: Config) -> Database:
    """The database, whatever is in it. Raises ConfigurationError when it cannot be reached."""
    database = Database(config.database_url, threads=config.database.threads, direct=config.database.lock_url)
    database.check()
    return database


def open_database(config: Config) -> Database:
    """The database, if it is there and up to date."""
    if not config.database.url and not (config.data / "liangsaibi.db").exists():
        raise ConfigurationError(f"{config.data / 'liangsaibi.db'}: no database yet; run liangsaibi db upgrade")
    database = reach_database(config)
    migrate.require_newest(database)
    return database


def progress() -> Progress:
    """A bar for whatever takes long."""
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console)
