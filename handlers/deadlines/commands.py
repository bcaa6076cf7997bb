"""Everything that this feature declares, together."""

from __future__ import annotations

from handlers.deadlines import fulfilling, listing, setting
from handlers.deadlines.declared import registry

registry.arrange(setting, fulfilling, listing)

__all__ = ["registry"]
