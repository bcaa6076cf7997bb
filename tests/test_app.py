"""What the composition root refuses to put together."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from bot.app import App
from bot.chat.errors import ConfigurationError
from bot.chat.messages import Outgoing
from bot.chat.ports import Limits, Receive
from bot.config import Config, General, LocalSection
from storage.database import Database


class Production:
    """A platform on which a real district lives."""

    name = "production"
    limits = Limits()

    async def start(self, receive: Receive) -> None: ...

    async def send(self, message: Outgoing) -> str:
        return "1"

    async def stop(self) -> None: ...


class Polled(Production):
    """A platform with a line that only one program may hold."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def lead(self) -> None:
        self.told.append("lead")

    async def follow(self) -> None:
        self.told.append("follow")


def app(database: Database, folder: Path, **local: bool) -> App:
    config = msgspec.structs.replace(Config(), general=General(data=str(folder)), local=LocalSection(**local))
    return App(config, database)


@pytest.mark.parametrize("room_first", [True, False])
def test_the_practice_room_does_not_run_beside_a_production_platform(
    sqlite_database: Database, tmp_path: Path, room_first: bool
) -> None:
    one = app(sqlite_database, tmp_path)
    first, second = one.open_room, lambda: one.add(Production())
    if not room_first:
        first, second = second, first  # type: ignore[assignment]
    first()
    with pytest.raises(ConfigurationError, match=r"beside production.*local\.beside_production = true"):
        second()
    assert len(one.platforms) == 1


def test_the_practice_room_runs_beside_a_production_platform_where_that_is_allowed(
    sqlite_database: Database, tmp_path: Path
) -> None:
    one = app(sqlite_database, tmp_path, beside_production=True)
    one.add(Production())
    one.open_room()
    assert set(one.platforms) == {"production", "local"}


async def test_alone_on_its_file_the_program_leads_from_start_to_end(
    sqlite_database: Database, tmp_path: Path
) -> None:
    one, platform = app(sqlite_database, tmp_path, enabled=False), Polled()
    one.add(platform)
    assert platform.told == []
    async with one.running():
        assert platform.told == ["lead"]
        assert one.leadership.leading
    assert platform.told == ["lead", "follow"]
