"""What the commands of the command line share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from bot import deployment, logs
from bot.assembling import reach_database
from bot.chat.district import DISTRICT
from bot.chat.errors import ConfigurationError
from bot.config import Config
from bot.deployment import Deployment, District
from storage import migrate
from storage.database import Database

console = Console()
#: Read when it lies in the current folder and no other file is named.
DEFAULT_FILE = Path("liangsaibi.toml")


def deployed(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give the command all districts, and answer configuration errors with one clear message."""

    @click.option(
        "--config",
        "-c",
        "configuration",
        type=click.Path(path_type=Path, dir_okay=False),
        help="配置文件 / configuration file (default: liangsaibi.toml, if there is one)",
    )
    @wraps(command)
    def with_deployment(configuration: Path | None, **arguments: Any) -> Any:
        try:
            found = deployment.read(configuration or (DEFAULT_FILE if DEFAULT_FILE.exists() else None))
            logs.configure(level=found.logging.level, as_json=found.logging.json)
            return command(found, **arguments)
        except ConfigurationError as error:
            raise click.ClickException(str(error)) from error

    return with_deployment


def configured(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give the command the configuration of one district."""

    @deployed
    @click.option("--district", help="哪个区（配置文件列有多个时） / which one, where the file lists several")
    @wraps(command)
    def with_configuration(found: Deployment, district: str | None, **arguments: Any) -> Any:
        return command(found.one(district).config, **arguments)

    return with_configuration


def each_district(found: Deployment, work: Callable[[District], None]) -> None:
    """Do the same for every district; one that fails does not keep the others from it, but the command fails.

    Raises ConfigurationError where there is only one.
    """
    if found.file is None:
        work(found.districts[0])
        return
    failed = False
    for district in found.districts:
        console.print(f"[bold]{district.name}[/bold]")
        spoken_of = DISTRICT.set(district.name)
        try:
            work(district)
        except ConfigurationError as error:
            failed = True
            click.echo(f"✗ {error}", err=True)
        finally:
            DISTRICT.reset(spoken_of)
    if failed:
        raise click.exceptions.Exit(1)


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
