"""Nobody sees or changes another office's unpublished matters, whatever is typed or pressed."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from bot.chat.ports import Outcome
from storage import tables
from storage.database import Database
from tests.world import World, small_district

#: Words that stand only in what 欢河村 has not published: a proposal, a report, a wish for a change.
SECRETS = ("银杏", "杜鹃", "腊梅")
MATTERS = (tables.commitments, tables.reports, tables.amendments, tables.evidence)
#: What people type behind a command, and what its buttons carry.
ARGUMENTS = ("", "欢河村", "欢河村 1 理由不清", "2", "c1", "c2 理由不清", "u{unit}", "#1 理由不清", "r1", "全部")


@pytest.fixture
def district(sqlite_database: Database, tmp_path: Path) -> World:
    """欢河村 of the other office has something of everything that waits for its own office."""
    world = small_district(World(sqlite_database, tmp_path / "files"))
    zhao, sun = world.personas["赵强"], world.personas["孙洁"]
    for words in ("承诺 安装路灯60盏", "承诺 栽植银杏树50棵"):
        zhao.says(words)
        zhao.presses("提交")
    sun.says("通过 欢河村 1")
    sun.says("亮诺")
    zhao.says("进度 1 20盏 杜鹃公司装的")
    zhao.says("", photos=1)
    zhao.says("变更 1 60盏改成40盏 因为腊梅没钱")
    zhao.presses("提交")
    assert any("银杏" in answer for answer in sun.says("审核"))
    assert any("杜鹃" in answer for answer in sun.says("核实"))
    return world


@pytest.mark.parametrize("who", ["陈立", "王芳"])
def test_no_command_shows_or_changes_what_belongs_to_another_office(district: World, who: str) -> None:
    persona, before = district.personas[who], matters(district)
    for command in (c for c in district.registry.commands.values() if not c.strangers and c.ascii != "unbind"):
        for argument in ARGUMENTS:
            line = f"{command.ascii} {argument.format(unit=district.units['欢河村'])}".strip()
            answers = persona.says(line)
            assert district.last is not None
            assert district.last.outcome is not Outcome.FAILED, line
            assert not [word for word in SECRETS for answer in answers if word in answer], line
            persona.says("取消")
    assert matters(district) == before


def matters(world: World) -> list[object]:
    """Every row that the attempts must leave alone."""
    with world.database.transaction() as tx:
        return [tuple(row) for table in MATTERS for row in tx.all(select(table).order_by(table.c.id))]
