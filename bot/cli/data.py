"""Commands that keep what was done: the tables' version, moving, backup, restoring, the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.table import Table

from bot.assembling import reach_database
from bot.chat.errors import ConfigurationError
from bot.cli.shared import configured, console, deployed, each_district, open_database, progress
from bot.config import Config
from bot.deployment import Deployment
from storage import audit, audit_check, migrate, moving
from storage import backup as backups
from storage import restore as restoring
from storage.database import Database


@click.group()
def db() -> None:
    """数据库 / The database."""


@db.command("upgrade")
@deployed
def db_upgrade(found: Deployment) -> None:
    """升级表结构 / Bring the tables (of every district) to the newest version."""
    each_district(found, lambda district: _upgrade(district.config))


def _upgrade(config: Config) -> None:
    config.data.mkdir(parents=True, exist_ok=True)
    database = reach_database(config)
    before = migrate.version(database)
    with console.status("升级中 / upgrading"):
        migrate.upgrade(database)
    console.print(f"{before or '—'} → {migrate.version(database)}")
    database.close()


@db.command("move")
@configured
@click.argument("source", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True))
def db_move(config: Config, source: Path | None) -> None:
    """从 SQLite 搬到 PostgreSQL / Move the SQLite file (default: the data folder's) to database.url, verified."""
    path = source or config.data / "liangsaibi.db"
    target = reach_database(config)
    if target.is_sqlite:
        raise ConfigurationError("database.url: names the database to move to: set it to postgresql://… first")
    if not path.exists():
        raise ConfigurationError(f"{path}: no such database")
    moving.require_unused(path)
    old = Database(f"sqlite:///{path}")
    try:
        migrate.require_newest(old)
        moving.require_empty(target)
        migrate.upgrade(target)
        with progress() as bar:
            task = bar.add_task("搬迁 / move", total=None)
            moved = moving.move(
                old,
                target,
                progress=lambda name, done, total: bar.update(task, description=name, completed=done, total=total),
            )
    finally:
        old.close()
        target.close()
    table = Table("表 / table", "行 / rows", "SHA-256")
    for digest in moved:
        table.add_row(digest.table, str(digest.rows), digest.sha256[:16])
    console.print(table)
    console.print(f"[green]✓[/green] 逐行核对一致 / every row compared: {sum(d.rows for d in moved)}")


@click.command()
@configured
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
def backup(config: Config, target: Path) -> None:
    """备份到一个 .tar.gz / A consistent copy of database and files, also while the bot runs."""
    database = open_database(config)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _counted("备份 / backup") as show:
            backups.backup(database, config.data / "files", target, progress=show)
    finally:
        database.close()
    console.print(f"[green]✓[/green] {target} ({target.stat().st_size / 1e6:.1f} MB)")


@click.command()
@configured
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--overwrite", is_flag=True, help="覆盖现有数据库 / replace the database that is there")
def restore(config: Config, archive: Path, *, overwrite: bool) -> None:
    """从备份恢复 / Bring back what `backup` wrote; the bot must not be running."""
    config.data.mkdir(parents=True, exist_ok=True)
    with _counted("恢复 / restore") as show:
        url = config.lock_url or config.database_url
        restoring.restore(archive, url, config.data / "files", overwrite=overwrite, progress=show)
    database = reach_database(config)
    at, newest = migrate.version(database), migrate.newest()
    database.close()
    console.print(f"[green]✓[/green] {archive}: 表结构 / tables: {at}")
    if at != newest:
        console.print(f"程序需要 {newest} / the program needs {newest}: liangsaibi db upgrade")


@click.group("audit")
def audit_trail() -> None:
    """审计链 / The audit trail: seals on what people did, chained to one another."""


@audit_trail.command("head")
@configured
def audit_head(config: Config) -> None:
    """最新的封印 / The newest seal: keep it elsewhere, and give it to `audit verify --kept`."""
    database = open_database(config)
    with database.reading() as tx:
        newest = audit.head(tx)
    database.close()
    click.echo(newest)


@audit_trail.command("verify")
@configured
@click.option("--kept", metavar="NUMBER:HASH", help="以前记下的封印 / a seal kept elsewhere must be in the trail")
def audit_verify(config: Config, kept: str | None) -> None:
    """核对 / Check every seal and every sealed row; names what was altered, removed or inserted."""
    expected = _head(kept) if kept else None
    database = open_database(config)
    try:
        with console.status("核对中 / verifying"), database.reading() as tx:
            verdict = audit_check.verify(tx, expected)
    finally:
        database.close()
    for found in verdict.findings:
        row = "" if found.row_id is None else f" {found.row_id}"
        seal = "" if found.number is None else f" (seal {found.number})"
        click.echo(f"✗ {AUDIT_WORDS[found.kind]} / {found.kind.value}: {found.table}{row}{seal}")
    click.echo(
        f"{verdict.head.number} 个封印 / seals, {verdict.waiting} 行待封 / rows not sealed yet: {verdict.head}"
    )
    if verdict.findings:
        raise click.exceptions.Exit(1)
    click.echo("✓ 未见改动 / nothing was altered, removed or inserted")


AUDIT_WORDS = {
    audit_check.Kind.SEAL_MISSING: "封印缺失",
    audit_check.Kind.SEAL_ALTERED: "封印被改",
    audit_check.Kind.OTHER_HISTORY: "与留存的封印不符",
    audit_check.Kind.ALTERED: "被改",
    audit_check.Kind.REMOVED: "被删",
    audit_check.Kind.INSERTED: "被插入",
}


def _head(text: str) -> audit.Head:
    number, _, value = text.strip().partition(":")
    if not number.isdecimal() or len(value) != len(audit.BEGINNING):
        raise click.BadParameter("as `audit head` writes it: 123:0f3a…", param_hint="--kept")
    return audit.Head(int(number), value)


@contextmanager
def _counted(words: str) -> Iterator[Callable[[int, int], None]]:
    with progress() as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


#: What belongs directly under `liangsaibi`.
COMMANDS: tuple[click.Command, ...] = (db, backup, restore, audit_trail)
