"""The search of everything logged (`tests/secrecy.py`) can fail: in a run of its own, without and with workers."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.servers.wecom.company import Company

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = Company().aes_key
TESTS = {
    "a debug line": f'def test_it():\n    logging.getLogger("some.library").debug("key={KEY}")\n',
    "a traceback": (
        f'def test_it():\n    try:\n        raise ValueError("{KEY}")\n    except ValueError:\n'
        '        logging.getLogger("x").exception("no")\n'
    ),
    "a process's log": f'def test_it(tmp_path):\n    (tmp_path / "log").write_text("a\\n{KEY}\\n")\n',
    "a code": (
        "def test_it():\n    from tests.told import heard\n"
        '    logging.getLogger("x").info("绑定 3H4K-7777")\n    heard("绑定码：3H4K-7777")\n'
    ),
    "nothing": 'def test_it():\n    logging.getLogger("x").warning("key=none, 绑定 8F3K-2274")\n',
}


def run(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "tests.secrecy", "-p", "no:cacheprovider", "-q", *more]
    (folder / "pytest.ini").write_text("[pytest]\n")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, "--basetemp", str(folder / "tmp"), str(folder)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "workers"])
def test_a_secret_anywhere_fails_the_run_and_is_not_shown(workers: tuple[str, ...]) -> None:
    # Not below pytest's own folder, where the search of this very run would find them.
    with tempfile.TemporaryDirectory() as name:
        for number, words in enumerate(TESTS.values()):
            (Path(name) / f"test_{number}.py").write_text(f"import logging\n\n\n{words}")
        done = run(Path(name), *workers)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "5 passed" in done.stdout
    told = done.stdout.partition("secrets in the log")[2]
    # The line of the debug message; the traceback's line and its error; the process's line.
    assert told.count("WeCom's AES key") == 4
    assert told.count("binding code 3H4K-7777") == 1
    assert "***" in told
    assert KEY not in told
