"""Everything that this feature declares, together."""

from __future__ import annotations

from handlers.deadlines import fulfilling, setting
from handlers.deadlines.declared import registry

registry.arrange(setting, fulfilling)

__all__ = ["registry"]
