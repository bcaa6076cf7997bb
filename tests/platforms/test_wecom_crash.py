"""A real process, killed at random while WeCom delivers and delivers again: every message has its effect once.

`CRASHES=50 python -m pytest tests/platforms/test_wecom_crash.py` kills it so often; CI does.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from pathlib import Path

from tests.platforms.conformance import eventually
from tests.platforms.wecom_office import Office, read
from tests.platforms.wecom_program import Program

CRASHES = int(os.environ.get("CRASHES", "50" if os.environ.get("CI") else "3"))
PEOPLE = [f"user{n}" for n in range(1, 7)]


async def test_killed_at_random_every_message_has_its_effect_exactly_once(tmp_path: Path) -> None:
    office = Office(PEOPLE)
    await office.open()
    program = Program(tmp_path, office.settings(bot=False, robots=False))
    program.start()
    await asyncio.to_thread(program.wait_until_open)
    town = _Town(office)
    talking = [asyncio.create_task(town.talk(user)) for user in PEOPLE]
    chance = random.Random(7)
    for _ in range(CRASHES):
        await asyncio.sleep(chance.uniform(0.05, 0.4))
        program.kill()
        program.start()
        await asyncio.to_thread(program.wait_until_open)
    town.over = True
    await asyncio.gather(*talking)
    assert sum(town.said.values()) > CRASHES
    # Whatever was accepted is answered, once; and nothing else comes after that.
    for user in PEOPLE:
        await eventually(lambda user=user: len(office.phone(user)) >= town.said[user], patience=90)  # type: ignore[misc]
    await asyncio.sleep(1)
    program.close()
    for user in PEOPLE:
        answers = Counter(read(seen).partition("\n")[0] for seen in office.phone(user))
        assert len(office.phone(user)) == town.said[user], (user, answers)
    assert office.company.dropped == []
    await office.close()


class _Town:
    """People who each say one thing after another; each is delivered until it is accepted, often once more."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.over = False
        self.said: Counter[str] = Counter()
        self.chance = random.Random(11)

    async def talk(self, user: str) -> None:
        sender = self.office.sender
        while not self.over:
            # Time goes on for the limits of what one person gets, not for the test.
            self.office.company._taken.clear()
            xml = sender.message(user, "text", Content=f"/help {self.said[user] + 1}")
            self.said[user] += 1
            while await sender.once(xml) != 200:
                await asyncio.sleep(0.1)
            if self.chance.random() < 0.3:
                await sender.once(xml)
            await asyncio.sleep(self.chance.uniform(0, 0.3))
