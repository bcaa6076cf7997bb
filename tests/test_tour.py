"""What the practice room offers everybody to try first is understood, word for word and button for button."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat.people import Role
from bot.chat.ports import Outcome
from bot.demo import facts, load, tour
from storage import people, units
from storage.database import Database
from tests.world import Persona, World

#: What these roles do has its time only later in the round.
LATER = {Role.SCOREKEEPER, Role.SCRUTINEER}


@pytest.fixture
def district(sqlite_database: Database, tmp_path: Path) -> World:
    """The example district, and one person of each role under the role's name."""
    quarter = facts.read()
    world = World(sqlite_database, tmp_path / "files", now=quarter.clock)
    with sqlite_database.transaction() as tx:
        load.load(tx, quarter)
        holders = people.posts_below(tx, [unit.id for unit in units.roots(tx)])
    for role in tour.TRIES:
        first = next(holder for holder in holders if holder.role is role)
        world.take_on(Persona(world, first.name, f"u{first.person_id}", id=first.person_id), called=role.value)
    return world


def test_every_sentence_and_button_of_the_greetings_works(district: World) -> None:
    for role, (sentences, commands) in tour.TRIES.items():
        persona = district.personas[role.value]
        for words in (*sentences, *(command.chinese for command in commands)):
            answers = persona.says(words)
            assert district.last is not None
            expected = {Outcome.ANSWERED, Outcome.REFUSED} if role in LATER else {Outcome.ANSWERED}
            assert district.last.outcome in expected, (role, words, answers)
            assert not any(answer.startswith("没看懂") for answer in answers), (role, words)
            if words.startswith("活动 "):
                # The judges' sentences need a round.
                persona.presses("创建并开评")
            persona.says("取消")
