"""Composite standings: everything that is declared in this folder."""

from __future__ import annotations

from handlers.standings import publishing, standing
from handlers.standings.declared import registry

registry.arrange(standing, publishing)

__all__ = ["registry"]
