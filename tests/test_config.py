"""The configuration: defaults, every kind of mistake, secrets from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chat.errors import ConfigurationError
from bot.config import Config, load, settings


def read(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> Config:
    file = tmp_path / "liangsaibi.toml"
    file.write_text(text, "utf-8")
    return load(file, environment or {})


def refusal(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text, environment)
    return str(caught.value).replace(str(tmp_path / "liangsaibi.toml"), "FILE")


def test_without_a_file_the_defaults_hold() -> None:
    assert load(None, {}) == Config()


def test_the_example_file_is_valid_and_says_the_defaults() -> None:
    assert load(Path(__file__).resolve().parent.parent / "config.example.toml", {}) == Config()


def test_every_setting_has_a_line_of_help_in_both_languages() -> None:
    for section, fields in settings().items():
        for key, (_type, help_line) in fields.items():
            assert " / " in help_line, f"{section}.{key}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[rounds]\ndecimls = 3", "FILE: rounds.decimls: no such setting\n  known here: trim_from,"),
        ("[rnds]\nx = 1", "FILE: rnds: no such setting\n  known here: general, database,"),
        ("[rounds]\ndecimals = 'two'", "FILE: rounds.decimals: Expected `int`, got `str`\n  结果保留几位小数"),
        ("[rounds]\ndecimals = 9", "FILE: rounds.decimals: Expected `int` <= 4\n  结果保留几位小数"),
        ("rounds = 3", "FILE: rounds: Expected `object`, got `int`"),
        ("[local]\nhost = '0.0.0.0'", "local.host: 0.0.0.0 is outside loopback"),
        ("[general]\ntimezone = 'Mars'", "general.timezone: 'Mars' is no time zone"),
        ("[database]\nurl_file = 'nowhere'", "database.url_file: cannot read"),
        ("[database]\nschema = 'lianghe'", "database.schema: only on PostgreSQL\n  几个区共用"),
        ("[database]\nschema = 'a;b'", "FILE: database.schema: Expected `str` matching regex"),
        ("[rounds", "FILE: "),
    ],
)
def test_a_mistake_is_named_with_its_path_and_help(tmp_path: Path, text: str, said: str) -> None:
    assert refusal(tmp_path, text).startswith(said)


def test_a_missing_file_says_what_to_copy(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"copy config\.example\.toml"):
        load(tmp_path / "none.toml", {})


def test_secrets_come_from_files_and_the_environment(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://one/two\n")
    assert read(tmp_path, "[database]\nurl_file = 'url'").database.url == "postgresql://one/two"
    given = {"LIANGSAIBI_DATABASE_URL": "postgresql://three/four", "LIANGSAIBI_LOCAL_PORT": "9000"}
    config = read(tmp_path, "[database]\nurl_file = 'url'", given)
    assert config.database.url == "postgresql://three/four"
    assert config.local.port == 9000


def test_a_wrong_environment_variable_is_named(tmp_path: Path) -> None:
    said = refusal(tmp_path, "", {"LIANGSAIBI_LOCAL_PORT": "many"})
    assert said.startswith("LIANGSAIBI_LOCAL_PORT: Expected `int`, got `str`\n  local.port: ")


def test_a_schema_goes_into_every_address_of_the_database(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        "[database]\nurl = 'postgresql://a@pooler/province?application_name=x'\nlock_url = 'postgresql://a@db/province'"
        "\nschema = 'lianghe'",
    )
    # A pooler takes no options: there the role itself has the schema.
    assert config.database_url == "postgresql://a@pooler/province?application_name=x"
    assert config.lock_url == "postgresql://a@db/province?options=-csearch_path%3Dlianghe"
    config = read(tmp_path, "[database]\nurl = 'postgresql://a@db/p?application_name=x'\nschema = 'lianghe'")
    assert config.database_url == "postgresql://a@db/p?application_name=x&options=-csearch_path%3Dlianghe"
