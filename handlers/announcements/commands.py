"""Everything that this feature declares, together."""

from __future__ import annotations

from handlers.announcements import announcing, following, looking
from handlers.announcements.declared import registry

registry.arrange(announcing, following, looking)

__all__ = ["registry"]
