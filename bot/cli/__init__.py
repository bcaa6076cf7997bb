"""The command line: `liangsaibi` and `python -m bot` are the same program."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Column, Table

from bot import logs
from bot.assembling import assemble, prepare, reach_database
from bot.chat.clock import SystemClock
from bot.chat.errors import ConfigurationError, UserError
from bot.chat.rendering import Renderer
from bot.chat.texts import CHINESE, Catalogues, T, Words
from bot.cli import data, doctors
from bot.cli.shared import configured, console, deployed, each_district, open_database
from bot.collisions import Places
from bot.config import Config
from bot.deployment import Deployment, District
from bot.loop import run as run_forever
from storage import migrate

if TYPE_CHECKING:
    from bot.app import App


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="liangsaibi")
def main() -> None:
    """亮赛比：亮承诺 · 赛实绩 · 比干劲 / show commitments, compete on results, compare drive."""


for command in (*data.COMMANDS, doctors.doctor):
    main.add_command(command)


@main.command()
@deployed
def run(found: Deployment) -> None:
    """运行 / Run the bot until it is stopped (Ctrl+C)."""
    if found.file is None:
        _run_one(found.districts[0].config)
    else:
        _run_several(found)


def _run_one(config: Config) -> None:
    from bot.app import serve

    database = prepare(config)
    app = assemble(config, database)
    if config.health.enabled:
        app.open_health()
    run_forever(serve(app, ready=lambda: _say_running(app)))
    database.close()


def _run_several(found: Deployment) -> None:
    from bot.districts import Districts, serve

    districts = Districts(found)

    def ready() -> None:
        for name, life in districts.lives.items():
            console.print(f"[bold]{name}[/bold]")
            if life.app is not None:
                _say_running(life.app)
            else:
                console.print(f"  [red]✗[/red] 没有启动 / does not run: {life.trouble}\n")

    run_forever(serve(districts, ready=ready))


def _say_running(app: App) -> None:
    for name, platform in app.platforms.items():
        address = getattr(platform, "address", "")
        if name == "local":
            _announce(address)
        elif name == "wecom":
            console.print(f"  企业微信已启动 / WeCom is running  {address}\n")
        else:
            console.print("  Telegram 已启动 / Telegram is running\n")


def _announce(address: str) -> None:
    console.print(f"\n  亮赛比已启动，请用浏览器打开 / open in a browser:  [bold]{address}[/bold]\n")


@main.command()
@configured
@click.option("--fresh", is_flag=True, help="清空练习数据重新开始 / start over with fresh practice data")
@click.option("--story", is_flag=True, help="快进演示整个季度 / play the quarter in fast-forward")
@click.option(
    "--pace",
    type=click.FloatRange(min=0),
    default=1.5,
    show_default=True,
    help="每句话之间的秒数 / seconds between two messages of the story",
)
@click.option("--no-room", is_flag=True, help="只在终端演示 / story in the terminal only, without a browser room")
def demo(config: Config, *, fresh: bool, story: bool, pace: float, no_room: bool) -> None:
    """示例季度 / Load the example quarter (data folder: data/demo) and open the practice room."""
    from bot.demo.run import run_demo

    if story:
        # The story is told in the terminal; a log line a message would drown it.
        logs.configure(level="warning", as_json=config.logging.json)
    run_demo(config, console, fresh=fresh, story=story, pace=pace, room=not no_room, announce=_announce)


@main.command()
@deployed
def check(found: Deployment) -> None:
    """检查配置和数据库 / Check configuration and database (of every district) without starting."""
    places = Places()
    each_district(found, lambda district: _check(district, places))


def _check(district: District, places: Places) -> None:
    config = district.config
    config.data.mkdir(parents=True, exist_ok=True)
    database = reach_database(config)
    if district.name:
        places.claim(district.name, database)
    at, newest = migrate.version(database), migrate.newest()
    console.print(f"[green]✓[/green] 配置 / configuration: {len(config.__struct_fields__)} sections")
    console.print(f"[green]✓[/green] 数据库 / database: {database.url!r}")
    if at != newest:
        database.close()
        raise ConfigurationError(
            f"the database is at version {at or 'nothing'}, this program needs {newest}: run liangsaibi db upgrade"
        )
    console.print(f"[green]✓[/green] 表结构 / tables: {at}")
    database.close()


@main.command("import")
@configured
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--apply", "carry_out", is_flag=True, help="真正导入 / really import; without it only a dry run")
@click.option(
    "--complete", is_flag=True, help="文件是完整名册，未列出的撤销或离任 / what the file does not name ends"
)
def import_(config: Config, *, file: Path, carry_out: bool, complete: bool) -> None:
    """导入名册 / Import a roster (.xlsx, .csv): a dry run first, with every bad row named."""
    from bot.office_work import import_roster
    from handlers.roster.describing import describe

    database, show = open_database(config), _shower(config)
    try:
        with database.transaction() as tx, console.status("读取中 / reading"):
            plan = import_roster(tx, file, complete=complete, carry_out=carry_out, now=SystemClock().now())
    except UserError as error:
        raise click.ClickException(show(error.words)) from error
    finally:
        database.close()
    for line in describe(plan):
        console.print(show(line), markup=False, highlight=False)
    if plan.problems:
        raise click.exceptions.Exit(1)
    if not plan.is_empty:
        done = (
            "[green]✓[/green] 已导入 / imported"
            if carry_out
            else "试算，未导入；加 --apply 导入 / dry run; add --apply"
        )
        console.print(done)


@main.command("template")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
def template(target: Path) -> None:
    """名册空表 / Write the roster template to fill in."""
    from handlers.roster.workbook import template as empty

    _write(target, empty())


@main.command("export")
@configured
@click.argument("what", type=click.Choice(["roster", "register", "results"]))
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--year", type=int, help="年度 / the register's year (default: this year)")
@click.option("--round", "number", type=int, help="场次编号 / the round whose results are exported")
def export(config: Config, *, what: str, target: Path, year: int | None, number: int | None) -> None:
    """导出 / Export the roster, the register of commitments, or a round's results as .xlsx."""
    from bot import office_work

    if what == "results" and number is None:
        raise click.UsageError("export results: --round says which one")
    database, show, now = open_database(config), _shower(config), SystemClock().now()
    try:
        with database.transaction() as tx, console.status("导出中 / exporting"):
            if what == "roster":
                data = office_work.export_roster(tx)
            elif what == "register":
                chosen = year or now.astimezone(config.zone).year
                heading = T("{year}年承诺台账", year=chosen)
                data = office_work.export_register(
                    tx, year=chosen, heading=heading, show=show, policy=config.policy, zone=config.zone, now=now
                )
            else:
                assert number is not None
                data = office_work.export_results(tx, number, show=show)
    finally:
        database.close()
    _write(target, data)


