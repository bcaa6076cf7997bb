"""A file that lists several districts: what is read, what is refused, and how commands are told which one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bot.chat.errors import ConfigurationError
from bot.config import HealthSection
from bot.deployment import Deployment, read
from tests.operating.conftest import run

TELEGRAM = """
[telegram]
enabled = true
token = "{number}:AAE_a-token-of-the-tests-0123456789abc"
"""
HOOK = """mode = "webhook"
webhook_url = "https://bot.example.org/{path}"
webhook_secret = "{secret}"
"""
WECOM = """
[wecom]
enabled = true
"""
APP = """corp_id = "ww1"
agent_id = {agent}
secret = "s"
token = "t"
aes_key = "0123456789012345678901234567890123456789012"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed(here: Path, more: str = "", **districts: str) -> Path:
    """`districts.toml` with districts whose own files say this besides data folders of their own."""
    lines = ["[districts]"]
    for name, own in districts.items():
        folder = here / name
        folder.mkdir(exist_ok=True)
        text = own if "general" in own else f'[general]\ndata = "{name}/data"\n{own}'
        (folder / "liangsaibi.toml").write_text(text, "utf-8")
        lines.append(f'{name} = "{name}/liangsaibi.toml"')
    file = here / "districts.toml"
    file.write_text("\n".join([*lines, more]) + "\n", "utf-8")
    return file


