"""Everything that this feature declares, together."""

from __future__ import annotations

from handlers.deadlines import asking, fulfilling, listing, setting
from handlers.deadlines.declared import registry

registry.arrange(setting, fulfilling, asking, listing)

__all__ = ["registry"]
