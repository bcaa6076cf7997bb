"""Everything that this feature declares, together."""

from __future__ import annotations

from handlers.reminders import asking, nudging, peace, reminding
from handlers.reminders.declared import registry

registry.arrange(asking, nudging, peace, reminding)

__all__ = ["registry"]
