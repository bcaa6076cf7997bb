"""What is asked at the year's end costs a fixed number of statements, however many units there are."""

from __future__ import annotations

from sqlalchemy import event

from tests.commitments.seeding import promised
from tests.standings.rounds import quarter
from tests.world import World
from tests.yearend.december import evaluated


def statements(world: World, words: str) -> int:
    """How many statements one message of the organizer's takes."""
    count = 0

    def executed(*_args: object) -> None:
        nonlocal count
        count += 1

    event.listen(world.database.engine, "before_cursor_execute", executed)
    world.personas["周敏"].says(words)
    event.remove(world.database.engine, "before_cursor_execute", executed)
    return count


WORDS = ("总成绩", "总成绩 全年", "评诺", "评诺 全部", "评星", "评星 规则", "年度")


def test_statements_do_not_grow_with_the_units(world: World) -> None:
    quarter(world)
    evaluated(world)
    few = {words: min(statements(world, words) for _again in range(2)) for words in WORDS}
    for number in range(25):
        world.unit(f"示例{number}村", "village", "石佛办事处")
        promised(world, f"示例{number}村", "种植果树500亩")
    many = {words: statements(world, words) for words in WORDS}
    assert {words: count for words, count in many.items() if count > few[words]} == {}
