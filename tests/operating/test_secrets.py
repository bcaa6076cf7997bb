"""Secrets stay where they belong: no log, error message or process list shows them, however much is logged."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.logs import JsonFormatter, LineFormatter
from tests.operating.conftest import run
from tests.roster.talk import code_for
from tests.world import World

PASSWORD = "Zm9vYmFy-s3cret"


class Everything(logging.Handler):
    """Whatever any logger says at any level, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [LineFormatter().format(record), JsonFormatter().format(record)]


@pytest.fixture
def everything() -> Iterator[Everything]:
    """All loggers at their most talkative, the database's statements included.

    (SQLAlchemy's debug level alone is left out: at it, every row that is read is written down.)
    """
    kept = Everything()
    chosen = {"": logging.DEBUG, "liangsaibi": logging.DEBUG, "sqlalchemy.engine": logging.INFO}
    levels = {name: logging.getLogger(name).level for name in chosen}
    for name, level in chosen.items():
        logging.getLogger(name).setLevel(level)
    logging.getLogger().addHandler(kept)
    yield kept
    logging.getLogger().removeHandler(kept)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_no_log_at_any_level_shows_a_binding_code(world: World, everything: Everything) -> None:
    codes = [code_for(world, name) for name in ("王芳", "赵强")]
    phone = world.stranger("手机")
    assert "绑定好了" in phone.says(f"绑定 {codes[0]}")[0]
    phone.says(f"绑定 {codes[1]}")
    phone.says("绑定 2222-2222")
    world.person("韩梅")
    said = "\n".join(everything.lines)
    assert "liangsaibi.messages" in said
    forms = [form for code in codes for form in (code, code.replace("-", ""), code.lower())]
    assert [form for form in forms if form in said] == []


def test_no_message_or_log_shows_the_database_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, everything: Everything
) -> None:
    monkeypatch.chdir(tmp_path)
    url = f"postgresql://liangsaibi:{PASSWORD}@127.0.0.1:1/liangsaibi"
    for words in (("check",), ("db", "upgrade"), ("db", "move", "x.db"), ("audit", "verify"), ("people", "list")):
        (tmp_path / "x.db").touch()
        done = run(*words, url=url)
        assert done.exit_code == 1, words
        assert "cannot open" in done.output
        assert PASSWORD not in done.output
    assert PASSWORD not in "\n".join(everything.lines)


def test_the_password_is_not_among_the_arguments_of_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import make_url

    from storage import pg_tools

    tool = tmp_path / "pg_dump"
    tool.write_text(f'#!/bin/sh\necho "$*" > {tmp_path}/said\nprintf %s "$PGPASSWORD" > {tmp_path}/secret\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    pg_tools.run("pg_dump", "--format=custom", url=make_url(f"postgresql+psycopg://u:{PASSWORD}@db/liangsaibi"))
    assert (tmp_path / "said").read_text().split() == ["--format=custom", "--dbname=postgresql://u@db/liangsaibi"]
    assert (tmp_path / "secret").read_text() == PASSWORD
