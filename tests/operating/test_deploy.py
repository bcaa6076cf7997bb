"""What lies in `deploy/`, checked as far as a machine without a container engine can."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot.cli import main
from bot.config import Config, load
from bot.deployment import read

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
PIN = re.compile(r"([a-z0-9._-]+)==(\S+) --hash=sha256:[0-9a-f]{64}")


def pins() -> dict[str, str]:
    lines = (DEPLOY / "constraints.txt").read_text("utf-8").splitlines()
    found = [PIN.fullmatch(line) for line in lines if not line.startswith("#")]
    assert all(found), "a line without version or hash: run python scripts/pin.py"
    return {canonicalize_name(match[1]): match[2] for match in found if match}


def needed(requirement: Requirement) -> list[Requirement]:
    """What a requirement needs on this machine, as its installed metadata says."""
    extras = [{"extra": extra} for extra in requirement.extras] or [{"extra": ""}]
    found = [Requirement(words) for words in distribution(requirement.name).requires or ()]
    return [r for r in found if r.marker is None or any(r.marker.evaluate(extra) for extra in extras)]


@pytest.mark.skipif(sys.platform != "linux", reason="the versions are pinned for Linux")
def test_everything_that_the_program_needs_is_pinned_by_hash_and_no_address_is_named() -> None:
    pinned = pins()
    assert "://" not in (DEPLOY / "constraints.txt").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    waiting, seen = [Requirement(words) for words in project["dependencies"]], set()
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        assert name in pinned, f"{name} is not pinned: run python scripts/pin.py"
        assert one.specifier.contains(pinned[name]), f"{one} is pinned to {pinned[name]}: run scripts/pin.py"
        key = (name, frozenset(one.extras))
        if key not in seen:
            seen.add(key)
            waiting += needed(one)
    assert {name for name, _extras in seen} == set(pinned)


def test_the_example_of_two_districts_is_apart_and_complete() -> None:
    found = read(DEPLOY / "districts" / "districts.toml", {})
    assert [(d.name, d.config.database.schema) for d in found.districts] == [
        ("lianghe", "lianghe"),
        ("qinghe", "qinghe"),
    ]
    assert [d.config.database_url for d in found.districts] == [
        f"postgresql://{d.name}_app@db/province?options=-csearch_path%3D{d.name}" for d in found.districts
    ]
    assert {d.config.telegram.webhook_path for d in found.districts} == {"/telegram/lianghe", "/telegram/qinghe"}


def known_command(words: list[str]) -> bool:
    """Whether the command line begins with a command of ours, and names options that it has."""
    command: click.Command = main
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    options = {name for parameter in command.params for name in parameter.opts}
    return command is not main and all(word in options for word in words if word.startswith("-"))


def test_the_commands_of_container_compose_and_unit_exist() -> None:
    container = (DEPLOY / "Containerfile").read_text("utf-8")
    assert 'ENTRYPOINT ["liangsaibi"]' in container
    given = re.search(r"^CMD \[(.*)\]$", container, re.MULTILINE)
    assert given
    assert known_command(re.findall(r'"([^"]+)"', given[1]))
    assert known_command(COMPOSE["services"]["tables"]["command"])
    unit = (DEPLOY / "liangsaibi.service").read_text("utf-8")
    start = re.search(r"^ExecStart=/opt/liangsaibi/bin/liangsaibi (.*)$", unit, re.MULTILINE)
    assert start
    assert known_command(start[1].split())


def test_what_the_container_file_copies_is_there() -> None:
    container = (DEPLOY / "Containerfile").read_text("utf-8")
    copied = [line.split()[1:-1] for line in container.splitlines() if re.match(r"COPY (?!--from)", line)]
    names = [name for names in copied for name in names]
    assert "deploy/constraints.txt" in names
    assert [name for name in names if not (ROOT / name).exists()] == []
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages <= set(names)
    pinned_for = re.search(r"For Python (\S+) ", (DEPLOY / "constraints.txt").read_text("utf-8"))
    assert pinned_for
    assert set(re.findall(r"^FROM python:([\d.]+)-slim", container, re.MULTILINE)) == {pinned_for[1]}


def test_the_services_fit_together() -> None:
    services, volumes, secrets = COMPOSE["services"], COMPOSE["volumes"], COMPOSE["secrets"]
    assert {"db", "one", "two", "proxy"} <= set(services)
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= set(services), name
        assert set(service.get("secrets", ())) <= set(secrets), name
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            assert source in volumes or (DEPLOY / source).exists(), mount
    own = {name: services[name]["volumes"][1] for name in ("one", "two")}
    assert own["one"] != own["two"]
    assert services["one"]["volumes"][2] == services["two"]["volumes"][2]
    assert services["one"]["image"] == services["tables"]["image"]


def test_the_proxy_passes_on_to_the_ports_of_the_platforms() -> None:
    proxy, config = (DEPLOY / "Caddyfile").read_text("utf-8"), Config()
    backends = re.findall(r"handle (\S+) \{\n\s+reverse_proxy (.*) \{", proxy)
    assert backends == [
        ("/telegram*", f"one:{config.telegram.port} two:{config.telegram.port}"),
        ("/wecom/*", f"one:{config.wecom.port} two:{config.wecom.port}"),
    ]
    assert config.wecom.path.startswith("/wecom/")
    exposed = re.search(r"^EXPOSE (.*)$", (DEPLOY / "Containerfile").read_text("utf-8"), re.MULTILINE)
    assert exposed
    assert {int(port) for port in exposed[1].split()} == {config.telegram.port, config.wecom.port}


@pytest.mark.parametrize("name", ["liangsaibi.toml", "owner.toml"])
def test_the_configuration_of_the_containers_is_valid(name: str, tmp_path: Path) -> None:
    for secret in COMPOSE["secrets"]:
        (tmp_path / secret).write_text(f"postgresql://{secret}@db/liangsaibi\n", "utf-8")
    here = (DEPLOY / name).read_text("utf-8").replace("/run/secrets", str(tmp_path))
    (tmp_path / name).write_text(here, "utf-8")
    config = load(tmp_path / name, environment={})
    assert config.database_url.startswith("postgresql://")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = (DEPLOY / "liangsaibi.service").read_text("utf-8")
    there = Path(sys.executable).with_name("liangsaibi")
    (tmp_path / "liangsaibi.service").write_text(
        unit.replace("/opt/liangsaibi/bin/liangsaibi", str(there)), "utf-8"
    )
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / "liangsaibi.service")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    complaints = [line for line in done.stderr.splitlines() if "liangsaibi.service" in line]
    assert complaints == []