def refusal(file: Path, **environment: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(file, environment)
    return str(caught.value).replace(f"{file.parent}/", "")


QUIET = "[local]\nenabled = false\n"


def test_each_district_has_its_own_file_and_the_program_its_log_and_watch(here: Path) -> None:
    policy = "[rounds]\ndecimals = 3\n"
    file = listed(here, "[health]\nport = 9000\n[logging]\njson = true", lianghe=QUIET + policy, qinghe=QUIET)
    found = read(file, {"LIANGSAIBI_LOGGING_LEVEL": "debug"})
    assert [(d.name, d.file) for d in found.districts] == [
        ("lianghe", here / "lianghe/liangsaibi.toml"),
        ("qinghe", here / "qinghe/liangsaibi.toml"),
    ]
    assert [d.config.policy.rounds.decimals for d in found.districts] == [3, 2]
    assert found.health == HealthSection(port=9000)
    assert (found.logging.json, found.logging.level) == (True, "debug")


def test_a_district_of_its_own_is_read_as_ever(here: Path) -> None:
    file = here / "liangsaibi.toml"
    file.write_text(QUIET)
    found = read(file, {"LIANGSAIBI_LOCAL_PORT": "9000"})
    assert found.file is None
    assert found.one(None).config.local.port == 9000
    assert isinstance(read(None, {}), Deployment)
    with pytest.raises(ConfigurationError, match="--district: only for a file that lists"):
        found.one("lianghe")


@pytest.mark.parametrize(
    ("more", "environment", "said"),
    [
        ("[rounds]\ndecimals = 3", {}, "districts.toml: rounds: belongs into the file of a district"),
        ("[health]\nprt = 3", {}, "districts.toml: health.prt: no such setting"),
        ('"a b" = "x.toml"', {}, "districts.toml: districts.a b: a name is made of"),
        ('third = "none.toml"', {}, "none.toml: no such file"),
        ('third = "districts.toml"', {}, "districts.toml: districts.third: districts.toml is a list again"),
        ("third = 3", {}, 'districts.toml: districts: lines such as lianghe = "lianghe/liangsaibi.toml"'),
        (
            "",
            {"LIANGSAIBI_TELEGRAM_TOKEN": "x"},
            "LIANGSAIBI_TELEGRAM_TOKEN: districts.toml lists several districts",
        ),
    ],
)
def test_a_mistake_in_the_list_is_named(here: Path, more: str, environment: dict[str, str], said: str) -> None:
    assert refusal(listed(here, more, lianghe=QUIET), **environment).startswith(said)


def test_an_empty_list_and_a_mistake_in_a_districts_own_file_are_named(here: Path) -> None:
    assert refusal(listed(here)) == "districts.toml: districts: no district is named"
    said = refusal(listed(here, lianghe=QUIET, qinghe="[rounds]\ndecimls = 3"))
    assert said.startswith("qinghe/liangsaibi.toml: rounds.decimls: no such setting")
    said = refusal(listed(here, lianghe=QUIET, qinghe='[general]\ntimezone = "Mars"\ndata = "q"'))
    assert said.startswith("qinghe/liangsaibi.toml: general.timezone: 'Mars' is no time zone")


def hook(number: int, path: str, secret: str = "a-secret-of-the-tests", more: str = "") -> str:
    return QUIET + TELEGRAM.format(number=number) + HOOK.format(path=path, secret=secret) + more


COLLISIONS: dict[str, tuple[str, str, str]] = {
    "data": ('[general]\ndata = "d"\n' + QUIET, '[general]\ndata = "d/../d"\n' + QUIET, "database.url"),
    "folder within": ('[general]\ndata = "d"\n' + QUIET, '[general]\ndata = "d/x"\n' + QUIET, "general.data"),
    "file": (
        QUIET + '[database]\nurl = "sqlite:///x.db"',
        QUIET + '[database]\nurl = "sqlite:///./x.db"',
        "database.url",
    ),
    "database": (
        QUIET + '[database]\nurl = "postgresql://a:x@localhost/province"',
        QUIET + '[database]\nurl = "postgresql://b:y@127.0.0.1:5432/province"',
        "database.schema",
    ),
    "role": (
        QUIET + '[database]\nurl = "postgresql://a:x@db/province"\nschema = "one"',
        QUIET + '[database]\nurl = "postgresql://a:x@db/province"\nschema = "two"',
        "the role in database.url",
    ),
    "room": ("", "", "local.port"),
    "bot": (
        QUIET + TELEGRAM.format(number=1),
        QUIET + TELEGRAM.format(number=1).replace("AAE", "AAF"),
        "telegram.token",
    ),
    "webhook path": (hook(1, "t", "a" * 16), hook(2, "t", "b" * 16), "telegram.port"),
    "webhook secret": (hook(1, "t1"), hook(2, "t2"), "telegram.webhook_secret"),
    "webhook host": (hook(1, "t1", "a" * 16), hook(2, "t2", "b" * 16, 'host = "0.0.0.0"'), "telegram.port"),
    "app": (QUIET + WECOM + APP.format(agent=7), QUIET + WECOM + APP.format(agent=7), "wecom.agent_id"),
    "callback": (QUIET + WECOM + APP.format(agent=7), QUIET + WECOM + APP.format(agent=8), "wecom.port"),
    "AI bot": (*[QUIET + WECOM + 'bot_id = "b"\nbot_secret = "s"'] * 2, "wecom.bot_id"),
    "robot": (*[QUIET + WECOM + 'robots = { "枫杨办事处" = "key" }'] * 2, "wecom.robots"),
    "watch": (*[QUIET + '[scheduler]\nping_url = "https://watch.example.org/1"'] * 2, "scheduler.ping_url"),
}


@pytest.mark.parametrize("what", COLLISIONS)
def test_two_districts_that_are_not_apart_are_refused_and_both_files_named(here: Path, what: str) -> None:
    first, second, setting = COLLISIONS[what]
    said = refusal(listed(here, lianghe=first, qinghe=second))
    assert said.startswith(setting)
    assert "qinghe (qinghe/liangsaibi.toml)" in said
    assert "lianghe (lianghe/liangsaibi.toml)" in said
    assert "AAE" not in said
    assert "a-secret" not in said


def test_districts_may_share_a_port_under_paths_of_their_own_and_a_corporation_under_apps_of_their_own(
    here: Path,
) -> None:
    lianghe, qinghe = (
        hook(n, f"telegram/{n}", str(n) * 16) + WECOM + APP.format(agent=n) + f'path = "/wecom/{n}"\n'
        for n in (1, 2)
    )
    assert len(read(listed(here, lianghe=lianghe, qinghe=qinghe), {}).districts) == 2
    said = refusal(listed(here, "[health]\nport = 8322", lianghe=lianghe, qinghe=qinghe))
    assert said.startswith("wecom.port of lianghe (lianghe/liangsaibi.toml) and health.port of the program are")


def test_commands_say_which_district_and_some_go_through_all(here: Path) -> None:
    listed(here, lianghe=QUIET, qinghe=QUIET)
    all_of_them = ("--config", "districts.toml")
    assert run("check", *all_of_them).exit_code == 1
    done = run("db", "upgrade", *all_of_them)
    assert done.exit_code == 0, done.output
    assert [line for line in done.output.splitlines() if "→" not in line] == ["lianghe", "qinghe"]
    assert (here / "lianghe/data/liangsaibi.db").exists()
    assert run("check", *all_of_them).exit_code == 0

    which = run("backup", *all_of_them, "one.tar.gz")
    assert which.exit_code == 1
    assert "which one? Say --district with one of lianghe, qinghe" in " ".join(which.output.split())
    unknown = run("audit", "head", *all_of_them, "--district", "beihe")
    assert "there is no beihe." in unknown.output
    for words in (("backup", "one.tar.gz"), ("audit", "verify"), ("people", "list"), ("incidents", "list")):
        named = run(*words, *all_of_them, "--district", "qinghe")
        own = run(*words, "--config", "qinghe/liangsaibi.toml")
        assert (named.exit_code, named.output) == (0, own.output), words


def test_one_district_whose_database_is_broken_does_not_keep_the_others_from_the_upgrade(here: Path) -> None:
    listed(here, lianghe=QUIET + '[database]\nurl = "postgresql://x@127.0.0.1:1/x"', qinghe=QUIET)
    done = run("db", "upgrade", "--config", "districts.toml")
    assert done.exit_code == 1
    assert "database.url: cannot open" in done.output
    with sqlite3.connect(here / "qinghe/data/liangsaibi.db") as database:
        assert database.execute("SELECT count(*) FROM units").fetchone() == (0,)
    database.close()
