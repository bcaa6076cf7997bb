"""Two districts in one PostgreSQL, each in its own schema by its own role: neither reaches into the other."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from bot.chat.errors import ConfigurationError
from bot.collisions import Places
from bot.leadership import Leadership
from storage import migrate, schemas, units
from storage.database import Database
from tests.operating.conftest import DISTRICTS, as_role, of, pg_tools, run
from tests.operating.test_moving import digests
from tests.operating.test_roles import refused
from tests.platforms.conformance import eventually
from tests.world import MORNING


@pytest.fixture
def province(shared_postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The administrator's address of a database with two districts in it, each with its root unit."""
    url = shared_postgresql
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(pg_tools()), prepend=":")
    for name in DISTRICTS:
        database = Database(of(url, name))
        with database.transaction() as tx:
            units.add(tx, name=f"{name}区", kind="district", parent_id=None, now=MORNING)
        database.close()
    return url


def opened(url: str, name: str, role: str = "app") -> Database:
    database = Database(of(url, name, role))
    database.check()
    return database


def test_a_role_finds_everything_in_its_own_schema_and_may_do_nothing_in_the_other(
    province: str,
) -> None:
    ours, theirs = opened(province, "lianghe"), opened(province, "qinghe", "owner")
    for database, name in ((ours, "lianghe"), (theirs, "qinghe")):
        assert migrate.version(database) == migrate.newest()
        assert migrate.differences(database) == []
        with database.reading() as tx:
            assert [unit.name for unit in units.roots(tx)] == [f"{name}区"]
    for statement in (
        "SELECT * FROM qinghe.units",
        "UPDATE qinghe.units SET name = 'x'",
        "INSERT INTO qinghe.facts (name, value) VALUES ('x', '1')",
        "SELECT nextval('qinghe.units_id_seq')",
        "CREATE TABLE qinghe.more (id int)",
        "CREATE TABLE lianghe.more (id int)",
        "CREATE TABLE public.more (id int)",
        "SET ROLE qinghe_app",
        "UPDATE lianghe.audit SET hash = ''",
    ):
        assert refused(ours, statement), statement
    # With the other's schema in its path it sees none at all.
    with ours.engine.connect() as connection:
        connection.execute(text("SET search_path = qinghe"))
        assert connection.execute(text("SELECT current_schema()")).scalar() is None
    # The owner of one schema is nobody in the other.
    assert refused(theirs, "SELECT * FROM lianghe.units")
    # The same question is answered to whoever may ask it.
    with theirs.engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM qinghe.units")).scalar() == "qinghe区"
    ours.close()
    theirs.close()


async def test_each_schema_has_a_leader_and_calls_its_own_only(province: str) -> None:
    told: list[str] = []

    def one(who: str, name: str) -> Leadership:
        async def tell(what: str) -> None:
            told.append(f"{who} {what}")

        return Leadership(
            make_url(of(province, name)).set(drivername="postgresql").render_as_string(hide_password=False),
            lead=lambda: tell("leads"),
            follow=lambda: tell("follows"),
            called=lambda: told.append(f"{who} is called"),
        )

    first, other, second = one("first", "lianghe"), one("other", "qinghe"), one("second", "lianghe")
    await first.start()
    await eventually(lambda: told == ["first leads"])
    await other.start()
    await eventually(lambda: told == ["first leads", "other leads"])
    await second.start()
    await asyncio.sleep(0.2)
    second.call()
    await eventually(lambda: "first is called" in told)
    assert told == ["first leads", "other leads", "first is called"]
    await first.stop()
    await eventually(lambda: "second leads" in told)
    await other.stop()
    await second.stop()


def test_one_district_is_backed_up_and_restored_and_the_other_is_left_alone(province: str) -> None:
    ours, theirs = opened(province, "lianghe"), opened(province, "qinghe")
    before, others = digests(ours), digests(theirs)
    done = run("backup", "lianghe.tar.gz", url=as_role(province, "lianghe_reader"), schema="lianghe")
    assert done.exit_code == 0, done.output
    with ours.transaction() as tx:
        units.add(tx, name="后来的村", kind="village", parent_id=1, now=MORNING)
    assert digests(ours) != before
    ours.close()
    owner = as_role(province, "lianghe_owner")
    again_over = run("restore", "lianghe.tar.gz", url=owner, schema="lianghe")
    assert "there are tables already" in again_over.output
    foreign = run(
        "restore", "--overwrite", "lianghe.tar.gz", url=as_role(province, "qinghe_owner"), schema="qinghe"
    )
    assert foreign.exit_code == 1
    assert "the backup is of the schema lianghe, and this is qinghe" in " ".join(foreign.output.split())
    done = run("restore", "--overwrite", "lianghe.tar.gz", url=owner, schema="lianghe")
    assert done.exit_code == 0, done.output
    again = opened(province, "lianghe")
    assert digests(again) == before
    assert digests(theirs) == others
    assert refused(theirs, "SELECT * FROM lianghe.units")
    again.close()
    theirs.close()


def test_moving_from_sqlite_fills_one_schema(province: str, tmp_path: Path) -> None:
    made = run("db", "upgrade")
    assert made.exit_code == 0, made.output
    with sqlite3.connect(tmp_path / "data" / "liangsaibi.db") as old:
        old.execute("INSERT INTO facts (name, value) VALUES ('kept', '1')")
    old.close()
    database = Database(province)
    with database.engine.begin() as connection:
        connection.execute(text("TRUNCATE lianghe.units CASCADE"))
    database.close()
    moved = run("db", "move", url=as_role(province, "lianghe_owner"), schema="lianghe")
    assert moved.exit_code == 0, moved.output
    ours, theirs = opened(province, "lianghe"), opened(province, "qinghe")
    question = text("SELECT count(*) FROM facts WHERE name = 'kept'")
    with ours.reading() as tx, theirs.reading() as other:
        assert (tx.scalar(question), other.scalar(question)) == (1, 0)
    ours.close()
    theirs.close()


def test_a_schema_that_is_not_there_or_not_the_roles_is_refused(province: str) -> None:
    for name, schema in (("lianghe", "beihe"), ("lianghe", "qinghe")):
        database = Database(of(province, name, schema=schema))
        with pytest.raises(ConfigurationError, match=f"there is no schema {schema} that lianghe_app"):
            database.check()
        database.close()


def test_whoever_reaches_into_another_district_may_not_run_beside_it(province: str) -> None:
    places = Places()
    ours, theirs = opened(province, "lianghe"), opened(province, "qinghe")
    places.claim("甲", ours)
    places.claim("甲", ours)
    places.claim("乙", theirs)
    with pytest.raises(ConfigurationError, match=r"database\.url: 丙 and 甲 are in one schema of one database"):
        places.claim("丙", opened(province, "lianghe", "owner"))
    administrator = Database(schemas.within(make_url(province), "lianghe").render_as_string(hide_password=False))
    with pytest.raises(ConfigurationError, match="may use the schema qinghe as well"):
        Places().claim("甲", administrator)
    for database in (ours, theirs, administrator):
        database.close()
