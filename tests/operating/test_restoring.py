"""`liangsaibi backup` while people write, and `liangsaibi restore` of it into a fresh place, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.chat.people import Role
from storage import incidents, people, units
from storage.database import Database
from storage.tables import posts
from tests.operating.conftest import pg_tools, run
from tests.operating.test_moving import Fresh, digests, files

NOW = datetime(2021, 3, 22, 1, 0, tzinfo=UTC)
Place = Callable[[], tuple[str, str]]


@pytest.fixture(params=["sqlite", "postgresql"])
def original(
    request: pytest.FixtureRequest, here: Path, fresh_postgresql: Fresh, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The filled database's address as a setting; empty: the SQLite file in the data folder."""
    if request.param == "sqlite":
        return ""
    monkeypatch.setenv("PATH", str(pg_tools()), prepend=":")
    url = fresh_postgresql()
    assert run("db", "move", url=url).exit_code == 0
    return url


def opened(url: str, here: Path) -> Database:
    return Database(url or f"sqlite:///{here / 'data' / 'liangsaibi.db'}")


@contextmanager
def people_write(database: Database) -> Iterator[None]:
    """Somebody registers newcomers all the while: a person and their post in one transaction."""
    stopped = threading.Event()

    def write() -> None:
        number = 0
        while not stopped.is_set():
            with database.transaction() as tx:
                person = people.add(tx, name=f"新人{number}", now=NOW)
                root = units.roots(tx)[0]
                people.appoint(tx, person_id=person, unit_id=root.id, role=Role.OBSERVER, now=NOW)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        stopped.set()
        writer.join()


def newcomers(database: Database) -> tuple[int, int]:
    """How many are there, and how many of them have their post."""
    from storage.tables import people as table

    with database.transaction() as tx:
        ids = {row.id for row in tx.all(select(table.c.id).where(table.c.name.like("新人%")))}
        return len(ids), len(ids & {row.person_id for row in tx.all(select(posts.c.person_id))})


def test_a_copy_made_while_people_write_is_consistent_and_a_quiet_one_is_equal(
    original: str, here: Path, fresh_postgresql: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = opened(original, here)
    with people_write(database):
        busy = run("backup", "busy.tar.gz", url=original)
    assert busy.exit_code == 0, busy.output
    quiet = run("backup", "quiet.tar.gz", url=original)
    assert quiet.exit_code == 0, quiet.output
    expected, photos = digests(database), files(here)
    written = newcomers(database)[0]
    database.close()
    assert written > 3

    for name in ("busy", "quiet"):
        place = here / name
        place.mkdir()
        monkeypatch.chdir(place)
        url = fresh_postgresql() if original else ""
        done = run("restore", f"../{name}.tar.gz", url=url)
        assert done.exit_code == 0, done.output
        assert run("check", url=url).exit_code == 0
        restored = opened(url, place)
        if name == "quiet":
            assert digests(restored) == expected
        all_of_them, with_post = newcomers(restored)
        assert all_of_them == with_post
        restored.close()
        assert [p.replace(f"{place}", f"{here}") for p in sorted(files(place))] == sorted(photos)


def test_nothing_is_overwritten_without_being_told(original: str, here: Path) -> None:
    assert run("backup", "one.tar.gz", url=original).exit_code == 0
    database = opened(original, here)
    before = digests(database)
    with database.transaction() as tx:
        incidents.keep(tx, platform="test", message={}, error="after the backup", traceback="", now=NOW)
    after = digests(database)
    database.close()

    refused = run("restore", "one.tar.gz", url=original)
    assert refused.exit_code == 1
    assert "--overwrite replaces" in refused.output
    database = opened(original, here)
    assert digests(database) == after
    database.close()

    done = run("restore", "--overwrite", "one.tar.gz", url=original)
    assert done.exit_code == 0, done.output
    database = opened(original, here)
    assert digests(database) == before
    database.close()


def test_a_damaged_archive_or_one_of_the_other_database_changes_nothing(
    here: Path, fresh_postgresql: Fresh
) -> None:
    assert run("backup", "one.tar.gz").exit_code == 0
    whole = (here / "one.tar.gz").read_bytes()
    (here / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    (here / "no.tar.gz").write_bytes(b"no archive at all")
    database = opened("", here)
    before = digests(database)
    database.close()
    for name in ("cut", "no"):
        done = run("restore", "--overwrite", f"{name}.tar.gz")
        assert done.exit_code == 1
        assert "damaged or no backup of this program" in done.output
    other = run("restore", "one.tar.gz", url=fresh_postgresql())
    assert other.exit_code == 1
    assert "then run liangsaibi db move" in " ".join(other.output.split())
    database = opened("", here)
    database.check()
    running = run("restore", "--overwrite", "one.tar.gz")
    assert digests(database) == before
    assert running.exit_code == 1, running.output
    assert "a program is using it; stop it first" in running.output
    database.close()
