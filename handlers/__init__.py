"""What people type, one folder per feature: `commands.py` beside the pure rules that it applies."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TypeAlias

from bot.chat.commands import Registry
from bot.chat.context import Context, TickContext
from storage.database import Tx

#: A handler's surroundings, with this project's transaction.
Ctx: TypeAlias = Context[Tx]
#: The same for a tick.
TickCtx: TypeAlias = TickContext[Tx]

HERE = Path(__file__).parent


def features() -> list[str]:
    """The names of all feature folders: adding a feature is adding a folder with a `commands.py`."""
    return sorted(m.name for m in iter_modules([str(HERE)]) if (HERE / m.name / "commands.py").exists())


def all_commands() -> Registry:
    """Every feature's `commands.registry` together; raises ValueError for a name declared twice."""
    together = Registry()
    for name in features():
        together.include(import_module(f"handlers.{name}.commands").registry)
    return together


def locale_folders() -> list[Path]:
    """Where the features' translations lie."""
    return [HERE / name / "locale" for name in features()]
