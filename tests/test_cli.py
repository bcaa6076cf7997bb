"""The command line, run as its operator runs it."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from bot.chat.messages import ChatKind, ChatRef, Inbound, Sender
from bot.cli import main
from storage import incidents
from storage.database import Database
from storage.files import DiskFiles
from tests.roster.book import roster_of

NOW = datetime(2021, 3, 22, 1, 0, tzinfo=UTC)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operator's empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def test_check_says_what_to_do_and_then_that_all_is_well(here: Path) -> None:
    first = run("check")
    assert first.exit_code == 1
    assert "run liangsaibi db upgrade" in first.output
    assert run("db", "upgrade").exit_code == 0
    second = run("check")
    assert second.exit_code == 0, second.output
    assert "✓" in second.output


def test_a_wrong_setting_stops_every_command_with_one_clear_message(here: Path) -> None:
    (here / "liangsaibi.toml").write_text("[rounds]\ndecimls = 3\n", "utf-8")
    for words in (("run",), ("check",), ("backup", "x.tar.gz"), ("incidents", "list")):
        done = run(*words)
        assert done.exit_code == 1
        assert "liangsaibi.toml: rounds.decimls: no such setting" in done.output
        assert "Traceback" not in done.output


def test_commands_on_a_database_that_is_not_there(here: Path) -> None:
    done = run("backup", "x.tar.gz")
    assert done.exit_code == 1
    assert "no database yet; run liangsaibi db upgrade" in done.output
    assert not (here / "x.tar.gz").exists()


def test_backup_is_whole_while_somebody_writes(here: Path) -> None:
    run("db", "upgrade")
    key = DiskFiles(here / "data" / "files").put(b"a photo")
    database = Database(f"sqlite:///{here / 'data' / 'liangsaibi.db'}")
    with database.transaction() as tx:
        incidents.keep(tx, platform="test", message={}, error="kept", traceback="", now=NOW)
    with database.engine.connect() as connection:
        done = run("backup", "copies/one.tar.gz")
        connection.exec_driver_sql("SELECT 1")
    database.close()
    assert done.exit_code == 0, done.output
    with tarfile.open(here / "copies" / "one.tar.gz") as archive:
        archive.extractall(here / "restored", filter="data")
    with sqlite3.connect(here / "restored" / "liangsaibi.db") as restored:
        assert restored.execute("SELECT error FROM incidents").fetchall() == [("kept",)]
    assert DiskFiles(here / "restored" / "files").get(key) == b"a photo"


def test_incidents_are_listed_shown_and_replayed(here: Path) -> None:
    run("db", "upgrade")
    inbound = Inbound("m1", ChatRef("local", "private:x", ChatKind.PRIVATE), Sender("x", "路人"), "帮助", NOW)
    database = Database(f"sqlite:///{here / 'data' / 'liangsaibi.db'}")
    with database.transaction() as tx:
        incidents.keep(
            tx,
            platform="local",
            message=msgspec.to_builtins(inbound),
            error="ZeroDivisionError: broken",
            traceback="Traceback: here it broke",
            now=NOW,
        )
    database.close()
    assert "ZeroDivisionError" in run("incidents", "list").output
    shown = run("incidents", "show", "1").output
    assert "帮助" in shown
    assert "here it broke" in shown
    replayed = run("incidents", "replay", "1")
    assert replayed.exit_code == 0, replayed.output
    assert "帮助: answered" in replayed.output
    assert "replayed" in run("incidents", "list").output
    assert run("incidents", "show", "9").exit_code == 1


def test_module_and_script_are_the_same_program(here: Path) -> None:
    as_module = subprocess.run(
        [sys.executable, "-m", "bot", "--help"], capture_output=True, text=True, check=True, cwd=here
    )
    script = Path(sys.executable).with_name("liangsaibi")
    as_script = subprocess.run([script, "--help"], capture_output=True, text=True, check=True, cwd=here)
    assert as_module.stdout == as_script.stdout
    commands = {
        "run",
        "demo",
        "check",
        "import",
        "export",
        "people",
        "incidents",
        "db",
        "backup",
        "restore",
        "audit",
    }
    for name in commands:
        assert f"\n  {name} " in as_module.stdout


UNITS = [("高新区", "区"), ("枫杨办事处", "办事处", "高新区"), ("大里村", "村", "枫杨办事处")]
PEOPLE = [("周敏", "13800000001", "高新区", "组织者"), ("王芳", "13800000002", "大里村", "书记")]


def test_import_is_a_dry_run_names_bad_rows_and_changes_nothing_the_second_time(here: Path) -> None:
    run("db", "upgrade")
    (here / "bad.xlsx").write_bytes(roster_of(units=UNITS, people=[*PEOPLE, ("李四", "123", "没有村", "书记")]))
    bad = run("import", "bad.xlsx", "--apply")
    assert bad.exit_code == 1
    assert "人员" in bad.output
    assert "第4行" in bad.output
    assert "名册是空的" in run("people", "list").output

    (here / "roster.xlsx").write_bytes(roster_of(units=UNITS, people=PEOPLE))
    dry = run("import", "roster.xlsx")
    assert dry.exit_code == 0, dry.output
    assert "试算，未导入" in dry.output
    assert "名册是空的" in run("people", "list").output

    assert "已导入" in run("import", "roster.xlsx", "--apply").output
    listed = run("people", "list").output
    assert "王芳" in listed
    assert "大里村" in listed
    again = run("import", "roster.xlsx", "--apply")
    assert again.exit_code == 0
    assert "已导入" not in again.output


def test_what_is_no_roster_is_said_in_one_line(here: Path) -> None:
    run("db", "upgrade")
    (here / "notes.xlsx").write_text("hello", "utf-8")
    for words in (
        ("import", "notes.xlsx"),
        ("people", "code", "谁也不是"),
        ("export", "results", "r.xlsx", "--round", "5"),
    ):
        done = run(*words)
        assert done.exit_code == 1
        assert done.output.startswith("Error: "), done.output
        assert "Traceback" not in done.output


def test_template_and_exports_are_written_into_new_folders(here: Path) -> None:
    run("db", "upgrade")
    (here / "roster.xlsx").write_bytes(roster_of(units=UNITS, people=PEOPLE))
    run("import", "roster.xlsx", "--apply")
    for words in (
        ("template", "new/t.xlsx"),
        ("export", "roster", "out/r.xlsx"),
        ("export", "register", "out/g.xlsx"),
    ):
        done = run(*words)
        assert done.exit_code == 0, done.output
        assert load_workbook(here / words[-1]).sheetnames
    same = run("import", "out/r.xlsx")
    assert same.exit_code == 0, same.output
    assert "试算，未导入" not in same.output


def test_a_code_from_the_command_line_binds_the_first_organizer(here: Path) -> None:
    run("db", "upgrade")
    (here / "roster.xlsx").write_bytes(roster_of(units=UNITS, people=PEOPLE))
    run("import", "roster.xlsx", "--apply")
    done = run("people", "code", "周敏")
    assert re.search(r"绑定 [0-9A-Z]{4}-[0-9A-Z]{4}", done.output), done.output


def test_an_option_and_an_argument_never_share_a_name() -> None:
    for command in (main, *main.commands.values()):
        names = [parameter.name for parameter in command.params]
        assert len(names) == len(set(names)), command.name
