"""The year's end: everything that is declared in this folder."""

from __future__ import annotations

from handlers.yearend import announcing, awarding, evaluating, year
from handlers.yearend.declared import registry

registry.arrange(evaluating, year, awarding, announcing)

__all__ = ["registry"]
