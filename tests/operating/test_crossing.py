"""Nothing gets from one district into another, whatever is typed, pressed, followed or exported there."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import tarfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from bot import logs
from bot.chat.people import Role
from bot.chat.ports import Outcome
from bot.deployment import read
from bot.districts import Districts
from tests.operating.conftest import DISTRICTS, of, pg_tools, run
from tests.operating.crossing import (
    LIANGHE,
    QINGHE,
    Own,
    Town,
    digests,
    files,
    fill,
    folder,
    payloads,
    program,
    readable,
    rows,
)
from tests.world import Persona

OWN = dict(zip(DISTRICTS, (LIANGHE, QINGHE), strict=True))
#: One of every post.
POSTS = {
    "周敏": Role.ORGANIZER,
    "陈立": Role.OFFICE_ADMINISTRATOR,
    "王芳": Role.SECRETARY,
    "郑评": Role.JUDGE,
    "何监": Role.SCRUTINEER,
    "施计": Role.SCOREKEEPER,
}
PEOPLE = tuple(POSTS)
#: What shows a person of the district what stands in it.
SHOWING = ("register", "my_commitments", "examine", "verify", "highlight", "round")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(logs.name_district)
    handler.setFormatter(logs.LineFormatter())
    ours = logging.getLogger("liangsaibi")
    level = ours.level
    ours.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)
    ours.setLevel(level)


@pytest.fixture(params=["sqlite", "postgresql"])
def listed(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """districts.toml: two files; or two schemas of one PostgreSQL, each with its role."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(pg_tools()), prepend=":")
    lines = ["[health]", "enabled = false", "[districts]"]
    for name in DISTRICTS:
        own = f'[general]\ndata = "{name}"\n[local]\nenabled = false\n'
        if request.param == "postgresql":
            url = of(request.getfixturevalue("shared_postgresql"), name, schema="")
            own += f'[database]\nurl = {json.dumps(url)}\nschema = "{name}"\nthreads = 1\n'
        (tmp_path / f"{name}.toml").write_text(own)
        lines.append(f'{name} = "{name}.toml"')
    (tmp_path / "districts.toml").write_text("\n".join(lines))
    return tmp_path / "districts.toml"


class Both:
    """The two districts while they run, and what they hold."""

    def __init__(self, districts: Districts) -> None:
        self.towns = {name: Town(life.app) for name, life in districts.lives.items() if life.app is not None}
        self.codes = {name: fill(town, OWN[name]) for name, town in self.towns.items()}

    def attempts(self, here: str, there: str, *, all_of_them: bool) -> list[tuple[Persona, str, bool]]:
        """Every command with what the other district has, its buttons, codes and links."""
        town, other, own, code = self.towns[here], self.towns[there], OWN[there], self.codes[there]
        arguments = [own.village, f"{own.secretary} {own.village} 36 27 27", "2", code]
        if all_of_them:
            arguments += ["", f"u{max(other.units.values())}", "c6 理由不清"]
        people = [town.personas[name] for name in PEOPLE]
        stranger = town.stranger("路人")
        # Who unties their own account can try nothing any more: that comes last.
        commands = sorted(town.registry.commands.values(), key=lambda c: c.ascii == "unbind")
        lines = [(stranger, f"/start {code}", False), (people[0], f"/start {code}", False)]
        lines += [(who, payload, True) for who in people[:3] for payload in payloads(other.database)]
        for command in commands:
            first, *others = [one for one in people if POSTS[one.name] in (command.roles or POSTS.values())]
            lines += [(first, f"/{command.ascii} {words}".strip(), False) for words in arguments]
            lines += [(one, f"/{command.ascii} {words}", False) for one in others[:1] for words in arguments[:2]]
            lines.append((stranger, f"/{command.ascii} {own.village}", False))
        return lines


@asynccontextmanager
async def running(listed: Path) -> AsyncIterator[Both]:
    districts = Districts(read(listed, {}), make=program)
    async with districts.running():
        assert [life.trouble for life in districts.lives.values()] == [None, None]
        both = await asyncio.to_thread(Both, districts)
        yield both


