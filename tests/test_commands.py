"""What every command has in common: its examples work, its permission holds, the README knows it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.chat.commands import Command, Registry, Section
from bot.chat.people import Role
from bot.chat.ports import Outcome
from bot.chat.texts import T
from bot.demo import facts, load
from handlers import all_commands
from storage.database import Database
from tests.test_quality import script
from tests.world import World, small_district

COMMANDS = list(all_commands().commands.values())
EXAMPLES = [(command, example) for command in COMMANDS for example in command.examples]
WHO = {
    Role.ORGANIZER: "周敏",
    Role.OFFICE_ADMINISTRATOR: "陈立",
    Role.SECRETARY: "王芳",
    Role.JUDGE: "吴评",
    Role.SCRUTINEER: "何监",
    Role.SCOREKEEPER: "施计",
}


@pytest.fixture
def district(sqlite_database: Database, tmp_path: Path) -> World:
    """The small district; what is common to all commands does not depend on the database."""
    return small_district(World(sqlite_database, tmp_path / "files"))


def somebody_for(command: Command) -> str:
    for role, name in WHO.items():
        if role in command.roles:
            return name
    return "王芳"


@pytest.mark.parametrize(("command", "example"), EXAMPLES, ids=[example for _command, example in EXAMPLES])
def test_every_example_is_understood(district: World, command: Command, example: str) -> None:
    found = district.registry.find(example)
    assert found is not None
    assert found.command.name == command.name
    persona = district.personas[somebody_for(command)]
    group = "枫杨办事处" if command.place.value == "group" else None
    answers = persona.says(example, group=group)
    assert district.last is not None
    assert district.last.outcome in (Outcome.ANSWERED, Outcome.REFUSED)
    assert district.last.command == command.name
    assert not any("还差“" in answer for answer in answers)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.roles], ids=lambda c: c.name)
def test_who_lacks_the_role_is_refused_and_nothing_changes(district: World, command: Command) -> None:
    for role, name in WHO.items():
        if role in command.roles or district.personas[name] is None:
            continue
        example = command.examples[0] if command.examples else command.name
        group = "枫杨办事处" if command.place.value == "group" else None
        answers = district.personas[name].says(example, group=group, addressed=True)
        assert district.last is not None
        assert district.last.outcome is Outcome.REFUSED
        assert all("您目前没有这个身份" in answer for answer in answers)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_every_command_can_be_looked_up(district: World, command: Command) -> None:
    if command.hidden:
        pytest.skip("reached by buttons only")
    [answer] = district.personas["王芳"].says(f"帮助 {command.name}")
    assert answer.startswith(command.name)


def test_every_command_has_an_example_unless_hidden() -> None:
    assert [c.name for c in COMMANDS if not c.examples and not c.hidden] == []


def test_every_command_fits_telegrams_menu() -> None:
    assert [c.name for c in COMMANDS if len(c.ascii) > 32] == []
    assert len(COMMANDS) <= 100


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_readme_lists_the_commands_as_declared(language: str) -> None:
    module = script("readme_commands")
    assert module.FILES[language].read_text("utf-8") == module.filled(language)


def test_the_demo_fills_up_to_the_districts_number_of_units() -> None:
    quarter = facts.read()
    assert len(quarter.units) == 70
    assert sum(not unit.invented for unit in quarter.units) == 10
    assert all("示例" in unit.name for unit in quarter.units if unit.invented)
    assert len({unit.secretary for unit in quarter.units}) == 70
    assert load.UNTOUCHED in {unit.name for unit in quarter.units}


def test_the_order_of_the_help_does_not_hang_on_what_is_imported_first() -> None:
    script_ = "import sys, importlib; [importlib.import_module(m) for m in sys.argv[1:]]; "
    script_ += "from handlers import all_commands; print(*all_commands().commands)"
    orders = {
        subprocess.run([sys.executable, "-c", script_, *first], capture_output=True, text=True, check=True).stdout
        for first in ((), ("handlers.commitments.ledger", "handlers.rounds.results", "handlers.progress.summary"))
    }
    assert len(orders) == 1


def test_a_command_without_a_place_in_the_help_is_refused() -> None:
    declared = Registry()
    declared.command("试", ascii="try", section=Section.GENERAL, help=T("试"))(lambda ctx: None)
    with pytest.raises(ValueError, match="试"):
        declared.arrange(facts)