@main.group()
def people() -> None:
    """人员 / People and their binding codes."""


@people.command("list")
@configured
def people_list(config: Config) -> None:
    """列出 / Everybody in a post, and who has bound an account."""
    from bot.chat.people import ROLE_WORDS
    from bot.office_work import everybody

    database, show = open_database(config), _shower(config)
    with database.transaction() as tx:
        holders, bound = everybody(tx)
    database.close()
    table = Table("姓名 / name", "单位 / unit", "职务 / role", "绑定 / bound")
    for holder in holders:
        tied = "✓" if holder.person_id in bound else ""
        table.add_row(holder.name, holder.unit_name, show(ROLE_WORDS[holder.role]), tied)
    console.print(table if holders else "名册是空的 / the roster is empty: liangsaibi import")


@people.command("code")
@configured
@click.argument("name")
def people_code(config: Config, *, name: str) -> None:
    """发绑定码 / Issue a binding code: how the first organizer gets in."""
    from bot.office_work import issue_code

    database = open_database(config)
    try:
        with database.transaction() as tx:
            code = issue_code(tx, name, policy=config.policy, now=SystemClock().now())
    finally:
        database.close()
    console.print(f"请{name}私聊机器人发 / {name} sends the bot privately:  [bold]绑定 {code}[/bold]")


@main.group()
def incidents() -> None:
    """程序出错的消息 / Messages on which the program failed."""


@incidents.command("list")
@configured
def incidents_list(config: Config) -> None:
    """列出 / List them, newest first."""
    from storage import incidents as kept

    database = open_database(config)
    with database.transaction() as tx:
        found = kept.newest(tx)
    table = Table("#", "时间 / at", "平台", Column("错误 / error", overflow="fold", ratio=1), "状态", expand=True)
    for incident in found:
        at = incident.at.astimezone(config.zone).strftime("%Y-%m-%d %H:%M")
        table.add_row(str(incident.id), at, incident.platform, incident.error[:80], incident.state)
    console.print(table if found else "没有出错的消息 / no incidents")
    database.close()


@incidents.command("show")
@configured
@click.argument("number", type=int)
def incidents_show(config: Config, number: int) -> None:
    """原话和错误 / The original message and the error."""
    from storage import incidents as kept

    database = open_database(config)
    with database.transaction() as tx:
        incident = kept.find(tx, number)
    database.close()
    if incident is None:
        raise ConfigurationError(f"no incident {number}")
    console.print_json(data=incident.message)
    console.print(incident.traceback, markup=False)


@incidents.command("replay")
@configured
@click.argument("number", type=int)
def incidents_replay(config: Config, number: int) -> None:
    """修好后补办 / Do the message again after a fix; the answers are sent by the running bot."""
    from bot.app import App
    from storage import incidents as kept

    database = open_database(config)
    app = App(config, database)
    with database.transaction() as tx:
        incident = kept.find(tx, number)
        if incident is None:
            raise ConfigurationError(f"no incident {number}")
        done = app.dispatcher.replay(tx, incident, app.clock.now())
    database.close()
    if done.incident is not None:
        raise click.ClickException(
            f"还是失败，记为事件 {done.incident} / it failed again: incident {done.incident}"
        )
    console.print(f"[green]✓[/green] {done.command}: {done.outcome.value}")


def _write(target: Path, data: bytes) -> None:
    """Write a file that was asked for, in a folder that may be new."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    except OSError as error:
        raise click.ClickException(str(error)) from error
    console.print(f"[green]✓[/green] {target}")


def _shower(config: Config) -> Callable[[Words], str]:
    """Words as the terminal shows them: in Chinese, as the files are."""
    from bot.app import locale_roots

    renderer = Renderer(Catalogues(locale_roots(), config.zone))
    return lambda words: renderer.words(words, CHINESE)


if __name__ == "__main__":
    sys.exit(main())