def seen_of(own: Own, town: Town, logged: str) -> list[str]:
    """Where anything of a district is to be seen in a town: its database, its files, what it logs and counts."""
    counted = generate_latest(town.app.metrics.registry).decode()
    places = {"database": rows(town.database), "log": logged, "metrics": counted}
    places |= {f"file {number}": text for number, text in enumerate(files(town.app.config.data))}
    return [place for place, text in places.items() if own.mark in text]


async def test_no_command_button_code_or_link_of_one_district_reaches_the_other(
    listed: Path, log: io.StringIO
) -> None:
    all_of_them = "postgresql" not in Path("lianghe.toml").read_text()
    async with running(listed) as both:
        for here, there in (DISTRICTS, DISTRICTS[::-1])[: 2 if all_of_them else 1]:
            other = both.towns[there]
            # Nothing is done by itself meanwhile: whatever changes there has come from here.
            other.app.scheduler.stop()
            await no_more_sending(other)
            before = state(other)
            log.truncate(log.seek(0))
            lines = both.attempts(here, there, all_of_them=all_of_them)
            done = await asyncio.to_thread(both.towns[here].all_say, lines)

            names = {command.name for command in other.registry.commands.values()}
            assert names - {one.command for one in done if one.person} == set()
            assert [line[1] for line, one in zip(lines, done, strict=True) if one.outcome is Outcome.FAILED] == []
            assert state(other) == before
            assert seen_of(OWN[there], both.towns[here], log.getvalue()) == []
            assert f"district={here}" in log.getvalue()
            assert f"district={there}" not in log.getvalue()
            # One message that did get across would be seen.
            across = [(both.towns[here].personas["路人"], "/help", False)]
            await asyncio.to_thread(other.all_say, across)
            assert state(other) != before
            other.app.scheduler.start()
        for name, town in both.towns.items():
            await shown_at_home(town, OWN[name])
    exported(listed)


async def no_more_sending(town: Town) -> None:
    """What is not sent yet stays where it is."""
    town.app.delivery.stop()
    assert town.app._delivering is not None
    await town.app._delivering


def state(town: Town) -> tuple[object, ...]:
    """All that a district has: every row, every file, every figure."""
    return digests(town.database), folder(town.app.config.data), generate_latest(town.app.metrics.registry)


async def shown_at_home(town: Town, own: Own) -> None:
    """The same eyes do see it where it is, and people who may see it are shown it when they ask."""
    assert len(seen_of(own, town, "")) > 1
    before = rows(town.database).count(own.mark)
    people = [town.personas[name] for name in ("李建国", own.secretary)]
    await asyncio.to_thread(town.all_say, [(who, f"/{word}", False) for who in people for word in SHOWING])
    assert rows(town.database).count(own.mark) > before + 5


def exported(listed: Path) -> None:
    """What the operator gets of each district has that district in it, and nothing of the other."""
    for name, foreign in (DISTRICTS, DISTRICTS[::-1]):
        # (What PostgreSQL backs up is packed, and looked at in test_schemas.)
        backup = () if "postgresql" in Path("lianghe.toml").read_text() else (("backup",),)
        for words in (("export", "register", "--year", "2021"), ("export", "roster"), *backup):
            target = Path(f"{name}-{words[-1]}")
            done = run(*words, str(target), "--config", str(listed), "--district", name)
            assert done.exit_code == 0, done.output
            text = unpacked(target)
            assert OWN[name].village in text, words
            assert OWN[foreign].mark not in text, words
            if words[0] == "export":  # in a backup stands also what people typed
                assert OWN[foreign].village not in text, words


def unpacked(target: Path) -> str:
    if not tarfile.is_tarfile(target):
        return readable(target.read_bytes())
    with tarfile.open(target) as archive:
        entries = [archive.extractfile(entry) for entry in archive]
        return "\n".join(readable(entry.read()) for entry in entries if entry is not None)
