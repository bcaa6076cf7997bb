"""The configuration: one TOML file over embedded defaults, secrets also from the environment or from files.

Any setting may be given as `LIANGSAIBI_<SECTION>_<KEY>` in the environment, and any text setting as
`<key>_file` in the TOML file, naming a file that holds it. An unknown or ill-typed key is refused with its
path and a line of help.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta
from sqlalchemy.engine import make_url

from bot.chat.errors import ConfigurationError
from bot.chat.settings import (
    Activity,
    Binding,
    Deadlines,
    Dialogues,
    Policy,
    Reminders,
    Rounds,
    Section,
    Standings,
    Stars,
)
from bot.platforms.telegram.settings import TelegramSection
from bot.platforms.wecom.settings import WeComSection
from storage import schemas

PREFIX = "LIANGSAIBI_"


class General(Section, frozen=True):
    """基本设置 / Basics"""

    data: Annotated[
        str,
        Meta(description="数据目录：数据库、照片、备份 / Where the database, photos and backups lie"),
    ] = "data"
    timezone: Annotated[str, Meta(description="人们看到的时间用哪个时区 / The time zone of what people see")] = (
        "Asia/Shanghai"
    )


class DatabaseSettings(Section, frozen=True):
    """数据库 / Database"""

    url: Annotated[
        str,
        Meta(
            description="留空用数据目录里的 SQLite；或 postgresql://用户:密码@主机/库名 / "
            "Empty: SQLite in the data folder; or postgresql://user:password@host/name"
        ),
    ] = ""
    schema: Annotated[
        str,
        Meta(
            pattern=r"^([a-z_][a-z0-9_]{0,50})?$",
            description="几个区共用一个 PostgreSQL 库时，本区自己的 schema；留空按数据库角色的设置 / "
            "Where several districts share a PostgreSQL database: this one's schema; empty: as the role has it",
        ),
    ] = ""
    threads: Annotated[
        int, Meta(ge=1, le=64, description="PostgreSQL 的工作线程数 / Worker threads for PostgreSQL")
    ] = 4
    lock_url: Annotated[
        str,
        Meta(
            description="database.url 经过 PgBouncer（transaction 模式）时填直连地址，用来决定谁发送、做备份；"
            "留空即直连 / Where database.url goes through PgBouncer in transaction mode: PostgreSQL's own "
            "address, for the lock that says which replica sends, and for backups; empty: database.url is it"
        ),
    ] = ""


class LocalSection(Section, frozen=True):
    """浏览器练习室 / The browser chat room, a training ground"""

    enabled: Annotated[bool, Meta(description="是否开启练习室 / Whether the room is open")] = True
    host: Annotated[str, Meta(description="只在本机可见：127.0.0.1 / Loopback only: 127.0.0.1")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="端口，0 = 任选 / Port; 0 = any free one")] = 8321
    allow_other_hosts: Annotated[
        bool,
        Meta(
            description="允许监听本机以外的地址：任何人都能以任何身份说话，只可用于隔离的培训网络 / "
            "Allow addresses outside loopback: anybody can speak as anybody; only for an isolated training network"
        ),
    ] = False
    beside_production: Annotated[
        bool,
        Meta(
            description="允许与正式平台同时开启 / Allow the room beside a production platform",
        ),
    ] = False
    upload_megabytes: Annotated[
        int, Meta(ge=1, le=100, description="单个文件上限（MB） / Largest upload in MB")
    ] = 20


class Logging(Section, frozen=True):
    """日志 / Logs"""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="debug、info、warning 或 error / debug, info, warning or error"),
    ] = "info"
    json: Annotated[bool, Meta(description="每行一个 JSON / One JSON object a line")] = False


class SchedulerSettings(Section, frozen=True):
    """定时任务 / The scheduler"""

    ping_url: Annotated[
        str,
        Meta(
            description="每次定时检查正常后访问的网址；它很久没被访问就说明程序停了，留空不用 / "
            "Address asked for after every look at the clock that went well; whoever watches it notices when the "
            "program falls silent; empty: none"
        ),
    ] = ""


class HealthSection(Section, frozen=True):
    """健康检查 / Health and metrics"""

    enabled: Annotated[
        bool, Meta(description="是否开启 /healthz 和 /metrics / Whether /healthz and /metrics are served")
    ] = True
    host: Annotated[
        str,
        Meta(
            description="监听地址；没有口令，只对本机或内网开放 / "
            "Address; there is no password, so loopback or the inside only"
        ),
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="端口，0 = 任选 / Port; 0 = any free one")] = 8324
    late_minutes: Annotated[
        int,
        Meta(
            ge=1,
            le=1440,
            description="最早一条没发出的消息等了多少分钟就告警 / "
            "Minutes that the oldest unsent message may wait before the organizers are told",
        ),
    ] = 10


class Config(Section, frozen=True):
    """Every section of the file."""

    general: General = General()
    database: DatabaseSettings = DatabaseSettings()
    local: LocalSection = LocalSection()
    telegram: TelegramSection = TelegramSection()
    wecom: WeComSection = WeComSection()
    logging: Logging = Logging()
    scheduler: SchedulerSettings = SchedulerSettings()
    health: HealthSection = HealthSection()
    activity: Activity = Activity()
    deadlines: Deadlines = Deadlines()
    reminders: Reminders = Reminders()
    rounds: Rounds = Rounds()
    standings: Standings = Standings()
    rating: Stars = Stars()
    dialogues: Dialogues = Dialogues()
    binding: Binding = Binding()

    @property
    def policy(self) -> Policy:
        return Policy(**{name: getattr(self, name) for name in Policy.__struct_fields__})

    @property
    def data(self) -> Path:
        return Path(self.general.data)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.general.timezone)

    @property
    def database_url(self) -> str:
        """Where the database is, with the schema in it, unless there is a pooler, which takes no such wish."""
        url = self.database.url if self.database.lock_url else self._within(self.database.url)
        return url or f"sqlite:///{self.data / 'liangsaibi.db'}"

    @property
    def lock_url(self) -> str:
        """PostgreSQL's direct address, with the schema in it; empty: the database's own."""
        return self._within(self.database.lock_url)

    def _within(self, url: str) -> str:
        if not url or not self.database.schema:
            return url
        return schemas.within(make_url(url), self.database.schema).render_as_string(hide_password=False)


def load(path: Path | None = None, environment: Mapping[str, str] | None = None, *, leave_out: str = "") -> Config:
    """The configuration from a file (none: the defaults) and the environment.

    `leave_out` is a table that is somebody else's. Raises ConfigurationError with the path of the setting and what
    it should be.
    """
    raw = read_table(path) if path else {}
    raw.pop(leave_out, None)
    _from_files(raw, path.parent if path else Path())
    _from_environment(raw, os.environ if environment is None else environment)
    try:
        config = msgspec.convert(raw, Config, strict=True)
    except msgspec.ValidationError as error:
        raise ConfigurationError(_explain(error, path)) from error
    _check(config)
    return config


def read_table(path: Path) -> dict[str, Any]:
    """A file's settings, unchecked. Raises ConfigurationError when it is missing or no TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8"), parse_float=str)
    except FileNotFoundError as error:
        raise ConfigurationError(f"{path}: no such file; copy config.example.toml to begin with") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error


