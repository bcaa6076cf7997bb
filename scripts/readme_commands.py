"""Write the command tables of README.md and README.zh-CN.md from the declarations.

`python scripts/readme_commands.py`; a test compares, so the tables cannot fall behind.
"""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.chat.commands import Command, Section
from bot.chat.people import ROLE_WORDS, Role
from bot.chat.rendering import Renderer
from bot.chat.texts import CHINESE, ENGLISH, Catalogues, T, Words
from handlers import all_commands, locale_folders

ROOT = Path(__file__).resolve().parent.parent
FILES = {ENGLISH: ROOT / "README.md", CHINESE: ROOT / "README.zh-CN.md"}
MARKED = re.compile(r"(<!-- commands -->\n).*?(<!-- /commands -->)", re.DOTALL)
HEADS = {ENGLISH: "| say | or | who | what it does |", CHINESE: "| 怎么说 | 英文命令 | 谁用 | 做什么 |"}
ANYBODY = {ENGLISH: "anybody", CHINESE: "所有人"}


def table(language: str) -> str:
    renderer = Renderer(Catalogues([ROOT / "bot" / "locale", *locale_folders()], ZoneInfo("UTC")))

    def show(words: Words) -> str:
        return renderer.words(words, language).replace("|", "\\|")

    lines = []
    for section in Section:
        commands = [c for c in all_commands().commands.values() if c.section is section and not c.hidden]
        if commands:
            lines += [f"\n**{show(section.value)}**\n", HEADS[language], "|---|---|---|---|"]
            lines += [row(command, show, language) for command in commands]
    return "\n".join(lines) + "\n\n"


def row(command: Command, show: object, language: str) -> str:
    assert callable(show)
    example = command.examples[0] if command.examples else command.name
    roles = [ROLE_WORDS[role] for role in Role if role in command.roles]
    who = show(T("{roles}", roles=roles)) if roles else ANYBODY[language]
    return f"| `{example}` | `/{command.ascii}` | {who} | {show(command.help)} |"


def filled(language: str) -> str:
    """The README of a language as it should be."""
    text = FILES[language].read_text("utf-8")
    return MARKED.sub(lambda found: found.group(1) + table(language) + found.group(2), text)


if __name__ == "__main__":
    for each, path in FILES.items():
        path.write_text(filled(each), "utf-8")
