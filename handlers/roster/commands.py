"""The roster: everything that is declared in this folder."""

from __future__ import annotations

from handlers.roster import appointing, binding, files, groups, handover, issuing, making_groups, presence
from handlers.roster.declared import registry

registry.arrange(issuing, binding, files, groups, making_groups, handover, appointing, presence)

__all__ = ["registry"]
