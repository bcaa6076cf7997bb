"""The example quarter as a story: who says what where, and when, played on whatever stage there is."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bot.chat.clock import ShiftedClock

SCRIPT = Path(__file__).parent / "data" / "story.toml"
PHOTOS = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody says something or presses a button, in private or in a unit's group.

    `at`: the practice clock is set to this first. `scene` is the heading under which the step stands.
    """

    scene: str
    who: str
    says: str = ""
    presses: str = ""
    group: str | None = None
    photo: str | None = None
    at: datetime | None = None


class Stage(Protocol):
    """Where the story is played."""

    async def say(self, who: str, text: str, *, group: str | None, photo: bytes | None) -> None:
        """Somebody writes; returns when it is committed."""
        ...

    async def press(self, who: str, label: str, *, group: str | None) -> None:
        """Somebody presses the newest button of that label in the chat; raises LookupError when there is none."""
        ...

    async def settle(self) -> None:
        """Wait until what the bot has to say is delivered."""
        ...


def script(path: Path = SCRIPT) -> list[Step]:
    """The steps, in order."""
    scenes = tomllib.loads(path.read_text("utf-8"))["scene"]
    return [Step(scene["title"], **step) for scene in scenes for step in scene["step"]]


async def play(
    steps: Iterable[Step],
    stage: Stage,
    clock: ShiftedClock,
    *,
    tell: Callable[[int, int, str], None],
    pace: float,
) -> None:
    """Play the steps with `pace` seconds between them; `tell(done, total, caption)` after each."""
    waiting = list(steps)
    for done, step in enumerate(waiting, 1):
        if step.at is not None and step.at > clock.now():
            clock.set(step.at)
        tell(done - 1, len(waiting), step.scene)
        if step.presses:
            await stage.press(step.who, step.presses, group=step.group)
        else:
            photo = (PHOTOS / step.photo).read_bytes() if step.photo else None
            await stage.say(step.who, step.says, group=step.group, photo=photo)
        await stage.settle()
        await asyncio.sleep(pace)
    tell(len(waiting), len(waiting), waiting[-1].scene)
