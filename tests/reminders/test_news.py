"""What groups hear by itself, changes of light, and that a tick costs the same for few units as for many."""

from __future__ import annotations

import io
from datetime import UTC, date
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import event

from bot.chat.people import Role
from handlers.reminders.chart import COLOURS, chart
from storage import accounts, commitments
from storage.commitments import State
from storage.database import Database
from tests.progress.promises import LAMPS, POWER, ROAD, publish
from tests.reminders.district import begin_watching
from tests.reminders.slow_model import local
from tests.reminders.test_conversation import QUIET, at
from tests.world import World, small_district


@pytest.fixture
def march(world: World) -> World:
    """The morning on which the first quarter's reporting opens: 20 March 2021 is a Saturday."""
    publish(world, "大里村", ROAD, LAMPS)
    publish(world, "公园道社区", POWER)
    begin_watching(world, local(date(2021, 3, 19), 20))
    return world


def test_the_quarter_opens_and_the_week_is_drawn_in_one_message(march: World) -> None:
    march.personas["王芳"].says("进度 1 2公里")
    at(march, date(2021, 3, 20), 9)
    assert march.heard("枫杨办事处") == []
    at(march, date(2021, 3, 22), 9)
    assert march.heard("枫杨办事处") == [
        "2件事\n"
        "1. 2021年第1季度季报开始了\n2个单位共3项承诺要报，2021年4月6日截止。\n"
        "书记私聊我说一句就行，例如：第2项完成80%了；照片有就发，没有不用补。\n"
        "2. 枫杨办事处本周进展\n承诺3项：已完成1项，按进度2项，欠进度或逾期0项。\n"
        "📎枫杨办事处.png"
    ]
    # Nothing is under way there, so there is nothing to tell.
    assert march.heard("石佛办事处") == []
    at(march, date(2021, 3, 22), 9, 1)
    at(march, date(2021, 3, 23), 9)
    assert march.heard("枫杨办事处") == []
    # Monday the 5th is a holiday: the week's first working day is Tuesday.
    at(march, date(2021, 4, 5), 9)
    assert march.heard("枫杨办事处") == []
    at(march, date(2021, 4, 6), 9)
    assert march.heard("枫杨办事处")[0].startswith("枫杨办事处本周进展\n承诺3项：")


def test_each_group_reads_its_own_language(march: World) -> None:
    with march.database.transaction() as tx:
        accounts.speak_in(tx, march.groups["枫杨办事处"], "en")
    at(march, date(2021, 3, 22), 9)
    [heard] = march.heard("枫杨办事处")
    assert heard.startswith("2 things\n1. Reporting opens: ")
    assert "3 commitments: 0 done, 3 on pace, 0 behind or overdue." in heard


def test_the_chart_shows_its_parts() -> None:
    picture = Image.open(io.BytesIO(chart("枫杨办事处", (("已完成", 1), ("按进度", 2), ("欠进度", 1)))))
    assert picture.format == "PNG"
    row = [picture.convert("RGB").getpixel((x, 165)) for x in range(60, 1020)]
    drawn = ["#{:02X}{:02X}{:02X}".format(*pixel) for pixel in row]  # type: ignore[misc]
    shares = [round(drawn.count(colour) / len(drawn), 2) for colour in COLOURS]
    assert shares == [0.24, 0.51, 0.24]
    assert len(chart("无", (("已完成", 0), ("按进度", 0), ("欠进度", 0)))) > 100


