"""What tools check: import contracts, lint, types, translations, and texts that are generated."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_import_contracts() -> None:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("command", [("ruff", "check"), ("ruff", "format", "--check")], ids=" ".join)
def test_ruff(command: tuple[str, ...]) -> None:
    run(*command, ".")


def test_types() -> None:
    run("mypy", "-p", "bot", "-p", "handlers", "-p", "storage")


def test_catalogues_are_complete_and_in_step() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/texts.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_example_configuration_is_the_defaults() -> None:
    assert (ROOT / "config.example.toml").read_text("utf-8") == script("config_example").example()


def test_no_address_of_a_registry_is_named() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    hosts = ["pypi" + ".org", "python" + "hosted.org", "npmjs" + ".org", "npmjs" + ".com", "debian" + ".org"]
    named = [
        f"{name}: {host}"
        for name in listed
        if name and (ROOT / name).suffix not in (".png", ".jpg")
        for host in hosts
        if host in (ROOT / name).read_text("utf-8", errors="ignore")
    ]
    assert named == []
