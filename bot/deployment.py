"""What one program serves: one district, or several that are named in a file of their own.

    [districts]
    lianghe = "lianghe/liangsaibi.toml"
    qinghe = "qinghe/liangsaibi.toml"

Each district has a complete configuration of its own; only `[logging]` and `[health]` are the program's and stand
beside the list.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from bot import collisions
from bot.chat.errors import ConfigurationError
from bot.config import PREFIX, Config, HealthSection, Logging, load, read_table, settings

#: The table that tells a file with several districts from a district's own.
TABLE = "districts"
#: What belongs to the program and not to a district.
_SHARED = ("logging", "health")
#: A name stands in logs, metrics, addresses and on the command line.
_NAME = re.compile(r"[\w-]{1,40}")


@dataclass(frozen=True)
class District:
    """A district that the program serves; the name is empty where it is the only one, without a list."""

    config: Config
    name: str = ""
    file: Path | None = None


@dataclass(frozen=True)
class Deployment:
    """All districts of one program, with what they share."""

    districts: tuple[District, ...]
    logging: Logging = field(default_factory=Logging)
    health: HealthSection = field(default_factory=HealthSection)
    #: The file that lists them; None: there is only one district, and its own file says everything.
    file: Path | None = None

    def one(self, name: str | None) -> District:
        """The district of that name. Raises ConfigurationError when it has to be said, or there is none."""
        if self.file is None:
            if name is not None:
                raise ConfigurationError("--district: only for a file that lists [districts]; leave it out here")
            return self.districts[0]
        found = [district for district in self.districts if district.name == name]
        if not found:
            names = ", ".join(district.name for district in self.districts)
            said = "which one?" if name is None else f"there is no {name}."
            raise ConfigurationError(
                f"{self.file} lists several districts: {said} Say --district with one of {names}"
            )
        return found[0]


def read(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Deployment:
    """The districts of a file, be it a district's own or a list. Raises ConfigurationError.

    In a list, two districts that share what must be apart are refused, and the environment may set only what is
    the program's.
    """
    given = os.environ if environment is None else environment
    raw = read_table(path) if path else {}
    if path is None or TABLE not in raw:
        config = load(path, given)
        return Deployment((District(config, file=path),), config.logging, config.health)
    shared = _shared(path, raw, given)
    districts = tuple(_district(path, name, file) for name, file in _listed(path, raw[TABLE]).items())
    deployment = Deployment(districts, shared.logging, shared.health, path)
    collisions.check({f"{d.name} ({d.file})": d.config for d in districts}, shared.health)
    return deployment


def _shared(path: Path, raw: dict[str, Any], environment: Mapping[str, str]) -> Config:
    if more := sorted(set(raw) - {TABLE, *_SHARED}):
        raise ConfigurationError(f"{path}: {more[0]}: belongs into the file of a district; here stand {_said()}")
    for section, keys in settings().items():
        for key in keys:
            name = f"{PREFIX}{section}_{key}".upper()
            if name in environment and section not in _SHARED:
                raise ConfigurationError(
                    f"{name}: {path} lists several districts, and this setting is one district's: "
                    f"put it into that district's file, a secret as {key}_file"
                )
    return load(path, environment, leave_out=TABLE)


def _said() -> str:
    return ", ".join(f"[{name}]" for name in (TABLE, *_SHARED))


def _listed(path: Path, listed: Any) -> dict[str, str]:
    try:
        files = msgspec.convert(listed, dict[str, str])
    except msgspec.ValidationError as error:
        raise ConfigurationError(f'{path}: {TABLE}: lines such as lianghe = "lianghe/liangsaibi.toml"') from error
    if not files:
        raise ConfigurationError(f"{path}: {TABLE}: no district is named")
    for name in files:
        if not _NAME.fullmatch(name):
            raise ConfigurationError(f"{path}: {TABLE}.{name}: a name is made of letters, digits, _ and -")
    return files


def _district(path: Path, name: str, file: str) -> District:
    own = path.parent / file
    if TABLE in read_table(own):
        raise ConfigurationError(f"{path}: {TABLE}.{name}: {own} is a list again, not the file of a district")
    try:
        return District(load(own, {}), name, own)
    except ConfigurationError as error:
        said = str(error)
        raise ConfigurationError(said if said.startswith(str(own)) else f"{own}: {said}") from error
