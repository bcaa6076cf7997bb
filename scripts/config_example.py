"""Write `config.example.toml` from the settings and their descriptions: `python scripts/config_example.py`."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from bot.config import Config, settings

TARGET = Path(__file__).resolve().parent.parent / "config.example.toml"
HEAD = """\
# 亮赛比的全部设置，值为默认值。复制为 liangsaibi.toml 后修改需要改的行即可，其余可以删掉。
# All settings of liangsaibi with their defaults. Copy to liangsaibi.toml and keep only what you change.
#
# 机密也可以来自环境变量 LIANGSAIBI_<节>_<键>，或写成 <键>_file = "路径"（文件内容即其值）。
# Secrets may also come from the environment (LIANGSAIBI_<SECTION>_<KEY>) or from <key>_file = "path".
"""


def literal(value: Any) -> str:
    if isinstance(value, msgspec.Struct):
        said = {k: v for k, v in msgspec.structs.asdict(value).items() if v not in ((), 0)}
        return "{ " + ", ".join(f"{key} = {literal(each)}" for key, each in said.items()) + " }"
    if isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
        return "[\n" + "".join(f"  {literal(each)},\n" for each in value) + "]"
    if isinstance(value, tuple):
        return "[" + ", ".join(literal(each) for each in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return (
            "{ "
            + ", ".join(f"{json.dumps(k, ensure_ascii=False)} = {literal(v)}" for k, v in value.items())
            + " }"
            if value
            else "{}"
        )
    return str(value) if isinstance(value, (int, Decimal)) else json.dumps(value, ensure_ascii=False)


def example() -> str:
    parts = [HEAD]
    defaults = Config()
    for section, fields in settings().items():
        table = getattr(defaults, section)
        parts.append(f"\n[{section}]  # {type(table).__doc__}\n")
        for key, (_type, description) in fields.items():
            parts.append(f"# {description}\n{key} = {literal(getattr(table, key))}\n")
    return "".join(parts)


if __name__ == "__main__":
    TARGET.write_text(example(), "utf-8")