def test_each_change_of_light_is_told_once_to_those_concerned(world: World) -> None:
    [road] = publish(world, "大里村", ROAD, due=date(2021, 3, 26))
    [lamps] = publish(world, "欢河村", LAMPS, due=date(2021, 12, 31))
    begin_watching(world, local(date(2021, 3, 22), 8))
    wang, chen, zhao = (world.personas[n] for n in ("王芳", "陈立", "赵强"))
    with world.database.transaction() as tx:
        commitments.set_progress(
            tx, road.id, share=Decimal("0.9"), value=None, status=None, reported_at=local(date(2021, 3, 20), 9),
            quarter="2021Q1",
        )  # fmt: skip
    at(world, date(2021, 3, 22), 9)
    assert wang.heard() == []
    at(world, date(2021, 3, 23), 9)
    assert wang.heard() == ["1项承诺的亮灯变了\n1. 硬化村内道路2公里 ▰▰▰▰▰▰▰▰▰▱ 90% 🟡黄灯 临近到期\n[报进度]"]
    assert chen.heard() == []
    for day in (24, 25, 26):
        at(world, date(2021, 3, day), 9)
    assert wang.heard() == []
    at(world, date(2021, 3, 29), 9)  # the 27th is a Saturday
    red = "1. 硬化村内道路2公里 ▰▰▰▰▰▰▰▰▰▱ 90% 🔴红灯 逾期"
    assert red in wang.heard()[0]
    assert red in chen.heard()[0]
    wang.says("进度 1 2公里")
    at(world, date(2021, 3, 30), 9)
    assert wang.heard() == []
    # Its own words made it yellow, and the answer showed it: no second message about the same.
    assert "🟡黄灯" in zhao.says("进度 1 推进缓慢")[0]
    at(world, date(2021, 3, 31), 9)
    assert not [heard for heard in zhao.heard() if "亮灯" in heard]
    assert lamps.state is State.PUBLISHED


def test_who_wants_peace_hears_of_the_light_afterwards(world: World) -> None:
    publish(world, "大里村", ROAD, due=date(2021, 3, 22))
    begin_watching(world, local(date(2021, 3, 22), 20))
    wang = world.personas["王芳"]
    wang.says("免打扰 到3月24日")
    for day in (23, 24):
        at(world, date(2021, 3, day), 9)
    assert wang.heard() == []
    # The office, which is not to be left in peace, has heard of it once.
    assert len(world.personas["陈立"].heard()) == 1
    at(world, date(2021, 3, 25), 9)
    assert "🔴红灯 逾期" in wang.heard()[0]
    at(world, date(2021, 3, 26), 9)
    assert wang.heard() == world.personas["陈立"].heard() == []


def test_many_units_cost_no_more_statements_than_few(sqlite_database: Database, tmp_path: Path) -> None:
    """A quiet tick costs the same always; a busy one the same but for the messages themselves."""
    world = small_district(World(sqlite_database, tmp_path / "files", policy=QUIET))
    add_villages(world, range(10))
    few = costs(world, 2021)
    add_villages(world, range(10, 200))
    many = costs(world, 2022)
    assert many[0] == few[0] <= 12
    # Fifty messages are one transaction: the villages beyond them cost four more rounds, whatever their number.
    assert many[1] <= few[1] + 4 * 6
    assert few[1] <= 40


def add_villages(world: World, numbers: range) -> None:
    for n in numbers:
        world.unit(f"新{n}村", "village", "石佛办事处")
        world.person(f"书记{n}", (Role.SECRETARY, f"新{n}村"))


def costs(world: World, year: int) -> tuple[int, int]:
    """Statements of a tick with nothing to do, and of one that reminds everybody, without one for each message."""
    begin_watching(world, local(date(year, 3, 31), 8))
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        if "INSERT INTO outbox" not in statement and "sqlite_" not in statement:
            seen.append(statement)

    event.listen(world.database.engine, "before_cursor_execute", note)
    try:
        world.now = local(date(year, 3, 31), 8).astimezone(UTC)
        world.tick("reminders")
        quiet = len(seen)
        seen.clear()
        world.now = local(date(year, 3, 31), 9).astimezone(UTC)
        world.tick("reminders")
        return quiet, len(seen)
    finally:
        event.remove(world.database.engine, "before_cursor_execute", note)
