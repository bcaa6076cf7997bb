"""A well-filled database: the whole example quarter as it was played, on SQLite, made once."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, make_url, text

from bot.cli import main
from storage import migrate
from storage.database import Database
from tests.story.test_quarter import played


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with `liangsaibi.db` and `files/`."""
    data = tmp_path_factory.mktemp("filled") / "data"
    data.mkdir()
    database = Database(f"sqlite:///{data / 'liangsaibi.db'}")
    migrate.upgrade(database)
    asyncio.run(played(database, data))
    database.close()
    return data


@pytest.fixture
def here(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operator's folder with a copy of it under `data/`."""
    shutil.copytree(filled, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fresh_postgresql(postgresql_server: str) -> Iterator[Callable[[], str]]:
    """Makes databases without any tables; gives their addresses."""
    engine = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make() -> str:
        made.append(f"fresh_{len(made)}")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {made[-1]}"))
        return make_url(postgresql_server).set(database=made[-1]).render_as_string(hide_password=False)

    yield make
    with engine.connect() as connection:
        for name in made:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def run(*words: str, url: str = "") -> Result:
    """A command as its operator gives it."""
    return CliRunner().invoke(main, list(words), env={"LIANGSAIBI_DATABASE_URL": url} if url else {})
