"""What two districts of one program must not share, found before anything starts.

Each district claims places, accounts and ports by name; a claim that two of them make is refused with both files
and both settings. Secrets are compared and never said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.chat.errors import ConfigurationError
from bot.config import Config, HealthSection
from storage import schemas
from storage.database import Database

_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not listened on
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class _Claim:
    """`what` is claimed with a setting; `path`: only this path on a port, None: all of it."""

    setting: str
    what: tuple[object, ...]
    path: str | None = None
    host: str = ""

    def excludes(self, other: _Claim) -> bool:
        if self.what != other.what:
            return False
        if self.what[0] != "port":
            return True
        if self.host == other.host and None not in (self.path, other.path):
            return self.path == other.path
        return self.host == other.host or bool({self.host, other.host} & set(_EVERYWHERE))


def check(districts: Mapping[str, Config], health: HealthSection) -> None:
    """Raises ConfigurationError naming two districts (as they are called here) that are not apart.

    `health` is where the program itself is watched.
    """
    made: list[tuple[str, _Claim]] = []
    if health.enabled:
        made.append(("the program", _port("health.port", health.host, health.port)))
    for name, config in districts.items():
        claims = list(_claims(config))
        for claim in claims:
            for other, earlier in made:
                if claim.excludes(earlier):
                    raise ConfigurationError(_said(claim, name, earlier, other))
        made += [(name, claim) for claim in claims]
    _folders(districts)


class Places:
    """Where the databases of the districts really are, by whatever names they were reached."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, ...], str] = {}

    def claim(self, name: str, database: Database) -> None:
        """Raises ConfigurationError when another district is there, or the role reaches into another's schema."""
        place = schemas.place(database)
        if place is None:
            return
        other = self._taken.setdefault(place, name)
        if other != name:
            raise ConfigurationError(f"database.url: {name} and {other} are in one schema of one database")
        if beyond := schemas.beyond(database):
            raise ConfigurationError(
                f"database.url: the role {database.url.username} may use the schema {', '.join(beyond)} as well; "
                "give each district a role of its own that may not (deploy/district.sql)"
            )


def _said(claim: _Claim, name: str, earlier: _Claim, other: str) -> str:
    where = ""
    if claim.what[0] == "port":
        where = f" ({claim.what[1]}{claim.path or ''})"
    return f"{claim.setting} of {name} and {earlier.setting} of {other} are the same{where}: each needs its own"


def _port(setting: str, host: str, port: int, path: str | None = None) -> _Claim:
    host = "loopback" if host in _LOOPBACK else host
    # Any free port is nobody else's.
    return _Claim(setting, ("port", port or object()), path, host)


def _claims(config: Config) -> Iterator[_Claim]:
    yield from _database(config)
    if config.local.enabled:
        yield _port("local.port", config.local.host, config.local.port)
    if config.scheduler.ping_url:
        # Whoever watches it would not notice that one of two has fallen silent.
        yield _Claim("scheduler.ping_url", ("ping", config.scheduler.ping_url))
    if config.telegram.enabled:
        yield from _telegram(config)
    if config.wecom.enabled:
        yield from _wecom(config)


def _database(config: Config) -> Iterator[_Claim]:
    url = make_url(config.database_url)
    if url.get_backend_name() == "sqlite":
        yield _Claim("database.url", ("file", Path(str(url.database)).resolve()))
        return
    host = url.host or url.query.get("host", "")
    shared = ("loopback" if host in (*_LOOPBACK, "") else host, url.port or 5432, url.database)
    # Two districts in one database have schemas of their own, and roles that do not reach into one another's.
    yield _Claim("database.schema", ("schema", *shared, schemas.named(url)))
    yield _Claim("the role in database.url", ("role", *shared, url.username))


def _telegram(config: Config) -> Iterator[_Claim]:
    telegram = config.telegram
    yield _Claim("telegram.token", ("telegram", telegram.token.partition(":")[0]))
    if telegram.mode == "webhook":
        yield _Claim("telegram.webhook_secret", ("telegram secret", telegram.webhook_secret))
        yield _port("telegram.port", telegram.host, telegram.port, telegram.webhook_path)


def _wecom(config: Config) -> Iterator[_Claim]:
    wecom = config.wecom
    if wecom.has_app:
        yield _Claim("wecom.agent_id", ("wecom", wecom.corp_id, wecom.agent_id))
    if wecom.has_callback:
        yield _port("wecom.port", wecom.host, wecom.port, wecom.path)
    if wecom.has_bot:
        yield _Claim("wecom.bot_id", ("bot", wecom.bot_id))
    for key in wecom.robots.values():
        yield _Claim("wecom.robots", ("robot", key))


def _folders(districts: Mapping[str, Config]) -> None:
    """A folder within another's would get into its backups."""
    found: list[tuple[str, Path]] = []
    for name, config in districts.items():
        folder = config.data.resolve()
        for other, taken in found:
            if folder == taken or folder in taken.parents or taken in folder.parents:
                raise ConfigurationError(
                    f"general.data of {name} and of {other} are not apart: {folder} and {taken}; "
                    "give each a folder of its own, neither within the other"
                )
        found.append((name, folder))