def _from_files(raw: dict[str, Any], beside: Path) -> None:
    """`token_file = "…"` stands for `token` with the content of that file."""
    for name, section in raw.items():
        for key in [k for k in section if k.endswith("_file")] if isinstance(section, dict) else ():
            source = beside / str(section.pop(key))
            try:
                given = source.read_text("utf-8").strip()
            except OSError as error:
                raise ConfigurationError(f"{name}.{key}: cannot read {source}: {error.strerror}") from error
            plain = key.removesuffix("_file")
            section[plain] = _table_or_text(given, name, plain)


def _from_environment(raw: dict[str, Any], environment: Mapping[str, str]) -> None:
    for section, fields in settings().items():
        for key, (_type, _help) in fields.items():
            given = environment.get(f"{PREFIX}{section}_{key}".upper())
            if given is not None:
                raw.setdefault(section, {})[key] = _from_text(given, section, key)


def _table_or_text(given: str, section: str, key: str) -> Any:
    """A setting that is a table is given as lines of TOML."""
    kind, _help = settings().get(section, {}).get(key, (str, ""))
    if get_origin(get_args(kind)[0] if get_origin(kind) is Annotated else kind) is not dict:
        return given
    try:
        return tomllib.loads(given)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{section}.{key}: {error}\n  {help_for(section, key)}") from error


def _from_text(given: str, section: str, key: str) -> Any:
    kind, _help = settings()[section][key]
    try:
        # A list comes as JSON.
        value = msgspec.json.decode(given) if given.startswith("[") else _table_or_text(given, section, key)
        return msgspec.convert(value, kind, strict=False)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        name = f"{PREFIX}{section}_{key}".upper()
        raise ConfigurationError(f"{name}: {error}\n  {section}.{key}: {help_for(section, key)}") from error


def _check(config: Config) -> None:
    try:
        _ = config.zone
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigurationError(
            f"general.timezone: {config.general.timezone!r} is no time zone\n  {help_for('general', 'timezone')}"
        ) from error
    if config.database.schema and not config.database.url.startswith("postgresql"):
        raise ConfigurationError(f"database.schema: only on PostgreSQL\n  {help_for('database', 'schema')}")
    config.wecom.check()
    loopback = config.local.host in ("127.0.0.1", "localhost", "::1")
    if config.local.enabled and not loopback and not config.local.allow_other_hosts:
        raise ConfigurationError(
            f"local.host: {config.local.host} is outside loopback\n  "
            f"local.allow_other_hosts: {help_for('local', 'allow_other_hosts')}"
        )


def settings() -> dict[str, dict[str, tuple[Any, str]]]:
    """Every setting by section: its type and its line of help."""
    found: dict[str, dict[str, tuple[Any, str]]] = {}
    for section, kind in get_type_hints(Config).items():
        hints = get_type_hints(kind, include_extras=True)
        found[section] = {key: (hint, _description(hint)) for key, hint in hints.items()}
    return found


def _description(hint: Any) -> str:
    if get_origin(hint) is Annotated:
        for extra in get_args(hint)[1:]:
            if isinstance(extra, Meta) and extra.description:
                return extra.description
    return ""


def help_for(section: str, key: str) -> str:
    """The line of help of one setting."""
    return settings()[section][key][1]


def _explain(error: msgspec.ValidationError, path: Path | None) -> str:
    """msgspec says "… - at `$.section.key`"; ours says it with the file and the help of that key."""
    said, _, where = str(error).partition(" - at `$.")
    setting = where.rstrip("`")
    section, _, key = setting.partition(".")
    known = settings()
    if said.startswith("Object contains unknown field"):
        key = said.split("`")[1]
        choices = known.get(section, known)
        setting = f"{section}.{key}" if section else key
        return f"{path or 'configuration'}: {setting}: no such setting\n  known here: {', '.join(choices)}"
    text = f"{path or 'configuration'}: {setting}: {said}"
    return f"{text}\n  {help_for(section, key)}" if key in known.get(section, {}) else text
